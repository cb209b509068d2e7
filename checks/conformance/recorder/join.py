"""From the events of each recorded process to one line per instance, the format of recorded runs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STEP_KEYS = (
    "seq",
    "kind",
    "state",
    "old",
    "set",
    "expected_task_state",
    "expected_vm_state",
    "caller",
    "func",
    "service",
    "process",
    "action",
    "deleted",
    "error",
    "hidden",
    "ctx",
    "by_test",
)
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recorded program left: exit status, numbers of instances and steps, the recorder's faults."""

    status: int
    instances: int
    steps: int
    faults: tuple[str, ...]


def join_events(events: Iterable[Event]) -> Iterator[Event]:
    """Group *events* by test, instance and cell; each group is one recorded instance, in order of time.

    The groups come in the order of their first steps, whatever the order of *events*. Time ``n log n`` and
    memory linear in the number of events: a recording holds the writes of three variables only, about 500
    bytes each.
    """
    status: dict[Any, str] = {}
    groups: dict[Any, list[Event]] = {}
    for event in events:
        if "kind" not in event:
            status[event.get("process_id"), event["test"], event["number"]] = event["status"]
            continue
        test = (event.get("process_id"), event["test"], event["number"]) if event["test"] else None
        groups.setdefault((test, event["uuid"], event["cell"]), []).append(event)
    ordered = [(sorted(group, key=lambda event: (event["time"], event["seq"])), key) for key, group in groups.items()]
    for group, (test, uuid, cell) in sorted(ordered, key=lambda pair: (pair[0][0]["time"], pair[0][0]["seq"])):
        yield {
            "test": group[0]["test"],
            "uuid": uuid,
            "cell": cell,
            "test_status": status.get(test),
            "by_test": any(event["by_test"] for event in group),
            "steps": [{key: event.get(key) for key in STEP_KEYS} for event in _with_requests(group)],
        }


def _with_requests(group: list[Event]) -> Iterator[Event]:
    """Fill in the names of requests: that of a new instance is known only after its row exists."""
    named = {event["request"]: event["action"] for event in group if event["action"] and event.get("request")}
    for event in group:
        yield {**event, "action": event["action"] or named.get(event.get("request"))}


def read_events(folder: Path) -> Iterator[Event]:
    """The events that recorded processes left in *folder*; a last line cut short is dropped."""
    for path in sorted(folder.glob("*.events")):
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield {**json.loads(line), "process_id": path.stem}


def write_recording(runs: Iterable[Event], out: Path) -> tuple[int, int]:
    """Write *runs* to *out*, compressed for ``.gz``; returns the numbers of instances and steps."""
    instances = steps = 0
    with out.open("wb") as raw:
        # No name and no time in the header: the same recording gives the same bytes.
        packed = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) if out.suffix == ".gz" else None
        sink = packed or raw
        for run in runs:
            sink.write(json.dumps(run, separators=(",", ":")).encode() + b"\n")
            instances += 1
            steps += len(run["steps"])
        if packed is not None:
            packed.close()
    return instances, steps
