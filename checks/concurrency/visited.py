"""The configurations that were met: one bit each, found by arithmetic alone.

The places that are met with a record are numbered as they come, and few are.  Slots that are told apart are the digits
of a number whose radix is the room of the record.  Slots that are not are a multiset, whose rank in the combinatorial
number system (Knuth, The Art of Computer Programming 4A, section 7.2.1.3) is a sum of binomial coefficients.  A record
that outgrows its room moves.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from checks.concurrency import kernel
from checks.concurrency.kernel import Known
from checks.concurrency.records import Ints
from checks.concurrency.relation import Relation
from checks.graph.arrays import distinct

#: Bits that a set may take: 2 GiB.
MOST = 1 << 34
#: Words of bits that an empty set keeps for the next space: 16 MiB.
KEPT = 1 << 21
#: Configurations that one call of the kernel may find, and pairs that it may miss, beside those of one step.
PIECE = 1 << 16

Number = TypeVar("Number", bound=np.generic)


class FullError(ValueError):
    """A set would take more than :data:`MOST` bits."""


class Visited:
    """A set of packed configurations over the pairs of *relation*, which it makes the steps of as they are met.

    ``number[pair]`` is the number of a place with its record, from 1 on, or 0; ``room[record]`` is more than any of
    them, and ``offset[record]`` the first of its ``bits``; ``choose[j, n]`` is ``n - 1 + j`` over ``j + 1``, and empty
    when slots are told apart.  ``cases`` is by record, as the kernel says.
    """

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self.slots, self.shift, self.ordered = 0, 0, False
        self.choose = np.zeros((0, 0), np.uint64)
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

    def clear(self, slots: int, shift: int, *, ordered: bool) -> None:
        """Makes the set empty, for configurations of *slots* places of *shift* bits each, told apart if *ordered*."""
        if self.slots != slots:
            self._fresh = np.empty(PIECE + slots * self._most, np.int64)
            self._wanted = np.empty(PIECE + slots * slots * self._most, np.int64)
        self.slots, self.shift, self.ordered = slots, shift, ordered
        if len(self.choose) != (0 if ordered else slots):
            self.choose = np.zeros((0, 0), np.uint64) if ordered else _binomials(slots, 1 << 6)
        for pairs in self._met:
            self.number[pairs] = 0
        self._met = []
        for column in (self.used, self.room, self.offset, self.cases):
            column[:] = 0
        if len(self.bits) > KEPT:
            self.bits = np.zeros(KEPT, np.uint64)
        self.bits[: -(-self._free // 64)] = 0
        self._free = 0
        self._cover()

    @property
    def pairs(self) -> Ints:
        """The pairs of a record and a place that are part of some configuration of the set."""
        return np.concatenate([np.empty(0, np.int64), *self._met])

    def add(self, packed: Ints) -> Ints:
        """Adds *packed*; returns those that are new, each once: first those whose places are all numbered by now."""
        self._cover()
        slots, shift = self.slots, self.shift
        record = packed >> (shift * slots)
        pairs = [
            record * self.relation.width + (packed >> (shift * (slots - 1 - slot)) & ((1 << shift) - 1))
            for slot in range(slots)
        ]
        unknown = [self.number[pair] == 0 for pair in pairs]
        wanted = distinct(np.concatenate([pair[which] for pair, which in zip(pairs, unknown, strict=True)]))
        if len(wanted):
            self._enter(wanted)
        bit = self._bits(record, [self.number[pair].astype(np.uint64) for pair in pairs])
        order = np.argsort(np.any(unknown, axis=0), kind="stable")
        first = order[np.sort(np.unique(bit[order], return_index=True)[1])]
        word, flag = bit[first] >> np.uint64(6), np.uint64(1) << (bit[first] & np.uint64(63))
        fresh = self.bits[word] & flag == 0
        np.bitwise_or.at(self.bits, word, flag)
        new: Ints = packed[first[fresh]]
        return new

    def _bits(self, record: Ints, digits: list[npt.NDArray[np.uint64]]) -> npt.NDArray[np.uint64]:
        """The bits of configurations by the numbers of the places in their slots; the kernel says the same."""
        at = np.zeros(len(record), np.uint64)
        if self.ordered:
            for digit in digits:
                at = at * self.room[record] + digit
        else:
            for slot, digit in enumerate(np.sort(digits, axis=0)):
                at += self.choose[slot, digit]
        return at + self.offset[record]

    def advance(self, frontier: Ints, bound: int) -> tuple[Ints, int]:
        """Adds what every step of *frontier* leads to; returns what is new, and the number of steps.

        OverflowError when a process that may start however many are in flight finds no slot.
        """
        relation = self.relation
        steps = 0

        def run(todo: Ints, first: int, fresh: Ints, again: Ints, wanted: Ints) -> tuple[int, int, int, int]:
            nonlocal steps
            at, news, agains, wants, taken = kernel.advance(
                todo, first, bound, self._shape(), self.ordered, self._unbounded,
                (relation.heads, relation.counts, relation.word, relation.rule),
                (relation.refused, relation.blocks, self._pending),
                self._known(), self.cases, fresh, again, wanted,
            )  # fmt: skip
            if at < 0:
                self.number[wanted[:wants]] = 0
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

    def _known(self) -> Known:
        return self.number, self.room, self.offset, self.choose, self.bits

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
        records = distinct(wanted // relation.width)
        full = records[self.used[records] >= self.room[records]]
        if not len(full):
            return
        room = self.used[full] * 9 // 8 + 4
        if not self.ordered and room.max() >= self.choose.shape[1]:
            self.choose = _binomials(self.slots, 2 * int(room.max()))
        sizes = room.astype(np.float64) ** self.slots if self.ordered else self.choose[-1, room].astype(np.float64)
        if self._free + sizes.sum() > MOST:
            raise FullError(f"{self._free + int(sizes.sum())} bits, more than {MOST}")
        ends = self._free + np.cumsum((sizes.astype(np.int64) + 63) // 64 * 64)
        offset = np.concatenate([[self._free], ends[:-1]])
        self._free = int(ends[-1])
        if self._free > len(self.bits) * 64:
            self.bits = _grown(self.bits, self._free // 64 * 2)
        kernel.move(full, self.slots, self._known(), room.astype(np.uint64), offset.astype(np.uint64))


def _binomials(slots: int, count: int) -> npt.NDArray[np.uint64]:
    """``n - 1 + j`` over ``j + 1`` for each *j* below *slots*, and *n* below *count*; exact below 2 ** 64."""
    return np.array([[comb(n - 1 + j, j + 1) if n else 0 for n in range(count)] for j in range(slots)], np.uint64)


def _grown(old: npt.NDArray[Number], size: int) -> npt.NDArray[Number]:
    new = np.zeros(size, old.dtype)
    new[: len(old)] = old
    return new
