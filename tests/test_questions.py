"""What is asked of the tables alone: by each engine for itself, with the same answer whatever scenarios are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checks import first_saves, leaving, questions
from checks.anatomy import Anatomy
from checks.graph.view import View
from checks.leaving import Leaving, claimed
from checks.smt.leaving import without_way_out
from checks.spaces import explored
from checks.verdict import Outcome, Verdict
from checks.verify import verify
from model.lifecycle import Lifecycle
from model.semantics import Semantics
from model.tables_reader import read_tables

LIFECYCLES = Path(__file__).parent / "lifecycles"


def of_tables(lifecycle: Lifecycle, name: str, scenario: str = "sequential", *, z3: bool = True) -> Verdict:
    (verdict,) = verify(lifecycle, [scenario], [name], z3=z3).verdicts
    return verdict


def keys(verdict: Verdict) -> list[dict[str, str]]:
    return [dict(finding.key) for finding in verdict.findings]


def seen(lifecycle: Lifecycle, scenario: str = "sequential") -> View:
    found = explored(Semantics(lifecycle), lifecycle.scenarios[scenario])
    return View(found.space, Anatomy(lifecycle), found.disturbed)


def refuted(view: View, claim: Leaving) -> str:
    return without_way_out(view.lifecycle, view.space.scenario, claim).refuted


@pytest.mark.parametrize("scenario", ["sequential", "calm", "crash", "lost"])
def test_ways_out_are_the_same_whatever_scenario_is_asked(door: Lifecycle, scenario: str) -> None:
    verdict = of_tables(door, "alive", scenario)
    assert keys(verdict) == keys(of_tables(door, "alive"))
    assert not verdict.disagreement
    assert len(questions.stuck(seen(door, "crash"))) > len(verdict.findings)
    assert "ways out are asked in sequential" in verdict.engines[0].detail


def test_ways_out_of_nova_are_the_same_in_every_scenario(nova: Lifecycle) -> None:
    for scenario in ("admin", "lost"):
        assert len(keys(of_tables(nova, "alive", scenario, z3=False))) == 8


def test_without_one_request_at_a_time_ways_out_are_not_asked(door: Lifecycle) -> None:
    scenarios = {name: replace(one, processes=2) for name, one in door.scenarios.items()}
    verdict = of_tables(replace(door, scenarios=scenarios), "alive")
    assert verdict.outcome is Outcome.HOLDS
    assert "not asked" in verdict.bound


def test_of_a_bounded_space_z3_says_nothing(door: Lifecycle, monkeypatch: pytest.MonkeyPatch) -> None:
    first = {"crash": door.scenarios["crash"], **door.scenarios}
    plain = explored

    def bounded(semantics: Semantics, scenario: Any) -> Any:
        return plain(semantics, scenario, whole=10)

    monkeypatch.setattr("checks.verify.explored", bounded)
    verdict = of_tables(replace(door, scenarios=first), "alive")
    assert {engine.name: engine.outcome for engine in verdict.engines}["z3"] is Outcome.UNDECIDED
    assert "one crash" in verdict.bound
    assert not verdict.disagreement


LIES: dict[str, tuple[str, Any, str, str]] = {
    "no state is lost": ("checks.questions.stuck", lambda _: [], "alive", "position="),
    "a row is dead": ("checks.questions.conceivable", lambda _: set(), "alive", "open/guard"),
    "z3 takes a row for dead": ("checks.questions.unreachable_by_z3", lambda _: {"open/guard"}, "alive", "open/guard"),
    "nothing is refused": ("checks.first_saves.refusals", lambda _: iter([("a", "b")]), "guards-agree", "refused a b"),
    "z3 refuses nothing": (
        "checks.first_saves.refusals_by_z3", lambda _: iter([("a", "b")]), "guards-agree", "refused a b",
    ),
    "z3 repeats all": (
        "checks.first_saves.unrepeatables_by_z3", lambda _: iter([("a", ("X",))]), "guards-agree", "not repeatable a X",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_where_one_engine_errs_the_run_says_on_what(door: Lifecycle, monkeypatch: pytest.MonkeyPatch, lie: str) -> None:
    place, false, name, word = LIES[lie]
    if "first_saves.refusals" in place:
        monkeypatch.setitem(door.rows, "b", next(iter(door.rows.values())))
    assert not of_tables(door, name).disagreement
    monkeypatch.setattr(place, false)
    assert word in of_tables(door, name).disagreement


def test_engines_find_the_same_repeatable_requests(nova: Lifecycle) -> None:
    found = set(first_saves.unrepeatables(nova))
    assert found == set(first_saves.unrepeatables_by_z3(nova)) != set()
    assert set(first_saves.refusals(Semantics(nova))) == set(first_saves.refusals_by_z3(nova))


@pytest.mark.parametrize("name", ["door", "lamp", "volume"])
def test_z3_finds_the_states_without_a_way_out(name: str) -> None:
    view = seen(read_tables(LIFECYCLES / name))
    for whole in (False, True):
        found = without_way_out(view.lifecycle, view.space.scenario, claimed(view, whole=whole))
        named = [questions.state_named(view, state) for state in sorted(found.states)]
        expected = [dict(finding.key) for finding in questions.stuck(view)]
        assert sorted(map(str, named)) == sorted(map(str, expected))
        assert not found.refuted
        assert ("proved when" in found.detail) is not whole


def test_z3_lists_states_by_itself(door: Lifecycle, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is claimed neither near nor caught is still asked of, so that nothing is left out by leaving it unsaid."""
    view = seen(door)
    every = without_way_out(door, view.space.scenario, claimed(view, whole=False)).states
    monkeypatch.setattr(leaving, "_led", lambda *_: iter(()))
    more = without_way_out(door, view.space.scenario, claimed(view, whole=False))
    assert every < more.states
    assert "neither near" in more.refuted


