"""A second lifecycle, a Cinder volume: what verifies Nova's tables verifies any."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from checks.expectations import Expectations, read_expectations
from checks.verdict import Outcome, Report, fails
from checks.verify import verify
from model.lifecycle import Lifecycle
from model.tables_reader import read_tables

VOLUME = Path(__file__).parent / "lifecycles" / "volume"


@cache
def volume() -> Lifecycle:
    return read_tables(VOLUME)


@cache
def report() -> Report:
    return verify(volume(), expectations=read_expectations(VOLUME, volume().scenarios))


def statuses(property_id: str, scenario: str) -> set[str]:
    (found,) = [one for one in report().verdicts if (one.property, one.scenario) == (property_id, scenario)]
    return {finding.key["status"] for finding in found.findings}


def test_everything_is_as_expected() -> None:
    assert {
        (one.property, one.scenario): (one.outcome, one.disagreement, one.unexpected)
        for one in report().verdicts
        if fails(one)
    } == {}


def test_every_verdict_is_expected() -> None:
    assert [one for one in report().verdicts if one.expected is None] == []


@pytest.mark.parametrize("property_id", ["delete-wins", "exclusive", "restores"])
def test_without_failures_it_holds(property_id: str) -> None:
    (found,) = [one for one in report().verdicts if (one.property, one.scenario) == (property_id, "calm")]
    assert found.outcome is Outcome.HOLDS


def test_start_up_repairs_what_it_looks_at() -> None:
    """Cinder's VolumeManager._do_cleanup takes care of these, and of nothing else that the tables hold."""
    stuck = statuses("recovers", "crash")
    assert stuck.isdisjoint({"CREATING", "DOWNLOADING", "DELETING"})
    assert {"EXTENDING", "RETYPING"} <= stuck


def test_a_user_cannot_delete_what_could_not_be_deleted() -> None:
    assert "ERROR_DELETING" in statuses("deletable", "sequential")
    assert "ERROR_EXTENDING" not in statuses("deletable", "sequential")


def test_what_is_expected_and_not_found_fails() -> None:
    expected = read_expectations(VOLUME, volume().scenarios).expected
    invented = expected.findings[0].model_copy(update={"name": "C-NEVER", "when": {"status": ["IN_USE"]}})
    more = Expectations(expected.model_copy(update={"findings": [*expected.findings, invented]}))
    (found,) = verify(volume(), ["sequential"], ["rest"], expectations=more, z3=False).verdicts
    assert fails(found)
    assert found.unexpected == ("C-NEVER was expected and not found",)


def test_what_is_found_and_not_expected_fails() -> None:
    expected = read_expectations(VOLUME, volume().scenarios).expected
    fewer = Expectations(
        expected.model_copy(update={"findings": [one for one in expected.findings if one.name != "C-STEPS"]})
    )
    (found,) = verify(volume(), ["sequential"], ["rest"], expectations=fewer, z3=False).verdicts
    assert any("not expected: " in words for words in found.unexpected)
