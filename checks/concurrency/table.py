"""The configurations that were met, as a table of hashes: for spaces whose configurations are few among those possible.

Where processes start however many are in flight, a slot is kept for them that is mostly empty; numbered as
:mod:`checks.concurrency.visited` does it, almost no bit of what fits into it would ever be set.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from checks.concurrency.kernel import Small
from checks.concurrency.records import Ints
from checks.concurrency.relation import Relation

#: An unused place of the table; no configuration is negative.
FREE = -1
#: Configurations that are expanded in one piece.
PIECE = 1 << 16


class Table:
    """A set of packed configurations of interchangeable slots: a table that doubles when it is half full."""

    def __init__(self, relation: Relation, slots: int, bits: int) -> None:
        self.relation, self.slots, self.bits = relation, slots, bits
        self._table: Ints = np.full(1 << 16, FREE, np.int64)
        self._size = 0

    def add(self, packed: Ints) -> Ints:
        """Adds *packed*; returns those that are new, each once, in the order in which they are met first."""
        most = self._size + len(packed)
        if 2 * most > len(self._table):
            known = self._table[self._table != FREE]
            self._table = np.full(1 << (2 * most).bit_length(), FREE, np.int64)
            insert(self._table, known, known)
        fresh = np.empty_like(packed)
        number = insert(self._table, packed, fresh)
        self._size += number
        return fresh[:number].copy()

    def advance(self, frontier: Ints, bound: int) -> tuple[Ints, int]:
        """Adds what every step of *frontier* leads to; returns what is new, and the number of steps.

        OverflowError when a process that may start however many are in flight finds no slot.
        """
        taken = 0
        found = []
        for first in range(0, len(frontier), PIECE):
            after = self._after(frontier[first : first + PIECE], bound)
            taken += len(after)
            found.append(self.add(after))
        return np.concatenate(found), taken

    def _after(self, packed: Ints, bound: int) -> Ints:
        """What each step of *packed* leads to."""
        relation, shape = self.relation, (self.slots, self.bits)
        relation.cover()
        wanted = np.empty(len(packed) * (self.slots + 1), np.int64)
        number, count = missing(packed, relation.heads, relation.counts, relation.width, *shape, wanted)
        relation.make(np.sort(wanted[:number]))
        if number:
            _, count = missing(packed, relation.heads, relation.counts, relation.width, *shape, wanted)
        after = np.empty(count, np.int64)
        number = expand(
            packed, bound, *shape, relation.heads, relation.counts, relation.record, relation.rule,
            relation.rules.to, relation.refused, relation.blocks, after,
        )  # fmt: skip
        if number < 0:
            raise OverflowError
        return after[:number]


@njit(cache=True)
def missing(
    packed: Ints, heads: Small, counts: Small, width: int, slots: int, bits: int, found: Ints
) -> tuple[int, int]:
    """Writes to *found* the pairs of *packed* without steps in ``heads``; how many, and the steps of the others.

    A pair is marked with -1 when it is written, so each is written once.
    """
    number, steps = 0, 0
    mask = (1 << bits) - 1
    for configuration in packed:
        base = (configuration >> (bits * slots)) * width
        rest = configuration
        for slot in range(slots + 1):
            pair = base + (rest & mask if slot < slots else width - 1)
            rest >>= bits
            if heads[pair] == 0:
                heads[pair] = -1
                found[number] = pair
                number += 1
            else:
                steps += counts[pair]
    return number, steps


@njit(cache=True)
def _place(table: Ints, packed: int) -> int:
    """Where *packed* is in *table*, or would be: open addressing, linear probing, Fibonacci hashing."""
    mask = len(table) - 1
    at = ((packed * -7046029254386353131) >> 20) & mask
    while table[at] != packed and table[at] != FREE:
        at = (at + 1) & mask
    return at


@njit(cache=True)
def insert(table: Ints, packed: Ints, fresh: Ints) -> int:
    """Adds *packed* to *table*, which has room; writes those that are new to *fresh*, returns how many.

    *fresh* may be *packed* itself.
    """
    number = 0
    for configuration in packed:
        at = _place(table, configuration)
        if table[at] == FREE:
            table[at] = configuration
            fresh[number] = configuration
            number += 1
    return number


@njit(cache=True)
def expand(
    packed: Ints,
    bound: int,
    slots: int,
    bits: int,
    heads: Small,
    counts: Small,
    records: Small,
    rules: Small,
    to: Ints,
    refused: npt.NDArray[np.int8],
    blocks: npt.NDArray[np.int8],
    after: Ints,
) -> int:
    """Writes what follows each of *packed* to *after*; how many, or -1 when a start that needs no room found none.

    ``refused`` of a rule: bit 0 when it takes the lock, 1 when it needs room, 2 always, 3 when it is patient;
    ``blocks`` of a place: the bits of what a process there makes others refuse.
    """
    width = len(blocks)
    empty = width - 1
    mask = (1 << bits) - 1
    places = np.empty(slots, np.int64)
    others = np.empty(slots, np.int64)
    number = 0
    for configuration in packed:
        rest = configuration
        blocked, flying = 0, 0
        for slot in range(slots - 1, -1, -1):
            place = rest & mask
            rest >>= bits
            places[slot] = place
            blocked |= blocks[place]
            flying += place != empty
        base = rest * width
        stop = 4 | blocked | (2 if flying >= bound else 0)
        if flying == slots:
            head = heads[base + empty] - 1
            for step in range(head, head + counts[base + empty]):
                if not refused[rules[step]] & stop:
                    return -1
        for slot in range(slots):
            place = places[slot]
            if slot and places[slot - 1] == place:
                continue
            head = heads[base + place] - 1
            count = counts[base + place]
            if not count:
                continue
            left = 0
            for other in range(slots):
                if other != slot:
                    others[left] = places[other]
                    left += 1
            for step in range(head, head + count):
                rule = rules[step]
                if refused[rule] & stop:
                    continue
                moved = to[rule]
                made = np.int64(records[step])
                waiting = True
                for other in range(left):
                    if waiting and moved <= others[other]:
                        made = (made << bits) | moved
                        waiting = False
                    made = (made << bits) | others[other]
                if waiting:
                    made = (made << bits) | moved
                after[number] = made
                number += 1
    return number
