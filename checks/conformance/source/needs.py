"""What a request needs beside the states: a host, the service of that host, a migration in a certain status.

Nova asks for it by a decorator, by a lookup that raises when nothing is found, or by a test that raises.  Only what is
asked of every request before the first save is one of these: what stands under a condition that other things decide,
or where a handler may let it pass, is not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from checks.conformance.source.facts import Asked, Need, StateName, Unresolved
from checks.conformance.source.interpret import Interpreter, Path
from checks.conformance.source.relevant import calls_in, is_instance
from checks.conformance.source.tree import Definition, SourceTree, text_of
from checks.conformance.source.values import State, Unknown, Value

API = ("nova/compute/api.py", "nova/api/openstack/compute/")
DECORATOR = "check_instance_host"
BY_STATUS = "Migration.get_by_instance_and_status"
MIGRATION = "Migration.get_by_"
BY_HOST = "Service.get_by_compute_host"
IS_UP = "service_is_up"
ACTS = ("save", "create", "destroy")
ACTING = ("compute_rpcapi", "compute_task_api")
UP, DOWN = "UP", "DOWN"


def read_needs(
    tree: SourceTree, vocabulary: dict[str, Value], domains: dict[str, tuple[str, ...]]
) -> tuple[list[Asked], list[Unresolved]]:
    """What every function of the API needs, and the tests that could not be determined, by place."""
    asked: list[Asked] = []
    unresolved: list[Unresolved] = []
    for module in tree.writers():
        if module.file.startswith(API):
            for definition in module.definitions.values():
                reader = _Function(tree, definition, vocabulary, domains["vm_state"])
                needs = (*decorated(definition, None), *reader.block(definition.node.body, None))
                asked.append(Asked(definition.place(definition.node), needs))
                unresolved += reader.unresolved
    return sorted(asked, key=lambda each: each.place), unresolved


def decorated(definition: Definition, vm_states: tuple[StateName, ...] | None) -> Iterator[Need]:
    """What the decorator of *definition* asks of instances in *vm_states*."""
    for node in definition.node.decorator_list:
        called = node.func if isinstance(node, ast.Call) else node
        if text_of(called).rpartition(".")[2] == DECORATOR:
            place, text = definition.place(node), f"@{text_of(node)}"
            yield Need(place, "host", ("SET",), vm_states, text)
            if isinstance(node, ast.Call) and _checks_is_up(node):
                yield Need(place, "compute", (UP,), vm_states, text)


def _checks_is_up(node: ast.Call) -> bool:
    given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "check_is_up")]
    return any(isinstance(value, ast.Constant) and value.value is True for value in given)


class _Function:
    """Reads the statements of one function in their order; ``assigned`` is what its names were assigned last."""

    def __init__(
        self, tree: SourceTree, definition: Definition, vocabulary: dict[str, Value], vm_states: tuple[str, ...]
    ) -> None:
        self.tree, self.definition, self.vocabulary, self.vm_states = tree, definition, vocabulary, vm_states
        self.assigned: dict[str, ast.expr] = {}
        self.unresolved: list[Unresolved] = []

    def block(self, body: list[ast.stmt], vm_states: tuple[StateName, ...] | None) -> Iterator[Need]:
        """What *body* asks of instances in *vm_states* until it acts."""
        for statement in body:
            match statement:
                case ast.If():
                    yield from self._if(statement, vm_states)
                case ast.With(body=inner) | ast.Try(body=inner, handlers=[]):
                    yield from self.block(inner, vm_states)
                case ast.Assign() | ast.Expr() | ast.Return():
                    yield from self._looked_up(statement, vm_states)
            if _acts(statement):
                return

    def _if(self, node: ast.If, vm_states: tuple[StateName, ...] | None) -> Iterator[Need]:
        if isinstance(node.body[-1], ast.Raise):
            yield from self._refusal(node, vm_states)
        elif self._was_not_given(node.test):
            yield from self.block(node.body, vm_states)
        elif any(isinstance(n, ast.Attribute) and n.attr == "vm_state" for n in ast.walk(node.test)):
            for branch, taken in ((node.body, True), (node.orelse, False)):
                yield from self.block(branch, self._where(node.test, taken=taken, among=vm_states))

    def _where(self, test: ast.expr, *, taken: bool, among: tuple[StateName, ...] | None) -> tuple[StateName, ...]:
        """The vm_states of which *test* is sure to be *taken*; what else it asks makes it unsure."""
        interpreter = Interpreter(self.tree, self.vocabulary, Unknown("power_state"))
        return tuple(
            name
            for name in self.vm_states
            if (among is None or name in among)
            and all(
                known is taken
                for known in interpreter.holds(self.definition, test, Path({}, {"vm_state": State("vm_state", name)}))
            )
        )

    def _was_not_given(self, test: ast.expr) -> bool:
        """Whether *test* asks for an argument that was left out: who gives it has looked it up before."""
        match test:
            case ast.Compare(ast.Name(name), [ast.Is()], [ast.Constant(None)]):
                return name in {argument.arg for argument in self.definition.node.args.args}
        return False

    def _looked_up(
        self, statement: ast.Assign | ast.Expr | ast.Return, vm_states: tuple[StateName, ...] | None
    ) -> Iterator[Need]:
        match statement:
            case ast.Assign([ast.Name(name)], value):
                self.assigned[name] = value
            case ast.Assign(_, value):
                pass
            case ast.Expr(value) | ast.Return(ast.expr() as value):
                pass
            case _:
                return
        if any(isinstance(node, ast.IfExp | ast.BoolOp) for node in ast.walk(value)):
            return
        for call in calls_in(value):
            name, place, text = text_of(call.func), self.definition.place(call), text_of(call)
            if name.endswith(BY_STATUS):
                status = call.args[2] if len(call.args) > 2 else None
                if isinstance(status, ast.Constant) and isinstance(status.value, str):
                    yield Need(place, "migration", (status.value,), vm_states, text)
                else:
                    self._unclear(call, "the status of the migration that is looked for")
            elif name.endswith(BY_HOST) and len(call.args) > 1 and self._is_own_host(call.args[1]):
                yield Need(place, "host", ("SET",), vm_states, text)
            elif isinstance(call.func, ast.Attribute) and name.startswith("self."):
                helper = self._method(call)
                yield from decorated(helper, vm_states) if helper is not None else ()

    def _refusal(self, node: ast.If, vm_states: tuple[StateName, ...] | None) -> Iterator[Need]:
        place, text = self.definition.place(node), text_of(node.test)
        match node.test:
            case ast.Compare(ast.Attribute(ast.Name(name), "status"), [operator], [right]) if self._is_migration(name):
                words = self._words(right)
                if words is None or not isinstance(operator, ast.NotEq | ast.NotIn):
                    self._unclear(node, "the status of the migration that is refused")
                else:
                    yield Need(place, "migration", tuple(sorted(words)), vm_states, text)
            case ast.UnaryOp(ast.Not(), ast.Call(ast.Attribute(_, attr), [service])) if attr == IS_UP:
                yield from self._service(node, service, UP, vm_states)
            case ast.Call(ast.Attribute(_, attr), [service]) if attr == IS_UP:
                yield from self._service(node, service, DOWN, vm_states)

    def _service(
        self, node: ast.If, service: ast.expr, value: str, vm_states: tuple[StateName, ...] | None
    ) -> Iterator[Need]:
        """The service that is looked at is of the instance's own host, or of another one: then nothing is needed."""
        found = self.assigned.get(service.id) if isinstance(service, ast.Name) else service
        helper = self._method(found) if isinstance(found, ast.Call) else None
        looked_at = [found] if helper is None else ast.walk(helper.node)
        hosts = [
            call.args[1]
            for call in looked_at
            if isinstance(call, ast.Call) and text_of(call.func).endswith(BY_HOST) and len(call.args) > 1
        ]
        if not hosts:
            self._unclear(node, "whose service must be up or down")
        elif any(self._is_own_host(host) for host in hosts):
            yield Need(self.definition.place(node), "compute", (value,), vm_states, text_of(node.test))

    def _method(self, call: ast.Call) -> Definition | None:
        match call.func:
            case ast.Attribute(ast.Name("self"), name):
                return self.definition.module.method(name, self.definition.owner)
        return None

    def _is_own_host(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name) and node.id in self.assigned:
            node = self.assigned[node.id]
        return isinstance(node, ast.Attribute) and node.attr == "host" and is_instance(node.value)

    def _is_migration(self, name: str) -> bool:
        return MIGRATION in text_of(self.assigned[name]) if name in self.assigned else False

    def _words(self, node: ast.expr) -> set[str] | None:
        """The strings that *node* may hold, None when that cannot be determined."""
        match node:
            case ast.Constant(str() as word):
                return {word}
            case ast.List(items) | ast.Tuple(items) | ast.Set(items):
                return _union(self._words(item) for item in items)
            case ast.Name(name):
                return _union(self._words(given) for given in _given(self.definition.node, name))
        return None

    def _unclear(self, node: ast.AST, what: str) -> None:
        self.unresolved.append(Unresolved(self.definition.place(node), f"{what} could not be determined"))


def _union(sets: Iterable[set[str] | None]) -> set[str] | None:
    found: set[str] = set()
    count = 0
    for count, each in enumerate(sets, start=1):  # noqa: B007 - whether there was one
        if each is None:
            return None
        found |= each
    return found if count else None


def _given(function: ast.AST, name: str) -> Iterator[ast.expr]:
    """What *name* is assigned or extended with, anywhere in *function*."""
    for node in ast.walk(function):
        match node:
            case ast.Assign([ast.Name(target)], value) if target == name:
                yield value
            case ast.Call(ast.Attribute(ast.Name(target), "extend" | "append"), [value]) if target == name:
                yield value


def _acts(statement: ast.stmt) -> bool:
    """Whether *statement* changes something, so that what follows it is no guard."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (node.func.attr in ACTS or any(name in text_of(node.func.value) for name in ACTING))
        for node in ast.walk(statement)
    )
