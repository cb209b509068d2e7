"""A smaller automaton with the same reachable records: slicing, compression of silent steps, merging of places.

Each reduction keeps, for every number of processes, the set of reachable records (over the variables that are kept),
together with the sets of processes in flight that may still act, and every watched step.  The tests compare reduced
with unreduced.  Deadlocks are kept only without ``delay``: see :func:`compress`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from checks.concurrency.automaton import END, Automaton, Crash, Move, Origin, Place
from model.conditions import Assignments, When

_Step = TypeVar("_Step", Move, Origin)


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

    def narrowed(when: When) -> When | None:
        kept = tuple((variable, values & possible[variable]) for variable, values in when)
        if any(not values for _, values in kept):
            return None
        return tuple((variable, values) for variable, values in kept if values != possible[variable])

    places = [
        replace(
            place,
            moves=tuple(replace(move, when=when) for move in place.moves if (when := narrowed(move.when)) is not None),
        )
        for place in automaton.places
    ]
    origins = [
        replace(origin, when=when) for origin in automaton.origins if (when := narrowed(origin.when)) is not None
    ]
    return _reachable(automaton, places, origins)


def _reachable(automaton: Automaton, places: list[Place], origins: list[Origin]) -> Automaton:
    """The automaton of *places* and *origins*, without the places that nothing leads to."""
    numbers: dict[int, int] = {END: END}
    order: list[int] = []
    waiting = [origin.to for origin in origins]
    for target in waiting:
        if target in numbers:
            continue
        numbers[target] = len(order)
        order.append(target)
        waiting += [move.to for move in places[target].moves]
        waiting += places[target].heirs
    return replace(
        automaton,
        places=tuple(_renamed(places[number], numbers) for number in order),
        origins=tuple(replace(origin, to=numbers[origin.to]) for origin in origins),
    )


def _renamed(place: Place, numbers: dict[int, int]) -> Place:
    return replace(
        place,
        moves=tuple(replace(move, to=numbers[move.to]) for move in place.moves),
        heirs=tuple(dict.fromkeys(numbers[heir] for heir in place.heirs)),
    )


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

    def tests(when: When) -> When:
        return tuple((numbers[variable], values) for variable, values in when)

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
                moves=tuple(replace(move, when=tests(move.when), assign=writes(move.assign)) for move in place.moves),
            )
            for place in automaton.places
        ),
        origins=tuple(
            replace(origin, when=tests(origin.when), assign=writes(origin.assign)) for origin in automaton.origins
        ),
        crashes=tuple(Crash(crash.service, tests(crash.when), writes(crash.assign)) for crash in automaton.crashes),
    )


def _silent(automaton: Automaton, place: Place, move: Move, *, delay: bool) -> bool:
    """Whether nobody can tell before from after *move*, but for where the process stands."""
    if move.when or move.assign or move.acquires or move.mark or move.to == END:
        return False
    after = automaton.places[move.to]
    return _seen(place) == _seen(after) and (delay or place.heirs == after.heirs)


def _seen(place: Place) -> object:
    """What others can tell of a process that stands at *place*, and what a crash does to it."""
    return place.holds, place.service, place.mark, place.busy


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
        return _reachable(automaton, places, list(automaton.origins))
    stops = [tuple(member for member in reach[number] if not onward[member]) for number in range(len(reach))]
    places = [
        replace(
            place,
            moves=tuple(replace(move, to=stop) for move in loud[number] for stop in _stops(move.to, stops)),
            heirs=tuple(dict.fromkeys(stop for heir in place.heirs for stop in _stops(heir, stops))),
        )
        for number, place in enumerate(automaton.places)
    ]
    origins = [replace(origin, to=stop) for origin in automaton.origins for stop in _stops(origin.to, stops)]
    return _reachable(automaton, places, origins)


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
    places = [_renamed(place, numbers) for place in automaton.places]
    origins = [replace(origin, to=numbers[origin.to]) for origin in automaton.origins]
    return _reachable(automaton, places, origins)


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
            seen = None if step.to == END else _seen(automaton.places[step.to])
            groups.setdefault((replace(step, to=END, rows=()), seen), []).append(step)
        return [
            replace(
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
            heirs.setdefault(None if heir == END else _seen(automaton.places[heir]), []).append(heir)
        moves = joined(move for member in members for move in member.moves)
        places.append(replace(members[0], moves=tuple(moves), heirs=tuple(number(group) for group in heirs.values())))
    return replace(automaton, places=tuple(places), origins=tuple(origins))


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
            replace(move, to=numbers[move.to]) for member in members[which] for move in automaton.places[member].moves
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
    return _reachable(automaton, places, list(origins.values()))


def _joined(moves: list[Move]) -> tuple[Move, ...]:
    joined: dict[Move, tuple[str, ...]] = {}
    for move in moves:
        key = replace(move, rows=())
        joined[key] = tuple(dict.fromkeys((*joined.get(key, ()), *move.rows)))
    return tuple(replace(key, rows=rows) for key, rows in joined.items())


def unmarked_silence(automaton: Automaton) -> Automaton:
    """*automaton* with marks only on the moves that change the record: no property watches a step that does not."""
    return replace(
        automaton,
        places=tuple(
            replace(place, moves=tuple(move if move.assign else replace(move, mark=0) for move in place.moves))
            for place in automaton.places
        ),
    )


def _signature(place: Place, block: list[int]) -> object:
    def class_of(target: int) -> int:
        return END if target == END else block[target]

    return (
        _seen(place),
        frozenset(class_of(heir) for heir in place.heirs),
        frozenset((move.when, move.assign, class_of(move.to), move.acquires, move.mark) for move in place.moves),
    )


def reduce(automaton: Automaton, read: Iterable[str], *, delay: bool = True) -> Automaton:
    """All reductions, in the order in which each makes the next stronger; *read* names what the property reads."""
    smaller = slice_variables(simplify(automaton), read)
    if not delay:
        return merge(compress(smaller, delay=False))
    return merge(postpone(compress(unmarked_silence(smaller))))
