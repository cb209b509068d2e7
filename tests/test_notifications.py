"""Versioned notifications, judged on a small lifecycle; their structure is Nova's, their wording our own."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from checks.conformance.notifications import (
    NotificationsReport,
    Observation,
    format_notifications,
    judge_notifications,
    parse_notification,
)
from checks.conformance.notifications.paths import UNKNOWN, make_moves, reachable
from checks.conformance.runs import Variable, Vocabulary
from model.errors import Fault
from model.rows import WriteRow

SAMPLES = Path(__file__).parent / "data" / "notifications"
LAMP = Vocabulary(
    (
        Variable("light", "li", {"DARK": "dark", "LIT": "lit", "BROKEN": "broken"}),
        Variable("job", "jo", {"LIGHTING": "lighting", "DIMMING": "dimming"}),
        Variable("heat", "he", {"COLD": "cold", "HOT": "hot"}),
    ),
    compared="job",
    held="light",
)


def row(name: str, writes: dict[str, str], expect: set[str] | None, vm_state: set[str] | None = None) -> WriteRow:
    held = None if vm_state is None else frozenset(vm_state)
    return WriteRow(
        name,
        name,
        "step",
        "compute",
        "lamp.py:f",
        None if expect is None else frozenset(expect),
        writes,
        held,
    )


ROWS = (
    row("make", {"light": "DARK", "job": "None", "heat": "COLD"}, None, set()),
    row("ask", {"job": "LIGHTING"}, {"None"}, {"DARK"}),
    row("done", {"light": "LIT", "job": "None", "heat": "$meter"}, {"LIGHTING"}),
    row("ask-dim", {"job": "DIMMING"}, {"None"}, {"LIT"}),
    row("dimmed", {"light": "DARK", "job": "None", "heat": "COLD"}, {"DIMMING"}),
)
DARK, ASKED, LIT = ("dark", None, "cold"), ("dark", "lighting", "cold"), ("lit", None, "hot")


def note(
    number: int,
    state: tuple[str | None, ...],
    old: tuple[str | None, str | None] | None = None,
    *,
    event: str = "instance.update",
    seconds: float | None = None,
    uuid: str = "u1",
) -> bytes:
    """One notification; with *old* an update as Nova reports it, where NULL is told as the new value."""
    data: dict[str, Any] = dict(zip(("state", "task_state", "power_state"), state, strict=True))
    data["uuid"] = uuid
    if old is not None:
        keys = {
            "old_state": old[0],
            "state": state[0],
            "old_task_state": old[1] or state[1],
            "new_task_state": state[1],
        }
        data["state_update"] = {"nova_object.data": keys}
    stamp = f"2026-01-01 00:00:{number if seconds is None else seconds:09.6f}"
    whole = {
        "event_type": event,
        "payload": {"nova_object.data": data},
        "timestamp": stamp,
        "message_id": f"m{number}",
    }
    return json.dumps(whole).encode() + b"\n"


ASK = note(1, ASKED, ("dark", None))
DONE = note(2, LIT, ("dark", "lighting"))
ASK_DIM = note(3, ("lit", "dimming", "hot"), ("lit", None))
DIMMED = note(4, DARK, ("lit", "dimming"))


def placed(lines: Iterable[bytes]) -> list[tuple[str, bytes]]:
    return [(f"line {number}", line) for number, line in enumerate(lines, start=1)]


def judge(*lines: bytes) -> NotificationsReport:
    return judge_notifications(ROWS, LAMP, placed(lines))


def test_every_change_of_a_complete_collection_is_explained() -> None:
    report = judge(ASK, DONE, ASK_DIM, DIMMED)
    assert (report.changes, report.instances) == (4, 1)
    assert not report.gaps
    assert not report.contradictions
    assert dict(report.observed) == {"ask": 1, "done": 1, "ask-dim": 1, "dimmed": 1}


def test_order_and_repetition_do_not_matter() -> None:
    lines = [ASK, DONE, ASK_DIM, DIMMED] * 2
    expected = judge(*lines)
    for seed in range(5):
        random.Random(seed).shuffle(lines)  # noqa: S311 - an order, not a secret
        report = judge(*lines)
        assert (report.changes, report.duplicates) == (4, 4)
        assert report.observed == expected.observed
        assert not report.contradictions


def test_an_old_task_that_equals_the_new_one_may_stand_for_null() -> None:
    seen = parse_notification(ASK, "line 1", LAMP)
    assert isinstance(seen, Observation)
    assert seen.old == (("dark", "lighting"), ("dark", None))


def test_a_missing_message_is_a_gap_where_a_path_leads_across() -> None:
    report = judge(ASK, ASK_DIM)
    assert not report.contradictions
    assert [found.what.partition(":")[0] for found in report.gaps] == ["gap"]


def test_what_no_path_explains_is_a_contradiction() -> None:
    report = judge(note(1, ("broken", None, "cold"), event="instance.exists"), note(2, ASKED, ("dark", None)))
    assert not report.gaps
    (found,) = report.contradictions
    assert found.place == "line 2"
    assert "no path" in found.what


def test_a_change_that_no_row_makes_is_a_contradiction_even_if_a_path_leads_there() -> None:
    report = judge(note(1, LIT, ("dark", "dimming")))
    assert "in one write" in report.contradictions[0].what
    assert "dark/dimming/? -> lit/null/hot" in format_notifications(report)


def test_other_events_confirm_the_known_state_or_show_a_gap() -> None:
    report = judge(ASK, note(2, ASKED, event="instance.light.start"), note(3, LIT, event="instance.light.end"))
    assert report.confirmed == 1
    assert len(report.gaps) == 1
    assert not report.contradictions


def test_an_update_that_announces_an_instance_begins_anew() -> None:
    birth = json.loads(note(1, DARK, ("dark", None)))
    birth["payload"]["nova_object.data"]["state_update"]["nova_object.data"]["old_state"] = None
    report = judge(json.dumps(birth).encode(), ASK.replace(b"00:00:01", b"00:00:02").replace(b"m1", b"m2"))
    assert not report.contradictions
    assert report.changes == 1


def test_clocks_that_differ_a_little_do_not_make_a_contradiction() -> None:
    early = note(2, LIT, ("dark", "lighting"), seconds=1.2)
    late = note(1, ASKED, ("dark", None), seconds=1.5)
    first = note(9, DARK, event="instance.exists", seconds=1.0)
    assert judge(first, early, late).changes == 2
    strict = judge_notifications(ROWS, LAMP, placed([first, early, late]), skew_seconds=0.1)
    assert strict.changes < 2


def test_instances_are_judged_apart() -> None:
    report = judge(ASK, note(2, DARK, event="instance.exists", uuid="u2"))
    assert report.instances == 2
    assert not report.contradictions


def test_messages_of_oslo_are_unwrapped() -> None:
    wrapped = json.dumps({"oslo.version": "2.0", "oslo.message": ASK.decode()}).encode()
    assert judge(wrapped).changes == 1


@pytest.mark.parametrize(
    "line",
    [
        b'{"event_type": "compute.exception", "payload": {"nova_object.data": {}}}',
        b'{"event_type": "instance.tags", "payload": {"nova_object.data": {"uuid": "u"}}}',
    ],
)
def test_what_says_nothing_of_state_is_ignored_and_counted(line: bytes) -> None:
    report = judge(line)
    assert (report.ignored, report.broken_lines) == (1, 0)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"{", "not JSON"),
        (b"[]", "no object with an event_type"),
        (b'{"event_type": "instance.update", "payload": {"state": "dark"}}', "no nova_object.data"),
        (ASK.replace(b'"dark"', b'"drak"'), "unknown light 'drak'"),
    ],
)
def test_a_broken_line_is_reported_with_its_number(line: bytes, found: str) -> None:
    report = judge(DONE, line)
    assert report.broken_lines == 1
    assert report.faults[0].place == "line 2"
    assert found in report.faults[0].found


def test_reachability_is_that_of_the_rows() -> None:
    moves = make_moves(ROWS, LAMP)
    assert reachable(moves, ("broken", None, "cold")) == {("broken", None, "cold")}
    assert LIT in reachable(moves, DARK)
    assert ("broken", None, "cold") not in reachable(moves, DARK)
    assert ("dark", None, "cold") in reachable(moves, ("dark", "lighting", UNKNOWN))


def test_the_samples_in_the_structure_of_nova_are_read() -> None:
    """Each sample is one notification as it goes over the wire; the three shapes that speak of state are there."""
    lines = (SAMPLES / "samples.jsonl").read_bytes().splitlines()
    seen = [parse_notification(line, "sample", SAMPLE_VOCABULARY) for line in lines]
    assert not [one for one in seen if isinstance(one, Fault)]
    told = [one for one in seen if isinstance(one, Observation)]
    assert [one.event for one in told] == [
        "instance.update",
        "instance.update",
        "instance.power_off.end",
        "instance.exists",
    ]
    assert told[0].born
    assert told[1].old == (("active", "powering-off"), ("active", None))
    assert told[2].state == ("stopped", None, "shutdown")
    assert len(seen) - len(told) == 1


SAMPLE_VOCABULARY = Vocabulary(
    (
        Variable("vm_state", "vm", {"A": "active", "B": "building", "S": "stopped"}),
        Variable("task_state", "task", {"P": "powering-off"}),
        Variable("power_state", "power", {"N": "pending", "R": "running", "S": "shutdown"}),
    ),
    compared="task_state",
    held="vm_state",
)
