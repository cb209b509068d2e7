"""Which instances a periodic task of nova-compute looks for: what its query asks of each that it finds.

A task runs in nova-compute.  Where it asks for the instances of its own host, by the record or by what the driver lists
there, the service of that host is up; where it asks for others, nothing is known of their host.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from checks.conformance.source.evaluate import Environment, Scope, evaluate
from checks.conformance.source.facts import Asked, Need, Place, Unresolved
from checks.conformance.source.kept import kept
from checks.conformance.source.tree import Definition, SourceTree, text_of
from checks.conformance.source.values import Sequence, Value, atom

FILE = "nova/compute/manager.py"
DATABASE = ("nova/db/main/api.py", "nova/db/sqlalchemy/api.py")
PERIODIC = "periodic_task"
OWN_HOST = ("self.host", "CONF.host")
STATES = ("vm_state", "task_state")
NO_TASK = "None"
BY_FILTERS, BY_HOST = "InstanceList.get_by_filters", "InstanceList.get_by_host"
UNCONFIRMED = "get_unconfirmed_by_dest_compute"
LISTED = ("self.driver.list_instance_uuids", "self.driver.list_instances")


def read_queries(tree: SourceTree, vocabulary: dict[str, Value]) -> tuple[list[Asked], list[Unresolved]]:
    """What each periodic task needs of the instances that it treats, and the queries that could not be determined.

    So does a private method that nobody but the task calls.
    """
    module = tree.module(FILE)
    asked: list[Asked] = []
    unresolved: list[Unresolved] = []
    for definition in module.definitions.values() if module else ():
        if any(PERIODIC in text_of(node) for node in definition.node.decorator_list):
            needs = tuple(_needs(tree, definition, vocabulary, unresolved))
            handed = [each for each in _methods(definition) if _callers(each) == [definition.name]]
            asked += [Asked(each.place(each.node), needs) for each in (definition, *handed)]
    return sorted(set(asked), key=lambda each: each.place), unresolved


def _needs(
    tree: SourceTree, task: Definition, vocabulary: dict[str, Value], unresolved: list[Unresolved]
) -> Iterator[Need]:
    """What every query of *task* asks; what only some of them ask is not needed."""
    queries = [
        needs
        for call in _calls(task.node)
        for needs in (_query(tree, task, call, vocabulary, unresolved), _listed(task, call))
        if needs is not None
    ]
    for need in queries[0] if queries else ():
        if all(any((need.variable, need.values) == (one.variable, one.values) for one in other) for other in queries):
            yield need


def _query(
    tree: SourceTree, task: Definition, call: ast.Call, vocabulary: dict[str, Value], unresolved: list[Unresolved]
) -> list[Need] | None:
    name, place = text_of(call.func), task.place(call)
    if name.endswith(BY_HOST):
        return [*_own_host(place, text_of(call.args[1]))] if len(call.args) > 1 else []
    if name.endswith(BY_FILTERS):
        given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "filters")]
        return [need for filters in given for need in _filtered(Scope(task, vocabulary), filters, place)]
    if name.endswith(UNCONFIRMED):
        status = _unconfirmed(tree)
        if status is None:
            unresolved.append(Unresolved(place, "the status of an unconfirmed migration could not be determined"))
            return []
        # the host that an instance was moved to is the one that its record names from then on
        moved = [*_own_host(place, text_of(call.args[2]))] if len(call.args) > 2 and _names_destination(task) else []
        return [Need(place, "migration", (status,), None, name), *moved]
    return None


def _listed(task: Definition, call: ast.Call) -> list[Need] | None:
    """A query for what the driver of this host lists, made by a method that *task* calls, itself or through another."""
    method = _own(task, call)
    reached = [method, *_methods(method)] if method is not None else []
    if any(text_of(inner.func) in LISTED for each in reached for inner in _calls(each.node)):
        return [Need(task.place(call), "compute", ("UP",), None, text_of(call.func))]
    return None


def _own_host(place: Place, host: str) -> Iterator[Need]:
    if host in OWN_HOST:
        yield Need(place, "host", ("SET",), None, f"host is {host}")
        yield Need(place, "compute", ("UP",), None, f"host is {host}")


def _filtered(scope: Scope, filters: ast.expr, place: Place) -> Iterator[Need]:
    tables = [filters]
    if isinstance(filters, ast.Name):
        tables = [
            node.value
            for node in ast.walk(scope.definition.node)
            if isinstance(node, ast.Assign) and any(text_of(target) == filters.id for target in node.targets)
        ]
    for table in tables:
        for key, value in zip(table.keys, table.values, strict=True) if isinstance(table, ast.Dict) else ():
            if isinstance(key, ast.Constant) and key.value == "host":
                yield from _own_host(place, text_of(value))
            elif isinstance(key, ast.Constant) and key.value in STATES:
                (found, *others) = evaluate(value, Environment(), scope)
                names = [atom(item) for item in (found.items if isinstance(found, Sequence) else (found,))]
                if not others and not any(str(name).startswith("$") for name in names):
                    values = tuple(NO_TASK if name is None else name for name in names)
                    yield Need(place, str(key.value), values, None, f"{key.value} is {text_of(value)}")


def _unconfirmed(tree: SourceTree) -> str | None:
    """The status by which the database finds unconfirmed migrations."""
    for file in DATABASE:
        module = tree.module(file)
        found = module.definitions.get(f"migration_{UNCONFIRMED}") if module else None
        for call in _calls(found.node) if found else ():
            for keyword in call.keywords:
                if keyword.arg == "status" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return None


def _names_destination(task: Definition) -> bool:
    """Whether nova-compute writes the destination of a migration into the record of the instance that it moves."""
    return any(
        text_of(node.targets[0]) == "instance.host" and text_of(node.value) == "migration.dest_compute"
        for definition in task.module.definitions.values()
        for node in ast.walk(definition.node)
        if isinstance(node, ast.Assign)
    )


@kept
def _calls(function: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Call)]


def _own(definition: Definition, call: ast.Call) -> Definition | None:
    match call.func:
        case ast.Attribute(ast.Name("self"), name):
            return definition.module.method(name, definition.owner)
    return None


def _methods(definition: Definition) -> list[Definition]:
    """The methods of the same class that *definition* calls."""
    return [method for call in _calls(definition.node) if (method := _own(definition, call)) is not None]


def _callers(method: Definition) -> list[str]:
    """The methods that call *method*, without the closures in them; who else calls a public one is not known."""
    name = method.name.rpartition(".")[2]
    if not name.startswith("_"):
        return []
    return sorted(
        definition.name
        for definition in method.module.definitions.values()
        if not definition.is_closure and any(text_of(call.func) == f"self.{name}" for call in _calls(definition.node))
    )
