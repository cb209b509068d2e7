"""The configurations that were met: one bit each, found by arithmetic alone.

The places that are met with a record are numbered as they come, so a configuration is a number with a digit a slot,
its radix the room of the record.  Few places are met with one record, so the bits of a record are few, and a record
that outgrows its room moves.  What one process at a time can meet is dense in this numbering: no table of hashes, nor
one of packed configurations, is as small.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from checks.concurrency import kernel
from checks.concurrency.kernel import Small, Words
from checks.concurrency.records import Ints
from checks.concurrency.relation import Relation

#: Bits that a set may take: 2 GiB.
MOST = 1 << 34
#: Configurations that one call of the kernel may find, and pairs that it may miss, beside those of one step.
PIECE = 1 << 16

Number = TypeVar("Number", bound=np.generic)


class FullError(ValueError):
    """A set would take more than :data:`MOST` bits."""


class Visited:
    """A set of packed configurations over the pairs of *relation*, which it makes the steps of as they are met.

    ``number[pair]`` is the number of a place with its record, from 1 on, or 0; ``room[record]`` the radix, and
    ``offset[record]`` the first of its ``bits``.  ``cases`` is by record, as the kernel says.
    """

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self.slots = self.shift = 0
        rules, automaton = relation.rules, relation.automaton
        self._pending = np.array([bool(place.mark) for place in automaton.places] + [False])
        self._unbounded = any(origin.unbounded for origin in automaton.origins)
        self._most = int(np.diff(rules.heads).max(initial=0))
        self.number = np.zeros(0, np.int32)
        self.used = np.zeros(0, np.int64)
        self.room = np.zeros(0, np.uint64)
        self.offset = np.zeros(0, np.uint64)
        self.cases = np.zeros(0, np.uint8)
        self.bits = np.zeros(1 << 10, np.uint64)
        self._fresh = self._wanted = np.empty(0, np.int64)
        self._free = 0
        self._met: list[Ints] = []

    def clear(self, slots: int, shift: int) -> None:
        """Makes the set empty, for configurations of *slots* places of *shift* bits each."""
        if self.slots != slots:
            self._fresh = np.empty(PIECE + slots * self._most, np.int64)
            self._wanted = np.empty(PIECE + slots * slots * self._most, np.int64)
        self.slots, self.shift = slots, shift
        for pairs in self._met:
            self.number[pairs] = 0
        self._met = []
        for column in (self.used, self.room, self.offset, self.cases):
            column[:] = 0
        self.bits[: -(-self._free // 64)] = 0
        self._free = 0
        self._cover()

    @property
    def pairs(self) -> Ints:
        """The pairs of a record and a place that are part of some configuration of the set."""
        return np.concatenate([np.empty(0, np.int64), *self._met])

    def add(self, packed: Ints) -> Ints:
        """Adds *packed*; returns those that are new, each once."""
        self._cover()

        def run(todo: Ints, first: int, fresh: Ints, again: Ints, wanted: Ints) -> tuple[int, int, int, int]:
            return kernel.add(todo, first, self._shape(), self.relation.width, self._known(), fresh, again, wanted)

        return self._run(run, packed, np.empty_like(packed))

    def advance(self, frontier: Ints, bound: int, *, ordered: bool) -> tuple[Ints, int]:
        """Adds what every step of *frontier* leads to; returns what is new, and the number of steps.

        OverflowError when a process that may start however many are in flight finds no slot.
        """
        relation = self.relation
        steps = 0

        def run(todo: Ints, first: int, fresh: Ints, again: Ints, wanted: Ints) -> tuple[int, int, int, int]:
            nonlocal steps
            at, news, agains, wants, taken = kernel.advance(
                todo, first, bound, self._shape(), ordered, self._unbounded,
                (relation.heads, relation.counts, relation.word, relation.rule),
                (relation.refused, relation.blocks, self._pending),
                self._known(), self.cases, fresh, again, wanted,
            )  # fmt: skip
            if at < 0:
                raise OverflowError
            steps += taken
            return at, news, agains, wants

        return self._run(run, frontier, self._fresh), steps

    def _run(
        self, run: Callable[[Ints, int, Ints, Ints, Ints], tuple[int, int, int, int]], todo: Ints, fresh: Ints
    ) -> Ints:
        """What *run* finds from *todo*; what it could not look up is run again when the pairs are numbered."""
        found = []
        while len(todo):
            again = [np.empty(0, np.int64)]
            left = np.empty_like(todo)
            at = 0
            while at < len(todo):
                at, news, agains, wants = run(todo, at, fresh, left, self._wanted)
                if news:
                    found.append(fresh[:news].copy())
                if agains:
                    again.append(left[:agains].copy())
                if wants:
                    self._enter(np.sort(self._wanted[:wants]))
            todo = np.concatenate(again)
        return np.concatenate([np.empty(0, np.int64), *found])

    def _shape(self) -> tuple[int, int, int]:
        return self.slots, self.shift, self._most

    def _known(self) -> tuple[Small, Words, Words, Words]:
        return self.number, self.room, self.offset, self.bits

    def _cover(self) -> None:
        """Makes room for all records that there are."""
        self.relation.cover()
        count = len(self.relation.records)
        if count > len(self.used):
            for name in ("used", "room", "offset", "cases"):
                setattr(self, name, _grown(getattr(self, name), 2 * count))
            self.number = _grown(self.number, 2 * count * self.relation.width)

    def _enter(self, wanted: Ints) -> None:
        """Numbers the pairs *wanted*, with room for them, and makes their steps."""
        relation = self.relation
        relation.make(wanted[relation.heads[wanted] == 0])
        self._cover()
        self._met.append(wanted)
        kernel.enter(wanted, relation.width, self.number, self.used)
        records = np.unique(wanted // relation.width)
        full = records[self.used[records] >= self.room[records]]
        if not len(full):
            return
        room = self.used[full] * 5 // 4 + 4
        sizes = room.astype(np.float64) ** self.slots
        if self._free + sizes.sum() > MOST:
            raise FullError(f"{self._free + int(sizes.sum())} bits, more than {MOST}")
        ends = self._free + np.cumsum((room**self.slots + 63) // 64 * 64)
        offset = np.concatenate([[self._free], ends[:-1]])
        self._free = int(ends[-1])
        if self._free > len(self.bits) * 64:
            self.bits = _grown(self.bits, self._free // 64 * 2)
        kernel.move(
            full, self.slots, self.room, self.offset, self.bits, room.astype(np.uint64), offset.astype(np.uint64)
        )


def _grown(old: npt.NDArray[Number], size: int) -> npt.NDArray[Number]:
    new = np.zeros(size, old.dtype)
    new[: len(old)] = old
    return new
