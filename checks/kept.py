"""What was decided before, by this program of these tables: kept between runs, so that it can be asked at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from checks.expectations import Expectations
from checks.run import Progress, run
from checks.verdict import Report, TraceStep, Verdict
from model.cache import keep, kept, program_digest
from model.lifecycle import Lifecycle


def kept_report(lifecycle: Lifecycle, expectations: Expectations, progress: Progress | None = None) -> Report:
    """The report of all that is decided by default: as it is kept, or decided now and kept."""
    found = decided(lifecycle, expectations)
    if found is None:
        found = run(lifecycle, expectations, progress=progress)
        keep_report(lifecycle, expectations, found)
    return found


def decided(lifecycle: Lifecycle, expectations: Expectations) -> Report | None:
    """The same, if it is kept; None if not."""
    return _kept(_key(lifecycle, expectations))


def keep_report(lifecycle: Lifecycle, expectations: Expectations, report: Report) -> None:
    """Keep *report*, which must be of all that :func:`checks.run.run` decides by default."""
    keep("report", _key(lifecycle, expectations), _sharing(report))


def kept_part(
    lifecycle: Lifecycle, expectations: Expectations, one: str, scenario: str, decide: Callable[[], Report]
) -> Report:
    """The report of the property called *one* in *scenario* alone: as it is kept, or what *decide* says, and kept."""
    key = _part(lifecycle, expectations, one, scenario)
    found = _kept(key)
    if found is None:
        found = decide()
        keep("report", key, _sharing(found))
    return found


def keep_parts(lifecycle: Lifecycle, expectations: Expectations, report: Report) -> None:
    """Keep each verdict of *report* by itself, for :func:`kept_part`: it is of less than all."""
    for verdict in report.verdicts:
        part = replace(report, verdicts=(verdict,))
        key = _part(lifecycle, expectations, verdict.property, verdict.scenario)
        keep("report", key, _sharing(part))


def _part(lifecycle: Lifecycle, expectations: Expectations, one: str, scenario: str) -> str:
    return f"{_key(lifecycle, expectations)}\0{one}\0{scenario}"


def _kept(key: str) -> Report | None:
    found = kept("report", key)
    return found if isinstance(found, Report) else None


def _key(lifecycle: Lifecycle, expectations: Expectations) -> str:
    return (
        f"{lifecycle.digest}\0{lifecycle.release}\0{expectations!r}\0{program_digest(Path(__file__).parent, '**/*.py')}"
    )


def _sharing(report: Report) -> Report:
    """*report* with one object for all steps that are equal: it is read in a quarter of the time."""
    known: dict[tuple[object, ...], TraceStep] = {}

    def shared(step: TraceStep) -> TraceStep:
        named = tuple(step.record.items())
        told = (step.row, step.kind, step.process, step.place, step.changes, named, step.exception, step.label)
        return known.setdefault((*told, step.service, step.source), step)

    def sharing(verdict: Verdict) -> Verdict:
        findings = (
            one
            if one.trace is None
            else replace(one, trace=replace(one.trace, steps=tuple(map(shared, one.trace.steps))))
            for one in verdict.findings
        )
        return replace(verdict, findings=tuple(findings))

    return replace(report, verdicts=tuple(map(sharing, report.verdicts)))
