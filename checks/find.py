"""One finding of the checks: looked up in the report that is kept, or decided anew in as little as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from checks.checker import Checker
from checks.expectations import OF_TABLES, Expectations, Pattern
from checks.kept import decided, kept_part
from checks.properties.catalogue import asked, properties
from checks.properties.definition import OfTables, Property
from checks.run import Progress, by_default
from checks.verdict import Finding, Report, Verdict
from model.lifecycle import Lifecycle
from model.semantics import Semantics


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with its verdict; ``id`` is property/scenario/number."""

    id: str
    verdict: Verdict
    finding: Finding


def listed(report: Report) -> Iterator[Found]:
    """Every finding of *report*."""
    for verdict in report.verdicts:
        for number, finding in enumerate(verdict.findings, 1):
            yield Found(f"{verdict.property}/{verdict.scenario}/{number}", verdict, finding)


def find(lifecycle: Lifecycle, expectations: Expectations, name: str, progress: Progress | None = None) -> list[Found]:
    """The findings called *name*, an id or the name of a known one, of the first scenario that has one; or none.

    First comes what has no other name, then what no crash before its task began has left, then the shortest trace.
    Where no report of these tables is kept, no more is decided, and kept, than the property in that scenario.
    """
    kept = decided(lifecycle, expectations)
    for one, scenario in _where(lifecycle, expectations, name):
        if kept is not None and scenario in (*by_default(lifecycle), OF_TABLES):
            verdicts = [each for each in kept.verdicts if (each.property, each.scenario) == (one.id, scenario)]
            report = replace(kept, verdicts=tuple(verdicts))
        else:
            decide = partial(_decide, lifecycle, expectations, one, scenario, progress)
            report = kept_part(lifecycle, expectations, one.id, scenario, decide)
        chosen = [found for found in listed(report) if found.id == name or name in found.finding.names]
        if chosen:
            return sorted(chosen, key=partial(_order, lock=lifecycle.variables[lifecycle.compare_variable].name))
    return []


def _order(found: Found, lock: str) -> tuple[int, bool, int]:
    """How early *found* is shown: a crash that interrupts a task says more than one that is over when it begins."""
    trace, task = found.finding.trace, found.finding.key.get(lock)
    steps = () if trace is None else trace.steps
    crashes = [step for step in steps if step.kind == "crash"]
    before = bool(crashes) and task is not None and all(step.record[lock] != task for step in crashes)
    return len(found.finding.names), before, len(steps)


def _where(lifecycle: Lifecycle, expectations: Expectations, name: str) -> Iterator[tuple[Property, str]]:
    """The properties and scenarios in which *name* may be found, in the order in which they are looked into."""
    known = {one.id: one for one in properties(lifecycle)}
    head, _, rest = name.partition("/")
    if head in known:
        yield known[head], rest.partition("/")[0]
        return
    patterns: list[Pattern] = [one for one in expectations.expected.findings if one.name == name]
    for pattern in patterns:
        for one in (known[each] for each in pattern.properties if each in known):
            if isinstance(one.form, OfTables):
                yield one, "tables"
                continue
            for scenario in pattern.scenarios or by_default(lifecycle):
                if asked(one, lifecycle.scenarios[scenario]):
                    yield one, scenario


def _decide(
    lifecycle: Lifecycle, expectations: Expectations, one: Property, scenario: str, progress: Progress | None
) -> Report:
    """*one* in *scenario* by the engine that finds executions."""
    from checks.concurrency.verdicts import verify_concurrent
    from checks.verify import verify

    if isinstance(one.form, OfTables):
        return verify(lifecycle, None, [one.id], progress, expectations, z3=False)
    if scenario not in lifecycle.scenarios:
        return verify(lifecycle, [], [], progress, expectations, z3=False)
    if lifecycle.scenarios[scenario].processes == 1:
        return verify(lifecycle, [scenario], [one.id], progress, expectations, z3=False)
    return verify_concurrent(lifecycle, [scenario], [one.id], expectations, progress=progress or (lambda _: None))


def faults(lifecycle: Lifecycle, found: Found) -> list[str]:
    """What the checker finds wrong with the trace of *found*, step by step: nothing, when it is one.

    ValueError when it has no trace, as what is found in the tables alone.
    """
    from checks.concurrency.verdicts import FOR_ANY

    traces = found.verdict.evidence.get("traces", ())
    chosen = [trace for trace in traces if trace["key"] == dict(found.finding.key)]
    if not chosen or found.finding.trace is None:
        raise ValueError(found.id)
    (one,) = [each for each in properties(lifecycle) if each.id == found.verdict.property]
    scenario = lifecycle.scenarios[found.verdict.scenario]
    if scenario.processes is None:
        scenario = replace(scenario, processes=FOR_ANY)
    return Checker(Semantics(lifecycle), scenario).faults_of_trace(chosen[0], one)
