"""Checks that a set of pairs of record and place is closed, by other means than those that made it.

The certificate of a verdict on any number of processes is that set.  It must hold every start in every record, be
closed under the steps of the process itself, and under the writes of all others that the lock lets happen; then no
number of processes leaves it (induction over the length of an execution).

The automaton is that of the closure itself, with what the property does not ask of left out
(:mod:`checks.concurrency.abstraction`), and its judge says that no member violates the property: what is shown here
once more is that the set is closed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from checks.concurrency.automaton import END, Automaton
from model.conditions import Assignments, When

Ints = npt.NDArray[np.int64]
#: Writes that are looked at in one piece.
PIECE = 1 << 14


def faults_of_pairs(automaton: Automaton, records: Ints, pairs: tuple[Ints, Ints]) -> Iterator[str]:
    """What is missing, in words; nothing when the certificate is good.

    *records* has a row a record; *pairs* are the places and, beside them, the numbers of the records.
    """
    if automaton.crashes:
        yield "the certificate says nothing of crashes"
        return
    if ((records < 0) | (records >= np.array(automaton.sizes))).any():
        yield "a record has a value that its variable has not"
        return
    for numbers, size in zip(pairs, (len(automaton.places), len(records)), strict=True):
        if ((numbers < 0) | (numbers >= size)).any():
            yield "a pair has a place or a record that is not there"
            return
    table = _Table(automaton, records)
    member = np.zeros((len(records), len(automaton.places)), bool)
    member[pairs[1], pairs[0]] = True
    if table.numbers(np.array([automaton.initial], np.int64))[0] < 0:
        yield "the first record is missing"
    writes: dict[bool, list[Ints]] = {False: [], True: []}
    everywhere = np.arange(len(records))
    alone = automaton.exclusive
    steps = [
        (everywhere, origin.when, origin.assign, origin.to, False, f"start {origin.rows[0]}")
        for origin in automaton.origins
    ]
    steps += [
        (
            np.flatnonzero(member[:, number]),
            move.when,
            move.assign,
            move.to,
            alone and (move.acquires or place.holds),
            move.rows[0],
        )
        for number, place in enumerate(automaton.places)
        for move in place.moves
    ]
    for standing, when, assign, to, locked, row in steps:
        before = standing[table.passes(when)[standing]]
        after = table.after(assign)[before]
        if (after < 0).any():
            yield f"{row} leads to a record that is missing"
        elif to != END and not member[after, to].all():
            yield f"{row} leads to a pair that is missing"
        else:
            moved = before != after
            writes[locked].append(before[moved] * len(records) + after[moved])
    holds = np.array([place.holds for place in automaton.places], bool)
    for locked, made in writes.items():
        met = np.packbits(member & ~holds if locked else member, axis=1)
        kept = np.packbits(member, axis=1)
        every = _distinct(np.concatenate([np.empty(0, np.int64), *made]))
        for first in range(0, len(every), PIECE):
            before, after = np.divmod(every[first : first + PIECE], len(records))
            if (met[before] & ~kept[after]).any():
                yield "a write of another process leads to a pair that is missing"
                break


def _distinct(numbers: Ints) -> Ints:
    """*numbers*, each once; by sorting, which takes less time than ``unique`` of NumPy."""
    ordered = np.sort(numbers)
    last = np.ones(len(ordered), bool)
    last[:-1] = np.diff(ordered) != 0
    distinct: Ints = ordered[last]
    return distinct


class _Table:
    """The records of a certificate, found by their values."""

    def __init__(self, automaton: Automaton, records: Ints) -> None:
        self.records = records
        self.sizes = automaton.sizes
        codes = self._codes(records)
        self.order = np.argsort(codes, kind="stable")
        self.codes = codes[self.order]
        self._passes: dict[When, npt.NDArray[np.bool_]] = {}
        self._after: dict[Assignments, Ints] = {}

    def _codes(self, records: Ints) -> Ints:
        code = np.zeros(len(records), np.int64)
        for column, size in enumerate(self.sizes):
            code = code * size + records[:, column]
        return code

    def numbers(self, records: Ints) -> Ints:
        """Which record of the certificate each of *records* is, -1 for none."""
        codes = self._codes(records)
        at = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        return np.where(self.codes[at] == codes, self.order[at], -1)

    def passes(self, when: When) -> npt.NDArray[np.bool_]:
        """In which records *when* holds."""
        passed = self._passes.get(when)
        if passed is None:
            passed = self._passes[when] = np.ones(len(self.records), bool)
            for variable, values in when:
                passed &= np.isin(self.records[:, variable], list(values))
        return passed

    def after(self, assign: Assignments) -> Ints:
        """For each record the one after *assign*, by number."""
        found = self._after.get(assign)
        if found is None:
            after = self.records.copy()
            for variable, value in assign:
                after[:, variable] = value if value >= 0 else self.records[:, -1 - value]
            found = self._after[assign] = self.numbers(after)
        return found
