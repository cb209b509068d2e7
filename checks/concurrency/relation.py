"""The step relation of one process over the pairs (record, place) that occur, as one growing table.

Pairs are numbered ``record * width + place``; the place after the last one stands for an empty slot, whose steps are
the starts.  With this table exact exploration is nothing but look-ups.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from checks.concurrency import kernel
from checks.concurrency.automaton import Automaton
from checks.concurrency.records import Ints
from checks.concurrency.rules import Rules
from checks.graph.arrays import distinct

#: The bit of a rule that is never taken.
NEVER = 4


class Relation:
    """The steps of each pair that has been asked for, once each.

    Those of pair ``p`` begin at ``heads[p] - 1``, and are ``counts[p]``, in the columns ``record`` (after the step),
    ``rule`` (its number in ``rules``, which says the rest) and ``word`` (all in one, as the kernel reads it);
    ``heads[p]`` is 0 for a pair that was not asked for.
    ``refused`` is that of the rules, with the bit :data:`NEVER` for those that :meth:`only` left out.
    ``blocks`` and ``mortal`` are by place, the empty slot among them; ``blocks`` has the bits of what a process there
    makes others refuse (of a rule's ``refused``): taking the lock, starting patiently.
    """

    def __init__(self, automaton: Automaton) -> None:
        self.automaton = automaton
        self.rules = Rules(automaton)
        self.records = self.rules.records
        self.empty = len(automaton.places)
        self.width = self.empty + 1
        self.blocks = np.array([place.holds | place.busy << 3 for place in automaton.places] + [0], np.int8)
        self.mortal = [
            np.array([place.service == crash.service for place in automaton.places] + [False])
            for crash in automaton.crashes
        ]
        self.refused = self.rules.refused
        self.heads: npt.NDArray[np.int32] = np.empty(0, np.int32)
        self.counts: npt.NDArray[np.int32] = np.empty(0, np.int32)
        self.size = 0
        self.record: npt.NDArray[np.int32] = np.empty(0, np.int32)
        self.rule: npt.NDArray[np.int32] = np.empty(0, np.int32)
        self.word: npt.NDArray[np.uint64] = np.empty(0, np.uint64)

    def only(self, origins: Collection[int]) -> None:
        """From now on no process starts but by *origins*, by their positions in the automaton."""
        first = int(self.rules.heads[self.empty])
        self.refused = self.rules.refused.copy()
        for origin in range(len(self.automaton.origins)):
            if origin not in origins:
                self.refused[first + origin] |= NEVER

    def crashed(self, index: int, records: Ints) -> Ints:
        """The records after crash number *index*, or -1 where it cannot happen."""
        after = np.full(len(records), -1, np.int64)
        position, _, result = self.rules.apply(records, np.full(len(records), self.width + index))
        after[position] = result
        return after

    @property
    def pairs(self) -> Ints:
        """The pairs that were asked for, in order."""
        return np.flatnonzero(self.heads)

    def steps(self, pairs: Ints) -> tuple[Ints, Ints]:
        """For each of *pairs* its steps: the positions of the pairs, repeated, and the numbers of the steps."""
        count = self.counts[pairs]
        position = np.repeat(np.arange(len(pairs)), count)
        heads = self.heads[pairs].astype(np.int64) - 1
        return position, np.arange(len(position)) + np.repeat(heads - (np.cumsum(count) - count), count)

    def demand(self, pairs: Ints) -> None:
        """Makes the steps of *pairs*, where they were not made before."""
        self.cover()
        self.make(distinct(pairs[self.heads[pairs] == 0]))

    def make(self, wanted: Ints) -> None:
        """Makes the steps of *wanted*, each once, not made before and within :meth:`cover`."""
        if not len(wanted):
            return
        records, places = wanted // self.width, wanted % self.width
        position, rule, after = self.rules.apply(records, places)
        count = np.bincount(position, minlength=len(wanted))
        self.heads[wanted] = 1 + self.size + np.cumsum(count) - count
        self.counts[wanted] = count
        word = after << int(kernel.RECORD) | self.rules.to[rule] << int(kernel.REFUSED) | self.rules.refused[rule]
        self._append(record=after, rule=rule, word=word)

    def cover(self) -> None:
        """Makes room for the pairs of all records that there are."""
        pairs = len(self.records) * self.width
        if pairs > len(self.heads):
            grown = max(2 * len(self.heads), 2 * pairs, 1 << 16)
            for name in ("heads", "counts"):
                old = getattr(self, name)
                new = np.zeros(grown, np.int32)
                new[: len(old)] = old
                setattr(self, name, new)

    def _append(self, **columns: npt.NDArray[np.generic]) -> None:
        count = len(columns["rule"])
        if self.size + count > len(self.rule):
            size = 2 * (self.size + count) + 1024
            for name in columns:
                old = getattr(self, name)
                grown = np.empty(size, old.dtype)
                grown[: self.size] = old[: self.size]
                setattr(self, name, grown)
        for name, column in columns.items():
            getattr(self, name)[self.size : self.size + count] = column
        self.size += count