def wrong(change: Callable[[Any], Any]) -> Callable[[View], Any]:
    right = leaving.steps_ahead
    return lambda view: change(right(view))


CLAIMS: dict[str, tuple[str, Any, str]] = {
    "nothing changes the phase": ("steps_ahead", wrong(lambda ahead: np.full_like(ahead, -1)), "caught"),
    "what is caught changes it": ("steps_ahead", wrong(lambda ahead: np.where(ahead < 0, 0, ahead)), "changes"),
    "a step too near": ("_led", lambda *given: ((one, 0) for one in given[2]), "changes"),
    "too far for any step": ("_led", lambda *given: ((one, 7 + one) for one in given[2]), "nearer"),
    "an execution that skips": ("_back", None, "nearer"),
    "an execution that starts late": ("_back", lambda _, node: [node], "runs"),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_false_claim_is_refuted(door: Lifecycle, monkeypatch: pytest.MonkeyPatch, claim: str) -> None:
    name, false, question = CLAIMS[claim]
    view = seen(door)
    back = leaving._back

    def skips(view: View, node: int) -> list[int]:
        way = back(view, node)
        return [*way[:2], *way[3:]]

    assert not refuted(view, claimed(view, whole=True))
    monkeypatch.setattr(leaving, name, false or skips)
    assert f"{question}: " in refuted(view, claimed(view, whole=True))


def test_what_is_not_claimed_to_be_reached_is_missed(door: Lifecycle) -> None:
    view = seen(door)
    claim = claimed(view, whole=True)
    for busy, question in ((False, "initial"), (True, "closed")):
        mask = ~(1 << claim.asked)
        groups = {
            stands: tuple((cube[0] & mask, *cube[1:]) if bool(stands) is busy else cube for cube in cubes)
            for stands, cubes in claim.claim.groups.items()
        }
        assert f"{question}: " in refuted(view, replace(claim, claim=replace(claim.claim, groups=groups)))


def test_a_claim_that_is_not_proved_fails_the_run(door: Lifecycle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "_back", lambda _, node: [node])
    verdict = of_tables(door, "alive")
    assert "does not prove" in verdict.disagreement
    assert verdict.engines[1].outcome is Outcome.UNDECIDED


def test_rows_that_nothing_leads_to_are_dead_for_both(door: Lifecycle) -> None:
    """A guard that nothing passes, and all that only comes after it."""
    entries = tuple(
        replace(entry, when=(((door.compare_variable, frozenset()),),)) if entry.operation == "open" else entry
        for entry in door.entries
    )
    closed = replace(door, entries=entries)
    verdict = of_tables(closed, "alive")
    assert {"open/guard", "open/turn/done"} <= {key.get("row") for key in keys(verdict)}
    assert not verdict.disagreement
