"""Decides the properties of a lifecycle: graph search, z3, and what both say against what is expected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from checks.anatomy import Anatomy
from checks.candidate import candidate
from checks.checker import faults_of_trace
from checks.expectations import Expectations, known
from checks.graph.product import Product, Remembers, remembers
from checks.graph.search import Decision, Key, Witness, decide
from checks.graph.view import View
from checks.properties.catalogue import asked, formulas, properties
from checks.properties.definition import Always, Leaves, OfTables, Possible, Property
from checks.questions import answer
from checks.smt.prove import Answer, answers, pose
from checks.smt.system import Phase, System
from checks.spaces import explored
from checks.traces import trace
from checks.verdict import Engine, Finding, Outcome, Report, Size, Verdict
from model.lifecycle import Lifecycle
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


@dataclass(slots=True)
class Run:
    """What a run has explored so far."""

    lifecycle: Lifecycle
    semantics: Semantics
    anatomy: Anatomy
    views: dict[str, View] = field(default_factory=dict)
    bounds: dict[str, str] = field(default_factory=dict)
    sizes: list[Size] = field(default_factory=list)
    products: dict[tuple[str, Remembers], Product] = field(default_factory=dict)


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
    chosen = [lifecycle.scenarios[name] for name in scenarios] if scenarios is not None else [
        scenario for scenario in lifecycle.scenarios.values() if scenario.processes == 1
    ]  # fmt: skip
    wanted = None if property_ids is None else frozenset(property_ids)
    asked_for = [one for one in properties(lifecycle) if wanted is None or one.id in wanted]
    semantics = Semantics(lifecycle)
    run = Run(lifecycle, semantics, Anatomy(lifecycle))
    for scenario in chosen:
        say(f"explore {scenario.name}")
        before = time.perf_counter()
        found = explored(semantics, scenario)
        run.views[scenario.name] = View(found.space, run.anatomy, found.disturbed)
        run.bounds[scenario.name] = found.bound
        steps = sum(map(len, found.space.edges))
        run.sizes.append(Size(scenario.name, len(found.space.configurations), steps, time.perf_counter() - before))
    cases: list[Case] = []
    for one in asked_for:
        if isinstance(one.form, OfTables):
            continue
        for scenario in chosen:
            if asked(one, scenario):
                say(f"{one.id} in {scenario.name}")
                cases.append(_search(run, one, scenario.name))
    if z3:
        _prove(run, cases, say)
    say("check the evidence")
    verdicts = [_verdict(run, case, expected, z3=z3) for case in cases]
    for one in asked_for:
        if isinstance(one.form, OfTables):
            say(one.id)
            verdicts.append(_named(answer(one, lifecycle, semantics, list(run.views.values())), expected))
    return Report(
        lifecycle.name, lifecycle.release, lifecycle.digest, tuple(verdicts), tuple(run.sizes),
        time.perf_counter() - began,
    )  # fmt: skip


def _search(run: Run, one: Property, scenario: str) -> Case:
    before = time.perf_counter()
    what = remembers(formulas(one))
    if (scenario, what) not in run.products:
        run.products[scenario, what] = Product(run.views[scenario], what)
    product = run.products[scenario, what]
    view = run.views[scenario]
    return Case(one, view, product, decide(view, product, one), time.perf_counter() - before)


def _prove(run: Run, cases: list[Case], say: Progress) -> None:
    """Let z3 confirm the claims of *cases*: those that remember the same are proved together."""
    groups: dict[Remembers, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.product.what, []).append(case)
    for together in groups.values():
        names = list(dict.fromkeys(case.view.space.scenario.name for case in together))
        say("z3: " + ", ".join(dict.fromkeys(case.one.id for case in together)))
        products = [run.products[name, together[0].product.what] for name in names]
        phases: list[Phase] = []
        for product in products:
            scenario = product.view.space.scenario
            if product.view.disturbed is None:
                phases.append(Phase(scenario))
            else:
                phases += [Phase(scenario, after=len(phases) + 1), Phase(scenario, disturbed=True)]
        system = System(run.lifecycle, phases, candidate(products), run.anatomy)
        listed: dict[Property, dict[str, frozenset[Key]]] = {}
        for case in together:
            known_keys = listed.setdefault(case.one, {})
            known_keys[case.view.space.scenario.name] = frozenset(case.decision.witnesses)
        before = time.perf_counter()
        questions = pose(system, listed)
        text = time.perf_counter() - before
        replies = dict(answers(questions))
        for case in together:
            case.z3 = _judged(case, replies, text / len(together))


def _judged(case: Case, replies: dict[str, Answer], text: float) -> tuple[Outcome, float, str]:
    own = replies.get(case.one.id)
    closed, initial = replies["closed"], replies["initial"]
    seconds = text + (own.seconds if own is not None else 0.0)
    if not initial.proved or not closed.proved:
        return Outcome.UNDECIDED, seconds, "the claimed invariant is not inductive: " + closed.witness
    if own is None:
        return Outcome.UNDECIDED, seconds, "not asked of this engine"
    if not own.proved:
        return Outcome.VIOLATED, seconds, "violated in a way that was not found: " + own.witness
    return case.decision.outcome, seconds, "no violation but those listed, by an inductive invariant"


def _verdict(run: Run, case: Case, expected: Expectations, *, z3: bool) -> Verdict:
    one, scenario = case.one, case.view.space.scenario.name
    decision = case.decision
    engines = [Engine("graph search", decision.outcome, case.seconds)]
    disagreement = ""
    if z3:
        outcome, seconds, detail = case.z3
        engines.append(Engine("z3", outcome, seconds, detail))
        if isinstance(one.form, Always) and (outcome is not decision.outcome or "not found" in detail):
            disagreement = detail or "z3 did not decide"
    evidence = _evidence(case)
    refuted = _refuted(case, evidence)
    return _named(
        Verdict(
            one.id, scenario, decision.outcome, None, tuple(engines), decision.exercised, one.assumptions,
            tuple(_finding(case, key, witness) for key, witness in decision.witnesses.items()),
            evidence=evidence, checked=not refuted, disagreement=disagreement or "; ".join(refuted[:3]),
            bound=run.bounds[scenario],
        ),
        expected,
    )  # fmt: skip


def _finding(case: Case, key: Key, witness: Witness) -> Finding:
    view, lifecycle = case.view, case.view.lifecycle
    roles = [role for role in case.one.key if role in view.roles]
    named = {
        lifecycle.variables[view.roles[role]].name: lifecycle.variables[view.roles[role]].values[value]  # type: ignore[index]
        for role, value in zip(roles, key, strict=True)
    }
    shown = trace(view.space, witness.start, witness.path, witness.cycle)
    last = next((step for step in reversed(shown.steps) if step.place), None)
    return Finding(named, witness.count, shown, last.place if last else "", last.source if last else "")


def _evidence(case: Case) -> dict[str, Any]:
    controls = case.view.semantics.controls
    configurations = case.view.space.configurations

    def plain(number: int) -> list[Any]:
        record, inflight = configurations[number]
        there = [[controls[one].point, controls[one].memory, controls[one].dirty] for one in inflight]
        return [list(record), there]

    if case.decision.outcome is Outcome.VIOLATED:
        return {
            "kind": "traces",
            "traces": [
                {
                    "key": list(key),
                    "start": plain(witness.start),
                    "steps": [[step.row, *plain(to)] for step, to in witness.path],
                    "cycle": witness.cycle,
                }
                for key, witness in case.decision.witnesses.items()
            ],
        }
    kind = {Always: "invariant", Leaves: "ranking", Possible: "distance"}[type(case.one.form)]  # type: ignore[index]
    return {"kind": kind, "configurations": len(case.product.nodes)}


def _refuted(case: Case, evidence: dict[str, Any]) -> list[str]:
    """What the checker finds wrong with *evidence*."""
    space = case.view.space
    faults: list[str] = []
    for shown in evidence.get("traces", ()):
        found = faults_of_trace(case.view.lifecycle, space.semantics, space.scenario, shown)
        faults += [f"the evidence is refuted: {fault}" for fault in found]
    return faults


def _named(verdict: Verdict, expected: Expectations) -> Verdict:
    """*verdict* with the names of known findings, and with what differs from the expectations."""
    findings = tuple(
        replace(finding, names=expected.names(verdict.property, verdict.scenario, finding.key))
        for finding in verdict.findings
    )
    patterns = expected.patterns(verdict.property, verdict.scenario)
    found = {name for finding in findings for name in finding.names}
    unexpected = [f"{pattern.name} was expected and not found" for pattern in patterns if pattern.name not in found]
    if expected.expected.complete:
        unexpected += [
            "not expected: " + ", ".join(f"{name}={value}" for name, value in finding.key.items())
            for finding in findings
            if not finding.names
        ]
    return replace(
        verdict,
        expected=expected.verdict(verdict.property, verdict.scenario),
        findings=findings,
        known=tuple(known(pattern) for pattern in patterns if pattern.name in found),
        unexpected=tuple(unexpected),
    )
