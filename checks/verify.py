"""Decides the properties of a lifecycle: graph search, z3, and what both say against what is expected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from checks.anatomy import Anatomy
from checks.candidate import candidate
from checks.checker import faults_of_trace
from checks.confirm import confirmed
from checks.expectations import Expectations, compared
from checks.graph.product import Product, Remembers, remembers
from checks.graph.search import Decision, Key, Witness, decide
from checks.graph.view import View
from checks.properties.catalogue import asked, formulas, properties
from checks.properties.definition import Always, Leaves, OfTables, Possible, Property
from checks.questions import answer
from checks.smt.prove import Answer, answers, pose, ranking
from checks.smt.system import Phase, System
from checks.spaces import explored
from checks.traces import trace
from checks.verdict import Engine, Finding, Outcome, Report, Size, Verdict
from model.explore import Configuration, Space, Step
from model.forget import assumed
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics

Progress = Callable[[str], None]


@dataclass(slots=True)
class Case:
    """One property in one scenario, while it is being decided."""

    one: Property
    view: View
    product: Product
    decision: Decision
    seconds: float
    z3: tuple[Outcome, float, str] = (Outcome.UNDECIDED, 0.0, "")
    doubtful: list[Key] = field(default_factory=list)


@dataclass(slots=True)
class Ground:
    """A scenario, explored: with the variables that it forgets left out, and the full semantics to confirm with."""

    scenario: Scenario
    full: Semantics
    view: View
    bound: str
    products: dict[Remembers, Product] = field(default_factory=dict)


def verify(
    lifecycle: Lifecycle,
    scenarios: Iterable[str] | None = None,
    property_ids: Iterable[str] | None = None,
    progress: Progress | None = None,
    expectations: Expectations | None = None,
    *,
    z3: bool = True,
) -> Report:
    """Decide the properties (all by default) in *scenarios* (all with one request at a time by default).

    ``z3=False`` leaves out the second engine (for mutation).  Raises KeyError for a scenario that does not exist.
    """
    began = time.perf_counter()
    say = progress or (lambda _: None)
    expected = expectations or Expectations()
    names = list(scenarios) if scenarios is not None else [
        scenario.name for scenario in lifecycle.scenarios.values() if scenario.processes == 1
    ]  # fmt: skip
    wanted = None if property_ids is None else frozenset(property_ids)
    full = Semantics(lifecycle)
    verdicts: list[Verdict] = []
    sizes: list[Size] = []
    grounds: list[Ground] = []
    for name in names:
        scenario = lifecycle.scenarios[name]
        say(f"explore {name}")
        before = time.perf_counter()
        smaller = assumed(lifecycle, name)
        found = explored(full if smaller is lifecycle else Semantics(smaller), scenario)
        steps = sum(map(len, found.space.edges))
        sizes.append(Size(name, len(found.space.configurations), steps, time.perf_counter() - before))
        view = View(found.space, Anatomy(smaller), found.disturbed)
        ground = Ground(scenario, full, view, found.bound)
        grounds.append(ground)
        cases: list[Case] = []
        for one in properties(smaller):
            chosen = wanted is None or one.id in wanted
            if isinstance(one.form, OfTables) or not asked(one, scenario) or not chosen:
                continue
            say(f"{one.id} in {name}")
            cases.append(_search(ground, one))
        if z3:
            _prove(ground, cases, say)
        say(f"check the evidence of {name}")
        verdicts += [_verdict(ground, case, expected, z3=z3) for case in cases]
    for one in properties(lifecycle):
        if isinstance(one.form, OfTables) and (wanted is None or one.id in wanted):
            say(one.id)
            verdicts.append(compared(answer(one, lifecycle, full, [ground.view for ground in grounds]), expected))
    return Report(
        lifecycle.name, lifecycle.release, lifecycle.digest, tuple(verdicts), tuple(sizes), time.perf_counter() - began
    )


def _search(ground: Ground, one: Property) -> Case:
    before = time.perf_counter()
    what = remembers(formulas(one))
    if what not in ground.products:
        ground.products[what] = Product(ground.view, what)
    product = ground.products[what]
    return Case(one, ground.view, product, decide(ground.view, product, one), time.perf_counter() - before)


def _prove(ground: Ground, cases: list[Case], say: Progress) -> None:
    """Let z3 confirm the claims of *cases*: those that remember the same are proved together."""
    groups: dict[Remembers, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.product.what, []).append(case)
    for what, together in groups.items():
        say(f"z3 in {ground.scenario.name}: " + ", ".join(case.one.id for case in together))
        phases = [Phase(ground.scenario)]
        if ground.view.disturbed is not None:
            phases = [Phase(ground.scenario, after=1), Phase(ground.scenario, disturbed=True)]
        before = time.perf_counter()
        claimed = candidate([ground.products[what]])
        system = System(ground.view.lifecycle, phases, claimed, ground.view.anatomy)
        listed = {case.one: {ground.scenario.name: frozenset(case.decision.witnesses)} for case in together}
        questions = pose(system, listed)
        text = time.perf_counter() - before
        replies = dict(answers(questions))
        ranks = ranking(questions.onward)
        shared = (text + replies["closed"].seconds) / len(together)
        for case in together:
            case.z3 = _judged(case, replies, shared, ranks)


def _judged(
    case: Case, replies: dict[str, Answer], text: float, ranks: dict[int, int] | None
) -> tuple[Outcome, float, str]:
    own = replies.get(case.one.id)
    closed, initial = replies["closed"], replies["initial"]
    seconds = text + (own.seconds if own is not None else 0.0)
    if not initial.proved or not closed.proved:
        return Outcome.UNDECIDED, seconds, "the claimed invariant is not inductive: " + closed.witness
    if own is None:
        return Outcome.UNDECIDED, seconds, "not asked of this engine"
    if not own.proved:
        return Outcome.VIOLATED, seconds, "violated in a way that was not found: " + own.witness
    if isinstance(case.one.form, Leaves):
        if ranks is None:
            return Outcome.UNDECIDED, seconds, "no ranking of the control points falls with every step"
        detail = f"every process ends (ranks up to {max(ranks.values(), default=0)}); nothing stays but what is listed"
        return case.decision.outcome, seconds, detail
    return case.decision.outcome, seconds, "no violation but those listed, by an inductive invariant"


def _verdict(ground: Ground, case: Case, expected: Expectations, *, z3: bool) -> Verdict:
    one, scenario = case.one, ground.scenario.name
    decision = case.decision
    disagreement = ""
    engines = [Engine("graph search", decision.outcome, case.seconds)]
    if z3:
        outcome, seconds, detail = case.z3
        engines.append(Engine("z3", outcome, seconds, detail))
        if not isinstance(one.form, Possible) and (outcome is not decision.outcome or "not found" in detail):
            disagreement = detail or "z3 did not decide"
    shown = [_show(ground, case, key, witness) for key, witness in decision.witnesses.items()]
    real = [one_shown for one_shown in shown if one_shown is not None]
    outcome = decision.outcome
    if shown and not real:
        outcome = Outcome.UNDECIDED
    evidence = _evidence(case, real)
    refuted = [
        f"the evidence is refuted: {fault}"
        for plain in evidence.get("traces", ())
        for fault in faults_of_trace(ground.full.lifecycle, ground.full, ground.scenario, plain)
    ]
    bound = "; ".join(part for part in (ground.bound, _doubt(shown)) if part)
    return compared(
        Verdict(
            one.id, scenario, outcome, None, tuple(engines), decision.exercised, one.assumptions,
            tuple(_finding(one_shown) for one_shown in real), evidence=evidence, checked=not refuted,
            disagreement=disagreement or "; ".join(refuted[:3]), bound=bound,
        ),
        expected,
    )  # fmt: skip


def _doubt(shown: list[Shown | None]) -> str:
    unreal = sum(one is None for one in shown)
    return f"{unreal} of {len(shown)} not confirmed with all variables" if unreal else ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A violation with an execution of the full lifecycle: ``named`` is its key by names."""

    named: dict[str, str]
    count: int
    space: Space
    start: int
    path: list[tuple[Step, int]]
    cycle: int | None


