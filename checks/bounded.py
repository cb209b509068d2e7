"""The lengths of counterexamples, by z3: none is shorter than what the graph search has found, for each key.

Asked of a report that is decided: of each property that is violated in a scenario with one request at a time.  What z3
finds is replayed by the checker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from checks.checker import Checker
from checks.keys import ACCUSED, coordinates, named
from checks.properties.catalogue import properties
from checks.properties.definition import Always, Leaves, Property
from checks.smt.bounded import Execution, TooMany, shortest
from checks.smt.transition import BESIDE
from checks.verdict import Engine, Outcome, Report, Verdict
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics

#: A key by names, and the length of a counterexample; the empty key stands for any.
Lengths = Mapping[tuple[tuple[str, str], ...], int]
ENGINE = "z3 unrolled"
#: Processes in flight at once where something starts beside a request.
BESIDE_REQUESTS = 2
#: Steps up to which z3 is asked for a shortest execution of each key, not only of each property.
EACH = 28
#: What the length of an execution means where :func:`ends_alike` says no.
TO_THE_END = "counted until nothing more must happen, where the one shown ends as soon as nothing can avert it"


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
            known[verdict.property]: verdict
            for verdict in report.verdicts
            if verdict.scenario == name and comparable(known[verdict.property]) and shown_lengths(verdict)
        }
        if asked:
            if progress is not None:
                progress(f"unroll {name} up to {most} steps")
            for verdict in _judged(lifecycle, scenario, asked, most):
                said[verdict.property, verdict.scenario] = verdict
    verdicts = tuple(said.get((verdict.property, verdict.scenario), verdict) for verdict in report.verdicts)
    return replace(report, verdicts=verdicts, seconds=report.seconds + time.perf_counter() - before)


def comparable(one: Property) -> bool:
    """Whether z3 can be asked how long a counterexample of *one* is: not how long one that nothing leads on from is."""
    return isinstance(one.form, Always | Leaves)


def ends_alike(one: Property, scenario: Scenario) -> bool:
    """Whether both engines mean the same by the end of a shortest counterexample of *one*.

    The graph search says that a task stays for ever as soon as nothing on the way can end it, z3 when nothing more must
    happen: the same, unless recovery still runs.  Then z3's is as long or longer.
    """
    return not (isinstance(one.form, Leaves) and scenario.crash)


def shown_lengths(verdict: Verdict) -> Lengths:
    """The length of the counterexample of *verdict* for each key; without those that do not begin at the start."""
    if verdict.outcome is not Outcome.VIOLATED:
        return {}
    traces = [trace for trace in verdict.evidence.get("traces", ()) if not trace.get("anywhere")]
    return {tuple(trace["key"].items()): len(trace["steps"]) for trace in traces}


def _judged(lifecycle: Lifecycle, scenario: Scenario, asked: dict[Property, Verdict], most: int) -> Iterator[Verdict]:
    """The verdicts with what z3 says of them; each has a counterexample."""
    before = time.perf_counter()
    deepest = min(most, max(length for verdict in asked.values() for length in shown_lengths(verdict).values()))
    slots = BESIDE_REQUESTS if scenario.crash or scenario.kinds & BESIDE else 1
    checker = Checker(Semantics(lifecycle), scenario)
    found: dict[Property, dict[tuple[tuple[str, str], ...], int]] = {one: {} for one in asked}
    refuted: dict[Property, list[str]] = {one: [] for one in asked}
    try:
        for one, key, execution in shortest(lifecycle, scenario, asked, deepest, EACH, slots):
            named_key = named(lifecycle, coordinates(lifecycle, one), key) if key else {}
            found[one][tuple(named_key.items())] = len(execution.steps)
            refuted[one] += checker.faults_of_trace(as_trace(lifecycle, execution, one), one)
    except TooMany:
        undecided = Engine(ENGINE, Outcome.UNDECIDED, time.perf_counter() - before, "too many processes in flight")
        yield from (replace(verdict, engines=(*verdict.engines, undecided)) for verdict in asked.values())
        return
    seconds = (time.perf_counter() - before) / len(asked)
    for one, verdict in asked.items():
        shown = shown_lengths(verdict)
        if ACCUSED in coordinates(lifecycle, one):
            shown = {(): min(shown.values())}
        outcome = Outcome.VIOLATED if found[one] else Outcome.UNDECIDED
        alike = ends_alike(one, scenario)
        differs = [
            verdict.disagreement,
            *(differences(found[one], shown, deepest) if alike else shorter(found[one], shown)),
        ]
        differs += [f"what z3 found is refuted: {fault}" for fault in refuted[one][:1]]
        said = detail(found[one], deepest) if alike else f"{detail(found[one], deepest)}; {TO_THE_END}"
        engine = Engine(ENGINE, outcome, seconds, said)
        yield replace(
            verdict, engines=(*verdict.engines, engine), disagreement="; ".join(filter(None, differs)),
        )  # fmt: skip


def detail(found: Lengths, deepest: int) -> str:
    """What z3 has shown, in words."""
    if not found:
        return f"no execution of up to {deepest} steps violates it"
    least = min(found.values())
    said = f"no execution of fewer than {least} steps violates it, and one of {least} does"
    each = min(deepest, EACH)
    within = sum(length <= each for length in found.values())
    return said if () in found or not within else f"{said}; ways to violate it in up to {each} steps: {within}"


def differences(found: Lengths, shown: Lengths, deepest: int) -> Iterator[str]:
    """On which keys, and how, z3 (*found*) and the graph search (*shown*) differ about up to *deepest* steps."""
    each = min(deepest, EACH) if found or min(shown.values()) > deepest else deepest
    for key in dict.fromkeys((*found, *shown)):
        ours, theirs = shown.get(key), found.get(key)
        if ours != theirs and (theirs is not None or (ours is not None and ours <= each)):
            where = "/".join(value for _, value in key) or "the shortest"
            says = [f"{length} steps" if length is not None else "none" for length in (theirs, ours)]
            yield f"{where}: z3 finds {says[0]}, the graph search {says[1]}"
    if found and min(shown.values(), default=0) < min(found.values()):
        yield f"the graph search shows one of {min(shown.values())} steps, z3 none of fewer than {min(found.values())}"


def shorter(found: Lengths, shown: Lengths) -> Iterator[str]:
    """On which keys z3 (*found*) has an execution to its end that the graph search (*shown*) has none as short as."""
    for key, length in found.items():
        ours = shown.get(key) if key in shown or key else min(shown.values())
        if ours is None or ours > length:
            where = "/".join(value for _, value in key) or "the shortest"
            yield f"{where}: z3 finds {length} steps to the end, the graph search {ours or 'none'}"


def as_trace(lifecycle: Lifecycle, execution: Execution, one: Property) -> dict[str, Any]:
    """*execution* as the plain data that the checker replays."""
    steps = [
        [row, list(record), [[point, list(memory.items()), list(dirty.items())] for point, memory, dirty in standing]]
        for row, record, standing in execution.steps
    ]
    cycle = len(steps) if isinstance(one.form, Leaves) else None
    return {"start": [list(lifecycle.initial), []], "steps": steps, "cycle": cycle}
