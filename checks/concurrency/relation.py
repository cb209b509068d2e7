"""The step relation of one process over the pairs (record, place) that occur, as one growing table.

Pairs are numbered ``record * width + place``; the place after the last one stands for an empty slot, whose steps are
the starts.  With this table exact exploration is nothing but look-ups.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from checks.concurrency.actions import Actions
from checks.concurrency.automaton import END, Automaton
from checks.concurrency.records import Ints, Records

Flags = npt.NDArray[np.bool_]


class Relation:
    """The steps of each pair that has been asked for, once each.

    Those of pair ``p`` are ``heads[p]`` to ``heads[p] + counts[p]`` in the columns ``record`` and ``place`` (where a
    step leads), ``acquires`` (it takes the lock), ``starts`` (it starts a process that counts) and ``source`` (the
    number of the move within its place, or of the origin).  ``holds``, ``counted`` and ``mortal`` are by place, the
    empty slot among them.
    """

    def __init__(self, automaton: Automaton) -> None:
        self.automaton = automaton
        self.records = Records(automaton.sizes, [automaton.initial])
        self.actions = Actions(self.records)
        self.empty = len(automaton.places)
        self.width = self.empty + 1
        none = [False]
        self.holds = np.array([place.holds for place in automaton.places] + none)
        self.counted = np.array([not place.uncounted for place in automaton.places] + none)
        self.mortal = [
            np.array([place.service == crash.service for place in automaton.places] + none)
            for crash in automaton.crashes
        ]
        number, empty = self.actions.number, self.empty
        self._moves = [
            [
                (number(move.when, move.assign), empty if move.to == END else move.to, move.acquires, False)
                for move in place.moves
            ]
            for place in automaton.places
        ]
        self._moves.append(
            [
                (number(origin.when, origin.assign), empty if origin.to == END else origin.to, False, not origin.uncounted)
                for origin in automaton.origins
            ]
        )
        self._crashes = [number(crash.when, crash.assign) for crash in automaton.crashes]
        self.heads: Ints = np.empty(0, np.int64)
        self.counts: npt.NDArray[np.int32] = np.empty(0, np.int32)
        self.size = 0
        self.record: npt.NDArray[np.int32] = np.empty(0, np.int32)
        self.place: npt.NDArray[np.int32] = np.empty(0, np.int32)
        self.acquires: Flags = np.empty(0, np.bool_)
        self.starts: Flags = np.empty(0, np.bool_)
        self.source: npt.NDArray[np.int32] = np.empty(0, np.int32)

    def crashed(self, index: int, records: Ints) -> Ints:
        """The records after crash number *index*, or -1 where it cannot happen."""
        return self.actions.after(self._crashes[index], records)

    def demand(self, pairs: Ints) -> None:
        """Makes the steps of *pairs*, where they were not made before."""
        if not len(pairs):
            return
        self._cover(int(pairs.max()))
        missing = np.zeros(len(self.heads), dtype=bool)
        missing[pairs[self.heads[pairs] < 0]] = True
        wanted = np.flatnonzero(missing)
        records, places = wanted // self.width, wanted % self.width
        order = np.argsort(places, kind="stable")
        records, places = records[order], places[order]
        cuts = np.flatnonzero(np.diff(places, prepend=-1, append=self.width))
        for first, last in zip(cuts[:-1], cuts[1:], strict=True):
            self._make(int(places[first]), records[first:last])

    def _cover(self, pair: int) -> None:
        if pair >= len(self.heads):
            size = max(2 * len(self.heads), pair + 1, self.width * 1024)
            self.heads = np.concatenate([self.heads, np.full(size - len(self.heads), -1, np.int64)])
            self.counts = np.concatenate([self.counts, np.zeros(size - len(self.counts), np.int32)])

    def _make(self, place: int, records: Ints) -> None:
        moves = self._moves[place]
        after = np.empty((len(records), len(moves)), np.int64)
        for column, (action, _, _, _) in enumerate(moves):
            after[:, column] = self.actions.after(action, records)
        row, column = np.nonzero(after >= 0)
        pairs = records * self.width + place
        count = np.bincount(row, minlength=len(records))
        self.heads[pairs] = self.size + np.cumsum(count) - count
        self.counts[pairs] = count
        to, acquires, starts = (np.array([move[item] for move in moves]) for item in (1, 2, 3))
        self._append(
            record=after[row, column],
            place=to[column] if moves else column,
            acquires=acquires[column] if moves else column,
            starts=starts[column] if moves else column,
            source=column,
        )

    def _append(self, **columns: npt.NDArray[np.generic]) -> None:
        count = len(columns["source"])
        if self.size + count > len(self.source):
            size = 2 * (self.size + count) + 1024
            for name in columns:
                old = getattr(self, name)
                grown = np.empty(size, old.dtype)
                grown[: self.size] = old[: self.size]
                setattr(self, name, grown)
        for name, column in columns.items():
            getattr(self, name)[self.size : self.size + count] = column
        self.size += count
