"""Records every write of an instance's row, from outside, at the database functions where all of them end.

Runs inside the recorded program, whatever its version of Python and of its libraries: standard library only.
When the program imports Nova's database module, four functions of it are wrapped. The old and the new values
are read in the transaction of the write, so they are the row's and not an object's. Each event is appended
as one JSON line to a file per process; the launcher joins them afterwards. A fault of the recorder never
reaches the program.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import itertools
import json
import os
import sys
import threading
import time
import traceback

import lifecycle_stack

COLUMNS = (("vm_state", "vm"), ("task_state", "task"), ("power_state", "power"))
DATABASE_MODULES = ("nova.db.main.api", "nova.db.sqlalchemy.api")
TEST_MODULES = ("unittest.case", "testtools.testcase")
REFUSALS = ("UnexpectedTaskStateError", "UnexpectedDeletingTaskStateError", "InstanceUpdateConflict")
RETRIED = "UnknownInstanceUpdateConflict"

_sequence = itertools.count(1)
_lock = threading.Lock()
_engines = {}
_waiting = {}
_test = {"name": None, "status": None, "number": 0}


class _PatchOnImport(importlib.abc.MetaPathFinder):
    """Finds nothing itself; lets the others find a module and calls its handler after execution."""

    def __init__(self, handlers):
        self.handlers = handlers

    def find_spec(self, name, path=None, target=None):
        handler = self.handlers.pop(name, None)
        if handler is None:
            return None
        spec = (
            importlib.util.find_spec(name)
            if path is None
            else importlib.machinery.PathFinder.find_spec(name, path, target)
        )
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            _guarded(handler, module)

        spec.loader.exec_module = exec_module
        return spec


def attach():
    """Prepare to wrap Nova's database module, and the test runner's cases, when the program imports them."""
    handlers = {name: _wrap_database for name in DATABASE_MODULES}
    handlers.update({name: _wrap_tests for name in TEST_MODULES})
    sys.meta_path.insert(0, _PatchOnImport(handlers))


def _guarded(function, *arguments, **keywords):
    """Call *function*; a fault is noted beside the events, and the program goes on."""
    try:
        return function(*arguments, **keywords)
    except Exception:
        _append("faults", traceback.format_exc())
        return None


def _append(kind, text):
    path = os.path.join(os.environ["NOVA_LIFECYCLE_RECORD"], "%d.%s" % (os.getpid(), kind))
    data = (text + "\n").encode()
    with _lock:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, data)
        finally:
            os.close(handle)


def _wrap_tests(module):
    case = module.TestCase
    run = case.run

    @functools.wraps(run)
    def recorded_run(self, result=None):
        if _test["name"] == self.id():
            return run(self, result)
        _test.update(name=self.id(), status=None, number=_test["number"] + 1)
        before = _failures(result)
        try:
            return run(self, result)
        finally:
            if before is not None:
                status = "ok" if _failures(result) == before else "failed"
                _append(
                    "events", json.dumps({"test": self.id(), "number": _test["number"], "status": status})
                )
            _test.update(name=None, status=None)

    case.run = recorded_run


def _failures(result):
    try:
        return len(result.failures) + len(result.errors)
    except (AttributeError, TypeError):
        return None


def _wrap_database(module):
    update, create, destroy = module._instance_update, module.instance_create, module.instance_destroy

    @functools.wraps(update)
    def recorded_update(context, instance_uuid, values, expected=None, *rest, **more):
        event = _guarded(_describe_write, module, context, instance_uuid, values, expected)
        try:
            result = update(context, instance_uuid, values, expected, *rest, **more)
        except Exception as error:
            if event is not None and type(error).__name__ != RETRIED:
                _waiting[id(values)] = None
                _guarded(_emit_refused, event, error)
            raise
        if event is not None:
            _guarded(_complete, module, context, event, "write", id(values))
        return result

    def around(outer):
        @functools.wraps(outer)
        def recorded(context, instance_uuid, values, *rest, **more):
            try:
                result = outer(context, instance_uuid, values, *rest, **more)
            except Exception as error:
                if id(values) not in _waiting:
                    _guarded(
                        _emit_unfound, module, context, instance_uuid, values, more.get("expected"), error
                    )
                _waiting.pop(id(values), None)
                raise
            event = _waiting.pop(id(values), None)
            if event is not None:
                _emit(event)
            return result

        return recorded

    @functools.wraps(create)
    def recorded_create(context, values, *rest, **more):
        result = create(context, values, *rest, **more)
        _guarded(_emit_created, module, context, result)
        return result

    @functools.wraps(destroy)
    def recorded_destroy(context, instance_uuid, *rest, **more):
        event = _guarded(_describe, module, context, instance_uuid, {}, "read")
        result = destroy(context, instance_uuid, *rest, **more)
        if event is not None:
            _guarded(_emit, dict(event, kind="destroy", state=event["old"], deleted=True))
        return result

    module._instance_update = recorded_update
    module.instance_update = around(module.instance_update)
    module.instance_update_and_get_original = around(module.instance_update_and_get_original)
    module.instance_create = recorded_create
    module.instance_destroy = recorded_destroy


def _row(module, context, uuid):
    """The row as the transaction in progress sees it: (state, hidden, deleted), or None."""
    model = module.models.Instance
    with context.session.no_autoflush:
        found = (
            context.session.query(
                model.vm_state, model.task_state, model.power_state, model.hidden, model.deleted
            )
            .filter(model.uuid == uuid)
            .order_by(model.deleted)
            .first()
        )
    if found is None:
        return None
    return [found[0], found[1], _power(found[2])], bool(found[3]), bool(found[4])


def _power(value):
    power = sys.modules.get("nova.compute.power_state")
    return value if value is None or power is None else power.STATE_MAP.get(value, str(value))


def _named(values, expected):
    """What an update names of the variables and expects of the row; None when it does neither."""
    wanted = {"expected_" + name: value for name, value in (expected or {}).items()}
    wanted.update(
        {name: values[name] for name in ("expected_task_state", "expected_vm_state") if name in values}
    )
    named = {
        key: _power(values[name]) if key == "power" else values[name]
        for name, key in COLUMNS
        if name in values
    }
    if not named and not wanted:
        return None
    several = (list, tuple, set, frozenset)
    wanted = {name: list(value) if isinstance(value, several) else [value] for name, value in wanted.items()}
    return dict(wanted, set=named)


def _describe_write(module, context, uuid, values, expected):
    """The event of an update that names a variable or expects a value, else None."""
    named = _named(values, expected)
    return None if named is None else _describe(module, context, uuid, named, "transaction")


def _describe(module, context, uuid, more, where):
    """Everything of an event that is known before the write."""
    if where == "transaction":
        row, action, cell = _row(module, context, uuid), _action(module, context, uuid), _cell(context)
    else:
        row, action, cell = _read_outside(module, context, uuid)
    stack = lifecycle_stack.describe()
    event = dict.fromkeys(("set", "expected_task_state", "expected_vm_state", "error"))
    event.update(
        stack,
        uuid=uuid,
        cell=cell,
        action=action,
        request=context.request_id,
        old=row and row[0],
        hidden=row and row[1],
        deleted=row and row[2],
    )
    event.update(more)
    return event


def _read_outside(module, context, uuid):
    """The row, the request and the cell, in a transaction of their own."""

    @module.pick_context_manager_reader
    def read(context):
        return _row(module, context, uuid), _action(module, context, uuid), _cell(context)

    return read(context)


def _action(module, context, uuid):
    """The name of the request in whose name the write happens, from the instance's actions."""
    model = module.models.InstanceAction
    with context.session.no_autoflush:
        found = (
            context.session.query(model.action)
            .filter(model.instance_uuid == uuid, model.request_id == context.request_id)
            .order_by(model.id.desc())
            .first()
        )
    return found[0] if found else None