def _show(ground: Ground, case: Case, key: Key, witness: Witness) -> Shown | None:
    """The violation *key* with a trace of the full lifecycle; None when no such trace was found."""
    view = case.view
    variables = [view.roles[role] for role in case.one.key if role in view.roles]
    named = {
        view.lifecycle.variables[variable].name: view.lifecycle.variables[variable].values[value]
        for variable, value in zip(variables, key, strict=True)
    }
    space = view.space
    if view.lifecycle is ground.full.lifecycle:
        return Shown(named, witness.count, space, witness.start, witness.path, witness.cycle)
    last = witness.path[-1][1] if witness.path else witness.start
    inflight = len(space.configurations[last][1])

    def ends(configuration: Configuration) -> bool:
        record, controls = configuration
        return len(controls) == inflight and all(
            record[variable] == value for variable, value in zip(variables, key, strict=True)
        )

    line = confirmed(ground.full, ground.scenario, [step for step, _ in witness.path], ends)
    if line is None:
        return None
    path = [(line.edges[number][0][0], number + 1) for number in range(len(line.configurations) - 1)]
    return Shown(named, witness.count, line, 0, path, witness.cycle)


def _finding(shown: Shown) -> Finding:
    made = trace(shown.space, shown.start, shown.path, shown.cycle)
    last = next((step for step in reversed(made.steps) if step.place), None)
    return Finding(shown.named, shown.count, made, last.place if last else "", last.source if last else "")


def _evidence(case: Case, shown: list[Shown]) -> dict[str, Any]:
    def plain(space: Space, number: int) -> list[Any]:
        controls = space.semantics.controls
        record, inflight = space.configurations[number]
        return [list(record), [[controls[c].point, controls[c].memory, controls[c].dirty] for c in inflight]]

    if shown:
        return {
            "kind": "traces",
            "traces": [
                {
                    "key": one.named,
                    "start": plain(one.space, one.start),
                    "steps": [[step.row, *plain(one.space, to)] for step, to in one.path],
                    "cycle": one.cycle,
                }
                for one in shown
            ],
        }
    kind = {Always: "invariant", Leaves: "ranking", Possible: "distance"}[type(case.one.form)]
    return {"kind": kind, "configurations": len(case.product.nodes)}
