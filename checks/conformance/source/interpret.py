"""Run a function of Nova's source on given states, by its syntax tree: tests that cannot be known take both ways.

Only what decides on states is interpreted: names, comparisons, conditions, and calls of functions that compute a
value.  Every other call is an *action*, which is noted in order and assumed to succeed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from checks.conformance.source.evaluate import dotted_name
from checks.conformance.source.kept import kept
from checks.conformance.source.tree import Definition, SourceTree, text_of
from checks.conformance.source.values import VARIABLES, Literal, Runtime, Sequence, State, Unknown, Value

PATH_LIMIT = 4096
DEPTH_LIMIT = 4
QUIET = ("LOG.", "excutils.", "utils.", "context.", "CONF.", "_(")
HOST = Runtime("host")


@dataclass(frozen=True, slots=True)
class Path:
    """One way through a function: what is known, what was done, and whether it has ended (and with what value)."""

    names: Mapping[str, Value]
    record: Mapping[str, Value]
    actions: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    ended: bool = False
    result: Value = field(default=Literal(None))

    def knows(self, name: str, value: Value) -> Path:
        """The same path with *name* bound to *value*."""
        return replace(self, names={**self.names, name: value})


@dataclass(slots=True)
class Interpreter:
    """Interprets functions of *tree*.  ``reports`` is what the driver says of the guest's power."""

    tree: SourceTree
    vocabulary: Mapping[str, Value]
    reports: Value
    entered: frozenset[str] = frozenset()
    _scopes: list[Definition] = field(default_factory=list)

    def run(self, definition: Definition, path: Path) -> list[Path]:
        """Every way through *definition* from *path*, each marked as ended."""
        self._scopes.append(definition)
        try:
            return [replace(end, ended=True) for end in self._block(definition.node.body, [path])][:PATH_LIMIT]
        finally:
            self._scopes.pop()

    def holds(self, definition: Definition, test: ast.expr, path: Path) -> list[bool | None]:
        """Whether *test*, which stands in *definition*, holds; one answer for each way of evaluating it."""
        self._scopes.append(definition)
        try:
            return [known for _, known in self.test(test, path)]
        finally:
            self._scopes.pop()

    def _block(self, body: list[ast.stmt], paths: list[Path]) -> list[Path]:
        for statement in body:
            paths = [after for path in paths for after in ([path] if path.ended else self._statement(statement, path))]
            if len(paths) > 1:
                paths = list({repr(path): path for path in paths}.values())[:PATH_LIMIT]
        return paths

    def _statement(self, node: ast.stmt, path: Path) -> list[Path]:
        match node:
            case ast.If(test, body, orelse):
                return [
                    end
                    for path_after, known in self.test(test, path)
                    for branch, taken in ((body, True), (orelse, False))
                    if known is None or known is taken
                    for end in self._block(branch, [path_after])
                ]
            case ast.Return(value):
                if value is None:
                    return [replace(path, ended=True)]
                return [replace(after, ended=True, result=given) for after, given in self.value(value, path)]
            case ast.Raise():
                return [replace(path, ended=True, actions=(*path.actions, "raise"))]
            case ast.Assign([target], value):
                return [self._assign(target, given, after) for after, given in self.value(value, path)]
            case ast.Expr(value):
                return [after for after, _ in self.value(value, path)]
            case ast.Try(body, _, orelse, finalbody):
                return self._block(finalbody, self._block([*body, *orelse], [path]))
            case ast.With(_, body):
                return self._block(body, [path])
        return [path]

    def _assign(self, target: ast.expr, value: Value, path: Path) -> Path:
        match target:
            case ast.Name(name):
                return path.knows(name, value)
            case ast.Tuple(elements) if isinstance(value, Sequence) and len(value.items) == len(elements):
                for element, item in zip(elements, value.items, strict=True):
                    path = self._assign(element, item, path)
                return path
            case ast.Attribute(_, name) if name in VARIABLES:
                return replace(path, record={**path.record, name: value})
        return path

    def test(self, node: ast.expr, path: Path) -> list[tuple[Path, bool | None]]:
        """Whether *node* holds (None when that is not known), on each path that evaluating it takes."""
        match node:
            case ast.BoolOp(operator, operands):
                decisive = isinstance(operator, ast.Or)
                answers: list[tuple[Path, bool | None]] = []
                current: list[tuple[Path, bool | None]] = [(path, not decisive)]
                for operand in operands:
                    following = []
                    for before, sofar in current:
                        for after, known in self.test(operand, before):
                            if known is decisive:
                                answers.append((after, decisive))
                            else:
                                following.append((after, None if None in (sofar, known) else known))
                    current = following
                return answers + current
            case ast.UnaryOp(ast.Not(), operand):
                return [(after, None if known is None else not known) for after, known in self.test(operand, path)]
            case ast.Compare(left, [operator], [right]):
                return [
                    (last, _compare(operator, a, b))
                    for after, a in self.value(left, path)
                    for last, b in self.value(right, after)
                ]
        return [(after, _truth(given)) for after, given in self.value(node, path)]

    def value(self, node: ast.expr, path: Path) -> list[tuple[Path, Value]]:
        """The value of *node* on each path that evaluating it takes."""
        match node:
            case ast.Constant(given) if given is not ...:
                return [(path, Literal(given))]
            case ast.Name(name) if name in path.names:
                return [(path, path.names[name])]
            case ast.Attribute(base, name):
                return [(path, self._attribute(node, base, name, path))]
            case ast.Subscript(_, ast.Constant(str() as name)) if name in VARIABLES:
                return [(path, path.record.get(name, Unknown(name)))]
            case ast.Tuple(elements) | ast.List(elements) | ast.Set(elements):
                found: list[tuple[Path, tuple[Value, ...]]] = [(path, ())]
                for element in elements:
                    found = [(last, (*sofar, v)) for p, sofar in found for last, v in self.value(element, p)]
                return [(after, Sequence(items)) for after, items in found]
            case ast.IfExp(test, body, orelse):
                return [
                    pair
                    for after, known in self.test(test, path)
                    for branch, taken in ((body, True), (orelse, False))
                    if known is None or known is taken
                    for pair in self.value(branch, after)
                ]
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp():
                unknown = Unknown(text_of(node))
                return [(after, unknown if known is None else Literal(known)) for after, known in self.test(node, path)]
            case ast.Call():
                return self._call(node, path)
        return [(path, self._named(node))]

    def _named(self, node: ast.expr) -> Value:
        name = dotted_name(node, self._scopes[-1].module) if isinstance(node, ast.Name | ast.Attribute) else None
        return self.vocabulary.get(name or "", Unknown(text_of(node)))

    def _attribute(self, node: ast.Attribute, base: ast.expr, name: str, path: Path) -> Value:
        if name in VARIABLES and isinstance(base, ast.Name) and base.id != "self":
            found = self._named(node)
            return path.record.get(name, found) if isinstance(found, Unknown) else found
        if name == "host":
            return HOST
        if name == "state" and isinstance(base, ast.Name) and path.names.get(base.id) == self.reports:
            return self.reports
        return self._named(node)

    def _call(self, node: ast.Call, path: Path) -> list[tuple[Path, Value]]:
        text = text_of(node.func)
        if text.endswith(("get_power_state", "driver.get_info")):
            return [(path, self.reports)]
        if text.startswith(QUIET) or (isinstance(node.func, ast.Name) and text not in path.names):
            return [(path, Unknown(text))]
        callee = self._callee(node.func)
        known = callee is not None and (callee.name in self.entered or _is_pure(callee.node))
        if callee is not None and known and len(self._scopes) < DEPTH_LIMIT:
            return self._enter(callee, node, path)
        acts = text.startswith("self.") and not text.startswith(("self._get", "self.servicegroup"))
        if acts:
            path = replace(path, actions=(*path.actions, text.removeprefix("self.")), lines=(*path.lines, node.lineno))
            return [(path, Unknown(text))]
        if text.endswith(".save"):
            path = replace(path, actions=(*path.actions, "save"), lines=(*path.lines, node.lineno))
        return [(path, Unknown(text))]

    def _callee(self, function: ast.expr) -> Definition | None:
        scope = self._scopes[-1]
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "self":
            return scope.module.find(function.attr, scope.owner)
        name = dotted_name(function, scope.module) or ""
        module = self.tree.dotted(name.rpartition(".")[0]) if name.startswith("nova.") else None
        return module.definitions.get(name.rpartition(".")[2]) if module else None

    def _enter(self, callee: Definition, node: ast.Call, path: Path) -> list[tuple[Path, Value]]:
        listed = [a.arg for a in callee.node.args.args if a.arg != "self"]
        defaults = callee.node.args.defaults
        names: dict[str, Value] = {
            name: Literal(d.value) if isinstance(d, ast.Constant) and d.value is not ... else Unknown(name)
            for name, d in zip(listed[len(listed) - len(defaults) :], defaults, strict=True)
        }
        given = [*zip(listed, node.args, strict=False), *((k.arg, k.value) for k in node.keywords if k.arg)]
        for name, argument in given:
            names[name] = self.value(argument, path)[0][1]
        ends = self.run(callee, replace(path, names=names, ended=False))
        return [(replace(end, names=path.names, ended=False, result=Literal(None)), end.result) for end in ends]


