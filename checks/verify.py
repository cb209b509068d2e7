"""Decides the properties of a lifecycle: graph search, z3, and what both say against what is expected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from checks.anatomy import Anatomy
from checks.certificate import Certificates
from checks.checker import Checker
from checks.claims import as_names, claimed, said, with_all_variables
from checks.expectations import Expectations, compared
from checks.graph.product import Product
from checks.graph.search import Decision, decide
from checks.graph.view import View
from checks.properties.catalogue import asked, properties
from checks.properties.definition import OfTables, Possible, Property
from checks.questions import answer
from checks.show import Ground, Refuted, Shown, evidence, evidence_of_ways, finding, show
from checks.smt.second import Replies, Reply, begin
from checks.spaces import explored
from checks.surely import Surely
from checks.verdict import Engine, Outcome, Report, Size, Verdict
from checks.ways import ways
from model.collector import uncollected
from model.forget import assumed
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics

Progress = Callable[[str], None]


@dataclass(slots=True)
class Case:
    """One property in one scenario, while it is being decided."""

    one: Property
    product: Product
    decision: Decision
    seconds: float


@dataclass(frozen=True, slots=True)
class Begun:
    """One scenario: its size, what the graph engine has decided there, and how to wait for the other.

    ``sure`` is what must be possible there with all variables.
    """

    ground: Ground
    size: Size
    cases: list[Case]
    sure: dict[Property, Surely]
    replies: Callable[[], Replies]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a case rests on: what was confirmed, how much was refuted or neither, the data, and what is wrong with it.

    ``faults`` is None when there is nothing to check.
    """

    shown: list[Shown]
    refuted: int
    unknown: int
    data: dict[str, Any]
    faults: list[str] | None


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
    with uncollected():
        begun = [_begin(full, lifecycle.scenarios[name], wanted, say, z3=z3) for name in names]
        proofs: list[list[Evidence]] = []
        for one in begun:
            say(f"confirm what was found in {one.ground.scenario.name}, and check the evidence")
            checker, certificates = Checker(full, one.ground.scenario), Certificates()
            proofs.append([_prove(one.ground, case, checker, certificates) for case in one.cases])
        of_tables = _of_tables(full, wanted, [one.ground for one in begun], say, z3=z3)
        for one, proved in zip(begun, proofs, strict=True):
            say(f"wait for z3 in {one.ground.scenario.name}")
            theirs = one.replies()
            verdicts += [
                _verdict(one.ground, case, proof, one.sure.get(case.one), theirs.get(case.one.id), z3=z3)
                for case, proof in zip(one.cases, proved, strict=True)
            ]
    return Report(
        lifecycle.name, lifecycle.release, lifecycle.digest,
        tuple(compared(verdict, expected) for verdict in (*verdicts, *of_tables)),
        tuple(one.size for one in begun), time.perf_counter() - began,
    )  # fmt: skip


def asked_of_one(smaller: Lifecycle, scenario: Scenario) -> tuple[Property, ...]:
    """The properties that are decided in *scenario*, which looks at its lifecycle as *smaller*."""
    return tuple(one for one in properties(smaller) if not isinstance(one.form, OfTables) and asked(one, scenario))


def _begin(full: Semantics, scenario: Scenario, wanted: frozenset[str] | None, say: Progress, *, z3: bool) -> Begun:
    """Explore *scenario* and decide its properties; the second engine decides them meanwhile, and later."""
    before = time.perf_counter()
    ground = _explored(full, scenario, say)
    space = ground.view.space
    size = Size(scenario.name, len(space.configurations), sum(map(len, space.edges)), time.perf_counter() - before)
    cases: list[Case] = []
    for one in asked_of_one(ground.view.lifecycle, scenario):
        if wanted is None or one.id in wanted:
            say(f"{one.id} in {scenario.name}")
            cases.append(_search(ground, one))
    replies: Callable[[], Replies] = dict
    sure: dict[Property, Surely] = {}
    if z3 and cases:
        decisions = {case.one: case.decision for case in cases}
        sure = with_all_variables(ground, decisions)
        replies = begin(claimed(ground, decisions, sure, named=wanted is not None))
    return Begun(ground, size, cases, sure, replies)


def _explored(full: Semantics, scenario: Scenario, say: Progress) -> Ground:
    """*scenario*, explored."""
    say(f"explore {scenario.name}")
    smaller = assumed(full.lifecycle, scenario.name)
    found = explored(full if smaller is full.lifecycle else Semantics(smaller), scenario)
    return Ground(scenario, full, View(found.space, Anatomy(smaller), found.disturbed), found.bound)


