"""A smaller automaton with the same reachable records: slicing, compression of silent steps, merging of places.

Each reduction keeps, for every number of processes, the set of reachable records (over the variables that are kept),
together with the sets of processes in flight that may still act, and every watched step.  The tests compare reduced
with unreduced.  Deadlocks are kept only without ``delay``: see :func:`checks.concurrency.silence.compress`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from checks.concurrency.automaton import END, Automaton, Crash, Move, Origin, Place, leading
from checks.concurrency.reachable import reachable, seen
from checks.concurrency.silence import compress, postpone
from model.conditions import Assignments, When


def possible_values(automaton: Automaton) -> tuple[frozenset[int], ...]:
    """For each variable, the values that it starts with or that some step assigns; the least such sets."""
    possible = [{value} for value in automaton.initial]
    assigns = [assign for assign in _assignments(automaton) if assign]
    changed = True
    while changed:
        changed = False
        for assign in assigns:
            for variable, value in assign:
                new = {value} if value >= 0 else possible[-1 - value]
                if not new <= possible[variable]:
                    possible[variable] |= new
                    changed = True
    return tuple(frozenset(values) for values in possible)


def _assignments(automaton: Automaton) -> Iterable[Assignments]:
    yield from (crash.assign for crash in automaton.crashes)
    yield from (origin.assign for origin in automaton.origins)
    yield from (move.assign for place in automaton.places for move in place.moves)


def simplify(automaton: Automaton) -> Automaton:
    """*automaton* without the steps that no value allows, and without the tests that every value passes."""
    possible = possible_values(automaton)

    @cache
    def narrowed(when: When) -> When | None:
        kept = tuple((variable, values & possible[variable]) for variable, values in when)
        if any(not values for _, values in kept):
            return None
        return tuple((variable, values) for variable, values in kept if values != possible[variable])

    places = [
        replace(
            place,
            moves=tuple(
                move if when == move.when else replace(move, when=when)
                for move in place.moves
                if (when := narrowed(move.when)) is not None
            ),
        )
        for place in automaton.places
    ]
    origins = [
        replace(origin, when=when) for origin in automaton.origins if (when := narrowed(origin.when)) is not None
    ]
    return reachable(automaton, places, origins)


def relevant(automaton: Automaton, read: Iterable[str]) -> tuple[int, ...]:
    """The variables that decide something: *read* by the property, tested by a step, or copied into such a one."""
    kept = {automaton.names.index(name) for name in read}
    for place in automaton.places:
        kept |= {variable for move in place.moves for variable, _ in move.when}
    kept |= {variable for origin in automaton.origins for variable, _ in origin.when}
    kept |= {variable for crash in automaton.crashes for variable, _ in crash.when}
    changed = True
    while changed:
        copied = {
            -1 - value
            for assign in _assignments(automaton)
            for variable, value in assign
            if value < 0 and variable in kept
        }
        changed = not copied <= kept
        kept |= copied
    return tuple(sorted(kept))


def slice_variables(automaton: Automaton, read: Iterable[str]) -> Automaton:
    """*automaton* over the variables that decide something (Weiser, Program slicing, ICSE 1981, on the record)."""
    kept = relevant(automaton, read)
    numbers = {variable: number for number, variable in enumerate(kept)}

    @cache
    def tests(when: When) -> When:
        return tuple((numbers[variable], values) for variable, values in when)

    @cache
    def writes(assign: Assignments) -> Assignments:
        return tuple(
            (numbers[variable], value if value >= 0 else -1 - numbers[-1 - value])
            for variable, value in assign
            if variable in numbers
        )

    return replace(
        automaton,
        names=tuple(automaton.names[variable] for variable in kept),
        sizes=tuple(automaton.sizes[variable] for variable in kept),
        initial=tuple(automaton.initial[variable] for variable in kept),
        places=tuple(
            replace(
                place,
                moves=tuple(
                    Move(tests(move.when), writes(move.assign), move.to, move.acquires, move.rows, move.mark)
                    for move in place.moves
                ),
            )
            for place in automaton.places
        ),
        origins=tuple(
            replace(origin, when=tests(origin.when), assign=writes(origin.assign)) for origin in automaton.origins
        ),
        crashes=tuple(Crash(crash.service, tests(crash.when), writes(crash.assign)) for crash in automaton.crashes),
    )


def merge(automaton: Automaton) -> Automaton:
    """*automaton* with the places that have the same future made one: its quotient by bisimilarity.

    Partition refinement (Kanellakis and Smolka, CCS expressions, finite state processes, and three problems of
    equivalence, Information and Computation 86, 1990, the naive method).
    """
    block = [0] * len(automaton.places)
    count = 1
    while True:
        signatures: dict[object, int] = {}
        refined = [
            signatures.setdefault((block[number], _signature(place, block)), len(signatures))
            for number, place in enumerate(automaton.places)
        ]
        if len(signatures) == count:
            break
        block, count = refined, len(signatures)
    leaders: dict[int, int] = {}
    members: dict[int, list[int]] = {}
    for number, which in enumerate(block):
        leaders.setdefault(which, number)
        members.setdefault(which, []).append(number)
    numbers = {END: END, **{number: leaders[which] for number, which in enumerate(block)}}
    places = list(automaton.places)
    for which, leader in leaders.items():
        moves = [
            leading(move, numbers[move.to]) for member in members[which] for move in automaton.places[member].moves
        ]
        place = automaton.places[leader]
        heirs = tuple(dict.fromkeys(numbers[heir] for heir in place.heirs))
        places[leader] = replace(place, moves=_joined(moves), heirs=heirs)
    origins: dict[object, Origin] = {}
    for origin in automaton.origins:
        moved = replace(origin, to=numbers[origin.to], rows=())
        known = origins.get(moved)
        rows = (known.rows if known else ()) + origin.rows
        origins[moved] = replace(moved, rows=tuple(dict.fromkeys(rows)))
    return reachable(automaton, places, list(origins.values()))


def _joined(moves: list[Move]) -> tuple[Move, ...]:
    joined: dict[object, list[Move]] = {}
    for move in moves:
        joined.setdefault((move.when, move.assign, move.to, move.acquires, move.mark), []).append(move)
    return tuple(
        alike[0]
        if len(alike) == 1
        else replace(alike[0], rows=tuple(dict.fromkeys(row for move in alike for row in move.rows)))
        for alike in joined.values()
    )


def unmarked_silence(automaton: Automaton) -> Automaton:
    """*automaton* with marks only on the moves that change the record: no property watches a step that does not."""
    return replace(
        automaton,
        places=tuple(
            replace(
                place,
                moves=tuple(move if move.assign or not move.mark else replace(move, mark=0) for move in place.moves),
            )
            for place in automaton.places
        ),
    )


def _signature(place: Place, block: list[int]) -> object:
    def class_of(target: int) -> int:
        return END if target == END else block[target]

    return (
        seen(place),
        frozenset(class_of(heir) for heir in place.heirs),
        frozenset((move.when, move.assign, class_of(move.to), move.acquires, move.mark) for move in place.moves),
    )


def reduce(automaton: Automaton, read: Iterable[str], *, delay: bool = True) -> Automaton:
    """All reductions, in the order in which each makes the next stronger; *read* names what the property reads."""
    smaller = slice_variables(simplify(automaton), read)
    if not delay:
        return merge(compress(smaller, delay=False))
    return merge(postpone(compress(unmarked_silence(smaller))))
