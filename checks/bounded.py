"""The lengths of counterexamples, by z3: none is shorter than the shortest that the graph search has found.

Asked of a report that is decided: of each property that is violated in a scenario with one request at a time.  What z3
finds is replayed by the checker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from checks.checker import Checker
from checks.properties.catalogue import properties
from checks.properties.definition import Always, Leaves, Property
from checks.smt.bounded import Execution, TooMany, shortest
from checks.smt.system import BESIDE
from checks.verdict import Engine, Outcome, Report, Verdict
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics

ENGINE = "z3 unrolled"
#: Processes in flight at once where something starts beside a request.
BESIDE_REQUESTS = 2


def with_lengths(
    report: Report, lifecycle: Lifecycle, most: int, progress: Callable[[str], None] | None = None
) -> Report:
    """*report* with what z3 says of each shortest counterexample of at most *most* steps; a difference fails it."""
    before = time.perf_counter()
    known = {one.id: one for one in properties(lifecycle)}
    said: dict[tuple[str, str], Verdict] = {}
    for name in dict.fromkeys(verdict.scenario for verdict in report.verdicts):
        scenario = lifecycle.scenarios.get(name)
        if scenario is None or scenario.processes != 1:
            continue
        asked = {
            known[verdict.property]: (verdict, length)
            for verdict in report.verdicts
            if verdict.scenario == name and comparable(known[verdict.property], scenario)
            and (length := shown_length(verdict)) is not None
        }  # fmt: skip
        if asked:
            if progress is not None:
                progress(f"unroll {name} up to {most} steps")
            for verdict in _judged(lifecycle, scenario, asked, most):
                said[verdict.property, verdict.scenario] = verdict
    verdicts = tuple(said.get((verdict.property, verdict.scenario), verdict) for verdict in report.verdicts)
    return replace(report, verdicts=verdicts, seconds=report.seconds + time.perf_counter() - before)


def comparable(one: Property, scenario: Scenario) -> bool:
    """Whether both engines mean the same by the end of a shortest counterexample of *one*.

    The graph search says that a task stays for ever as soon as nothing on the way can end it, z3 when nothing more must
    happen: the same, unless recovery still runs.
    """
    return isinstance(one.form, Always) or (isinstance(one.form, Leaves) and not scenario.crash)


def shown_length(verdict: Verdict) -> int | None:
    """The length of the shortest counterexample of *verdict*; None when it has none from the start."""
    if verdict.outcome is not Outcome.VIOLATED:
        return None
    traces = [trace for trace in verdict.evidence.get("traces", ()) if not trace.get("anywhere")]
    return min((len(trace["steps"]) for trace in traces), default=None)


def _judged(
    lifecycle: Lifecycle, scenario: Scenario, asked: dict[Property, tuple[Verdict, int]], most: int
) -> Iterable[Verdict]:
    """The verdicts with what z3 says of them, each of which has a counterexample of the length beside it."""
    before = time.perf_counter()
    deepest = min(most, max(length for _, length in asked.values()))
    alone = not scenario.crash and not scenario.kinds & BESIDE
    try:
        found = dict(shortest(lifecycle, scenario, asked, deepest, 1 if alone else BESIDE_REQUESTS))
    except TooMany:
        undecided = Engine(ENGINE, Outcome.UNDECIDED, time.perf_counter() - before, "too many processes in flight")
        yield from (replace(verdict, engines=(*verdict.engines, undecided)) for verdict, _ in asked.values())
        return
    checker = Checker(Semantics(lifecycle), scenario)
    for one, (verdict, length) in asked.items():
        execution = found.get(one)
        seconds = time.perf_counter() - before if execution is None else execution.seconds
        outcome, detail, differs = Outcome.VIOLATED, "", ""
        if execution is None:
            outcome, detail = Outcome.UNDECIDED, f"no execution of up to {deepest} steps violates it"
            if length <= deepest:
                differs = f"{detail}, and the graph search shows one of {length}"
        else:
            size = len(execution.steps)
            detail = f"no execution of fewer than {size} steps violates it, and one of {size} does"
            if size != length:
                differs = f"{detail}; the shortest of the graph search has {length}"
            faults = checker.faults_of_trace(as_trace(lifecycle, execution, one), one)
            if faults:
                differs = f"what z3 found is refuted: {'; '.join(faults)}"
        yield replace(
            verdict, engines=(*verdict.engines, Engine(ENGINE, outcome, seconds, detail)),
            disagreement="; ".join(filter(None, (verdict.disagreement, differs))),
        )  # fmt: skip


def as_trace(lifecycle: Lifecycle, execution: Execution, one: Property) -> dict[str, Any]:
    """*execution* as the plain data that the checker replays."""
    steps = [
        [row, list(record), [[point, list(memory.items()), list(dirty.items())] for point, memory, dirty in standing]]
        for row, record, standing in execution.steps
    ]
    cycle = len(steps) if isinstance(one.form, Leaves) else None
    return {"start": [list(lifecycle.initial), []], "steps": steps, "cycle": cycle}
