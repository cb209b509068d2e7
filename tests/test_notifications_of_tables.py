"""Notifications as a cloud would have sent them while the recorded runs happened, judged by Nova's tables."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from checks.conformance.notifications import NotificationsReport, judge_notifications
from checks.conformance.runs import open_lines, rows_of, vocabulary_of
from model.load import load

RECORDINGS = sorted((Path(__file__).parent / "data" / "runs").glob("*.jsonl.gz"))
KEYS = {"vm_state": "vm", "task_state": "task", "power_state": "power"}
Change = tuple[str, int, list[Any], list[Any]]


def sent(change: Change) -> bytes:
    """The update that Nova sends after a save: an old task_state of NULL is told as the new one."""
    uuid, number, old, new = change
    update = {"old_state": old[0], "state": new[0], "old_task_state": old[1] or new[1], "new_task_state": new[1]}
    state = dict(zip(("state", "task_state", "power_state"), new, strict=True))
    data = {"uuid": uuid, **state, "state_update": {"nova_object.data": update}}
    stamp = f"2026-01-01 00:{number // 60:02}:{number % 60:02}.000000"
    payload = {"nova_object.data": data}
    message = f"{uuid}-{number}"
    whole = {"event_type": "instance.update", "payload": payload, "timestamp": stamp, "message_id": message}
    return json.dumps(whole).encode()


@pytest.fixture(scope="module")
def changes() -> list[list[Change]]:
    """The changes of each recorded instance in which no test had a hand, and whose row was made once."""
    found = []
    for path in RECORDINGS:
        for at, line in enumerate(open_lines(path)):
            run = json.loads(line)
            kinds = [step["kind"] for step in run["steps"]]
            if not run["by_test"] and kinds.count("create") == 1:
                writes = [
                    step for step in run["steps"] if step["kind"] == "write" and step["old"][:2] != step["state"][:2]
                ]
                uuid = f"{path.stem}-{at}"
                found.append([(uuid, number, step["old"], step["state"]) for number, step in enumerate(writes)])
    return found


def judge(changes: list[Change], seed: int) -> NotificationsReport:
    lines = [sent(change) for change in changes]
    random.Random(seed).shuffle(lines)  # noqa: S311 - an order, not a secret
    return judge_notifications(rows_of(load()), vocabulary_of(load(), KEYS, {}), [("a line", line) for line in lines])


def test_every_change_that_was_recorded_is_explained(changes: list[list[Change]]) -> None:
    every = [change for run in changes for change in run]
    report = judge(every, 1)
    assert report.contradictions == ()
    assert report.gaps == ()
    assert report.changes == len(every) > 2500


def test_what_a_collector_misses_is_a_gap_and_no_contradiction(changes: list[list[Change]]) -> None:
    kept = [change for run in changes for change in run if change[1] % 4 != 2]
    report = judge(kept, 2)
    assert report.contradictions == ()
    assert report.gaps


def test_a_change_that_no_table_makes_is_a_contradiction(changes: list[list[Change]]) -> None:
    uuid, number, old, new = next(change for run in changes for change in run if change[2][0] == "building")
    wrong = judge([(uuid, number, old, ["paused", "rescuing", new[2]])], 3)
    assert len(wrong.contradictions) == 1
