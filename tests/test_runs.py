"""Replay of recorded runs, on a small lifecycle that is not Nova's, and the reading of Nova's sample."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from checks.conformance.runs import (
    RunsReport,
    Variable,
    Vocabulary,
    format_report,
    open_lines,
    replay,
    replay_files,
)
from checks.conformance.runs.read import read_line
from checks.conformance.runs.writers import SHARED_WRITERS, recorded_name
from model.errors import Fault, InputError
from model.rows import WriteRow

SAMPLE = Path(__file__).parent / "data" / "runs" / "nova-34.0.0-functional.jsonl.gz"
EXCEPTION_WRITER, COPY_WRITER = sorted(SHARED_WRITERS)

LAMP = Vocabulary(
    (
        Variable("light", "li", {"DARK": "dark", "LIT": "lit", "BROKEN": "broken"}),
        Variable("job", "jo", {"LIGHTING": "lighting", "DIMMING": "dimming"}),
        Variable("heat", "he", {"COLD": "cold", "HOT": "hot"}),
    ),
    compared="job",
    held="light",
    destroyed="gone",
    actions={"light": frozenset({"light"}), "dim": frozenset({"dim"})},
)


def row(
    name: str,
    source: str,
    writes: dict[str, str],
    *,
    expect: set[str] | None = None,
    kind: str = "step",
    service: str = "compute",
    vm_state: set[str] | None = None,
) -> WriteRow:
    """A row whose operation is the first part of its id."""
    return WriteRow(
        name,
        name.partition("/")[0],
        kind,
        service,
        source,
        None if expect is None else frozenset(expect),
        writes,
        None if vm_state is None else frozenset(vm_state),
    )


ROWS = (
    row("make/new", "lamp/shop.py:Shop.make", {"light": "DARK", "job": "None", "heat": "COLD"}),
    row(
        "light/ask",
        "lamp/api.py:API.light",
        {"job": "LIGHTING"},
        expect={"None"},
        vm_state={"DARK"},
        service="api",
    ),
    row(
        "light/done",
        "lamp/hand.py:Hand.light.inner",
        {"light": "LIT", "job": "None", "heat": "$meter"},
        expect={"LIGHTING"},
    ),
    row("light/fail", "lamp/hand.py:Hand.light", {"job": "None"}, kind="failure"),
    row("light/error", "lamp/hand.py:Hand.lighter", {"light": "BROKEN"}, kind="failure"),
    row("dim/ask", "lamp/api.py:API.dim", {"job": "DIMMING"}, expect={"None", "LIGHTING"}, service="api"),
    row("dim/error", "lamp/hand.py:Hand.dimmer", {"light": "BROKEN"}, kind="failure"),
    row("scrap/end", "lamp/shop.py:Shop.scrap", {"gone": "true"}),
)


def step(
    kind: str, func: str, old: Any, state: Any, written: Any = None, expected: Any = None, **more: Any
) -> dict[str, Any]:
    """One recorded step."""
    keys = {
        "expected_job": expected,
        "expected_light": None,
        "service": "compute",
        "action": None,
        "by_test": False,
    }
    return {"kind": kind, "func": func, "old": old, "state": state, "set": written, **keys, **more}


def run(*steps: dict[str, Any]) -> bytes:
    """One recorded instance as a line."""
    return json.dumps({"steps": list(steps)}).encode() + b"\n"


NEW = step("create", "lamp.shop:make", None, ["dark", None, "cold"])
ASK = step(
    "write",
    "lamp.api:light",
    ["dark", None, "cold"],
    ["dark", "lighting", "cold"],
    {"jo": "lighting"},
    [None],
)
LIT = ["lit", None, "hot"]
DONE = step(
    "write",
    "lamp.hand:inner",
    ["dark", "lighting", "cold"],
    LIT,
    {"li": "lit", "jo": None, "he": "hot"},
    ["lighting"],
)
END = step("destroy", "lamp.shop:scrap", LIT, LIT)


def judge(*lines: bytes, rows: tuple[WriteRow, ...] = ROWS) -> RunsReport:
    return replay(rows, LAMP, lines)


def only_reason(report: RunsReport) -> str:
    (found,) = report.unexplained
    assert found.explanation.reason is not None
    return found.explanation.reason


def test_every_write_of_a_correct_run_is_explained_and_the_rest_is_listed() -> None:
    report = judge(run(NEW, ASK, DONE, END), run(NEW))
    assert report.conforms
    assert (report.lines, report.judged, report.explained, report.destroyed) == (2, 5, 5, 1)
    assert dict(report.observed) == {"make/new": 2, "light/ask": 1, "light/done": 1, "scrap/end": 1}
    assert report.never_observed == ("light/fail", "light/error", "dim/ask", "dim/error")
    assert report.share_observed == 0.5


def test_an_empty_stream_conforms_to_nothing() -> None:
    assert not judge().conforms


@pytest.mark.parametrize(
    ("bad", "differs"),
    [
        (
            step(
                "write",
                "lamp.api:light",
                NEW["state"],
                ["dark", "dimming", "cold"],
                {"jo": "dimming"},
                [None],
            ),
            "writes job=LIGHTING",
        ),
        (
            step("write", "lamp.api:light", NEW["state"], ["dark", "lighting", "cold"], {"jo": "lighting"}),
            "expects {None}",
        ),
        (
            step(
                "write",
                "lamp.api:light",
                NEW["state"],
                ["dark", "lighting", "hot"],
                {"jo": "lighting", "he": "hot"},
                [None],
            ),
            "does not write heat",
        ),
        (
            step("write", "lamp.api:light", NEW["state"], ["dark", None, "cold"], {}, [None]),
            "writes job=LIGHTING",
        ),
    ],
)
def test_a_write_that_differs_is_shown_with_what_its_row_allows(bad: dict[str, Any], differs: str) -> None:
    report = judge(run(NEW, bad))
    assert only_reason(report) == "no row of this function allows it"
    (near,) = report.unexplained[0].explanation.near
    assert (near.row, near.differs) == ("light/ask", (differs,))
    assert report.unexplained[0].place == "line 1 step 2"


def test_the_old_value_must_be_one_in_which_the_row_occurs() -> None:
    lit = step("write", "lamp.api:light", LIT, ["lit", "lighting", "hot"], {"jo": "lighting"}, [None])
    report = judge(run(NEW, ASK, DONE, lit))
    assert report.unexplained[0].explanation.near[0].differs == ("occurs only with light in {DARK}",)


def test_an_unknown_function_is_answered_with_the_rows_that_allow_the_same_write() -> None:
    stranger = {**ASK, "func": "lamp.cellar:light"}
    report = judge(run(NEW, stranger))
    assert only_reason(report) == "no row cites this function"
    assert [near.row for near in report.unexplained[0].explanation.near] == ["light/ask"]


def test_only_the_first_unexplained_step_of_a_line_is_shown_and_equal_ones_once() -> None:
    stranger = {**ASK, "func": "lamp.cellar:light"}
    other = {**DONE, "func": "lamp.cellar:inner"}
    report = judge(run(NEW, stranger, other), run(NEW, stranger))
    assert [(found.occurrences, found.lines) for found in report.unexplained] == [(2, 2), (1, 0)]
    text = format_report(report)
    assert "lamp.cellar:light" in text
    assert "lamp.cellar:inner" not in text


def test_a_swap_that_took_effect_against_its_own_expectation_contradicts_itself() -> None:
    bad = {**ASK, "old": ["dark", "dimming", "cold"]}
    assert "took effect although job was 'dimming'" in only_reason(judge(run(bad)))


def test_a_refused_swap_is_explained_by_the_row_that_attempted_it_and_only_if_it_had_to_be_refused() -> None:
    refused = {**DONE, "kind": "cas_fail", "old": ["dark", None, "cold"], "state": None}
    report = judge(run(NEW, refused))
    assert report.conforms
    assert report.refused == 1
    needless = {**DONE, "kind": "cas_fail", "state": None}
    assert "was refused although job was 'lighting'" in only_reason(judge(run(NEW, ASK, needless)))


def test_what_a_refused_save_left_dirty_may_be_written_by_the_next_save_of_the_same_service() -> None:
    refused = {**DONE, "kind": "cas_fail", "old": ["dark", None, "cold"], "state": None}
    revert = step("write", "lamp.hand:wrapper[light]", NEW["state"], LIT, {"li": "lit", "he": "hot", "jo": None})
    assert judge(run(NEW, refused, revert)).conforms
    assert not judge(run(NEW, revert)).conforms
    assert not judge(run(NEW, refused, {**revert, "service": "api"})).conforms
    again = step("write", "lamp.hand:wrapper[light]", LIT, LIT, {"li": "lit", "he": "hot", "jo": None})
    assert not judge(run(NEW, refused, revert, again)).conforms


def test_a_save_that_writes_only_leftovers_needs_no_row() -> None:
    refused = {**DONE, "kind": "cas_fail", "old": ["dark", None, "cold"], "state": None}
    flush = step("write", "lamp.hand:cleanup", NEW["state"], LIT, {"li": "lit", "jo": None, "he": "hot"})
    report = judge(run(NEW, refused, flush))
    assert report.conforms
    assert report.flushed == 1
    assert not judge(run(NEW, flush)).conforms


def test_a_decorator_writes_for_the_function_it_wraps() -> None:
    revert = step("write", "lamp.hand:wrapper[light]", ASK["state"], NEW["state"], {"jo": None})
    assert dict(judge(run(NEW, ASK, revert)).observed)["light/fail"] == 1
    assert not judge(run(NEW, ASK, {**revert, "func": "lamp.hand:wrapper[dim]"})).conforms


@pytest.mark.parametrize("writer", [EXCEPTION_WRITER, COPY_WRITER])
def test_a_shared_writer_is_told_apart_by_the_request(writer: str) -> None:
    broke = step("write", writer, ["dark", None, "cold"], ["broken", None, "cold"], {"li": "broken"}, action="dim")
    assert dict(judge(run(NEW, broke)).observed)["dim/error"] == 1
    unknown = judge(run(NEW, {**broke, "action": None}))
    assert set(unknown.ambiguous) == {"light/error", "dim/error"}
    assert not judge(run(NEW, {**broke, "service": "api"})).conforms


def test_a_request_that_starts_no_operation_of_the_row_does_not_explain_a_shared_write() -> None:
    broke = step("write", COPY_WRITER, ["dark", None, "cold"], ["broken", None, "cold"], {"li": "broken"}, action="dim")
    assert not judge(run(NEW, broke), rows=tuple(r for r in ROWS if r.id != "dim/error")).conforms


def test_an_unrecorded_change_a_write_after_the_end_and_a_second_birth_are_each_named() -> None:
    elsewhere = {**ASK, "old": ["dark", None, "hot"], "state": ["dark", "lighting", "hot"]}
    assert only_reason(judge(run(NEW, elsewhere))) == "the record changed between two recorded writes"
    assert only_reason(judge(run(NEW, ASK, DONE, END, ASK))) == "the record had been destroyed before"
    assert only_reason(judge(run(NEW, NEW))) == "the record existed already"
    assert judge(run(NEW, ASK, DONE, END, NEW)).conforms


def test_steps_of_the_test_itself_are_not_judged_but_change_the_record() -> None:
    moved = step("write", "TEST lamp:setUp", NEW["state"], ASK["state"], {"jo": "lighting"}, by_test=True)
    report = judge(run(NEW, moved, DONE))
    assert report.conforms
    assert (report.judged, report.set_up) == (2, 1)


def test_without_a_variable_for_it_a_destroy_is_counted_and_not_judged() -> None:
    mute = Vocabulary(LAMP.variables, "job", "light")
    report = replay(ROWS, mute, [run(NEW, ASK, DONE, END)])
    assert report.conforms
    assert report.unjudged == 1


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"{\n", "not JSON"),
        (b"[]\n", "no object"),
        (b'{"steps": 3}\n', "no object"),
        (b'{"steps": [3]}\n', "not a recorded step"),
        (b'{"steps": [{"kind": "write"}]}\n', "not a recorded step"),
        (run({**ASK, "set": {"jo": ["lighting"]}}), "not a recorded step"),
        (run({**ASK, "set": {"jo": "lightning"}}), "unknown job 'lightning'"),
        (run({**ASK, "kind": "sneeze"}), "kind 'sneeze'"),
        (run({**ASK, "old": ["dark"]}), "a state of 1 values"),
        (b"\xff\xfe\n", "not JSON"),
    ],
)
def test_a_broken_line_is_reported_with_its_number_and_the_rest_still_checked(line: bytes, found: str) -> None:
    report = judge(run(NEW), line, run(NEW))
    assert report.broken_lines == 1
    assert report.faults[0].place.startswith("line 2")
    assert found in report.faults[0].found
    assert report.explained >= 2
    assert not report.conforms


def test_a_near_miss_gets_its_remedy() -> None:
    assert "did you mean 'lighting'?" in judge(run({**ASK, "set": {"jo": "lightning"}})).faults[0].remedy


def test_memory_of_faults_is_bounded() -> None:
    report = judge(*[b"x\n"] * 1000)
    assert report.broken_lines == 1000
    assert len(report.faults) < 1000
    assert "more broken lines" in format_report(report)


def test_compressed_and_plain_files_read_alike_whatever_their_names(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.gz", tmp_path / "packed"
    plain.write_bytes(run(NEW, ASK))
    packed.write_bytes(gzip.compress(run(NEW, ASK)))
    report = replay_files(ROWS, LAMP, [plain, packed])
    assert report.conforms
    assert report.lines == 2


def test_a_shortened_compressed_file_is_a_fault_with_a_number(tmp_path: Path) -> None:
    path = tmp_path / "short.gz"
    path.write_bytes(gzip.compress(run(NEW) * 50)[:-12])
    report = replay_files(ROWS, LAMP, [path])
    assert report.broken_lines == 1
    assert report.faults[0].found == "the compressed data ends in the middle"


def test_a_missing_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        list(open_lines(tmp_path / "absent"))


def test_the_recorded_name_is_the_module_and_the_last_name() -> None:
    assert recorded_name("a/b.py:C.d.e") == "a.b:e"
    assert recorded_name("a/b.py:f") == "a.b:f"


def test_the_sample_of_nova_is_whole() -> None:
    """As many instances as its description says; its steps follow one another without a gap."""
    runs = [read_line(line, str(number)) for number, line in enumerate(open_lines(SAMPLE), start=1)]
    assert len(runs) == 434
    for recorded in runs:
        assert not isinstance(recorded, Fault)
        previous: Any = None
        for taken in recorded["steps"]:
            if taken["kind"] == "write":
                assert taken["old"] == previous
                written = [
                    taken["set"].get(key, old) for key, old in zip(("vm", "task", "power"), taken["old"], strict=True)
                ]
                assert taken["state"] == written
            previous = taken["state"] or previous
