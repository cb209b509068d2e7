"""Exact exploration, reductions and closure against a brute-force reading of the automaton, on random machines."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.concurrency.automaton import END, Automaton, Crash, Move, Origin, Place, assemble
from checks.concurrency.certificate import faults_of_pairs
from checks.concurrency.closure import close
from checks.concurrency.exact import Explored, explore, explore_from
from checks.concurrency.paths import paths
from checks.concurrency.reduce import reduce
from checks.concurrency.relation import Relation
from model import explore as scalar
from model.conditions import assigned, passes
from model.forget import assumed, forget
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics

SIZES = (2, 3, 2)
Configuration = tuple[tuple[int, ...], tuple[int, ...]]


def whens() -> st.SearchStrategy[tuple[tuple[int, frozenset[int]], ...]]:
    def test(variable: int) -> st.SearchStrategy[tuple[int, frozenset[int]]]:
        values = st.frozensets(st.integers(0, SIZES[variable] - 1), min_size=1)
        return values.map(lambda chosen: (variable, chosen))

    return st.dictionaries(st.integers(0, 2), st.just(0), max_size=2).flatmap(
        lambda chosen: st.tuples(*(test(variable) for variable in sorted(chosen)))
    )


def assigns() -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    one = st.sampled_from([(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (0, -3), (2, -1)])
    return st.lists(one, max_size=2, unique_by=lambda pair: pair[0]).map(lambda pairs: tuple(sorted(pairs)))


@st.composite
def automata(draw: st.DrawFn, *, crashing: bool = False) -> Automaton:
    count = draw(st.integers(1, 5))
    target = st.integers(-1, count - 1)
    places = []
    for _ in range(count):
        moves = draw(
            st.lists(
                st.builds(
                    Move, whens(), assigns(), target, st.sampled_from([False, False, False, True]), st.just(("r",))
                ),
                max_size=3,
            )
        )
        # taking the lock changes nothing else, as in the programs
        moves = [replace(move, when=(), assign=()) if move.acquires else move for move in moves]
        mortal = crashing and draw(st.booleans())
        heirs = (draw(target),) if mortal else ()
        busy = crashing and draw(st.booleans())
        service = "s" if mortal else None
        places.append(Place(tuple(moves), draw(st.booleans()), service, heirs, draw(st.integers(0, 1)), busy))
    patient = st.booleans() if crashing else st.just(False)
    origin = st.builds(Origin, whens(), st.just(()), target, st.just(False), st.just(("o",)), st.just(0), patient)
    origins = draw(st.lists(origin, min_size=1, max_size=3))
    crashes = (Crash("s", draw(whens()), draw(assigns())),) if crashing else ()
    return Automaton(("a", "b", "c"), SIZES, (0, 0, 0), tuple(places), tuple(origins), crashes, None)


def followers(automaton: Automaton, bound: int, configuration: Configuration) -> list[Configuration]:
    record, flying = configuration
    found: list[Configuration] = []
    locked = any(automaton.places[place].holds for place in flying)
    busy = any(automaton.places[place].busy for place in flying)

    def after(record: tuple[int, ...], places: list[int]) -> Configuration:
        return record, tuple(sorted(place for place in places if place != END))

    for position, place in enumerate(flying):
        if position and flying[position - 1] == place:
            continue
        others = [*flying[:position], *flying[position + 1 :]]
        found += [
            after(assigned(move.assign, record), [*others, move.to])
            for move in automaton.places[place].moves
            if passes(move.when, record) and not (move.acquires and locked)
        ]
    found += [
        after(assigned(origin.assign, record), [*flying, origin.to])
        for origin in automaton.origins
        if len(flying) < bound and passes(origin.when, record) and not (origin.patient and busy)
    ]
    for crash in automaton.crashes:
        dying = [automaton.places[place].service == crash.service for place in flying]
        if passes(crash.when, record) and (crash.assign or any(dying)):
            heirs = [
                automaton.places[place].heirs if dies else (place,) for place, dies in zip(flying, dying, strict=True)
            ]
            found += [after(assigned(crash.assign, record), list(choice)) for choice in product(*heirs)]
    return found


def brute(automaton: Automaton, bound: int) -> tuple[dict[Configuration, int], int]:
    """Every configuration with its distance from the start, and the number of steps."""
    distance: dict[Configuration, int] = {(automaton.initial, ()): 0}
    waiting = list(distance)
    steps = 0
    for configuration in waiting:
        for after in followers(automaton, bound, configuration):
            steps += 1
            if after not in distance:
                distance[after] = distance[configuration] + 1
                waiting.append(after)
    return distance, steps


def unpacked(explored: Explored) -> dict[Configuration, int]:
    found = {}
    for level, packed in enumerate(explored.levels):
        record, places = explored.packing.unpack(packed)
        for position in range(len(packed)):
            standing = tuple(int(column[position]) for column in places)
            flying = tuple(place for place in standing if place != explored.relation.empty)
            found[explored.relation.records.record(int(record[position])), flying] = level
    return found


@settings(max_examples=60, deadline=None)
@given(automata(), st.integers(1, 3))
def test_explores_what_brute_force_explores(automaton: Automaton, bound: int) -> None:
    distance, steps = brute(automaton, bound)
    explored = explore(automaton, bound)
    assert unpacked(explored) == distance
    assert (explored.states, explored.transitions) == (len(distance), steps)


@settings(max_examples=40, deadline=None)
@given(automata(crashing=True), st.integers(1, 2))
def test_a_crash_moves_every_process_at_once(automaton: Automaton, bound: int) -> None:
    distance, steps = brute(automaton, bound)
    explored = explore(automaton, bound)
    assert unpacked(explored) == distance
    assert explored.transitions == steps


@settings(max_examples=40, deadline=None)
@given(automata(), st.integers(1, 3))
def test_ordered_configurations_are_the_orders_of_the_sorted_ones(automaton: Automaton, bound: int) -> None:
    distance, _ = brute(automaton, bound)
    slots = [(*flying, *[END] * (bound - len(flying))) for _, flying in distance]
    orders = sum(len(set(_permutations(each))) for each in slots)
    assert explore(automaton, bound, ordered=True).states == orders


def _permutations(slots: tuple[int, ...]) -> list[tuple[int, ...]]:
    if not slots:
        return [()]
    return [
        (slot, *rest)
        for position, slot in enumerate(slots)
        for rest in _permutations((*slots[:position], *slots[position + 1 :]))
    ]


@settings(max_examples=80, deadline=None)
@given(st.one_of(automata(), automata(crashing=True)), st.integers(1, 3))
def test_reductions_keep_the_records_at_rest_and_in_flight(automaton: Automaton, bound: int) -> None:
    distance, _ = brute(automaton, bound)
    smaller = reduce(automaton, automaton.names)
    reduced = unpacked(explore(smaller, bound))
    assert {record for record, _ in distance} == {record for record, _ in reduced}
    assert {record for record, flying in distance if not flying} == {record for record, flying in reduced if not flying}
    assert {record for record, flying in distance if any(automaton.places[place].mark for place in flying)} == {
        record for record, flying in reduced if any(smaller.places[place].mark for place in flying)
    }


@settings(max_examples=60, deadline=None)
@given(automata(), st.integers(1, 2))
def test_slicing_keeps_what_is_read(automaton: Automaton, bound: int) -> None:
    distance, _ = brute(automaton, bound)
    smaller = reduce(automaton, ["a"])
    column = smaller.names.index("a")
    reduced = unpacked(explore(smaller, bound))
    assert {record[0] for record, flying in distance if not flying} == {
        record[column] for record, flying in reduced if not flying
    }


def missed(automaton: Automaton, bound: int) -> set[object]:
    """What *bound* processes meet that the closure does not hold."""
    distance, _ = brute(automaton, bound)
    closure = close(automaton)
    places, records = closure.pairs()
    pairs = {(closure.records.record(int(record)), int(place)) for place, record in zip(places, records, strict=True)}
    met = {closure.records.record(number) for number in range(len(closure.records))}
    return {record for record, _ in distance} - met | {
        (record, place) for record, flying in distance for place in flying
    } - pairs


@settings(max_examples=60, deadline=None)
@given(st.one_of(automata(), automata(crashing=True)), st.integers(1, 3))
def test_the_closure_holds_every_pair_of_every_number(automaton: Automaton, bound: int) -> None:
    assert not missed(automaton, bound)


@pytest.mark.parametrize("taken", [False, True])
def test_a_lock_that_comes_back_untaken_excludes_nobody(*, taken: bool) -> None:
    asks = Place((Move(((0, frozenset({0})),), (), 1, taken, ("r",)),), False, None, ())
    holds = Place((Move(((0, frozenset({0})),), ((0, 1),), 2, False, ("r",)),), True, None, ())
    over = Place((), False, None, ())
    automaton = Automaton(("a",), (2,), (0,), (asks, holds, over), (Origin((), (), 0, False, ("o",)),), (), None)
    assert automaton.exclusive is taken
    assert not missed(automaton, 2)
    assert (((1,), (1, 2)) in brute(automaton, 2)[0]) is not taken


@settings(max_examples=60, deadline=None)
@given(automata())
def test_a_certificate_with_a_pair_left_out_is_refused(automaton: Automaton) -> None:
    closure = close(automaton)
    places, records = closure.pairs()
    values = closure.records.values.T
    assert not list(faults_of_pairs(automaton, values, (places, records)))
    # the closure is the least closed set, so that whatever is left out of it is missed
    for left_out in range(len(places)):
        kept = np.arange(len(places)) != left_out
        assert list(faults_of_pairs(automaton, values, (places[kept], records[kept])))


@settings(max_examples=40, deadline=None)
@given(automata(), st.integers(1, 2), st.data())
def test_what_only_some_start_is_the_space_of_those_alone(
    automaton: Automaton, bound: int, data: st.DataObject
) -> None:
    count = len(automaton.origins)
    chosen = sorted(data.draw(st.sets(st.integers(0, count - 1))))
    relation = Relation(automaton)
    explore_from(relation, np.zeros(1, np.int64), bound)
    relation.only(chosen)
    again = explore_from(relation, np.zeros(1, np.int64), bound)
    alone = explore(replace(automaton, origins=tuple(automaton.origins[number] for number in chosen)), bound)
    assert unpacked(again) == unpacked(alone)
    assert again.transitions == alone.transitions


@settings(max_examples=40, deadline=None)
@given(st.one_of(automata(), automata(crashing=True)), st.integers(1, 3))
def test_paths_are_shortest_and_are_executions(automaton: Automaton, bound: int) -> None:
    explored = explore(automaton, bound)
    targets = [(level, int(packed)) for level, found in enumerate(explored.levels) for packed in found[:3]]
    together = list(paths(explored, targets))
    alone = [paths(explored, [target])[0] for target in targets]  # a crash may be all that leads to one
    for (level, _), each in zip([*targets, *targets], [*together, *alone], strict=True):
        assert len(each.steps) == level
        record = automaton.initial
        for step in each.steps:
            assert step.before == record
            record = step.after


def agree(lifecycle: Lifecycle, scenario: Scenario) -> int:
    """Checks that both explorers count the same; how many configurations there are."""
    semantics = Semantics(lifecycle)
    space = scalar.explore(semantics, scenario)
    explored = explore(assemble(semantics, scenario), scenario.processes or 1)
    assert not space.truncated
    assert explored.states == len(space.configurations)
    assert explored.transitions == sum(map(len, space.edges))
    assert np.concatenate(explored.levels).size == explored.states
    return explored.states


def test_agrees_with_the_scalar_explorer_on_the_shipped_tables(nova: Lifecycle) -> None:
    for name in ("sequential", "crash", "lost"):
        agree(assumed(nova, name), nova.scenarios[name])


@pytest.mark.parametrize("processes", [2, 3])
def test_agrees_with_the_scalar_explorer_on_several_crashes_and_losses(door: Lifecycle, processes: int) -> None:
    crash = replace(door.scenarios["crash"], processes=processes)
    patient = agree(door, replace(crash, patient=True))
    assert patient < agree(door, replace(crash, patient=False)) < agree(door, replace(crash, patient=False, lose=True))


@pytest.mark.parametrize("scenario", ["pair", "crash", "lost"])
@pytest.mark.parametrize("gone", [("light",), ("lamp",), ("light", "lamp")])
def test_forgetting_only_adds(door: Lifecycle, scenario: str, gone: tuple[str, ...]) -> None:
    """Whatever two processes do with all variables, they do with some forgotten and the model reduced."""
    both = replace(door.scenarios[scenario], processes=2)
    kept = [number for number, variable in enumerate(door.variables) if variable.name not in gone]
    names = [door.variables[number].name for number in kept]
    real = scalar.explore(Semantics(door), both).configurations
    smaller = reduce(assemble(Semantics(forget(door, gone)), both), names)
    columns = [smaller.names.index(name) for name in names]
    reached = unpacked(explore(smaller, 2))

    def seen(record: tuple[int, ...], variables: list[int]) -> tuple[int, ...]:
        return tuple(record[variable] for variable in variables)

    assert {seen(record, kept) for record, _ in real} <= {seen(record, columns) for record, _ in reached}
    assert {seen(record, kept) for record, controls in real if not controls} <= {
        seen(record, columns) for record, places in reached if not places
    }
