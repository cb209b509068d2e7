"""Events on their way out: appended to a file per process, so that a killed process loses at most one line."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

Event = dict[str, Any]
Result = TypeVar("Result")

_sequence = itertools.count(1)
_lock = threading.Lock()


@dataclass
class CurrentTest:
    """The test that runs in this process, if one does; ``number`` counts them, since one may run twice."""

    name: str | None = None
    number: int = 0


current_test = CurrentTest()


def guarded(function: Callable[..., Result], *arguments: Any) -> Result | None:
    """Call *function*; its fault is noted beside the events, and the program goes on."""
    try:
        return function(*arguments)
    except Exception:  # noqa: BLE001 - whatever it is, it must not reach the recorded program
        append("faults", traceback.format_exc())
        return None


def emit(event: Event) -> None:
    """Send *event* out with its time, its number in this process, and the test that runs."""
    stamp = {"time": time.time_ns(), "seq": next(_sequence), "test": current_test.name, "number": current_test.number}
    append("events", json.dumps({**event, **stamp}))


def append(kind: str, text: str) -> None:
    """Append *text* as one line to this process's file of *kind*; the process may have forked since the last."""
    path = Path(os.environ["NOVA_LIFECYCLE_RECORD"]) / f"{os.getpid()}.{kind}"
    data = f"{text}\n".encode()
    with _lock:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, data)
        finally:
            os.close(handle)
