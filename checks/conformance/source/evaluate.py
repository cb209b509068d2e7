"""Every value that an expression of Nova's source can have, given what its names stand for."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from itertools import product

from checks.conformance.source.tree import Definition, Module, SourceTree, text_of
from checks.conformance.source.values import (
    VARIABLES,
    Callable,
    Fresh,
    Literal,
    Mapping,
    Parameter,
    Record,
    Runtime,
    Sequence,
    State,
    Unknown,
    Value,
)

DRIVER_REPORTS = ("get_power_state", "get_info")
REMEMBERED = "old_vm_state"
RECORD_CLASS = "Instance"
LIMIT = 64


@dataclass(slots=True)
class Environment:
    """What is known at one point of one path: the names, and the changed fields of each record."""

    names: dict[str, Value] = field(default_factory=dict)
    dirty: dict[str, dict[str, Value]] = field(default_factory=dict)

    def copy(self) -> Environment:
        """An environment of its own for another path."""
        return Environment(dict(self.names), {key: dict(fields) for key, fields in self.dirty.items()})

    def signature(self) -> tuple[object, ...]:
        """Equal for paths that cannot be told apart."""
        return (
            frozenset(self.names.items()),
            frozenset((key, frozenset(fields.items())) for key, fields in self.dirty.items() if fields),
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: its module, its function, and the vocabulary of state names."""

    definition: Definition
    vocabulary: dict[str, Value]

    @property
    def module(self) -> Module:
        """The module of the function."""
        return self.definition.module


def dotted_name(node: ast.expr, module: Module) -> str | None:
    """The full dotted name of *node*, its first part resolved through the module's imports."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(module.imports.get(node.id, node.id))
    return ".".join(reversed(parts))


def record_key(node: ast.expr, env: Environment, scope: Scope) -> str:
    """The key under which the changed fields of the record *node* are kept."""
    if isinstance(node, ast.Name):
        value = env.names.get(node.id)
        if isinstance(value, Record):
            return value.key
    text = text_of(node)
    return text if text.startswith("self.") else f"{scope.definition.name}:{text}"


def evaluate(node: ast.expr, env: Environment, scope: Scope) -> list[Value]:
    """The values that *node* can have, without duplicates, in the order of the source."""
    return list(dict.fromkeys(_values(node, env, scope)))[:LIMIT]


def _values(node: ast.expr, env: Environment, scope: Scope) -> list[Value]:
    match node:
        case ast.Constant(value) if value is not ...:
            return [Literal(value)]
        case ast.Name():
            return [_name(node, env, scope)]
        case ast.IfExp(_, body, orelse):
            return evaluate(body, env, scope) + evaluate(orelse, env, scope)
        case ast.BoolOp(ast.Or(), operands):
            found = [value for operand in operands for value in evaluate(operand, env, scope)]
            # `count or 1` says nothing about states, and would only multiply the paths.
            return (
                found
                if any(isinstance(value, State | Sequence | Mapping | Runtime) for value in found)
                else [Unknown(text_of(node))]
            )
        case ast.List(elements) | ast.Tuple(elements) | ast.Set(elements):
            choices = [evaluate(element, env, scope) for element in elements]
            return [Sequence(items) for items in product(*choices)]
        case ast.BinOp(left, ast.Add(), right):
            pairs = product(evaluate(left, env, scope), evaluate(right, env, scope))
            return [
                Sequence(a.items + b.items)
                if isinstance(a, Sequence) and isinstance(b, Sequence)
                else Unknown(text_of(node))
                for a, b in pairs
            ]
        case ast.Dict(keys, values):
            return _dict(list(zip(keys, values, strict=True)), env, scope)
        case ast.Subscript(value, index):
            return _subscript(node, value, index, env, scope)
        case ast.Attribute():
            return [_attribute(node, env, scope)]
        case ast.Call():
            return _call(node, env, scope)
    return [Unknown(text_of(node))]


def _name(node: ast.Name, env: Environment, scope: Scope) -> Value:
    if node.id in env.names:
        return env.names[node.id]
    imported = scope.module.imports.get(node.id)
    if imported in scope.vocabulary:
        return scope.vocabulary[imported]
    if (table := scope.module.tables.get(node.id)) is not None:
        return evaluate(table, Environment(), scope)[0]
    found = scope.module.definitions.get(node.id)
    return Callable(found, ()) if found else Record(record_key(node, env, scope))


def _attribute(node: ast.Attribute, env: Environment, scope: Scope) -> Value:
    base = node.value
    while isinstance(base, ast.Attribute):
        base = base.value
    if not (isinstance(base, ast.Name) and base.id in env.names):
        name = dotted_name(node, scope.module)
        if name in scope.vocabulary:
            return scope.vocabulary[name]
    if node.attr in VARIABLES:
        return read_field(record_key(node.value, env, scope), node.attr, env)
    if node.attr == "state" and Runtime("driver") in evaluate(node.value, env, scope):
        return Runtime("driver")
    if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
        method = scope.module.method(node.attr, scope.definition.owner)
        if method is not None:
            return Callable(method, ())
    return Record(record_key(node, env, scope))


def read_field(key: str, variable: str, env: Environment) -> Value:
    """The value of a record's *variable*: the one just assigned, or what the database held."""
    return env.dirty.get(key, {}).get(variable, Runtime(variable))


