"""What must be possible, with sets of values: never more than is possible, z3 proves it, and refuses anything else."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.anatomy import Anatomy
from checks.candidate import Distances, sure_distances
from checks.keys import Key, coordinates
from checks.meaning import Meaning, Moment
from checks.properties.catalogue import PROPERTIES
from checks.properties.definition import Possible, Property
from checks.smt.distance import proved
from checks.surely import Surely, surely
from checks.values import Values
from checks.verdict import Outcome
from checks.verify import verify
from model.explore import Configuration, Moves, explore
from model.lifecycle import Lifecycle, Scenario
from model.program import FAILED, FINISHED, Call, Entry, Instruction, Read, Save, Wait
from model.semantics import Semantics
from model.tables_reader import read_tables

LIFECYCLES = Path(__file__).parent / "lifecycles"
MACHINES = int(os.environ.get("MACHINES", "100"))
DELETABLE, RECONCILES = (next(one for one in PROPERTIES if one.id == name) for name in ("deletable", "reconciles"))


@cache
def tables(name: str) -> Lifecycle:
    return read_tables(LIFECYCLES / name)


def impossible(semantics: Semantics, scenario: Scenario, one: Property) -> tuple[set[Key], set[Configuration]]:
    """The definition, word for word: the keys of what is reached from where the goal is not, and all of that."""
    assert isinstance(one.form, Possible)
    form, moves, meaning = one.form, Moves(semantics, scenario), Meaning(semantics)
    where = coordinates(semantics.lifecycle, one)
    space = explore(semantics, scenario, limit=20_000)
    assert not space.truncated
    before: dict[Configuration, list[Configuration]] = {}
    found = {place for place in space.configurations if meaning.true(form.goal, Moment(place, place))}
    for place in space.configurations:
        for step, to in moves.successors(place):
            if step.kind in form.kinds if step.process < 0 else not step.spontaneous:
                before.setdefault(to, []).append(place)
    todo = list(found)
    while todo:
        for place in before.get(todo.pop(), ()):
            if place not in found:
                found.add(place)
                todo.append(place)
    never = set(space.configurations) - found
    asked = {place for place in never if meaning.true(form.premise, Moment(place, place))}
    return {tuple(record[variable] for variable in where) for record, _ in asked}, never


def judged(lifecycle: Lifecycle, scenario: Scenario, one: Property, loose: tuple[int, ...]) -> tuple[Surely, set[Key]]:
    """What is sure, held against the definition."""
    semantics = Semantics(lifecycle)
    values = Values(semantics, scenario, loose)
    found = surely(values, one, Anatomy(lifecycle))
    keys, never = impossible(semantics, scenario, one)
    assert keys <= found.keys
    assert found.lost <= found.keys
    if not loose:
        assert keys == found.keys
    for record, controls in explore(semantics, scenario).configurations:
        place = found.ahead.loose.kept(record), controls
        if place in found.caught:
            assert (record, controls) in never
        if found.astray is not None and place not in found.astray:
            assert (record, controls) not in never
    return found, keys


# -- random machines --------------------------------------------------------------------------------------------------


def _instruction(draw: st.DrawFn, point: int, size: int) -> Instruction:
    """One instruction over all variables of the door; its targets lie ahead."""
    lifecycle = tables("door")
    ahead = st.sampled_from([*range(point + 1, size), FINISHED, FAILED])
    common = (f"open/turn/p{point}", "open", draw(st.sampled_from(["motor", "panel"])), False, None)
    lock, frame, light, lamp = (lifecycle.index(name) for name in ("motion", "frame", "light", "lamp"))
    values = {one: st.integers(0, len(lifecycle.variables[one].values) - 1) for one in (0, lock, frame, light, lamp)}
    gone = lifecycle.variables[frame].values.index("GONE")

    def tests(variable: int) -> tuple[int, frozenset[int]]:
        return variable, draw(st.frozensets(values[variable], min_size=1))

    match draw(st.integers(0, 3)):
        case 0 | 1:
            writes = [(one, draw(values[one])) for one in (0, lock, light) if draw(st.booleans())]
            if draw(st.integers(0, 3)) == 0:
                writes.append((frame, gone))
            expect = draw(st.none() | st.frozensets(values[lock], min_size=1))
            names = [lifecycle.missing]
            if expect is not None:
                names += [lifecycle.refused, *(name for name, _ in lifecycle.special)]
            where = (tests(draw(st.sampled_from([light, lamp]))),) if draw(st.booleans()) else ()
            raised = tuple((name, draw(ahead)) for name in names)
            return Save(*common, tuple(sorted(writes)), expect, where, None, draw(ahead), raised)
        case 2:
            effects = tuple(((lamp, draw(values[lamp])),) for _ in range(draw(st.integers(1, 2))))
            return Call(*common, effects, ((),), draw(ahead), (("error", draw(ahead)),))
        case _:
            asked = draw(st.sampled_from([light, lamp, lock]))
            condition = ((tests(asked),),)
            missing = ((lifecycle.missing, draw(ahead)),)
            return Read(
                *common, (), draw(st.booleans()), draw(st.booleans()), condition, draw(ahead), draw(ahead), missing
            )


@st.composite
def machines(draw: st.DrawFn) -> Lifecycle:
    """Two requests over a few instructions, one of them behind a message; a recovery that only serves again."""
    lifecycle = tables("door")
    size = draw(st.integers(2, 5))
    made: list[Instruction] = [_instruction(draw, point, size) for point in range(size)]
    service = next(one for one in lifecycle.services if one.available)
    made.append(
        Wait("open/press/cast", "open", service.name, False, None, service.available, draw(st.integers(0, size - 1)))
    )
    locks = st.frozensets(st.integers(0, len(lifecycle.variables[lifecycle.compare_variable].values) - 1), min_size=1)
    present = lifecycle.predicates["present"][0]
    entries = tuple(
        Entry(
            row, row.split("/")[0], "request", ((*present, (lifecycle.compare_variable, draw(locks))),), (), (), start
        )
        for row, start in (("open/guard", draw(st.integers(0, size - 1))), ("remove/guard", size))
    )
    recovery = next(entry for entry in lifecycle.entries if entry.kind == "recovery")
    serve = next(one for one in lifecycle.instructions if isinstance(one, Call) and one.row.endswith("/serve"))
    rows = {one.row: replace(lifecycle.rows["open/turn/done"], id=one.row) for one in made}
    return replace(
        lifecycle,
        instructions=(*made, serve),
        entries=(*entries, replace(recovery, next=len(made))),
        rows={**lifecycle.rows, **rows},
    )


@given(machines(), st.sampled_from(["sequential", "crash", "lost"]), st.sets(st.sampled_from(["light", "lamp"])))
@settings(max_examples=MACHINES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_definition_the_claim_and_z3_agree(lifecycle: Lifecycle, name: str, loose: set[str]) -> None:
    """What z3 proves is what the claim says; and the claim never says that what is impossible is possible."""
    scenario = lifecycle.scenarios[name]
    found, keys = judged(lifecycle, scenario, DELETABLE, tuple(lifecycle.index(one) for one in loose))
    if found.decides:
        expected = Outcome.VIOLATED if found.keys else Outcome.HOLDS
        outcome, _, detail = proved(lifecycle, scenario, DELETABLE, found.keys, sure_distances(found), closes=True)
        assert outcome is expected, detail
        assert expected is Outcome.VIOLATED or not keys


@given(machines(), st.sampled_from(["sequential", "crash", "lost"]), st.sets(st.sampled_from(["light", "lamp"])))
@settings(max_examples=MACHINES // 4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_run_with_variables_forgotten_never_contradicts_itself(
    lifecycle: Lifecycle, name: str, forgotten: set[str]
) -> None:
    """Whatever is forgotten, no engine contradicts another, and what is decided is so with all variables."""
    scenario = replace(lifecycle.scenarios[name], forget=tuple(sorted(forgotten)))
    smaller = replace(lifecycle, scenarios={**lifecycle.scenarios, name: scenario})
    keys, _ = impossible(Semantics(lifecycle), scenario, DELETABLE)
    (found,) = verify(smaller, [name], ["deletable"]).verdicts
    assert not found.disagreement, found
    assert found.checked is not False, found
    z3 = next(engine.outcome for engine in found.engines if engine.name == "z3")
    if forgotten or name != "sequential":  # else every state is asked, reachable or not
        assert {found.outcome, z3} <= {Outcome.UNDECIDED, Outcome.VIOLATED if keys else Outcome.HOLDS}


# -- small lifecycles -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "one"),
    [("door", DELETABLE), ("lamp", DELETABLE), ("volume", DELETABLE), ("lamp", RECONCILES)],
    ids=lambda one: getattr(one, "id", one),
)
def test_small_lifecycles_are_judged_as_the_definition_says(name: str, one: Property) -> None:
    """Whatever is loose, also what the property asks about: of that each value is told apart."""
    lifecycle = tables(name)
    for scenario in lifecycle.scenarios.values():
        # The volume has so many configurations where anybody may set any status that one choice is enough.
        known = range(1, len(lifecycle.variables)) if name != "volume" else [4, 5, 6]
        if scenario.processes == 1 and (name != "volume" or "admin" not in scenario.kinds):
            for loose in [(), *combinations(known, 2)]:
                judged(lifecycle, scenario, one, loose)


# -- what z3 refuses --------------------------------------------------------------------------------------------------


@cache
def _claim() -> tuple[Lifecycle, Scenario, Surely]:
    lifecycle = tables("volume")
    scenario = lifecycle.scenarios["sequential"]
    loose = [lifecycle.index("previous_status"), lifecycle.index("migration")]
    return lifecycle, scenario, surely(Values(Semantics(lifecycle), scenario, loose), DELETABLE, Anatomy(lifecycle))


def _outcome(claimed: Distances, keys: frozenset[Key]) -> tuple[Outcome, str]:
    lifecycle, scenario, _ = _claim()
    outcome, _, detail = proved(lifecycle, scenario, DELETABLE, keys, claimed, closes=True)
    return outcome, detail


def _changed(of: Callable[[int, int], int]) -> Distances:
    """The claim with the tags of each cube as *of* says, of the tags and the number that stands for what is asked."""
    claimed = sure_distances(_claim()[2])
    groups = {
        stands: tuple((of(cube[0], claimed.most), *cube[1:]) for cube in cubes)
        for stands, cubes in claimed.claim.groups.items()
    }
    return replace(claimed, claim=replace(claimed.claim, groups=groups))


def test_the_claim_of_the_volume_is_proved() -> None:
    found = _claim()[2]
    assert found.keys
    assert found.keys == found.lost
    assert found.astray
    assert _outcome(sure_distances(found), found.keys)[0] is Outcome.VIOLATED


def test_a_claim_that_lacks_what_is_reached_is_refused() -> None:
    claimed = sure_distances(_claim()[2])
    for stands in list(claimed.claim.groups)[::10]:
        groups = {where: cubes for where, cubes in claimed.claim.groups.items() if where != stands}
        outcome, detail = _outcome(replace(claimed, claim=replace(claimed.claim, groups=groups)), _claim()[2].keys)
        assert outcome is Outcome.UNDECIDED
        assert "closed" in detail or "initial" in detail


def test_a_claim_that_leaves_out_a_key_is_refused() -> None:
    found = _claim()[2]
    for key in found.keys:
        outcome, detail = _outcome(sure_distances(found), found.keys - {key})
        assert outcome is Outcome.UNDECIDED
        assert "asked" in detail


@pytest.mark.parametrize(
    ("of", "question"),
    [
        (lambda tags, most: tags | (1 << most) - 1, "falls"),  # everything is near at once
        (lambda tags, most: tags | 1 << most + 1, "trap"),  # everything is caught
        (lambda tags, most: tags & ~(1 << most + 2), "runs"),  # nothing is astray
        (lambda tags, most: tags & ~((1 << most) - 1), "runs"),  # nothing is near, so that something halts far away
    ],
    ids=["near", "caught", "astray", "far"],
)
def test_a_claim_that_says_too_much_is_refused(of: Callable[[int, int], int], question: str) -> None:
    outcome, detail = _outcome(_changed(of), _claim()[2].keys)
    assert outcome is Outcome.UNDECIDED
    assert question in detail


# -- Nova -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["lost", "admin"])
def test_nova_is_decided_by_both_engines_with_all_variables(nova: Lifecycle, scenario: str) -> None:
    """Exactly where executions show it an instance cannot be deleted any more."""
    (found,) = verify(nova, [scenario], ["deletable"]).verdicts
    assert {engine.name: engine.outcome for engine in found.engines} == {
        "graph search": Outcome.VIOLATED,
        "z3": Outcome.VIOLATED,
    }
    assert not found.disagreement
    assert "there may be more" not in found.bound


def test_nova_reconciles_with_all_variables(nova: Lifecycle) -> None:
    """Whatever the remembered state and the migration are, a conflict is corrected or reported."""
    scenario = nova.scenarios["outside"]
    loose = {nova.index(name) for name in scenario.forget} | {one for pair in nova.observed.items() for one in pair}
    found = surely(Values(Semantics(nova), scenario, loose), RECONCILES, Anatomy(nova))
    assert not found.keys
    assert found.near
    outcome, _, _ = proved(nova, scenario, RECONCILES, found.keys, sure_distances(found), closes=True)
    assert outcome is Outcome.HOLDS