def _of_tables(
    full: Semantics, wanted: frozenset[str] | None, grounds: list[Ground], say: Progress, *, z3: bool
) -> list[Verdict]:
    """The verdicts on the properties of the tables alone; what they need beside *grounds* is explored."""
    known = {ground.scenario.name: ground for ground in grounds}

    def ground(name: str) -> Ground:
        return known[name] if name in known else _explored(full, full.lifecycle.scenarios[name], say)

    views = [one.view for one in grounds]
    found: list[Verdict] = []
    for one in properties(full.lifecycle):
        if isinstance(one.form, OfTables) and (wanted is None or one.id in wanted):
            say(one.id)
            found.append(answer(one, full.lifecycle, full, views, ground, named=wanted is not None, z3=z3))
    return found


def _search(ground: Ground, one: Property) -> Case:
    before = time.perf_counter()
    product = ground.product(one)
    return Case(one, product, decide(ground.view, product, one), time.perf_counter() - before)


def _prove(ground: Ground, case: Case, checker: Checker, certificates: Certificates) -> Evidence:
    """Confirm what was found with all variables, or certify that it holds; and check that."""
    one, decision, full = case.one, case.decision, ground.full
    found = [show(ground, case.product, one, key, witness) for key, witness in decision.witnesses.items()]
    shown = [each for each in found if isinstance(each, Shown)]
    refuted = sum(isinstance(each, Refuted) for each in found)
    unknown = len(found) - len(shown) - refuted
    data: dict[str, Any] = {}
    faults: list[str] | None = None
    if shown:
        data = evidence(shown)
        faults = [fault for plain in data["traces"] for fault in checker.faults_of_trace(plain, one)]
    elif isinstance(one.form, Possible) and ground.forgets:
        assert decision.distances is not None
        led = None if unknown else ways(ground.confirmer(case.product), one.form, decision.distances)
        if led is not None:
            data = evidence_of_ways(full, led)
            faults = [fault for plain in data["ways"] for fault in checker.faults_of_way(plain, one.form)]
    elif not found:
        data, faults = certificates.checked(case.product, one, decision)
    return Evidence(shown, refuted, unknown, data, faults)


def _verdict(
    ground: Ground, case: Case, proof: Evidence, sure: Surely | None, reply: Reply | None, *, z3: bool
) -> Verdict:
    one, decision = case.one, case.decision
    shown = frozenset(tuple(each.named.items()) for each in proof.shown)
    doubts = [ground.bound]
    if proof.unknown:
        doubts.append(f"{proof.unknown} of {len(decision.witnesses)} not confirmed with all variables")
    if proof.refuted:
        doubts.append(f"{proof.refuted} more are met with variables forgotten, and with all variables impossible")
    if case.product.what.promises and ground.forgets:
        doubts.append("what is promised of a variable that is forgotten is not asked")
    outcome = decision.outcome if proof.shown or not decision.witnesses else Outcome.UNDECIDED
    if isinstance(one.form, Possible) and ground.forgets:
        proved = sure is not None and reply is not None and reply.outcome is not Outcome.UNDECIDED
        if proof.shown and not (proved and sure and as_names(ground.full.lifecycle, one, sure.keys) == shown):
            doubts.append("what is possible with variables forgotten need not be possible with all: there may be more")
        outcome = Outcome.VIOLATED if proof.shown else Outcome.HOLDS if proof.data else Outcome.UNDECIDED
    engines = [Engine("graph search", outcome if "ways" in proof.data else decision.outcome, case.seconds)]
    differs = ""
    if z3 and sure is not None:
        engine, differs = said(ground.full.lifecycle, one, sure, reply, shown)
        engines.append(engine)
    elif z3 and reply is not None:
        engines.append(Engine("z3", reply.outcome, reply.seconds, reply.detail))
        if reply.outcome is not decision.outcome or "not found" in reply.detail:
            differs = reply.detail or "z3 did not decide"
    elif z3:
        engines.append(Engine("z3", Outcome.UNDECIDED, 0.0, f"not asked: the space is bounded ({ground.bound})"))
    faults = [f"the evidence is refuted: {fault}" for fault in proof.faults or ()]
    return Verdict(
        one.id, ground.scenario.name, outcome, None, tuple(engines), decision.exercised, one.assumptions,
        tuple(map(finding, proof.shown)), evidence=proof.data, checked=None if proof.faults is None else not faults,
        disagreement=differs or "; ".join(faults[:3]), bound="; ".join(filter(None, doubts)),
    )  # fmt: skip