def _dict(pairs: list[tuple[ast.expr | None, ast.expr]], env: Environment, scope: Scope) -> list[Value]:
    found: list[Value] = [Mapping(())]
    for key, value in pairs:
        if key is None:
            found = [merged(a, b) for a in found for b in evaluate(value, env, scope)]
        else:
            found = [
                a.with_item(name, item) if isinstance(a, Mapping) else a
                for a in found
                for name in evaluate(key, env, scope)
                for item in evaluate(value, env, scope)
            ]
    return found


def merged(first: Value, second: Value) -> Value:
    """The dict *first* updated with *second*; what is not known of either makes the result a parameter's."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key, value in second.items:
            first = first.with_item(key, value)
        return first
    return second if isinstance(second, Parameter) else first


def _subscript(
    node: ast.Subscript, container: ast.expr, index: ast.expr, env: Environment, scope: Scope
) -> list[Value]:
    found: list[Value] = []
    for value, key in product(evaluate(container, env, scope), evaluate(index, env, scope)):
        if isinstance(value, Mapping):
            if isinstance(key, Parameter):
                found.append(key)
            elif (item := value.get(key)) is not None:
                found.append(item)
            else:
                found.extend(item for _, item in value.items)
        elif isinstance(key, Literal) and key.value in VARIABLES:
            found.append(
                value
                if isinstance(value, Parameter)
                else read_field(record_key(container, env, scope), str(key.value), env)
            )
        elif isinstance(key, Literal) and key.value == REMEMBERED:
            found.append(Runtime(REMEMBERED))
        else:
            found.append(Unknown(text_of(node)))
    return found


def result_name(node: ast.Call | None) -> str:
    """The name under which a path keeps what a followed call returned; no name of the source looks like it."""
    return f"<{node.lineno}:{node.col_offset}>" if node is not None else ""


def method_of_attribute(function: ast.expr, scope: Scope, tree: SourceTree) -> Definition | None:
    """The method meant by ``self.x.method`` when the class assigns ``self.x = module.Class(...)``."""
    match function:
        case ast.Attribute(ast.Attribute(ast.Name("self"), attribute), method):
            made = scope.module.attributes.get(attribute)
            module_name, _, class_name = (made or "").rpartition(".")
            module = tree.dotted(module_name) if module_name.startswith("nova") else None
            found = module.find(method, class_name) if module else None
            # Old releases make the API by a function of the package, which by default gives the class of api.py.
            inner = tree.dotted(f"{module_name}.api") if found is None and module_name else None
            return inner.find(method, class_name) if inner else found
    return None


def _call(node: ast.Call, env: Environment, scope: Scope) -> list[Value]:
    if (result := env.names.get(result_name(node))) is not None:
        return [result]
    name = node.func.attr if isinstance(node.func, ast.Attribute) else text_of(node.func)
    if name.endswith(DRIVER_REPORTS):
        return [Runtime("driver")]
    if name in ("get", "pop") and node.args and isinstance(node.args[0], ast.Constant):
        if node.args[0].value == REMEMBERED:
            defaults = [value for default in node.args[1:] for value in evaluate(default, env, scope)]
            return [Runtime(REMEMBERED), *(value for value in defaults if isinstance(value, State))]
        return [Unknown(text_of(node))]
    if name in ("set", "list", "tuple", "frozenset", "sorted") and len(node.args) == 1:
        return evaluate(node.args[0], env, scope)
    if name == "dict" and not node.args:
        return _dict([(ast.Constant(k.arg) if k.arg else None, k.value) for k in node.keywords], env, scope)
    if name == RECORD_CLASS:
        return [Fresh(fields_of(given)) for given in keywords(node, env, scope)]
    for keyword in node.keywords:
        # A record handed over to another new one goes to the database with it.
        is_carried = keyword.arg == "instance" and isinstance(keyword.value, ast.Name) and name[:1].isupper()
        if is_carried and (carried := env.dirty.get(record_key(keyword.value, env, scope))):
            return [Fresh(tuple(sorted(carried.items())))]
    return [Unknown(text_of(node))]


def keywords(node: ast.Call, env: Environment, scope: Scope) -> list[Value]:
    """The keyword arguments of a call, as every dict that they can be."""
    return _dict([(ast.Constant(k.arg) if k.arg else None, k.value) for k in node.keywords], env, scope)


def fields_of(given: Value) -> tuple[tuple[str, Value], ...]:
    """The state variables among the items of a dict; those of a dict that a caller passes are called ``*``."""
    if isinstance(given, Parameter):
        return (("*", given),)
    if not isinstance(given, Mapping):
        return ()
    return tuple(
        (str(key.value), value) for key, value in given.items if isinstance(key, Literal) and key.value in VARIABLES
    )
