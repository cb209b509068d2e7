"""A stand-in for the tables: rows are plain objects, and a column compares as a predicate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ROWS: list[dict[str, Any]] = []
ACTIONS: list[dict[str, Any]] = []


class Column:
    """A column of the stand-in: knows its name, and compares like a real one."""

    def __init__(self, table: list[dict[str, Any]], name: str) -> None:
        self.table, self.name = table, name

    def __eq__(self, other: object) -> Callable[[dict[str, Any]], bool]:  # type: ignore[override]
        return lambda row: row[self.name] == other

    def desc(self) -> Column:
        return self

    __hash__ = object.__hash__


class Instance:
    """The table of instances."""

    uuid, vm_state, task_state, power_state, hidden, deleted = (
        Column(ROWS, name) for name in ("uuid", "vm_state", "task_state", "power_state", "hidden", "deleted")
    )


class InstanceAction:
    """The table of requests."""

    id, action, instance_uuid, request_id = (
        Column(ACTIONS, name) for name in ("id", "action", "instance_uuid", "request_id")
    )
