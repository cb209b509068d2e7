"""What the API refuses: the state decorators with their defaults, and the tests that functions make themselves."""

from __future__ import annotations

import ast

from checks.conformance.source.evaluate import Environment, Scope, dotted_name, evaluate
from checks.conformance.source.facts import Guard, StateName, Unresolved
from checks.conformance.source.interpret import Interpreter, Path
from checks.conformance.source.tree import Definition, SourceTree
from checks.conformance.source.values import Literal, Sequence, State, Unknown, Value, atom

DECORATORS = {"check_instance_state": False, "reject_instance_state": True}
OWN_TESTS = ("nova/compute/api.py", "nova/api/openstack/compute/")
REFUSAL = "InstanceInvalidState"


def read_guards(
    tree: SourceTree, vocabulary: dict[str, Value], domains: dict[str, tuple[str, ...]]
) -> tuple[list[Guard], list[Unresolved]]:
    """The guards of *tree* and those that could not be determined, by place."""
    guards: list[Guard] = []
    unresolved: list[Unresolved] = []
    for module in tree.writers():
        for definition in module.definitions.values():
            for decorator in definition.node.decorator_list:
                name = _name(decorator)
                if name in DECORATORS and isinstance(decorator, ast.Call):
                    guards.append(_decorator_guard(tree, definition, decorator, name, vocabulary, unresolved))
            if module.file.startswith(OWN_TESTS) and definition.name.split(".")[0] not in DECORATORS:
                guards.extend(_own_tests(tree, definition, vocabulary, domains))
    return sorted(guards, key=lambda guard: guard.place), unresolved


def _name(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called).rpartition(".")[2]


def _decorator_guard(
    tree: SourceTree,
    definition: Definition,
    decorator: ast.Call,
    name: str,
    vocabulary: dict[str, Value],
    unresolved: list[Unresolved],
) -> Guard:
    place = definition.place(decorator)
    given: dict[str, Value] = {}
    declared = _declaration(tree, definition, name)
    if declared is None:
        unresolved.append(Unresolved(place, f"{name} could not be found, so its defaults are not known"))
    else:
        arguments = declared.node.args
        listed = [a.arg for a in arguments.args]
        for argument, default in zip(listed[len(listed) - len(arguments.defaults) :], arguments.defaults, strict=True):
            given[argument] = _value(default, declared, vocabulary)
        given.update(zip(listed, (_value(a, definition, vocabulary) for a in decorator.args), strict=False))
    given.update({k.arg: _value(k.value, definition, vocabulary) for k in decorator.keywords if k.arg})
    unresolved.extend(
        Unresolved(place, f"the {variable} of this guard could not be determined")
        for variable in ("vm_state", "task_state")
        if any(str(item).startswith("$") for item in _named(given, variable) or ())
    )
    decorators = {_name(d): d for d in definition.node.decorator_list}
    host = decorators.get("check_instance_host")
    return Guard(
        place,
        DECORATORS[name],
        _named(given, "vm_state"),
        _named(given, "task_state"),
        given.get("must_have_launched", Literal(False)) == Literal(True),
        "check_instance_lock" in decorators,
        host is not None,
        isinstance(host, ast.Call) and any(k.arg == "check_is_up" and _is_true(k.value) for k in host.keywords),
        f"@{name}",
    )


def _declaration(tree: SourceTree, definition: Definition, name: str) -> Definition | None:
    """Where the decorator is defined: in the same module, or in the one that it is imported or renamed from."""
    module = definition.module
    if name in module.definitions:
        return module.definitions[name]
    alias = module.tables.get(name)
    dotted = dotted_name(alias, module) if alias is not None else module.imports.get(name)
    home = tree.dotted((dotted or "").rpartition(".")[0]) if dotted and dotted.startswith("nova.") else None
    return home.definitions.get(name) if home else None


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _value(node: ast.expr, definition: Definition, vocabulary: dict[str, Value]) -> Value:
    return evaluate(node, Environment(), Scope(definition, vocabulary))[0]


def _named(given: dict[str, Value], variable: str) -> tuple[StateName, ...] | None:
    value = given.get(variable, Literal(None))
    if not isinstance(value, Sequence):
        return None if value == Literal(None) else (atom(value),)
    return tuple(sorted({atom(item) for item in value.items}, key=lambda name: (name is not None, str(name))))


def _own_tests(
    tree: SourceTree, definition: Definition, vocabulary: dict[str, Value], domains: dict[str, tuple[str, ...]]
) -> list[Guard]:
    """The ``if`` statements on an instance's state whose own body refuses the request."""
    found = []
    for node in statements(definition.node):
        if not (isinstance(node, ast.If) and mentions_state(node.test) and refuses(node.body)):
            continue
        refused: dict[str, tuple[StateName, ...] | None] = {}
        for variable in ("vm_state", "task_state"):
            if not any(isinstance(n, ast.Attribute) and n.attr == variable for n in ast.walk(node.test)):
                refused[variable] = None
                continue
            candidates: list[Value] = [State(variable, name) for name in domains[variable]]
            if variable == "task_state":
                candidates.insert(0, Literal(None))
            refused[variable] = tuple(
                atom(value)
                for value in candidates
                if _may_hold(tree, definition, node.test, {variable: value}, vocabulary)
            )
        found.append(
            Guard(
                definition.place(node),
                rejects=True,
                vm_states=refused["vm_state"],
                task_states=refused["task_state"],
                must_have_launched=False,
                checks_lock=False,
                checks_host=False,
                checks_host_is_up=False,
                condition=ast.unparse(node.test),
            )
        )
    return found


def statements(function: ast.AST) -> list[ast.AST]:
    """The nodes of a function without those of the functions in it."""
    found: list[ast.AST] = []
    queue = list(ast.iter_child_nodes(function))
    while queue:
        node = queue.pop(0)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            found.append(node)
            queue.extend(ast.iter_child_nodes(node))
    return found


def mentions_state(test: ast.expr) -> bool:
    """Whether *test* looks at a vm_state or a task_state."""
    return any(isinstance(n, ast.Attribute) and n.attr in ("vm_state", "task_state") for n in ast.walk(test))


def refuses(body: list[ast.stmt]) -> bool:
    """Whether *body* refuses a request for the state of its instance."""
    return any(
        isinstance(n, ast.Attribute) and n.attr.endswith(REFUSAL) for statement in body for n in ast.walk(statement)
    )


def _may_hold(
    tree: SourceTree, definition: Definition, test: ast.expr, record: dict[str, Value], vocabulary: dict[str, Value]
) -> bool:
    interpreter = Interpreter(tree, vocabulary, Unknown("power_state"))
    return any(known is not False for known in interpreter.holds(definition, test, Path({}, record)))
