"""One finding by its name: decided in as little as it takes, and its trace taken once more."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from checks.expectations import Expectations, Expected, Pattern, read_expectations
from checks.find import Found, faults, find, listed
from checks.kept import decided, kept_report
from checks.verdict import Report
from checks.verify import verify
from cli.main import main
from model.lifecycle import Lifecycle
from model.load import TABLES
from model.tables_reader import read_tables

DOOR = Path(__file__).parent / "lifecycles" / "door"


@cache
def doors() -> Lifecycle:
    return read_tables(DOOR)


@cache
def first() -> Found:
    return next(one for one in listed(verify(doors(), ["sequential"], z3=False)) if one.finding.trace is not None)


def expected(name: str) -> Expectations:
    """A known finding called *name*, in whatever scenario."""
    pattern = Pattern(name=name, properties=[first().verdict.property], what={"en": "known"})
    return Expectations(Expected(findings=[pattern]))


def test_a_finding_is_found_by_its_id() -> None:
    (found,) = find(doors(), Expectations(), first().id)
    assert found.finding == first().finding


def test_a_finding_is_found_by_its_name() -> None:
    """In the first scenario in which the property is asked; the shortest trace first."""
    chosen = find(doors(), expected("L-KNOWN"), "L-KNOWN")
    assert {found.verdict.scenario for found in chosen} == {"sequential"}
    lengths = [len(found.finding.trace.steps) for found in chosen if found.finding.trace is not None]
    assert lengths == sorted(lengths)
    assert len(lengths) == len(chosen)


def test_a_crash_that_interrupts_the_task_is_shown_before_a_shorter_one_that_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By name; each keeps the trace that it has."""
    trace = first().finding.trace
    assert trace is not None
    step = replace(trace.steps[0], kind="crash", record={**trace.steps[0].record, "motion": "None"})
    during = replace(step, record={**step.record, "motion": "OPENING"})
    known = replace(first().finding, names=("L-KNOWN",), key={"position": "SHUT", "motion": "OPENING"})
    over = replace(known, trace=replace(trace, steps=(step,)))
    later = replace(known, trace=replace(trace, steps=(step, during)))
    verdict = replace(first().verdict, findings=(over, later))
    report = replace(verify(doors(), [], [], z3=False), verdicts=(verdict,))
    monkeypatch.setattr("checks.find.decided", lambda *_: report)
    assert [one.finding for one in find(doors(), expected("L-KNOWN"), "L-KNOWN")] == [later, over]


def test_what_is_none_is_not_found() -> None:
    assert not find(doors(), expected("L-KNOWN"), "L-OTHER")
    assert not find(doors(), Expectations(), f"{first().verdict.property}/sequential/999")
    assert not find(doors(), Expectations(), f"{first().verdict.property}/nowhere/1")


def test_the_kept_report_is_asked_first() -> None:
    """Once everything was decided, nothing is decided anew: the same finding comes from the report."""
    expectations = expected("L-KEPT")
    assert decided(doors(), expectations) is None
    report = kept_report(doors(), expectations)
    assert decided(doors(), expectations) == report
    chosen = find(doors(), expectations, "L-KEPT")
    assert {found.id for found in chosen} <= {found.id for found in listed(report)}
    assert chosen


def _decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def decide(*_: object, **__: object) -> Report:
        raise AssertionError("it is decided anew")

    monkeypatch.setattr("checks.verify.verify", decide)
    monkeypatch.setattr("checks.kept.run", decide)


def test_what_was_decided_alone_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened a second time, a finding is the same, and nothing is decided; of other expectations it is."""
    expectations = expected("L-ALONE")
    before = find(doors(), expectations, "L-ALONE")
    assert decided(doors(), expectations) is None
    _decides_nothing(monkeypatch)
    assert find(doors(), expectations, "L-ALONE") == before
    with pytest.raises(AssertionError, match="anew"):
        find(doors(), expected("L-ELSE"), "L-ELSE")


def test_what_verify_decides_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Only all that is decided by default; in a cache of its own, so that nothing else has kept it."""
    monkeypatch.setenv("NOVA_LIFECYCLE_CACHE", str(tmp_path))
    for only in (["--property", "rest"], ["--scenario", "pair"], ["--closely"]):
        with pytest.raises(SystemExit):
            main(["verify", "--tables", str(DOOR), "--quiet", *only])
        assert decided(doors(), Expectations()) is None, only
    with pytest.raises(SystemExit):
        main(["verify", "--tables", str(DOOR), "--quiet"])
    report = decided(doors(), Expectations())
    assert report is not None
    capsys.readouterr()
    _decides_nothing(monkeypatch)
    with pytest.raises(SystemExit) as ended:
        main(["finding", "--tables", str(DOOR), "--json"])
    assert not ended.value.code
    assert list(json.loads(capsys.readouterr().out)) == [one.id for one in listed(report)]


def test_its_trace_can_be_taken_again() -> None:
    assert faults(doors(), first()) == []


def test_another_trace_is_refuted() -> None:
    """A step that is left out, and an end that violates nothing, are noticed."""
    verdict = first().verdict
    traces = [
        {**trace, "steps": trace["steps"][:-1]} if trace["key"] == dict(first().finding.key) else trace
        for trace in verdict.evidence["traces"]
    ]
    shorter = replace(verdict, evidence={**verdict.evidence, "traces": traces})
    assert "it does not end in a violation" in faults(doors(), replace(first(), verdict=shorter))
    traces = [{**trace, "steps": [trace["steps"][0], *trace["steps"][2:]]} for trace in verdict.evidence["traces"]]
    gap = replace(verdict, evidence={**verdict.evidence, "traces": traces})
    assert any("is not one that the tables allow" in fault for fault in faults(doors(), replace(first(), verdict=gap)))


def test_the_command_opens_and_replays_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["finding", first().id, "--tables", str(DOOR), "--replay"])
    assert not ended.value.code
    told = capsys.readouterr().out
    assert first().id in told
    assert "replayed: " in told
    assert "it ends in the violation" in told


@pytest.mark.parametrize("name", ["O-INIT", "O-ERR", "O-SD1", "O-SHELVE", "O-UNSHELVE", "O-RESTORE", "O-GUARD"])
def test_bugs_that_are_open_and_need_one_request_are_findings(nova: Lifecycle, name: str) -> None:
    """Each is found in the tables of the newest release, and its trace, if it needs one, is an execution."""
    chosen = find(nova, read_expectations(TABLES, nova.scenarios), name)
    assert chosen, name
    if chosen[0].finding.trace is not None:
        assert faults(nova, chosen[0]) == []
    else:
        assert chosen[0].verdict.scenario == "tables"
