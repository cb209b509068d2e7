"""Silent steps and early choices taken out of an automaton: what nobody else can tell apart happens at one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from checks.concurrency.automaton import END, Automaton, Move, Origin, Place, leading
from checks.concurrency.reachable import reachable, renamed, seen

_Step = TypeVar("_Step", Move, Origin)


def compress(automaton: Automaton, *, delay: bool = True) -> Automaton:
    """*automaton* without silent steps.

    A silent step tests and changes nothing, so it commutes with every step of every other process, and may be taken
    at the last moment.  With *delay* the places that silent steps join become one place, at which the process may do
    whatever it may do after them: the same sequences of steps, fewer places, but a process that is stuck after one of
    several silent steps is no longer seen.  Without *delay* a step leads at once to each of the places at which silent
    steps end, which keeps deadlocks too; only places that have none but silent steps are left out, for at another one a
    process may not be able to do anything else.  Places from which nothing but silent steps lead to the end become the
    end.
    """
    automaton = _ended(automaton)
    silent = [[_silent(automaton, place, move, delay=delay) for move in place.moves] for place in automaton.places]
    if not delay:
        silent = [each if all(each) else [False] * len(each) for each in silent]
    onward = [
        tuple(dict.fromkeys(move.to for move, quiet in zip(place.moves, each, strict=True) if quiet))
        for place, each in zip(automaton.places, silent, strict=True)
    ]
    loud = [
        tuple(move for move, quiet in zip(place.moves, each, strict=True) if not quiet)
        for place, each in zip(automaton.places, silent, strict=True)
    ]
    reach = [_closure_of(number, onward) for number in range(len(automaton.places))]
    if delay:
        places = [
            replace(
                place,
                moves=tuple(move for member in reach[number] for move in loud[member]),
                heirs=tuple(dict.fromkeys(heir for member in reach[number] for heir in automaton.places[member].heirs)),
            )
            for number, place in enumerate(automaton.places)
        ]
        return reachable(automaton, places, list(automaton.origins))
    stops = [tuple(member for member in reach[number] if not onward[member]) for number in range(len(reach))]
    places = [
        replace(
            place,
            moves=tuple(leading(move, stop) for move in loud[number] for stop in _stops(move.to, stops)),
            heirs=tuple(dict.fromkeys(stop for heir in place.heirs for stop in _stops(heir, stops))),
        )
        for number, place in enumerate(automaton.places)
    ]
    origins = [replace(origin, to=stop) for origin in automaton.origins for stop in _stops(origin.to, stops)]
    return reachable(automaton, places, origins)


def _silent(automaton: Automaton, place: Place, move: Move, *, delay: bool) -> bool:
    """Whether nobody can tell before from after *move*, but for where the process stands."""
    if move.when or move.assign or move.acquires or move.mark or move.to == END:
        return False
    after = automaton.places[move.to]
    return seen(place) == seen(after) and (delay or place.heirs == after.heirs)


def _stops(target: int, stops: list[tuple[int, ...]]) -> tuple[int, ...]:
    return (END,) if target == END else stops[target]


def _closure_of(number: int, onward: list[tuple[int, ...]]) -> tuple[int, ...]:
    found = [number]
    for place in found:
        found += [target for target in onward[place] if target not in found]
    return tuple(found)


def _ended(automaton: Automaton) -> Automaton:
    """*automaton* with the places from which only steps that touch nothing lead to the end, made the end.

    A place that could go round for ever is not one of them, nor one that a crash leads to more than the end.
    """
    over: set[int] = {END}
    changed = True
    while changed:
        changed = False
        for number, place in enumerate(automaton.places):
            if number in over or not place.moves or place.mark:
                continue
            quiet = all(not (move.when or move.assign or move.acquires) and move.to in over for move in place.moves)
            if quiet and all(heir in over for heir in place.heirs):
                over.add(number)
                changed = True
    numbers = {number: END if number in over else number for number in (END, *range(len(automaton.places)))}
    places = [renamed(place, numbers) for place in automaton.places]
    origins = [replace(origin, to=numbers[origin.to]) for origin in automaton.origins]
    return reachable(automaton, places, origins)


def postpone(automaton: Automaton) -> Automaton:
    """*automaton* with choices that are made later: of steps that do the same to different places, one to them all.

    At those places together the process may do whatever it may do at one of them, as after silent steps that are taken
    at the last moment (:func:`compress` with its delay): the same sequences of steps, but a process that is stuck at
    one of several places is no longer seen.  It is the subset construction (Rabin and Scott, Finite automata and their
    decision problems, IBM Journal of Research and Development 3, 1959) over steps that test and write the same.
    """
    numbers: dict[frozenset[int], int] = {frozenset({END}): END}
    order: list[frozenset[int]] = []

    def number(targets: Iterable[int]) -> int:
        together = frozenset(targets)
        if together not in numbers:
            numbers[together] = len(order)
            order.append(together)
        return numbers[together]

    def joined(steps: Iterable[_Step]) -> list[_Step]:
        groups: dict[object, list[_Step]] = {}
        for step in steps:
            told = None if step.to == END else seen(automaton.places[step.to])
            how = step.acquires if isinstance(step, Move) else (step.unbounded, step.patient)
            groups.setdefault((step.when, step.assign, step.mark, how, told), []).append(step)
        return [
            group[0]
            if len(group) == 1 and number([group[0].to]) == group[0].to
            else replace(
                group[0],
                to=number(step.to for step in group),
                rows=tuple(dict.fromkeys(row for step in group for row in step.rows)),
            )
            for group in groups.values()
        ]

    origins = joined(automaton.origins)
    places: list[Place] = []
    while len(places) < len(order):
        members = [automaton.places[member] for member in sorted(order[len(places)])]
        heirs: dict[object, list[int]] = {}
        for heir in dict.fromkeys(heir for member in members for heir in member.heirs):
            heirs.setdefault(None if heir == END else seen(automaton.places[heir]), []).append(heir)
        moves = joined(move for member in members for move in member.moves)
        places.append(replace(members[0], moves=tuple(moves), heirs=tuple(number(group) for group in heirs.values())))
    return replace(automaton, places=tuple(places), origins=tuple(origins))