def _cell(context):
    """A name for the database of the transaction: its address, or a number where it has none."""
    uuid = getattr(context, "cell_uuid", None)
    if uuid is not None and not uuid.replace("-", "").strip("0"):
        return "cell0"
    engine = context.session.get_bind()
    engine = getattr(engine, "engine", engine)
    database = engine.url.database
    if database and database != ":memory:":
        return "%s/%s" % (engine.url.host or "", database)
    known = _engines.setdefault(_test["number"], {})
    number = known.setdefault(id(engine), len(known) + 1)
    for test in [test for test in _engines if test < _test["number"]]:
        del _engines[test]
    return "database%d" % number


def _complete(module, context, event, kind, key):
    row = _row(module, context, event["uuid"])
    _waiting[key] = dict(
        event, kind=kind, state=row and row[0], hidden=row and row[1], deleted=row and row[2]
    )


def _emit_refused(event, error):
    name = type(error).__name__
    _emit(dict(event, kind="cas_fail" if name in REFUSALS else "write_fail", state=None, error=name))


def _emit_unfound(module, context, uuid, values, expected, error):
    """An update that failed before it began: the row was not found, for instance."""
    event = _describe_failed(values, expected)
    if event is None:
        return
    event.update(
        lifecycle_stack.describe(),
        uuid=uuid,
        request=context.request_id,
        kind="write_fail",
        error=type(error).__name__,
    )
    _, event["action"], event["cell"] = _read_outside(module, context, uuid)
    _emit(event)


def _describe_failed(values, expected):
    wanted = _named(values, expected)
    if wanted is None:
        return None
    event = dict.fromkeys(
        ("set", "expected_task_state", "expected_vm_state", "old", "state", "hidden", "deleted")
    )
    event.update(wanted)
    return event


def _emit_created(module, context, instance):
    event = dict.fromkeys(("set", "expected_task_state", "expected_vm_state", "old", "error"))
    event.update(lifecycle_stack.describe(), uuid=instance.uuid, request=context.request_id, kind="create")
    row, event["action"], event["cell"] = _read_outside(module, context, instance.uuid)
    if row is not None:
        event["state"], event["hidden"], event["deleted"] = row
        _emit(event)


def _emit(event):
    event = dict(event, time=time.time_ns(), seq=next(_sequence), test=_test["name"], number=_test["number"])
    _append("events", json.dumps(event))
