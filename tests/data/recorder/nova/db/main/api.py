"""A stand-in for the database functions: same names, same compare-and-swap, rows in memory."""

# ruff: noqa: ARG001, N818 - signatures and names are those of the real module

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from nova.db.main import models


class UnexpectedTaskStateError(Exception):
    """The expected set did not hold."""


class InstanceNotFound(Exception):
    """There is no such row."""


class Query:
    """A query over one table of the stand-in."""

    def __init__(self, columns: tuple[models.Column, ...]) -> None:
        self.columns, self.tests = columns, list[Callable[[dict[str, Any]], bool]]()

    def filter(self, *tests: Callable[[dict[str, Any]], bool]) -> Query:
        self.tests += tests
        return self

    def order_by(self, *_: object) -> Query:
        return self

    def first(self) -> list[Any] | None:
        rows = (row for row in self.columns[0].table if all(test(row) for test in self.tests))
        return next(([row[column.name] for column in self.columns] for row in rows), None)


class Session:
    """A session of the stand-in."""

    no_autoflush = contextlib.nullcontext()
    url = SimpleNamespace(host="", database="lamps")

    def query(self, *columns: models.Column) -> Query:
        return Query(columns)

    def get_bind(self) -> SimpleNamespace:
        return SimpleNamespace(url=self.url)


def make_context(request_id: str) -> SimpleNamespace:
    return SimpleNamespace(session=Session(), request_id=request_id, cell_uuid=None)


def pick_context_manager_reader(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def _find(uuid: str) -> dict[str, Any]:
    for row in models.ROWS:
        if row["uuid"] == uuid and not row["deleted"]:
            return row
    raise InstanceNotFound(uuid)


def instance_create(context: SimpleNamespace, values: dict[str, Any]) -> SimpleNamespace:
    models.ROWS.append({"hidden": 0, "deleted": 0, **values})
    return SimpleNamespace(uuid=values["uuid"])


def instance_destroy(context: SimpleNamespace, instance_uuid: str) -> None:
    _find(instance_uuid)["deleted"] = 1


def instance_update(context: SimpleNamespace, instance_uuid: str, values: dict[str, Any], expected: Any = None) -> Any:
    return _instance_update(context, instance_uuid, values, expected)


def instance_update_and_get_original(
    context: SimpleNamespace,
    instance_uuid: str,
    values: dict[str, Any],
    columns_to_join: Any = None,
    expected: Any = None,
) -> Any:
    original = dict(_find(instance_uuid))
    return original, _instance_update(context, instance_uuid, values, expected, original=original)


def _instance_update(
    context: SimpleNamespace, instance_uuid: str, values: dict[str, Any], expected: Any, original: Any = None
) -> Any:
    row = _find(instance_uuid)
    updates = dict(values)
    wanted = updates.pop("expected_task_state", "anything")
    if wanted != "anything" and row["task_state"] not in (wanted if isinstance(wanted, list) else [wanted]):
        raise UnexpectedTaskStateError(row["task_state"])
    row.update(updates)
    return row
