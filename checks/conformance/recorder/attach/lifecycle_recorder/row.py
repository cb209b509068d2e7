"""What the database holds, read in the transaction of the write."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from .events import current_test

State = list[Any]
Row = tuple[State, bool, bool]

_engines: dict[int, dict[int, int]] = {}


def read_row(module: ModuleType, context: Any, uuid: str) -> Row | None:
    """The row as the transaction in progress sees it: (state, hidden, deleted), or None."""
    model = module.models.Instance
    columns = (model.vm_state, model.task_state, model.power_state, model.hidden, model.deleted)
    with context.session.no_autoflush:
        found = context.session.query(*columns).filter(model.uuid == uuid).order_by(model.deleted).first()
    if found is None:
        return None
    return [found[0], found[1], power_word(found[2])], bool(found[3]), bool(found[4])


def read_action(module: ModuleType, context: Any, uuid: str) -> str | None:
    """The name of the request in whose name the write happens, from the instance's actions."""
    model = module.models.InstanceAction
    mine = (model.instance_uuid == uuid, model.request_id == context.request_id)
    with context.session.no_autoflush:
        found = context.session.query(model.action).filter(*mine).order_by(model.id.desc()).first()
    return found[0] if found else None


def read_cell(context: Any) -> str:
    """A name for the database of the transaction: its address, or a number within the test where it has none."""
    uuid = getattr(context, "cell_uuid", None)
    if uuid is not None and not uuid.replace("-", "").strip("0"):
        return "cell0"
    engine = context.session.get_bind()
    engine = getattr(engine, "engine", engine)
    if engine.url.database and engine.url.database != ":memory:":
        return f"{engine.url.host or ''}/{engine.url.database}"
    for test in [test for test in _engines if test < current_test.number]:
        del _engines[test]
    known = _engines.setdefault(current_test.number, {})
    return f"database{known.setdefault(id(engine), len(known) + 1)}"


def read_all(module: ModuleType, context: Any, uuid: str) -> tuple[Row | None, str | None, str]:
    """Row, request and cell, in a transaction of their own."""

    @module.pick_context_manager_reader  # type: ignore[untyped-decorator,unused-ignore]
    def read(context: Any) -> tuple[Row | None, str | None, str]:
        return read_row(module, context, uuid), read_action(module, context, uuid), read_cell(context)

    found: tuple[Row | None, str | None, str] = read(context)
    return found


def power_word(value: Any) -> Any:
    """The word for a number in the database; the program may not have imported its own table of them yet."""
    if value is None:
        return None
    words = importlib.import_module("nova.compute.power_state").STATE_MAP
    return words.get(value, str(value))
