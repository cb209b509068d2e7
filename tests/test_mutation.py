"""Each property is refuted by some change of the tables, and changes of the tables are noticed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from checks.mutation import Mutant, Result, fingerprint, lines, mutants, mutate, mutated
from checks.properties.catalogue import PROPERTIES
from checks.verdict import Outcome
from checks.verify import verify
from model.lifecycle import Lifecycle
from model.tables_reader import read_tables

LIFECYCLES = Path(__file__).parent / "lifecycles"

#: property, lifecycle, scenario, and a change after which the property, which held, is violated
REFUTED = [
    ("rest", "lamp", "sequential", Mutant("policies/switches_back/back", "omit task")),
    ("exclusive", "lamp", "sequential", Mutant("remove/press/mark", "change value")),
    ("terminates", "lamp", "sequential", Mutant("switch-on/switch/current", "escape")),
    ("deletable", "lamp", "sequential", Mutant("remove/guard", "delete")),
    ("delete-wins", "lamp", "sequential", Mutant("remove/take_away/gone", "omit there")),
    ("stable", "lamp", "sequential", Mutant("switch-on/switch/done", "omit task")),
    ("fails-visibly", "lamp", "sequential", Mutant("policies/switches_back/back", "delete")),
    ("restores", "lamp", "sequential", Mutant("policies/switches_back/back", "change value")),
    ("undoes", "lamp", "sequential", Mutant("switch-off/cut/done", "omit switch")),
    ("delivers", "lamp", "sequential", Mutant("switch-on/switch/current", "delete")),
    ("final", "door", "crash", Mutant("recover/guard", "revive")),
    ("power-from-compute", "lamp", "sequential", Mutant("switch-on/switch/done", "elsewhere")),
    ("reconciles", "lamp", "outside", Mutant("look/look/report", "delete")),
    ("guards-agree", "lamp", "sequential", Mutant("switch-on/guard", "without task")),
    ("alive", "volume", "calm", Mutant("retype/guard", "delete")),
]
#: no small lifecycle holds it before (a crash leaves something everywhere): it is violated in more ways after
WORSE = [("recovers", "door", "crash", Mutant("open/turn/done", "omit motion"))]


@cache
def tables(name: str) -> Lifecycle:
    return read_tables(LIFECYCLES / name)


def findings(lifecycle: Lifecycle, property_id: str, scenario: str) -> set[tuple[str, ...]]:
    verdicts = verify(lifecycle, [scenario], [property_id], z3=False).verdicts
    return {tuple(finding.key.values()) for verdict in verdicts for finding in verdict.findings}


@pytest.mark.parametrize(("property_id", "name", "scenario", "mutant"), [*REFUTED, *WORSE], ids=str)
def test_each_property_is_refuted_by_a_mutant(property_id: str, name: str, scenario: str, mutant: Mutant) -> None:
    before = findings(tables(name), property_id, scenario)
    assert mutant in set(mutants(tables(name)))
    after = findings(mutated(tables(name), mutant), property_id, scenario)
    assert after - before
    if (property_id, name, scenario, mutant) in REFUTED and property_id != "alive":
        assert not before


def test_no_property_is_forgotten() -> None:
    assert {one[0] for one in (*REFUTED, *WORSE)} == {one.id for one in PROPERTIES}


def test_the_lamp_holds_everything_before() -> None:
    report = verify(tables("lamp"))
    assert [one for one in report.verdicts if one.disagreement or one.checked is False] == []
    assert {one.property for one in report.verdicts if one.outcome is not Outcome.HOLDS} == set()


def test_single_conditions_of_guards_are_mutated() -> None:
    changes = {one.change for one in mutants(tables("lamp")) if one.row == "switch-on/guard"}
    assert changes == {"drop guard", "without switch", "without task", "delete"}


def test_handlers_are_mutated() -> None:
    """Without its handler a failing step ends the process, and its handler is never entered."""
    mutant = Mutant("switch-on/switch/current", "escape")
    assert mutant in set(mutants(tables("lamp")))
    verdicts = verify(mutated(tables("lamp"), mutant), ["sequential"], ["alive"], z3=False).verdicts
    dead = {finding.key.get("row") for verdict in verdicts for finding in verdict.findings}
    assert "policies/switches_back/back" in dead or findings(mutated(tables("lamp"), mutant), "rest", "sequential")


@pytest.mark.parametrize("name", ["lamp", "door", "volume"])
def test_every_mutant_changes_something(name: str) -> None:
    lifecycle = tables(name)
    assert [one for one in mutants(lifecycle) if mutated(lifecycle, one) == lifecycle] == []


def test_a_change_that_says_the_same_is_not_noticed() -> None:
    lifecycle = tables("lamp")
    usual = fingerprint(verify(lifecycle, ["sequential"], z3=False))
    assert (
        fingerprint(verify(mutated(lifecycle, Mutant("nothing/like/it", "delete")), ["sequential"], z3=False)) == usual
    )


def test_most_mutants_of_the_lamp_are_caught_and_the_report_says_which_are_not() -> None:
    results = mutate(tables("lamp"), ("sequential", "outside"), workers=1)
    said = list(lines(results))
    caught = sum(one.caught for one in results)
    assert caught >= 0.6 * len(results)
    assert any(line.startswith(f"{caught} of {len(results)} mutants caught") for line in said)
    for one in results:
        assert any(line.startswith(f"{one.mutant.row}: ") for line in said)


def test_the_report_of_results() -> None:
    results = [
        Result(Mutant("a/b/c", "delete"), caught=True, properties=("rest",)),
        Result(Mutant("a/b/c", "drop expect"), caught=False, properties=()),
    ]
    assert list(lines(results)) == [
        "a/b/c: 1 of 2 caught by rest; survived: drop expect",
        "1 of 2 mutants caught (50%); 1 of 1 rows noticed",
        "survivors: 1 drop",
    ]
