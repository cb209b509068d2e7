"""The recorder, attached to a stand-in that has the shape of Nova's database module."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from checks.conformance.recorder import Recording, join_events, record
from checks.conformance.recorder.join import STEP_KEYS, write_recording
from checks.conformance.runs import Variable, Vocabulary, open_lines, replay_files
from model.errors import InputError
from model.rows import WriteRow

STAND_IN = Path(__file__).parent / "data" / "recorder"
WHERE = "nova.compute.manager"


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Recording, list[dict[str, Any]]]:
    return run(tmp_path, monkeypatch)


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[Recording, list[dict[str, Any]]]:
    """Record the stand-in's program and read the recording back."""
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    out = folder / "out.jsonl.gz"
    done = record([sys.executable, str(STAND_IN / "program.py"), *arguments], out)
    return done, [json.loads(line) for line in open_lines(out)]


def test_each_kind_of_write_is_recorded_with_the_row_before_and_after(
    recorded: tuple[Recording, list[dict[str, Any]]],
) -> None:
    done, (lamp,) = recorded
    assert not done.faults
    assert (done.instances, done.steps) == (1, 6)
    dark, asked = ["dark", None, "cold"], ["dark", "lighting", "cold"]
    told = [(step["kind"], step["func"], step["old"], step["state"], step["set"]) for step in lamp["steps"]]
    lit = {"vm": "lit", "task": None, "power": "hot"}
    assert told == [
        ("create", f"{WHERE}:make", None, dark, None),
        ("cas_fail", f"{WHERE}:done", dark, None, lit),
        ("write", f"{WHERE}:ask", dark, asked, {"task": "lighting"}),
        ("write", f"{WHERE}:decorated[fails]", asked, dark, {"task": None}),
        ("destroy", f"{WHERE}:scrap", dark, dark, None),
        ("write_fail", f"{WHERE}:done", None, None, lit),
    ]
    assert [step["expected_task_state"] for step in lamp["steps"]] == [
        None,
        ["lighting"],
        [None],
        None,
        None,
        ["lighting"],
    ]
    errors = [step["error"] for step in lamp["steps"] if step["error"]]
    assert errors == ["UnexpectedTaskStateError", "InstanceNotFound"]
    assert [step["deleted"] for step in lamp["steps"]] == [False, False, False, False, True, None]


def test_the_writer_is_told_past_its_helpers(recorded: tuple[Recording, list[dict[str, Any]]]) -> None:
    step = recorded[1][0]["steps"][3]
    assert step["caller"].startswith(f"{WHERE}:_instance_update:")
    assert (step["service"], step["process"], step["by_test"]) == ("compute", "compute", False)


def test_the_program_keeps_its_own_exit_status(recorded: tuple[Recording, list[dict[str, Any]]]) -> None:
    assert recorded[0].status == 3


def test_a_test_is_named_with_its_outcome_and_the_request_with_its_action(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, (lamp,) = run(tmp_path, monkeypatch, "test")
    assert done.status == 0
    assert lamp["test"].endswith("LampTest.test_life")
    assert lamp["test_status"] == "ok"
    assert lamp["cell"] == "/lamps"
    assert [step["action"] for step in lamp["steps"]] == ["light"] * 3


def test_what_is_recorded_can_be_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, monkeypatch, "test")
    vocabulary = Vocabulary(
        (
            Variable("vm_state", "vm", {"DARK": "dark", "LIT": "lit"}),
            Variable("task_state", "task", {"LIGHTING": "lighting"}),
            Variable("power_state", "power", {"COLD": "cold", "HOT": "hot"}),
        ),
        compared="task_state",
        held="vm_state",
    )
    born = {"vm_state": "DARK", "task_state": "None", "power_state": "COLD"}
    lit = {"vm_state": "LIT", "task_state": "None", "power_state": "$driver"}
    rows = [
        WriteRow("make", "make", "step", "compute", "nova/compute/manager.py:make", None, born, frozenset()),
        WriteRow(
            "ask",
            "ask",
            "step",
            "compute",
            "nova/compute/manager.py:ask",
            frozenset({"None"}),
            {"task_state": "LIGHTING"},
            None,
        ),
        WriteRow(
            "done",
            "done",
            "step",
            "compute",
            "nova/compute/manager.py:done",
            frozenset({"LIGHTING"}),
            lit,
            None,
        ),
    ]
    report = replay_files(rows, vocabulary, [tmp_path / "out.jsonl.gz"])
    assert report.conforms
    assert not report.never_observed


def event(**values: Any) -> dict[str, Any]:
    keys = {
        "test": None,
        "number": 0,
        "uuid": "u",
        "cell": "c",
        "kind": "write",
        "by_test": False,
        "action": None,
    }
    return {**keys, "time": 0, "seq": 0, **values}


def test_events_are_grouped_by_instance_and_cell_in_order_of_time() -> None:
    events = [
        event(time=3, seq=9),
        event(time=1, seq=1, cell="d"),
        event(time=2, seq=5),
        event(time=2, seq=4),
    ]
    joined = list(join_events(events))
    assert [(one["cell"], [step["seq"] for step in one["steps"]]) for one in joined] == [
        ("d", [1]),
        ("c", [4, 5, 9]),
    ]
    assert all(tuple(step) == STEP_KEYS for one in joined for step in one["steps"])


def test_two_runs_of_one_test_are_two_recordings() -> None:
    joined = list(join_events([event(test="t", number=1), event(test="t", number=2, time=1)]))
    assert len(joined) == 2


def test_the_same_recording_gives_the_same_bytes(tmp_path: Path) -> None:
    joined = list(join_events([event(), event(uuid="v", time=4)]))
    for name in ("a.gz", "b.gz"):
        write_recording(joined, tmp_path / name)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_a_program_without_nova_records_nothing(tmp_path: Path) -> None:
    done = record([sys.executable, "-c", "print()"], tmp_path / "out.jsonl")
    assert done == Recording(0, 0, 0, ())


@pytest.mark.parametrize("argv", [[], ["/nonexistent/program"]])
def test_a_command_that_cannot_run_is_bad_input(argv: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="COMMAND"):
        record(argv, tmp_path / "out.jsonl")


def test_a_place_that_cannot_be_written_is_bad_input_before_anything_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    with pytest.raises(InputError, match="folder does not exist"):
        record([sys.executable, "-c", f"open({str(mark)!r}, 'w')"], tmp_path / "absent" / "out.jsonl")
    assert not mark.exists()
