"""The public status of every (vm_state, task_state), from the API's map."""

from __future__ import annotations

import ast

from checks.conformance.source.evaluate import Environment, Scope, evaluate
from checks.conformance.source.facts import Place, Status, Unresolved
from checks.conformance.source.tree import Definition, SourceTree
from checks.conformance.source.values import Literal, Mapping, State, Value

FILE = "nova/api/openstack/common.py"
NAME = "_STATE_MAP"


def read_status(
    tree: SourceTree, vocabulary: dict[str, Value], domains: dict[str, tuple[str, ...]]
) -> tuple[list[Status], list[Unresolved]]:
    """The status of each pair of *domains*, no task first; a vm_state that the map lacks is unresolved."""
    module = tree.module(FILE)
    for node in module.tree.body if module else []:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == NAME and module is not None:
            anywhere = next(iter(module.definitions.values()))
            scope = Scope(Definition(module, "<module>", None, anywhere.node), vocabulary)
            table = evaluate(node.value, Environment(), scope)[0]
            return _table(table, Place(FILE, "<module>", node.lineno), domains)
    return [], [Unresolved(Place(FILE, "<module>", 1), f"no readable {NAME}")]


def _table(table: Value, place: Place, domains: dict[str, tuple[str, ...]]) -> tuple[list[Status], list[Unresolved]]:
    found: list[Status] = []
    unresolved: list[Unresolved] = []
    for vm in domains.get("vm_state", ()):
        row = table.get(State("vm_state", vm)) if isinstance(table, Mapping) else None
        default = row.get(Literal("default")) if isinstance(row, Mapping) else None
        if not isinstance(row, Mapping) or not isinstance(default, Literal):
            unresolved.append(Unresolved(place, f"no status of {vm}"))
            continue
        for task in (None, *domains.get("task_state", ())):
            own = row.get(State("task_state", task)) if task is not None else None
            status = own if isinstance(own, Literal) else default
            found.append(Status(vm, task, str(status.value)))
    return found, unresolved
