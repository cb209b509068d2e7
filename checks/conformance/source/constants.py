"""The states: constants with their wire values, and the named sets built from them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from checks.conformance.source.facts import Constant, Place, Unresolved
from checks.conformance.source.tree import Module, SourceTree
from checks.conformance.source.values import Literal, Sequence, State, Value, atom

ENUMERATIONS = "nova/objects/fields.py"
CLASSES = {"vm_state": "InstanceState", "task_state": "InstanceTaskState", "power_state": "InstancePowerState"}
MODULES = {
    "vm_state": "nova/compute/vm_states.py",
    "task_state": "nova/compute/task_states.py",
    "power_state": "nova/compute/power_state.py",
}


@dataclass(slots=True)
class Vocabulary:
    """Every name that stands for a state or a set of states, by dotted name, and what was found where."""

    names: dict[str, Value] = field(default_factory=dict)
    domains: dict[str, tuple[str, ...]] = field(default_factory=dict)
    constants: list[Constant] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)


def read_constants(tree: SourceTree) -> Vocabulary:
    """The vocabulary of *tree*: each state class of the object fields, then the three modules of names."""
    found = Vocabulary()
    fields_module = tree.module(ENUMERATIONS)
    wires: dict[tuple[str, str], str | int] = {}
    for variable, class_name in CLASSES.items():
        if fields_module is not None:
            _read_class(fields_module, variable, class_name, found, wires)
    for variable, file in MODULES.items():
        module = tree.module(file)
        if module is None:
            found.unresolved.append(Unresolved(Place(file, "<module>", 1), f"no readable module of {variable} names"))
            continue
        _read_module(module, variable, found, wires)
    return found


def _read_class(
    module: Module, variable: str, class_name: str, found: Vocabulary, wires: dict[tuple[str, str], str | int]
) -> None:
    for node in module.tree.body:
        if not (isinstance(node, ast.ClassDef) and node.name == class_name):
            continue
        order: list[str] = []
        values: dict[str, str] = {}
        for statement in node.body:
            if not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)):
                continue
            name = statement.targets[0].id
            if isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
                values[name] = statement.value.value
                found.names[f"nova.objects.fields.{class_name}.{name}"] = State(variable, name)
            elif name == "ALL" and isinstance(statement.value, ast.Tuple | ast.List):
                order = [element.id for element in statement.value.elts if isinstance(element, ast.Name)]
        for name, value in values.items():
            # On the wire a power state is its position among all of them.
            wires[variable, name] = order.index(name) if variable == "power_state" and name in order else value


def _read_module(module: Module, variable: str, found: Vocabulary, wires: dict[tuple[str, str], str | int]) -> None:
    names: dict[str, Value] = {}
    for node in module.tree.body:
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        name = node.targets[0].id
        place = Place(module.file, "<module>", node.lineno)
        value = _constant(node.value, variable, name, names, found)
        if isinstance(value, State):
            wire = wires.get((variable, value.name))
            literal = _literal(node.value)
            found.constants.append(Constant(f"{variable}.{name}", literal if wire is None else wire, None, place))
        elif isinstance(value, Sequence):
            members = tuple(atom(item) for item in value.items)
            found.constants.append(Constant(f"{variable}.{name}", None, members, place))
        else:
            continue
        names[name] = value
        found.names[f"{module.dotted_name}.{name}"] = value
    found.domains[variable] = tuple(value.name for name, value in names.items() if isinstance(value, State))


def _literal(node: ast.expr) -> str | int | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str | int) else None


def _constant(node: ast.expr, variable: str, name: str, names: dict[str, Value], found: Vocabulary) -> Value | None:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Constant):
        if node.value is None:
            return Literal(None)
        return State(variable, name) if isinstance(node.value, str | int) and name.isupper() else None
    if isinstance(node, ast.Attribute):
        dotted = f"nova.objects.{ast.unparse(node)}".replace("obj_fields.", "fields.")
        state = found.names.get(dotted)
        return State(variable, state.name) if isinstance(state, State) else None
    if isinstance(node, ast.Call) and len(node.args) == 1 and ast.unparse(node.func).endswith(".index"):
        return _constant(node.args[0], variable, name, names, found)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        items = [_constant(element, variable, name, names, found) for element in node.elts]
        return Sequence(tuple(item for item in items if item is not None)) if None not in items else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left = _constant(node.left, variable, name, names, found)
        right = _constant(node.right, variable, name, names, found)
        if isinstance(left, Sequence) and isinstance(right, Sequence):
            return Sequence(left.items + right.items)
    return None
