"""Verdicts on several requests at once: exactly for k; for any number where a counterexample or the closure decides.

What is violated with k requests is violated with any number, since the others may simply not come.  What is not, the
closure (:mod:`checks.concurrency.closure`) proves for any number of requests where it can.  What neither decides is
said to hold for at most the k that was explored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from checks.checker import Checker
from checks.concurrency.any_number import decide_any
from checks.concurrency.beside import Beside
from checks.concurrency.choices import decide_choices
from checks.concurrency.decide import Decision, Violation, decide_together
from checks.concurrency.evidence import plain, trace_of
from checks.concurrency.stays import decide_leaving, region_of, ways_of_staying
from checks.expectations import Expectations, compared
from checks.properties.catalogue import asked, properties
from checks.properties.definition import Leaves, Property
from checks.verdict import Engine, Finding, Outcome, Report, Size, Verdict
from model.collector import uncollected
from model.lifecycle import Lifecycle, Scenario, Text
from model.semantics import Semantics

Progress = Callable[[str], None]
#: Properties of configurations and steps that need no memory of the past: these are decided with several requests.
OF_STEPS = ("rest", "exclusive", "delete-wins", "spares", "stable", "final")
#: Properties of what happens in the end: these are decided with two.
OF_THE_END = ("terminates", "recovers")
#: The property whose violations are where an execution may stay.
AT_REST = "rest"
#: How many requests at once stand for any number, where the closure does not decide.
FOR_ANY = 2
#: With more processes, the space of all operations at once does not fit into memory.
MOST_AT_ONCE = 2


def asked_of_several(lifecycle: Lifecycle, scenario: Scenario) -> tuple[Property, ...]:
    """The properties that are decided in *scenario*, which has several requests at once."""
    known = OF_STEPS + OF_THE_END * (scenario.processes == MOST_AT_ONCE)
    return tuple(one for one in properties(lifecycle) if one.id in known and asked(one, scenario))


@uncollected()
def verify_concurrent(
    lifecycle: Lifecycle,
    scenarios: Iterable[str],
    wanted: Iterable[str] | None,
    expectations: Expectations,
    *,
    progress: Progress | None = None,
    closely: bool = False,
) -> Report:
    """The verdicts on *wanted* properties (all that can be asked, by default) in *scenarios* with several requests.

    *closely*: what two at once leave unconfirmed is looked at in a second space, which takes as long again.
    """
    began = time.perf_counter()
    say = progress or (lambda _: None)
    semantics = Semantics(lifecycle)
    chosen = None if wanted is None else frozenset(wanted)
    verdicts: list[Verdict] = []
    sizes: dict[str, Size] = {}
    kept: dict[Scenario, tuple[dict[str, Decision], float]] = {}
    checkers: dict[Scenario, Checker] = {}
    proofs: dict[tuple[Scenario, str], _Proof] = {}
    closures: dict[tuple[Scenario, str], tuple[Decision, float]] = {}
    for name in scenarios:
        scenario = lifecycle.scenarios[name]
        wanted_here = [one for one in asked_of_several(lifecycle, scenario) if chosen is None or one.id in chosen]
        if not wanted_here:
            continue
        bounded = replace(scenario, processes=scenario.processes or FOR_ANY)
        same = replace(bounded, name="", meaning=Text("", ""))
        decided, seconds = kept.setdefault(same, ({}, 0.0))
        missing = [one for one in wanted_here if one.id not in decided]
        if missing:
            say(f"{', '.join(one.id for one in missing)} in {name}")
            before = time.perf_counter()
            decided.update(_decisions(semantics, bounded, missing, say, closely=closely))
            seconds += time.perf_counter() - before
            kept[same] = decided, seconds
        first = decided[wanted_here[0].id]
        sizes[name] = Size(name, first.states, first.transitions, seconds)
        for one in wanted_here:
            decision = decided[one.id]
            say(f"{one.id} in {name}")
            closed = None
            # A certificate of pairs says nothing of crashes, nor of what happens in the end.
            if not scenario.crash and not isinstance(one.form, Leaves) and decision.holds is not False:
                if (same, one.id) not in closures:
                    closures[same, one.id] = _closed(semantics, scenario, one)
                closed = closures[same, one.id]
            if scenario.processes is None and closed is not None and closed[0].holds:
                verdict = _holds(one, scenario, *closed)
            else:
                if same not in checkers:
                    checkers[same] = Checker(semantics, bounded)
                if (same, one.id) not in proofs:
                    proofs[same, one.id] = _proof(semantics, checkers[same], one, decision)
                verdict = _verdict(scenario, one, decision, seconds, closed, proofs[same, one.id])
            verdicts.append(compared(verdict, expectations))
    return Report(
        lifecycle.name, lifecycle.release, lifecycle.digest, tuple(verdicts), tuple(sizes.values()),
        time.perf_counter() - began,
    )  # fmt: skip


def _decisions(
    semantics: Semantics, scenario: Scenario, wanted: list[Property], say: Progress, *, closely: bool
) -> dict[str, Decision]:
    """All operations at once where that fits, else every choice of as many operations as there are processes.

    What ends at rest with a task that nobody works on is where an execution may stay for ever, so it is looked for
    first; where one may stay in a small space is looked for meanwhile.
    """
    bound = scenario.processes or FOR_ANY
    of_end = [one for one in wanted if isinstance(one.form, Leaves)]
    of_steps = [
        one
        for one in properties(semantics.lifecycle)
        if (one in wanted and one not in of_end) or (of_end and one.id == AT_REST)
    ]
    lifecycle = semantics.lifecycle
    regions = dict.fromkeys(map(region_of, of_end))
    staying = Beside(lambda: {each: ways_of_staying(lifecycle, scenario, each, bound) for each in regions})
    if scenario.crash or scenario.lose:
        staying.result()  # two such spaces at once would take more than 2 GiB
    if bound > MOST_AT_ONCE:
        decided = decide_choices(semantics, scenario, of_steps, bound, say)
    else:
        decided = decide_together(semantics, scenario, of_steps, bound, closely=closely)
    found = {one.id: decision for one, decision in zip(of_steps, decided, strict=True)}
    for one in of_end:
        say(f"{one.id}, where executions may stay")
        ways = staying.result()[region_of(one)]
        found[one.id] = decide_leaving(semantics, scenario, one, bound, found[AT_REST], ways)
    return found


def _closed(semantics: Semantics, scenario: Scenario, one: Property) -> tuple[Decision, float]:
    before = time.perf_counter()
    return decide_any(semantics, scenario, one), time.perf_counter() - before


def _holds(one: Property, scenario: Scenario, decision: Decision, seconds: float) -> Verdict:
    engine = Engine("closure", Outcome.HOLDS, seconds, _pairs(decision))
    return Verdict(
        one.id, scenario.name, Outcome.HOLDS, None, (engine,), decision.exercised, one.assumptions,
        evidence=_evidence(decision), checked=decision.checked, bound="for any number of requests",
    )  # fmt: skip


def _pairs(decision: Decision) -> str:
    return f"{decision.states:,} pairs of record and place, closed"


def _evidence(decision: Decision) -> dict[str, Any]:
    return {"kind": "closure", "pairs": decision.states, "variables": list(decision.kept)}


@dataclass(frozen=True, slots=True)
class _Proof:
    """The executions that violate a property, to be read and as plain data, and what the checker has against them."""

    findings: tuple[Finding, ...]
    traces: list[dict[str, Any]]
    refuted: list[str]


def _proof(semantics: Semantics, checker: Checker, one: Property, decision: Decision) -> _Proof:
    stays = isinstance(one.form, Leaves)
    traces = [plain(semantics, violation.key, violation.steps or (), stays=stays) for violation in decision.violations]
    refuted = [f"the evidence is refuted: {fault}" for trace in traces for fault in checker.faults_of_trace(trace, one)]
    return _Proof(tuple(_finding(semantics.lifecycle, each) for each in decision.violations), traces, refuted)


def _verdict(
    scenario: Scenario,
    one: Property,
    decision: Decision,
    seconds: float,
    closed: tuple[Decision, float] | None,
    proof: _Proof,
) -> Verdict:
    outcome = {True: Outcome.HOLDS, False: Outcome.VIOLATED, None: Outcome.UNDECIDED}[decision.holds]
    detail = (
        f"{decision.states:,} configurations over {', '.join(decision.kept)}; each violation run on the full record"
    )
    if decision.scope:
        detail = f"{decision.scope}; in all {detail}"
    engines = [Engine(f"exact search, {decision.bound} at once", outcome, seconds, detail)]
    proved = closed is not None and closed[0].holds
    if closed is not None and proved:
        engines.append(Engine("closure", Outcome.HOLDS, closed[1], _pairs(closed[0])))
    elif closed is not None:
        engines.insert(0, Engine("closure", Outcome.UNDECIDED, closed[1], "it over-approximates: cannot tell"))
    bound = f"up to {decision.bound} requests at once"
    if decision.scope:
        bound = f"up to {FOR_ANY} requests at once, and {decision.bound} in {decision.scope}"
    if outcome is Outcome.VIOLATED and scenario.processes is None:
        bound = f"violated with {decision.bound} requests at once, and so with any number"
    if decision.unconfirmed:
        bound += f"; {len(decision.unconfirmed)} further classes were met only with variables left out, not confirmed"
    if decision.cut:
        bound += f"; looked for in the first {decision.states:,} configurations, and where all come to rest"
    if decision.impossible:
        bound += f"; {len(decision.impossible)} that were met with variables left out are shown impossible"
    traces, refuted = proof.traces, proof.refuted
    holds: dict[str, Any] = {"kind": "invariant", "configurations": decision.states}
    checked = None if not traces else not refuted
    if closed is not None and proved:
        holds, checked = _evidence(closed[0]), closed[0].checked
    return Verdict(
        one.id, scenario.name, outcome, None, tuple(engines), decision.exercised, one.assumptions,
        proof.findings,
        evidence={"kind": "traces", "traces": traces} if traces else holds,
        checked=checked, unexpected=tuple(refuted[:3]), bound=bound,
    )  # fmt: skip


def _finding(lifecycle: Lifecycle, violation: Violation) -> Finding:
    assert violation.steps is not None
    shown = trace_of(lifecycle, violation.steps)
    last = shown.steps[-1]
    return Finding(dict(violation.key), violation.count, shown, last.place, last.source)
