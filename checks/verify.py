"""Decides the properties of a lifecycle: graph search, z3, and what both say against what is expected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.anatomy import Anatomy
from checks.certificate import certificate
from checks.checker import faults_of_closed, faults_of_trace, faults_of_way
from checks.claims import claimed
from checks.expectations import Expectations, compared
from checks.graph.product import Product, remembers
from checks.graph.search import Decision, decide
from checks.graph.view import View
from checks.properties.catalogue import asked, formulas, properties
from checks.properties.definition import OfTables, Possible, Property
from checks.questions import answer
from checks.show import Ground, Refuted, Shown, evidence, evidence_of_ways, finding, show
from checks.smt.second import Replies, Reply, begin
from checks.spaces import explored
from checks.verdict import Engine, Outcome, Report, Size, Verdict
from checks.ways import ways
from model.forget import assumed
from model.lifecycle import Lifecycle
from model.semantics import Semantics

Progress = Callable[[str], None]
#: A violation with its execution, refuted, or neither.
Confirmed = Shown | Refuted | None


@dataclass(slots=True)
class Case:
    """One property in one scenario, while it is being decided."""

    one: Property
    product: Product
    decision: Decision
    seconds: float


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
    started: list[tuple[Ground, list[Case], Callable[[], Replies]]] = []
    for name in names:
        scenario = lifecycle.scenarios[name]
        say(f"explore {name}")
        before = time.perf_counter()
        smaller = assumed(lifecycle, name)
        found = explored(full if smaller is lifecycle else Semantics(smaller), scenario)
        steps = sum(map(len, found.space.edges))
        sizes.append(Size(name, len(found.space.configurations), steps, time.perf_counter() - before))
        ground = Ground(scenario, full, View(found.space, Anatomy(smaller), found.disturbed), found.bound)
        grounds.append(ground)
        cases: list[Case] = []
        for one in properties(smaller):
            chosen = wanted is None or one.id in wanted
            if isinstance(one.form, OfTables) or not asked(one, scenario) or not chosen:
                continue
            say(f"{one.id} in {name}")
            cases.append(_search(ground, one))
        replies: Callable[[], Replies] = dict
        if z3 and cases:
            decisions = {case.one: case.decision for case in cases}
            replies = begin(claimed(ground.view, scenario, ground.products, decisions))
        started.append((ground, cases, replies))
    confirmed_by: list[list[list[Confirmed]]] = []
    for ground, cases, _ in started:
        say(f"confirm what was found in {ground.scenario.name}")
        confirmed_by.append([_confirm(ground, case) for case in cases])
    for (ground, cases, replies), confirmed in zip(started, confirmed_by, strict=True):
        say(f"check the evidence of {ground.scenario.name}, and wait for z3 in {ground.scenario.name}")
        theirs = replies()
        verdicts += [
            compared(_verdict(ground, case, shown, theirs.get(case.one.id), z3=z3), expected)
            for case, shown in zip(cases, confirmed, strict=True)
        ]
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
    return Case(one, product, decide(ground.view, product, one), time.perf_counter() - before)


def _confirm(ground: Ground, case: Case) -> list[Confirmed]:
    return [show(ground, case.product, case.one, key, witness) for key, witness in case.decision.witnesses.items()]


def _verdict(ground: Ground, case: Case, confirmed: list[Confirmed], reply: Reply | None, *, z3: bool) -> Verdict:
    one, decision = case.one, case.decision
    shown = [found for found in confirmed if isinstance(found, Shown)]
    refuted = sum(isinstance(found, Refuted) for found in confirmed)
    open_ = len(confirmed) - len(shown) - refuted
    outcome = decision.outcome
    doubts = [ground.bound]
    if open_:
        doubts.append(f"{open_} of {len(confirmed)} not confirmed with all variables")
    if refuted:
        doubts.append(f"{refuted} more are met with variables forgotten, and with all variables impossible")
    if confirmed and not shown:
        outcome = Outcome.UNDECIDED
    data: Mapping[str, Any] = {}
    if isinstance(one.form, Possible) and ground.forgets:
        if shown:
            doubts.append("what is possible with variables forgotten need not be possible with all: there may be more")
            outcome = Outcome.VIOLATED
        elif not open_ and (found := ways(ground.confirmer(case.product), one.form, decision.ranks)) is not None:
            outcome, data = Outcome.HOLDS, evidence_of_ways(ground.full, found)
        else:
            outcome = Outcome.UNDECIDED
    engines = [Engine("graph search", outcome if data else decision.outcome, case.seconds)]
    differs = ""
    if z3 and reply is not None:
        engines.append(Engine("z3", reply.outcome, reply.seconds, reply.detail))
        if reply.outcome is not decision.outcome or "not found" in reply.detail:
            differs = reply.detail or "z3 did not decide"
    elif z3:
        engines.append(
            Engine("z3", Outcome.UNDECIDED, 0.0, "not asked: existence needs every variable, and every start")
        )
    data = data or (evidence(shown) if shown else certificate(case.product, one, decision))
    faults = [
        f"the evidence is refuted: {fault}"
        for plain in data.get("traces", ())
        for fault in faults_of_trace(ground.full.lifecycle, ground.full, ground.scenario, plain, one)
    ]
    if isinstance(one.form, Possible):
        for plain in data.get("ways", ()):
            faults += faults_of_way(ground.full, ground.scenario, plain, one.form)
    if outcome is Outcome.HOLDS and "groups" in data:
        smaller = case.product.view.semantics
        faults += faults_of_closed(smaller.lifecycle, smaller, ground.scenario, data, one)
    return Verdict(
        one.id, ground.scenario.name, outcome, None, tuple(engines), decision.exercised, one.assumptions,
        tuple(map(finding, shown)), evidence=data, checked=not faults,
        disagreement=differs or "; ".join(faults[:3]), bound="; ".join(filter(None, doubts)),
    )  # fmt: skip
