"""The two engines, the checker and the outputs, on a small lifecycle whose verdicts can be read off its tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from checks.anatomy import Anatomy
from checks.certificate import Certificates, closed_set
from checks.checker import Checker
from checks.closed import Closed
from checks.expectations import Expectations, Expected, Pattern
from checks.graph.product import Product, remembers
from checks.graph.search import decide
from checks.graph.view import View
from checks.mutation.mutants import mutants
from checks.mutation.run import mutate
from checks.outputs.as_json import report_json
from checks.outputs.junit import report_junit
from checks.outputs.sarif import report_sarif
from checks.properties.assumptions import ASSUMPTIONS
from checks.properties.catalogue import PROPERTIES, formulas
from checks.properties.definition import Property
from checks.traces import lines
from checks.verdict import Outcome, Report, Verdict, fails
from checks.verify import verify
from model.explore import explore
from model.lifecycle import Lifecycle, Scenario, holds
from model.program import FINISHED, Call, Entry
from model.semantics import Semantics
from model.tables_reader import read_tables

DOOR = Path(__file__).parent / "lifecycles" / "door"


@cache
def door() -> Lifecycle:
    return read_tables(DOOR)


@cache
def report() -> Report:
    return verify(door())


def verdict(property_id: str, scenario: str) -> Verdict:
    (found,) = [one for one in report().verdicts if (one.property, one.scenario) == (property_id, scenario)]
    return found


def keys(found: Verdict) -> set[tuple[str, ...]]:
    return {tuple(finding.key.values()) for finding in found.findings}


def test_engines_agree_and_evidence_holds() -> None:
    assert [one for one in report().verdicts if one.disagreement or one.checked is False] == []


def test_a_failure_that_keeps_its_task_is_found() -> None:
    found = verdict("rest", "sequential")
    assert found.outcome is Outcome.VIOLATED
    assert keys(found) == {("JAMMED", "OPENING")}


def test_without_failures_everything_ends() -> None:
    assert verdict("rest", "calm").outcome is Outcome.HOLDS
    assert verdict("terminates", "calm").outcome is Outcome.HOLDS


def test_a_lost_message_leaves_its_task() -> None:
    assert ("SHUT", "OPENING") in keys(verdict("terminates", "lost"))


def test_traces_are_shortest_and_can_be_read() -> None:
    finding = verdict("rest", "sequential").findings[0]
    assert finding.trace is not None
    shown = list(lines(finding.trace))
    assert len(shown) == len(finding.trace.steps) + 1
    assert finding.trace.steps[-1].record["position"] == "JAMMED"
    assert len(finding.trace.steps) == 6


def _ways(
    lifecycle: Lifecycle, scenario: Scenario, without: frozenset[str] = frozenset(), property_id: str = "terminates"
) -> set[tuple[int, ...]]:
    """The ways in which the property is violated."""
    (one,) = [one for one in PROPERTIES if one.id == property_id]
    view = View(explore(Semantics(lifecycle), scenario), Anatomy(lifecycle))
    return set(decide(view, Product(view, remembers(formulas(one))), one, without).witnesses)


Case = tuple[str, Lifecycle, Scenario]


def _plain(scenario: str, property_id: str = "terminates") -> Case:
    return property_id, door(), door().scenarios[scenario]


def _tried_again() -> Case:
    """Every call that fails is made again."""
    again = tuple(
        replace(one, raised=tuple((exception, point) for exception, _ in one.raised)) if isinstance(one, Call) else one
        for point, one in enumerate(door().instructions)
    )
    return "terminates", replace(door(), instructions=again), door().scenarios["sequential"]


def _reset() -> Case:
    """A periodic task that resets what was lost, in one moment."""
    lock = door().compare_variable
    rest = door().predicates["rest"][0][0][1]
    busy = frozenset(range(len(door().variables[lock].values))) - rest
    when = (*door().predicates["present"][0], (lock, busy))
    reset = Entry("open/guard", "open", "periodic", (when,), (), ((lock, min(rest)),), FINISHED)
    lifecycle = replace(door(), entries=(*door().entries, reset))
    lost = door().scenarios["lost"]
    return "terminates", lifecycle, replace(lost, kinds=lost.kinds | {"periodic"})


#: For each assumption a case that is violated in more ways without it.
NEEDED: dict[str, Callable[[], Case]] = {
    "progress": lambda: _plain("calm"),
    "delivery": lambda: _plain("calm"),
    "return": lambda: _plain("crash"),
    "finite-failures": _tried_again,
    "finite-crashes": lambda: _plain("crash"),
    "periodic": _reset,
    "cooperation": lambda: _plain("lost", "deletable"),
}


@pytest.mark.parametrize("dropped", ASSUMPTIONS)
def test_each_assumption_is_needed(dropped: str) -> None:
    property_id, lifecycle, scenario = NEEDED[dropped]()
    with_it = _ways(lifecycle, scenario, property_id=property_id)
    assert with_it < _ways(lifecycle, scenario, frozenset({dropped}), property_id)


def test_a_removal_of_which_every_message_is_lost_removes_nothing() -> None:
    """Without cooperation the door may stay for ever in each state in which it can be; with it, in none."""
    lost = door().scenarios["lost"]
    records = {record for record, _ in explore(Semantics(door()), lost).configurations}
    there = {record[:2] for record in records if holds(door().predicates["present"], record)}
    assert _ways(door(), lost, property_id="deletable") == set()
    assert _ways(door(), lost, frozenset({"cooperation"}), "deletable") == there


@pytest.mark.parametrize("scenario", ["calm", "sequential"])
def test_a_removal_that_nothing_hinders_needs_no_cooperation(scenario: str) -> None:
    """What jams can be removed, and a removal calls nothing that may fail."""
    assert _ways(door(), door().scenarios[scenario], frozenset({"cooperation"}), "deletable") == set()


def _first_trace() -> Mapping[str, Any]:
    return verdict("rest", "sequential").evidence["traces"][0]  # type: ignore[no-any-return]


def test_the_checker_refutes_what_is_not_an_execution() -> None:
    semantics = Semantics(door())
    for one in report().verdicts:
        for shown in one.evidence.get("traces", ()):
            assert Checker(semantics, door().scenarios[one.scenario]).faults_of_trace(shown) == []
    checker = Checker(semantics, door().scenarios["sequential"])
    good = _first_trace()
    shorter = {**good, "steps": good["steps"][:2] + good["steps"][3:]}
    assert checker.faults_of_trace(shorter)
    elsewhere = {**good, "start": good["steps"][0][1:]}
    assert checker.faults_of_trace(elsewhere)
    renamed = {**good, "steps": [["nothing/like/it", *good["steps"][0][1:]], *good["steps"][1:]]}
    assert checker.faults_of_trace(renamed)


def _held(property_id: str) -> tuple[Mapping[str, Any], Property]:
    """The certificate of a property that holds in the scenario `calm`."""
    found = verdict(property_id, "calm")
    assert found.outcome is Outcome.HOLDS
    (one,) = [one for one in PROPERTIES if one.id == property_id]
    return found.evidence, one


def _faults(evidence: Mapping[str, Any], one: Property) -> list[str]:
    return Closed(Semantics(door()), door().scenarios["calm"], evidence).faults(one, evidence)


@pytest.mark.parametrize("property_id", ["rest", "exclusive", "terminates", "stable"])
def test_what_holds_has_a_certificate_that_the_checker_accepts(property_id: str) -> None:
    assert _faults(*_held(property_id)) == []


def test_a_certificate_that_lacks_a_place_is_refused() -> None:
    evidence, one = _held("rest")
    groups = evidence["groups"]
    for number in range(len(groups)):
        assert _faults({**evidence, "groups": [*groups[:number], *groups[number + 1 :]]}, one)


def test_a_certificate_of_another_property_is_refused() -> None:
    """In `sequential` a failure leaves its task: the same places are no certificate of `rest`."""
    view = View(explore(Semantics(door()), door().scenarios["sequential"]), Anatomy(door()))
    (one,) = [one for one in PROPERTIES if one.id == "rest"]
    product = Product(view, remembers(formulas(one)))
    _, faults = Certificates().checked(product, one, decide(view, product, one))
    assert faults == ["a member violates the property"]


def test_ranks_that_do_not_fall_are_refused() -> None:
    evidence, one = _held("terminates")
    groups = [
        {**group, "cubes": [[*cube[:-1], min(cube[-1], 2)] for cube in group["cubes"]]} for group in evidence["groups"]
    ]
    assert _faults({**evidence, "groups": groups}, one) == ["nothing forces the rank to fall"]


def test_distances_that_do_not_decrease_are_refused() -> None:
    (one,) = [one for one in PROPERTIES if one.id == "deletable"]
    view = View(explore(Semantics(door()), door().scenarios["calm"]), Anatomy(door()))
    product = Product(view, remembers(formulas(one)))
    decision = decide(view, product, one)
    assert decision.distances is not None
    evidence, faults = Certificates().checked(product, one, decision)
    assert (not faults) is (decision.outcome is Outcome.HOLDS)
    assert _faults({**evidence, **closed_set(product, np.ones_like(decision.distances))}, one)


def test_a_verdict_that_differs_from_what_is_expected_fails() -> None:
    wrong = Expectations(Expected(verdicts={"rest": {"sequential": "holds"}}))
    (found,) = verify(door(), ["sequential"], ["rest"], expectations=wrong).verdicts
    assert fails(found)
    right = Expectations(Expected(verdicts={"rest": {"sequential": "violated"}}))
    (found,) = verify(door(), ["sequential"], ["rest"], expectations=right).verdicts
    assert not fails(found)


def test_a_known_finding_counts_only_when_it_is_found() -> None:
    pattern = Pattern(name="K-1", properties=["rest"], what={"en": "keeps its task"}, launchpad=[1])
    first = next(iter(verdict("rest", "sequential").findings[0].key))
    there = pattern.model_copy(update={"when": {first: ["JAMMED"]}})
    gone = pattern.model_copy(update={"name": "K-2", "when": {first: ["OPEN"]}})
    expected = Expectations(Expected(findings=[there, gone]))
    (found,) = verify(door(), ["sequential"], ["rest"], expectations=expected).verdicts
    assert [one.name for one in found.known] == ["K-1"]
    assert found.unexpected == ("K-2 was expected and not found",)
    assert fails(found)


def test_a_vacuous_verdict_fails() -> None:
    empty = Verdict("p", "s", Outcome.HOLDS, Outcome.HOLDS, (), 0)
    assert fails(empty)


def test_outputs_are_well_formed() -> None:
    plain = json.loads(report_json(report()))
    assert len(plain["verdicts"]) == len(report().verdicts)
    suite = ET.fromstring(report_junit(report()))  # noqa: S314 - it is our own
    assert suite.get("tests") == str(len(report().verdicts))
    sarif = json.loads(report_sarif(report(), DOOR))
    shown = sum(len(one.findings) or int(fails(one)) for one in report().verdicts)
    assert len(sarif["runs"][0]["results"]) == shown


def test_mutants_are_noticed() -> None:
    results = mutate(door(), ("sequential", "crash"), workers=1)
    assert len(results) == len(list(mutants(door())))
    assert sum(one.noticed for one in results) >= 0.8 * len(results)