@kept
def _is_pure(function: ast.AST) -> bool:
    """Whether a function only computes a value: it assigns to no attribute and returns something."""
    returns = False
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            return False
        if isinstance(node, ast.Raise | ast.Try | ast.For | ast.While | ast.With | ast.Yield):
            return False
        returns = returns or (isinstance(node, ast.Return) and node.value is not None)
    return returns


def _truth(value: Value) -> bool | None:
    match value:
        case Literal(given):
            return bool(given)
        case State() | Sequence():
            return True
    return None


def _compare(operator: ast.cmpop, left: Value, right: Value) -> bool | None:
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    match operator:
        case ast.Eq() | ast.Is():
            return left == right
        case ast.NotEq() | ast.IsNot():
            return left != right
        case ast.In() | ast.NotIn():
            # `x in CONSTANT` on a string is a substring test, which for distinct states is equality.
            members = right.items if isinstance(right, Sequence) else (right,)
            if any(isinstance(member, Unknown) for member in members) and left not in members:
                return None
            return (left in members) is isinstance(operator, ast.In)
    return None


def all_states(domains: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[State, Value, State]]:
    """Every (vm_state, task_state, power_state), no task first."""
    for vm in domains["vm_state"]:
        for task in (None, *domains["task_state"]):
            for power in domains["power_state"]:
                yield (
                    State("vm_state", vm),
                    Literal(None) if task is None else State("task_state", task),
                    State("power_state", power),
                )
