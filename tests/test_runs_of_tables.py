"""The rows of Nova's own tables, held against what real Nova was seen to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checks.conformance.runs import RunsReport, replay_files, rows_of, vocabulary_of
from model.load import load
from model.rows import WriteRow

RECORDINGS = sorted((Path(__file__).parent / "data" / "runs").glob("*.jsonl.gz"))
KEYS = {"vm_state": "vm", "task_state": "task", "power_state": "power"}


@pytest.fixture(scope="module")
def rows() -> tuple[WriteRow, ...]:
    return rows_of(load())


def replayed(rows: tuple[WriteRow, ...]) -> RunsReport:
    return replay_files(rows, vocabulary_of(load(), KEYS, {}), RECORDINGS)


def judged_by_rows(rows: tuple[WriteRow, ...]) -> RunsReport:
    """The replay without what the recorded requests tell: a row seen alone is the only one that explains a step."""
    return replay_files(rows, replace(vocabulary_of(load(), KEYS, {}), likely={}), RECORDINGS)


def test_every_recorded_write_is_explained_by_a_row(rows: tuple[WriteRow, ...]) -> None:
    report = replayed(rows)
    assert not report.broken_lines
    assert report.lines == 434 + 15 + 75
    assert report.unexplained == ()
    assert report.unjudged == 0
    assert report.conforms


def test_a_row_that_is_missing_is_noticed(rows: tuple[WriteRow, ...]) -> None:
    """Whatever row the recordings show alone: without it, something is unexplained."""
    observed = judged_by_rows(rows).observed
    before = {found.step for found in judged_by_rows(rows).unexplained}
    for name in list(observed)[:: max(1, len(observed) // 8)]:
        without = judged_by_rows(tuple(row for row in rows if row.id != name))
        assert {found.step for found in without.unexplained} > before, name


def test_a_row_whose_expected_set_differs_is_noticed(rows: tuple[WriteRow, ...]) -> None:
    """An expected set that lost a value, or all of them, no longer explains the writes that named it."""
    report = judged_by_rows(rows)
    for row in [row for row in rows if row.id in report.observed and row.expect][::12]:
        for expect in (None, row.expect - {min(row.expect)} if row.expect else None):
            changed = WriteRow(
                row.id, row.operation, row.kind, row.service, row.source, expect, row.writes, row.vm_state
            )
            altered = judged_by_rows(tuple(changed if other is row else other for other in rows))
            assert len(altered.unexplained) > len(report.unexplained), (row.id, expect)


def test_a_request_tells_for_which_operation_a_shared_writer_worked(rows: tuple[WriteRow, ...]) -> None:
    """Rows that are only seen together with others become rows seen alone, and nothing becomes unexplained."""
    without = judged_by_rows(rows)
    report = replayed(rows)
    assert report.explained == without.explained
    assert len(report.observed) > len(without.observed)
    assert set(without.observed) <= set(report.observed)


def test_only_what_a_recording_can_show_is_a_row(rows: tuple[WriteRow, ...]) -> None:
    assert all(row.writes or row.expect is not None for row in rows)
    assert {row.service for row in rows} <= {"api", "conductor", "compute"}
    born = [row for row in rows if row.vm_state == frozenset()]
    assert born
    assert all(set(KEYS) <= set(row.writes) for row in born)


def test_a_call_that_removes_the_other_row_explains_a_destroy(rows: tuple[WriteRow, ...]) -> None:
    """Across cells an instance has two rows; without the calls that remove one, recorded destroys are unexplained."""
    removing = [row for row in rows if row.id.endswith("/destroy_other_row")]
    assert {row.operation for row in removing} == {"confirm-resize", "revert-resize", "resize"}
    assert all(dict(row.writes) == {"row": "DESTROYED"} for row in removing)
    without = replayed(tuple(row for row in rows if row not in removing)).unexplained
    assert sum(found.occurrences for found in without) == 11
    assert {found.step.kind for found in without} == {"destroy"}
