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

from checks.concurrency.records import Ints
from checks.concurrency.relation import Relation

#: Configurations that are expanded in one piece; bounds the memory beside the visited ones.
PIECE = 1 << 19


@dataclass(frozen=True, slots=True)
class Packing:
    """How a configuration is packed: ``slots`` places of ``bits`` bits each below the record."""

    slots: int
    bits: int

    def pack(self, record: npt.NDArray[np.integer], places: npt.NDArray[np.integer]) -> Ints:
        """Configurations as integers; *places* has a column a slot and is sorted here."""
        ordered = np.sort(places, axis=1)
        packed = record.astype(np.int64)
        for slot in range(self.slots):
            packed = (packed << self.bits) | ordered[:, slot]
        return packed

    def unpack(self, packed: Ints) -> tuple[Ints, Ints]:
        """The records and the places, a column a slot."""
        mask = (1 << self.bits) - 1
        places = np.empty((len(packed), self.slots), dtype=np.int64)
        for slot in range(self.slots):
            places[:, slot] = (packed >> (self.bits * (self.slots - 1 - slot))) & mask
        return packed >> (self.bits * self.slots), places


@dataclass(slots=True)
class Explored:
    """An explored space: the new configurations of each level (sorted), how many, and how many steps leave them.

    ``truncated`` when a limit stopped the search.
    """

    relation: Relation
    packing: Packing
    bound: int
    levels: list[Ints] = field(default_factory=list)
    states: int = 0
    transitions: int = 0
    truncated: bool = False


class TooManySlots(ValueError):
    """A configuration does not fit into 64 bits."""


def packing_for(relation: Relation, slots: int) -> Packing:
    """The packing of *slots* processes over the records and places of *relation*."""
    bits = max(1, (relation.width - 1).bit_length())
    if slots * bits + len(relation.closure.records).bit_length() > 63:
        raise TooManySlots(f"{slots} processes of {relation.width} places each do not fit into 64 bits")
    return Packing(slots, bits)


def explore(relation: Relation, bound: int, limit: int | None = None) -> Explored:
    """Every configuration with at most *bound* counted processes that the initial record leads to, breadth first.

    Processes that do not count (recovery, the outside) get slots as they are needed.  *limit* bounds the number of
    configurations.  Time is linear in the number of steps, but for the sorting of each level.
    """
    slots = bound
    while True:
        try:
            return _explore(relation, bound, slots, limit)
        except _Overflow:
            slots += 1


class _Overflow(Exception):
    """A process that does not count found no slot."""


def _explore(relation: Relation, bound: int, slots: int, limit: int | None) -> Explored:
    packing = packing_for(relation, slots)
    explored = Explored(relation, packing, bound)
    initial = packing.pack(np.zeros(1, np.int64), np.full((1, slots), relation.empty))
    visited = Visited()
    frontier = visited.add([initial])
    while len(frontier):
        explored.levels.append(frontier)
        explored.states += len(frontier)
        if limit is not None and explored.states > limit:
            explored.truncated = True
            break
        reached: list[Ints] = []
        for first in range(0, len(frontier), PIECE):
            found = []
            for _, after in steps(relation, packing, bound, frontier[first : first + PIECE]):
                explored.transitions += len(after)
                found.append(after)
            reached.append(distinct(np.concatenate(found)))
        frontier = visited.add(reached)
    return explored


def distinct(packed: Ints) -> Ints:
    """Sorted, each once; sorts in place."""
    packed.sort()
    if not len(packed):
        return packed
    return packed[np.concatenate([[True], packed[1:] != packed[:-1]])]


class Visited:
    """A set of integers as a few sorted arrays of growing size, merged when they become many."""

    def __init__(self) -> None:
        self._runs: list[Ints] = []

    def add(self, pieces: list[Ints]) -> Ints:
        """Adds sorted *pieces*; returns those that are new, sorted."""
        fresh = pieces[0] if len(pieces) == 1 else distinct(np.concatenate(pieces))
        for run in self._runs:
            if len(fresh):
                positions = np.searchsorted(run, fresh)
                positions[positions == len(run)] = 0
                fresh = fresh[run[positions] != fresh]
        self._runs.append(fresh)
        while len(self._runs) > 1 and len(self._runs[-2]) < 2 * len(self._runs[-1]):
            last, before = self._runs.pop(), self._runs.pop()
            merged = np.concatenate([before, last])
            merged.sort(kind="stable")
            self._runs.append(merged)
        return fresh


def steps(relation: Relation, packing: Packing, bound: int, packed: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Every step of the configurations *packed*: positions in *packed*, and the configurations that follow.

    First the steps of each slot (an empty slot: starts), then the crashes; processes that stand at the same place
    step once, since they are interchangeable.
    """
    record, places = packing.unpack(packed)
    holds = relation.holds[places]
    base = record * relation.width
    in_flight = relation.counted[places].sum(axis=1)
    for slot in range(packing.slots):
        stands = places[:, slot]
        pair = base + stands
        count = relation.heads[pair + 1] - relation.heads[pair]
        if slot:
            count = np.where(places[:, slot - 1] == stands, 0, count)
        position = np.repeat(np.arange(len(packed)), count)
        ends = np.cumsum(count)
        step = np.arange(len(position)) - np.repeat(ends - count - relation.heads[pair], count)
        allowed = ~(relation.acquires[step] & holds.any(axis=1)[position])
        allowed &= ~(relation.counts[step] & (in_flight >= bound)[position])
        position, step = position[allowed], step[allowed]
        after = places[position]
        after[:, slot] = relation.place[step]
        yield position, packing.pack(relation.record[step], after)
    if (places[:, -1] != relation.empty).any():
        full = np.flatnonzero(places[:, -1] != relation.empty)
        pair = record[full] * relation.width + relation.empty
        count = relation.heads[pair + 1] - relation.heads[pair]
        step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - relation.heads[pair], count)
        if not relation.counts[step].all():
            raise _Overflow
    yield from _crashes(relation, packing, packed, record, places)


def _crashes(
    relation: Relation, packing: Packing, packed: Ints, record: Ints, places: Ints
) -> Iterator[tuple[Ints, Ints]]:
    for index, crash in enumerate(relation.automaton.crashes):
        mortal = relation.mortal[index]
        after = relation.crashed[index][record]
        hit = (after >= 0) & (mortal[places].any(axis=1) | bool(crash.assign))
        position = np.flatnonzero(hit)
        if not len(position):
            continue
        heirs = [
            [relation.empty if heir < 0 else heir for heir in place.heirs] or [number]
            for number, place in enumerate(relation.automaton.places)
        ] + [[relation.empty]]
        most = max(len(choices) for choices in heirs)
        table = np.array([(choices * most)[:most] for choices in heirs])
        real = np.array([len(choices) for choices in heirs])
        for choice in product(range(most), repeat=packing.slots):
            moved = places[position].copy()
            valid = np.ones(len(position), dtype=bool)
            for slot, which in enumerate(choice):
                stands = places[position, slot]
                dies = mortal[stands]
                valid &= np.where(dies, which < real[stands], which == 0)
                moved[:, slot] = np.where(dies, table[stands, which], stands)
            yield position[valid], packing.pack(after[position[valid]], moved[valid])
