"""One notification: from the JSON that Nova emits to what it says about an instance's state.

A line holds the notification itself or the message of oslo.messaging around it. Two shapes speak of state:

- ``instance.update`` carries the change, old and new;
- every other ``instance.*`` carries the state that its sender's object had.

Nova reports an old task_state of NULL as the *new* one (``_compute_states_payload`` takes None for "not
given", in nova/notifications/base.py), so an update whose old and new task_state are equal may be a change
from NULL, and an update in which nothing changed at all may be no change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from checks.conformance.runs.vocabulary import Vocabulary
from model.errors import Fault, nearest

Wire = str | None
State = tuple[Wire, ...]
PREFIX = "instance."
DATA = "nova_object.data"
OLD_KEYS, NEW_KEYS = ("old_state", "old_task_state"), ("state", "new_task_state")
STATE_KEYS = ("state", "task_state", "power_state")


@dataclass(frozen=True, slots=True)
class Observation:
    """What one notification says: the state it shows and, for an update, the pair before.

    ``old`` is empty when the notification shows no change; else it holds each old pair that the notification
    can mean. ``born`` tells the update that announces a new instance. ``time`` is the sender's, as text in
    ISO order.
    """

    uuid: str
    time: str
    message: str
    event: str
    place: str
    state: State
    old: tuple[tuple[Wire, Wire], ...] = ()
    born: bool = False


def parse_notification(line: bytes, place: str, vocabulary: Vocabulary) -> Observation | Fault | None:
    """Read one line; None for a notification that says nothing about an instance's state.

    ``vocabulary`` must hold the three variables in the order vm_state, task_state, power_state.
    """
    try:
        found = orjson.loads(line)
        if isinstance(found, dict) and isinstance(found.get("oslo.message"), str):
            found = orjson.loads(found["oslo.message"])
    except orjson.JSONDecodeError as error:
        return Fault(place, f"not JSON ({error})", "one notification a line is expected")
    if not isinstance(found, dict) or not isinstance(found.get("event_type"), str):
        return Fault(place, "no object with an event_type", "one versioned notification a line is expected")
    if not found["event_type"].startswith(PREFIX):
        return None
    return _observe(found, place, vocabulary)


def _observe(found: dict[str, Any], place: str, vocabulary: Vocabulary) -> Observation | Fault | None:
    data = _data(found.get("payload"))
    if data is None:
        return Fault(place, "the payload has no nova_object.data", "set notification_format to versioned or both")
    if not isinstance(data.get("uuid"), str) or any(key not in data for key in STATE_KEYS):
        return None
    state = tuple(data[key] for key in STATE_KEYS)
    old: tuple[tuple[Wire, Wire], ...] = ()
    born = False
    change = _data(data.get("state_update"))
    if change is not None:
        reported = [change.get(key) for key in (*OLD_KEYS, *NEW_KEYS)]
        state = (_given(reported[2], state[0]), _given(reported[3], state[1]), state[2])
        old = _old_pairs(reported[0], reported[1], state)
        born = change.get("old_state", "") is None
    for pair in (state, *old):
        for variable, value in zip(vocabulary.variables, pair, strict=False):
            if value is not None and value not in variable.wires.values():
                legal = [wire for wire in variable.wires.values() if wire is not None]
                near = nearest(str(value), legal)
                return Fault(
                    place,
                    f"unknown {variable.name} {value!r}",
                    f"did you mean {near!r}?" if near else "see: nova-lifecycle states",
                )
    time, message = found.get("timestamp"), found.get("message_id")
    return Observation(data["uuid"], str(time or ""), str(message or ""), found["event_type"], place, state, old, born)


def _old_pairs(vm: Wire, task: Wire, state: State) -> tuple[tuple[Wire, Wire], ...]:
    """The pairs that the reported old values can stand for: see the module's note on NULL."""
    vm, task = _given(vm, state[0]), _given(task, state[1])
    if task is not None and task == state[1]:
        return ((vm, task), (vm, None))
    return ((vm, task),)


def _given(value: Wire, otherwise: Wire) -> Wire:
    return otherwise if value is None else value


def _data(payload: Any) -> dict[str, Any] | None:
    data = payload.get(DATA) if isinstance(payload, dict) else None
    return data if isinstance(data, dict) else None
