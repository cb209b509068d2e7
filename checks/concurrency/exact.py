"""Exact exploration of k processes in flight: table look-ups over packed configurations, breadth first.

A configuration is a record and the places of the processes in flight, sorted (processes are interchangeable: the
symmetry reduction of Ip and Dill, Better verification through symmetry, Formal Methods in System Design 9, 1996),
packed into one 64-bit integer.  It means the same as :mod:`model.explore`, which the tests compare it with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import numpy.typing as npt

from checks.concurrency.automaton import Automaton
from checks.concurrency.records import Ints
from checks.concurrency.relation import Relation
from checks.concurrency.table import Table
from checks.concurrency.visited import FullError, Visited

#: Configurations that are expanded in one piece; bounds the memory beside the visited ones.
PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Packing:
    """How a configuration is packed: ``slots`` places of ``bits`` bits each below the record.

    ``ordered``: slots are told apart, as an explorer that knows nothing of symmetry does.
    """

    slots: int
    bits: int
    ordered: bool = False

    def pack(self, record: npt.NDArray[np.integer], places: list[Ints]) -> Ints:
        """Configurations as integers; *places* has an array a slot, in any order unless they are told apart."""
        packed = record.astype(np.int64)
        for column in places if self.ordered else _sorted(places):
            packed <<= self.bits
            packed |= column
        return packed

    def unpack(self, packed: Ints) -> tuple[Ints, list[Ints]]:
        """The records, and an array of places a slot."""
        mask = (1 << self.bits) - 1
        shifts = [self.bits * (self.slots - 1 - slot) for slot in range(self.slots)]
        return packed >> (self.bits * self.slots), [(packed >> shift) & mask for shift in shifts]

    def unpack_one(self, packed: int) -> tuple[int, list[int]]:
        """The record of one configuration, and the place in each slot."""
        mask = (1 << self.bits) - 1
        shifts = [self.bits * (self.slots - 1 - slot) for slot in range(self.slots)]
        return packed >> (self.bits * self.slots), [(packed >> shift) & mask for shift in shifts]


def _sorted(columns: list[Ints]) -> list[Ints]:
    """The columns with each row sorted, by a network of comparisons (insertion: few columns)."""
    ordered: list[Ints] = []
    for column in columns:
        larger = column
        for position, other in enumerate(ordered):
            ordered[position] = np.minimum(other, larger)
            larger = np.maximum(other, larger)
        ordered.append(larger)
    return ordered


@dataclass(slots=True)
class Explored:
    """An explored space: the new configurations of each level, how many, and how many steps leave them.

    ``visited`` has them all, until it is used for another space, unless some start beyond the bound.  ``truncated``
    when a limit, or memory, stopped it.
    """

    relation: Relation
    packing: Packing
    bound: int
    visited: Visited
    levels: list[Ints] = field(default_factory=list)
    states: int = 0
    transitions: int = 0
    truncated: bool = False


class TooWideError(ValueError):
    """A configuration does not fit into 64 bits."""


def explore(automaton: Automaton, bound: int, limit: int | None = None, *, ordered: bool = False) -> Explored:
    """Every configuration with at most *bound* processes that the initial record leads to, breadth first.

    Starts that are unbounded (recovery, the outside) get slots as they are needed.  *limit* bounds the number of
    configurations; with *ordered* processes are told apart.  Time is linear in the number of steps.
    """
    relation = Relation(automaton)
    return explore_from(relation, np.zeros(1, np.int64), bound, limit, ordered=ordered)


def explore_from(
    relation: Relation,
    records: Ints,
    bound: int,
    limit: int | None = None,
    *,
    ordered: bool = False,
    visited: Visited | None = None,
    keep: bool = True,
) -> Explored:
    """As :func:`explore`, from each of *records* (by number) with nothing in flight.

    *relation* may be used again, and *visited*, of that relation, whose contents are lost.  Without *keep*, only the
    last level is kept: there are no paths then.
    """
    slots = bound
    visited = visited or Visited(relation)
    while True:
        try:
            return _explore(relation, records, bound, slots, limit, visited, ordered=ordered, keep=keep)
        except OverflowError:
            slots += 1


def _explore(
    relation: Relation,
    records: Ints,
    bound: int,
    slots: int,
    limit: int | None,
    visited: Visited,
    *,
    ordered: bool,
    keep: bool,
) -> Explored:
    packing = Packing(slots, max(1, (relation.width - 1).bit_length()), ordered)
    explored = Explored(relation, packing, bound, visited)
    sparse = slots > bound and not ordered
    met: Visited | Table = Table(relation, slots, packing.bits) if sparse else visited
    visited.clear(slots, packing.bits, ordered=ordered)
    frontier = met.add(packing.pack(records, [np.full(len(records), relation.empty)] * slots))
    while len(frontier):
        if not keep:
            explored.levels.clear()
        explored.levels.append(frontier)
        explored.states += len(frontier)
        if limit is not None and explored.states > limit:
            explored.truncated = True
            break
        try:
            fresh, taken = met.advance(frontier, bound)
        except FullError:
            explored.truncated = True
            break
        explored.transitions += taken
        if relation.automaton.crashes:
            crashed = _crashes(relation, packing, frontier)
            explored.transitions += len(crashed)
            fresh = np.concatenate([fresh, met.add(crashed)])
        if len(relation.records).bit_length() + slots * packing.bits > 63:
            raise TooWideError(f"{slots} processes of {relation.width} places and {len(relation.records)} records")
        frontier = fresh
    return explored


def _crashes(relation: Relation, packing: Packing, packed: Ints) -> Ints:
    """What the crashes of services in *packed* lead to."""
    record, places = packing.unpack(packed)
    crashed = [
        leaving.after
        for index in range(len(relation.automaton.crashes))
        for leaving in _crash(relation, packing, index, record, places)
    ]
    return np.concatenate([np.empty(0, np.int64), *crashed])


@dataclass(frozen=True, slots=True)
class Leaving:
    """Steps of one kind: positions in what was expanded, what follows, and the rule of each step.

    ``slot`` is the slot that steps; None for the crash numbered ``crash``.
    """

    position: Ints
    after: Ints
    slot: int | None
    rule: Ints | None
    crash: int | None = None


def steps(relation: Relation, packing: Packing, bound: int, packed: Ints) -> Iterator[Leaving]:
    """Every step of the configurations *packed*.

    First the steps of each slot (an empty slot: starts), then the crashes; processes that stand at the same place
    step once, since they are interchangeable.
    """
    record, places = packing.unpack(packed)
    base = record * relation.width
    relation.demand(np.concatenate([base + relation.empty, *(base + stands for stands in places)]))
    blocked = np.zeros(len(packed), np.int64)
    in_flight = np.zeros(len(packed), np.int64)
    for stands in places:
        blocked |= relation.blocks[stands]
        in_flight += stands != relation.empty
    stop = 4 | blocked | 2 * (in_flight >= bound)
    for slot, stands in enumerate(places):
        position, step = relation.steps(base + stands)
        if slot and not packing.ordered:
            other_place = (places[slot - 1] != stands)[position]
            position, step = position[other_place], step[other_place]
        rule = relation.rule[step].astype(np.int64)
        refused = relation.refused[rule] & stop[position] != 0
        if refused.any():
            allowed = ~refused
            position, step, rule = position[allowed], step[allowed], rule[allowed]
        after = [relation.rules.to[rule] if number == slot else other[position] for number, other in enumerate(places)]
        yield Leaving(position, packing.pack(relation.record[step], after), slot, rule)
    crowded = np.flatnonzero(np.all([stands != relation.empty for stands in places], axis=0))
    position, step = relation.steps(base[crowded] + relation.empty)
    if not (relation.refused[relation.rule[step]] & stop[crowded][position]).all():
        raise OverflowError
    for index in range(len(relation.automaton.crashes)):
        yield from _crash(relation, packing, index, record, places)


def _crash(relation: Relation, packing: Packing, index: int, record: Ints, places: list[Ints]) -> Iterator[Leaving]:
    """One service dies: every process that runs there moves on to an heir, all at once."""
    automaton = relation.automaton
    mortal = relation.mortal[index]
    after = relation.crashed(index, record)
    hit = after >= 0
    if not automaton.crashes[index].assign:
        hit &= np.any([mortal[stands] for stands in places], axis=0)
    position = np.flatnonzero(hit)
    if not len(position):
        return
    heirs = [
        tuple(relation.empty if heir < 0 else heir for heir in place.heirs) if mortal[number] else (number,)
        for number, place in enumerate(automaton.places)
    ]
    heirs.append((relation.empty,))
    most = max(len(choices) for choices in heirs)
    table = np.array([(choices * most)[:most] for choices in heirs], dtype=np.int64)
    real = np.array([len(choices) for choices in heirs])
    for choice in product(range(most), repeat=packing.slots):
        valid = np.ones(len(position), dtype=bool)
        for which, stands in zip(choice, places, strict=True):
            valid &= which < real[stands[position]]
        chosen = position[valid]
        moved = [table[stands[chosen], which] for which, stands in zip(choice, places, strict=True)]
        yield Leaving(chosen, packing.pack(after[chosen], moved), None, None, index)
