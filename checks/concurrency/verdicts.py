"""Verdicts on several requests at once: exactly for k; for any number where a counterexample or the closure decides.

What is violated with k requests is violated with any number, since the others may simply not come.  What is not, the
closure (:mod:`checks.concurrency.closure`) proves for any number of requests where it can.  What neither decides is
said to hold for at most the k that was explored.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from checks.checker import Checker
from checks.concurrency.any_number import decide_any
from checks.concurrency.choices import decide_choices
from checks.concurrency.confirm import LaneStep
from checks.concurrency.decide import Decision, Violation, decide_together
from checks.expectations import Expectations, compared
from checks.properties.catalogue import asked, properties
from checks.properties.definition import Always, Property
from checks.traces import named
from checks.verdict import Change, Engine, Finding, Outcome, Report, Size, Trace, TraceStep, Verdict
from model.lifecycle import Lifecycle, Scenario, Text
from model.program import Wait
from model.semantics import END_FAILED, END_FINISHED, Semantics

Progress = Callable[[str], None]
ENDS = (END_FINISHED, END_FAILED)
#: Properties of configurations and steps that need no memory of the past: these are decided with several requests.
ASKED = ("rest", "exclusive", "delete-wins", "spares", "stable", "final")
#: How many requests at once stand for any number, where the closure does not decide.
FOR_ANY = 2
#: With more processes, the space of all operations at once does not fit into memory.
MOST_AT_ONCE = 2


def verify_concurrent(
    lifecycle: Lifecycle,
    scenarios: Iterable[str],
    wanted: Iterable[str] | None,
    expectations: Expectations,
    *,
    progress: Progress | None = None,
) -> Report:
    """The verdicts on *wanted* properties (all that can be asked, by default) in *scenarios* with several requests."""
    began = time.perf_counter()
    say = progress or (lambda _: None)
    semantics = Semantics(lifecycle)
    chosen = None if wanted is None else frozenset(wanted)
    verdicts: list[Verdict] = []
    sizes: dict[str, Size] = {}
    every = [
        one
        for one in properties(lifecycle)
        if one.id in ASKED and isinstance(one.form, Always) and (chosen is None or one.id in chosen)
    ]
    kept: dict[Scenario, tuple[tuple[Decision, ...], float]] = {}
    for name in scenarios:
        scenario = lifecycle.scenarios[name]
        wanted_here = [one for one in every if asked(one, scenario)]
        if not wanted_here:
            continue
        bounded = replace(scenario, processes=scenario.processes or FOR_ANY)
        key = replace(bounded, name="", meaning=Text("", ""))
        if key not in kept:
            say(f"{', '.join(one.id for one in wanted_here)} in {name}")
            before = time.perf_counter()
            decisions = _decisions(semantics, bounded, wanted_here, say)
            kept[key] = decisions, time.perf_counter() - before
        decisions, seconds = kept[key]
        sizes[name] = Size(name, decisions[0].states, decisions[0].transitions, seconds)
        for one, decision in zip(wanted_here, decisions, strict=True):
            say(f"{one.id} in {name}")
            closed = None
            if scenario.processes is None and decision.holds is not False:
                closed = _closed(semantics, scenario, one)
            if closed is not None and closed[0].holds:
                verdict = _holds(one, scenario, *closed)
            else:
                verdict = _verdict(semantics, scenario, one, decision, seconds, closed)
            verdicts.append(compared(verdict, expectations))
    return Report(
        lifecycle.name, lifecycle.release, lifecycle.digest, tuple(verdicts), tuple(sizes.values()),
        time.perf_counter() - began,
    )  # fmt: skip


def _decisions(semantics: Semantics, scenario: Scenario, asked: list[Property], say: Progress) -> tuple[Decision, ...]:
    """All operations at once where that fits, else every choice of as many operations as there are processes."""
    bound = scenario.processes or FOR_ANY
    if bound <= MOST_AT_ONCE:
        return decide_together(semantics, scenario, asked, bound)
    return decide_choices(semantics, scenario, asked, bound, say)


def _closed(semantics: Semantics, scenario: Scenario, one: Property) -> tuple[Decision, float]:
    before = time.perf_counter()
    return decide_any(semantics, scenario, one), time.perf_counter() - before


def _holds(one: Property, scenario: Scenario, decision: Decision, seconds: float) -> Verdict:
    engine = Engine("closure", Outcome.HOLDS, seconds, f"{decision.states:,} pairs of record and place, closed")
    evidence = {"kind": "closure", "pairs": decision.states, "variables": list(decision.kept)}
    return Verdict(
        one.id, scenario.name, Outcome.HOLDS, None, (engine,), decision.exercised, one.assumptions,
        evidence=evidence, checked=decision.checked, bound="for any number of requests",
    )  # fmt: skip


def _verdict(
    semantics: Semantics,
    scenario: Scenario,
    one: Property,
    decision: Decision,
    seconds: float,
    closed: tuple[Decision, float] | None,
) -> Verdict:
    outcome = {True: Outcome.HOLDS, False: Outcome.VIOLATED, None: Outcome.UNDECIDED}[decision.holds]
    detail = (
        f"{decision.states:,} configurations over {', '.join(decision.kept)}; each violation run on the full record"
    )
    if decision.scope:
        detail = f"{decision.scope}; in all {detail}"
    engines = [Engine(f"exact search, {decision.bound} at once", outcome, seconds, detail)]
    if closed is not None:
        engines.insert(0, Engine("closure", Outcome.UNDECIDED, closed[1], "it over-approximates: cannot tell"))
    bound = f"up to {decision.bound} requests at once"
    if decision.scope:
        bound = f"up to {FOR_ANY} requests at once, and {decision.bound} in {decision.scope}"
    if outcome is Outcome.VIOLATED and scenario.processes is None:
        bound = f"violated with {decision.bound} requests at once, and so with any number"
    if decision.unconfirmed:
        bound += f"; {len(decision.unconfirmed)} further classes were met only with variables left out, not confirmed"
    if decision.impossible:
        bound += f"; {len(decision.impossible)} that were met with variables left out are shown impossible"
    plain = [_plain(semantics, violation) for violation in decision.violations]
    checker = Checker(semantics, replace(scenario, processes=decision.bound))
    refuted = [f"the evidence is refuted: {fault}" for trace in plain for fault in checker.faults_of_trace(trace)]
    holds = {"kind": "invariant", "configurations": decision.states}
    return Verdict(
        one.id, scenario.name, outcome, None, tuple(engines), decision.exercised, one.assumptions,
        tuple(_finding(semantics.lifecycle, violation) for violation in decision.violations),
        evidence={"kind": "traces", "traces": plain} if plain else holds,
        checked=None if not plain else not refuted, unexpected=tuple(refuted[:3]), bound=bound,
    )  # fmt: skip


def _finding(lifecycle: Lifecycle, violation: Violation) -> Finding:
    assert violation.steps is not None
    shown = trace_of(lifecycle, violation.steps)
    last = shown.steps[-1]
    return Finding(dict(violation.key), violation.count, shown, last.place, last.source)


def trace_of(lifecycle: Lifecycle, steps: Iterable[LaneStep]) -> Trace:
    """The trace of an execution: a lane is called by the operation that started it, with ``#2`` for its second."""
    listed = tuple(steps)
    lanes: dict[int, str] = {}
    used: Counter[str] = Counter()
    made: list[TraceStep] = []
    for step in listed:
        row = lifecycle.rows.get(step.row)
        if step.lane is not None and (step.control < 0 or step.lane not in lanes):
            operation = row.operation if row is not None else step.row
            used[operation] += 1
            lanes[step.lane] = operation if used[operation] == 1 else f"{operation}#{used[operation]}"
        before, after = named(lifecycle, step.before), named(lifecycle, step.after)
        changes = tuple(Change(name, before[name], after[name]) for name in after if before[name] != after[name])
        made.append(
            TraceStep(
                step.row, row.kind if row is not None and step.exception is None else "failure",
                "" if step.lane is None else lanes[step.lane],
                "" if row is None else row.service, "" if row is None else row.source, "" if row is None else row.place,
                changes, after, step.exception, step.label,
            )
        )  # fmt: skip
    return Trace(named(lifecycle, listed[0].before), tuple(made))


def _plain(semantics: Semantics, violation: Violation) -> Mapping[str, Any]:
    """The execution as data that the checker replays: after each step the record and what is in flight."""
    assert violation.steps is not None
    inflight: list[int] = []
    steps: list[list[Any]] = []
    for step in violation.steps:
        if step.lane is None:
            inflight = _survivors(semantics, inflight, step.row.partition("/")[2])
        elif step.control >= 0:
            inflight.remove(step.control)
        if step.to not in ENDS:
            inflight.append(step.to)
        standing = [semantics.controls[number] for number in sorted(inflight)]
        steps.append([step.row, list(step.after), [[one.point, one.memory, one.dirty] for one in standing]])
    return {"key": dict(violation.key), "start": [list(violation.steps[0].before), []], "steps": steps, "cycle": None}


def _survivors(semantics: Semantics, inflight: Iterable[int], service: str) -> list[int]:
    """What is left of *inflight* when *service* dies: messages, what runs elsewhere, and who hears of it."""
    left: list[int] = []
    for control in inflight:
        instruction = semantics.instruction(control)
        dies = instruction is not None and instruction.service == service and not isinstance(instruction, Wait)
        left.append(semantics.killed(control) if dies else control)
    return [control for control in left if control not in ENDS]
