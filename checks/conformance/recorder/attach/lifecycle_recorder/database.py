"""The wrapped database functions, and the event that each write becomes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .events import Event, emit, guarded
from .row import power_word, read_action, read_all, read_cell, read_row
from .stack import describe_stack

COLUMNS = (("vm_state", "vm"), ("task_state", "task"), ("power_state", "power"))
EXPECTED = ("expected_task_state", "expected_vm_state")
EMPTY = ("set", *EXPECTED, "old", "state", "hidden", "deleted", "error")
REFUSALS = ("UnexpectedTaskStateError", "UnexpectedDeletingTaskStateError", "InstanceUpdateConflict")
RETRIED = "UnknownInstanceUpdateConflict"

_waiting: dict[int, Event | None] = {}
"""Events of updates that have happened and are not yet committed, by the identity of their values."""


def wrap_database(module: ModuleType) -> None:
    """Wrap the functions of *module* in which every create, save and destroy of an instance ends."""
    changed: Any = module
    innermost = "_instance_update"
    setattr(changed, innermost, _recorded_update(module, getattr(changed, innermost)))
    changed.instance_update = _committed(module, changed.instance_update)
    changed.instance_update_and_get_original = _committed(module, changed.instance_update_and_get_original)
    changed.instance_create = _recorded_create(module, changed.instance_create)
    changed.instance_destroy = _recorded_destroy(module, changed.instance_destroy)


def _recorded_update(module: ModuleType, update: Callable[..., Any]) -> Callable[..., Any]:
    """The innermost function: inside the transaction, where the row can be read before and after."""

    @functools.wraps(update)
    def recorded(context: Any, uuid: str, values: Any, expected: Any = None, *rest: Any, **more: Any) -> Any:
        event = guarded(_begin_write, module, context, uuid, values, expected)
        try:
            result = update(context, uuid, values, expected, *rest, **more)
        except Exception as error:
            if event is not None and type(error).__name__ != RETRIED:
                _waiting[id(values)] = None
                emit({**event, "kind": _failure(error), "state": None, "error": type(error).__name__})
            raise
        if event is not None:
            _waiting[id(values)] = guarded(_end_write, module, context, event)
        return result

    return recorded


def _committed(module: ModuleType, outer: Callable[..., Any]) -> Callable[..., Any]:
    """The outermost function: when it returns, the write is committed."""

    @functools.wraps(outer)
    def recorded(context: Any, uuid: str, values: Any, *rest: Any, **more: Any) -> Any:
        try:
            result = outer(context, uuid, values, *rest, **more)
        except Exception as error:
            if id(values) not in _waiting:
                guarded(_emit_unfound, module, context, uuid, values, more.get("expected"), error)
            _waiting.pop(id(values), None)
            raise
        event = _waiting.pop(id(values), None)
        if event is not None:
            emit(event)
        return result

    return recorded


def _recorded_create(module: ModuleType, create: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(create)
    def recorded(context: Any, values: Any, *rest: Any, **more: Any) -> Any:
        result = create(context, values, *rest, **more)
        event = guarded(_read_event, module, context, result.uuid)
        if event is not None:
            emit({**event, "kind": "create", "state": event["old"], "old": None})
        return result

    return recorded


def _recorded_destroy(module: ModuleType, destroy: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(destroy)
    def recorded(context: Any, uuid: str, *rest: Any, **more: Any) -> Any:
        event = guarded(_read_event, module, context, uuid)
        result = destroy(context, uuid, *rest, **more)
        if event is not None:
            emit({**event, "kind": "destroy", "state": event["old"], "deleted": True})
        return result

    return recorded


def _failure(error: Exception) -> str:
    return "cas_fail" if type(error).__name__ in REFUSALS else "write_fail"


def _named(values: Any, expected: Any) -> Event | None:
    """What an update names of the variables and expects of the row; None when it does neither."""
    wanted = {f"expected_{name}": value for name, value in (expected or {}).items()}
    wanted.update({name: values[name] for name in EXPECTED if name in values})
    named = {
        key: power_word(values[name]) if key == "power" else values[name] for name, key in COLUMNS if name in values
    }
    if not named and not wanted:
        return None
    several = (list, tuple, set, frozenset)
    return {"set": named, **{name: list(one) if isinstance(one, several) else [one] for name, one in wanted.items()}}


def _begin_write(module: ModuleType, context: Any, uuid: str, values: Any, expected: Any) -> Event | None:
    named = _named(values, expected)
    if named is None:
        return None
    row = read_row(module, context, uuid)
    found = row, read_action(module, context, uuid), read_cell(context)
    return {**_event(context, uuid, found), **named}


def _end_write(module: ModuleType, context: Any, event: Event) -> Event:
    state, hidden, deleted = read_row(module, context, event["uuid"]) or (None, None, None)
    return {**event, "kind": "write", "state": state, "hidden": hidden, "deleted": deleted}


def _read_event(module: ModuleType, context: Any, uuid: str) -> Event:
    return _event(context, uuid, read_all(module, context, uuid))


def _emit_unfound(module: ModuleType, context: Any, uuid: str, values: Any, expected: Any, error: Exception) -> None:
    """An update that failed before it began: the row was not found, for instance."""
    named = _named(values, expected)
    if named is not None:
        _, action, cell = read_all(module, context, uuid)
        event = _event(context, uuid, (None, action, cell))
        emit({**event, **named, "kind": "write_fail", "error": type(error).__name__})


def _event(context: Any, uuid: str, found: tuple[Any, str | None, str]) -> Event:
    """Everything of an event that is known before the write, the stack included."""
    row, action, cell = found
    old, hidden, deleted = row or (None, None, None)
    known = {"uuid": uuid, "cell": cell, "action": action, "request": context.request_id}
    return {**dict.fromkeys(EMPTY), **describe_stack(), **known, "old": old, "hidden": hidden, "deleted": deleted}
