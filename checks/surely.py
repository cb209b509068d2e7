"""From where a goal is possible with all variables, whatever the values of those of which only sets are known.

What executions reach is over-approximated by places with sets of values (:mod:`checks.values`).  A place is *near* the
goal when, for each choice of those values, some step leads to what is near: must-hyper-transitions (Shoham, Grumberg,
"Monotonic abstraction-refinement for CTL", TACAS 2004).  A place is *caught* when no choice and no step leads there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product as combinations

from checks.anatomy import Anatomy
from checks.keys import Key, coordinates
from checks.meaning import Meaning, Moment
from checks.properties.definition import Possible, Property
from checks.properties.formula import reads
from checks.sets import Change, Loose, Sets, changed
from checks.values import GOES_ON, Values
from model.explore import Configuration

Places = frozenset[Configuration]
#: A step that helps, possible with the sets of its place: how many processes start, what must be so, where it leads.
Way = tuple[int, Change, Configuration]
Ways = Mapping[Configuration, list[Way]]


@dataclass(frozen=True, slots=True)
class Surely:
    """What is sure of the places *reached*, and of those *ahead*, where the way to the goal is looked for.

    ``near`` is how many more processes must start on the way, at most, of all places that a proof needs.  ``astray``
    are the places from which processes may run to where none goes on and the goal is not near (None: the places ahead
    are others than those reached).  The goal is asked for and not near where the key is one of ``keys``; where it is
    one of ``lost``, some place is caught.
    """

    reached: Values
    ahead: Values
    near: Mapping[Configuration, int]
    caught: Places
    astray: Places | None
    keys: frozenset[Key]
    lost: frozenset[Key]

    @property
    def decides(self) -> bool:
        """Whether it is sure that the goal is possible wherever it is asked for, or that somewhere it is not."""
        return not self.keys or bool(self.lost)


def surely(reached: Values, one: Property, anatomy: Anatomy) -> Surely:
    """From which places of *reached* the goal of *one* is possible for sure; linear in the steps between places."""
    form = one.form
    assert isinstance(form, Possible)
    lifecycle, meaning = reached.lifecycle, Meaning(reached.semantics, anatomy)
    where = coordinates(lifecycle, one)
    apart = (reads(form.goal, lifecycle) | reads(form.premise, lifecycle) | {*where}) & reached.loose.first.keys()

    def asks(place: Configuration) -> bool:
        return meaning.true(form.premise, Moment(place, place))

    ahead = _apart(reached, apart, form.kinds, asks) if apart else reached
    goals = [place for place in ahead.places if meaning.true(form.goal, Moment(place, place))]
    ways = {place: _ways(ahead, place, form.kinds) for place in ahead.places}
    near = _near(ahead, ways, goals)
    able = _before(ways, goals)
    asked = [place for place in ahead.places if asks(place)]
    far = [place for place in asked if place not in near]
    halting = [place for place in ahead.places if not _runs(ahead, ways, place)]
    astray = None
    needed = asked
    if not apart:
        running = {place: [way for way in ways[place] if not way[0]] for place in ways}
        astray = frozenset(_before(running, [place for place in halting if place not in near]))
        needed = [*halting, *astray]
    return Surely(
        reached, ahead, _followed(ahead, ways, near, needed, frozenset(goals)),
        frozenset(place for place in ahead.places if place not in able), astray,
        frozenset(tuple([record[variable] for variable in where]) for record, _ in far),
        frozenset(tuple([place[0][variable] for variable in where]) for place in far if place not in able),
    )  # fmt: skip


def _apart(
    reached: Values, apart: Iterable[int], kinds: frozenset[str], asks: Callable[[Configuration], bool]
) -> Values:
    """What *asks* of the places *reached*, by each value of the loose variables *apart*, and all that it leads to."""
    old, chosen = reached.loose, sorted(apart)
    loose = Loose(reached.lifecycle, old.first.keys() - {*chosen})
    starts: dict[Configuration, Sets] = {}
    for (record, controls), sets in reached.places.items():
        choices = [
            [
                value
                for value in range(len(reached.lifecycle.variables[one].values))
                if sets >> old.first[one] + value & 1
            ]
            for one in chosen
        ]
        left = sum((sets & old.bits[one]) >> old.first[one] << first for one, first in loose.first.items())
        for values in combinations(*choices):
            known = dict(zip(chosen, values, strict=True))
            place = (tuple([known.get(variable, value) for variable, value in enumerate(record)]), controls)
            if asks(place):
                starts[place] = left
    calm = replace(reached.scenario, fail=False, crash=False, lose=False, kinds=reached.scenario.kinds & kinds)
    return Values(reached.semantics, calm, loose.first, starts)


def _ways(ahead: Values, place: Configuration, kinds: frozenset[str]) -> list[Way]:
    sets = ahead.places[place]
    return [
        (int(kind != GOES_ON), change, to)
        for kind, change, to in ahead.leaving[place]
        if (kind == GOES_ON or kind in kinds) and changed(sets, change) >= 0
    ]


def _before(ways: Ways, goals: Iterable[Configuration]) -> set[Configuration]:
    """The places from which *ways* lead to *goals*, for some values at least."""
    sources: dict[Configuration, list[Configuration]] = {}
    for place, leaving in ways.items():
        for _, _, to in leaving:
            sources.setdefault(to, []).append(place)
    found = set(goals)
    todo = list(found)
    while todo:
        for place in sources.get(todo.pop(), ()):
            if place not in found:
                found.add(place)
                todo.append(place)
    return found


def _near(ahead: Values, ways: Ways, goals: list[Configuration]) -> dict[Configuration, int]:
    """How many processes must start on the way to *goals*, at most, for each place from which they are sure."""
    sources: dict[Configuration, list[tuple[int, Configuration]]] = {}
    for place, leaving in ways.items():
        for starts, _, to in leaving:
            sources.setdefault(to, []).append((starts, place))
    near = dict.fromkeys(goals, 0)
    layer, distance = goals, 0
    while layer:
        # Beside those that are sure with one more start: all that run there, one after the other.
        todo, later = list(layer), []
        while todo:
            for starts, place in sources.get(todo.pop(), ()):
                if place in near:
                    continue
                if starts:
                    later.append(place)
                elif _certain(ahead.places[place], _towards(ways[place], near, distance)):
                    near[place] = distance
                    todo.append(place)
        distance += 1
        layer = []
        for place in later:
            if place not in near and _certain(ahead.places[place], _towards(ways[place], near, distance)):
                near[place] = distance
                layer.append(place)
    return near


def _towards(ways: Iterable[Way], near: Mapping[Configuration, int], distance: int) -> list[Change]:
    return [change for starts, change, to in ways if to in near and near[to] + starts <= distance]


def _runs(ahead: Values, ways: Ways, place: Configuration) -> bool:
    """Whether some process goes on at *place*, whatever the values are."""
    return _certain(ahead.places[place], [change for starts, change, _ in ways[place] if not starts])


def _followed(
    ahead: Values, ways: Ways, near: Mapping[Configuration, int], places: Iterable[Configuration], goals: Places
) -> dict[Configuration, int]:
    """Those of *places* that are near, and all that is on the way from them."""
    order = {place: number for number, place in enumerate(near)}
    found: dict[Configuration, int] = {}
    todo = [place for place in places if place in near]
    while todo:
        place = todo.pop()
        if place in found:
            continue
        found[place] = near[place]
        if place in goals:
            continue
        # Of what was near before it, a start leads to what is nearer.
        nearer = [
            way
            for way in ways[place]
            if order.get(way[2], len(order)) < order[place] and near[way[2]] + way[0] <= near[place]
        ]
        sure = [way for way in nearer if not ahead.places[place] & ~way[1].allowed]
        todo += [to for _, _, to in sure[:1] or nearer]
    return found


def _certain(sets: Sets, changes: list[Change]) -> bool:
    """Whether for each choice of values from *sets* one of *changes* is possible."""
    if any(not sets & ~change.allowed for change in changes):
        return True
    tested = sorted({bits for change in changes for bits in change.tested})
    choices = [[1 << bit for bit in range(bits.bit_length()) if sets & bits & 1 << bit] for bits in tested]
    return bool(changes) and all(
        any(all(value & change.allowed for value in values) for change in changes) for values in combinations(*choices)
    )
