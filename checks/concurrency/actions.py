"""Guarded assignments, each applied at most once to each record: the step relation of one process as tables.

Many rows of the tables do the same to the record.  An *action* is a pair ``when`` and ``assign`` without its row and
its place, so that it is evaluated once for all places that share it, and only on the records that are asked for.
"""

from __future__ import annotations

import numpy as np

from checks.concurrency.records import Ints, Records
from model.semantics import Assignments, When

#: In a table of actions: the record does not pass; nobody has asked yet.
DISABLED = -1
UNKNOWN = -2


class Actions:
    """For each action and each record, the record after it."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self._numbers: dict[tuple[When, Assignments], int] = {}
        self._pairs: list[tuple[When, Assignments]] = []
        self._tables: list[Ints] = []

    def number(self, when: When, assign: Assignments) -> int:
        """The number of an action."""
        key = (when, assign)
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = len(self._pairs)
            self._pairs.append(key)
            self._tables.append(np.empty(0, dtype=np.int64))
        return known

    def after(self, action: int, chosen: Ints) -> Ints:
        """The numbers of the records that *action* makes of those in *chosen*, DISABLED where one does not pass.

        Records that appear for the first time are added to the records.
        """
        table = self._tables[action]
        if len(table) < len(self.records):
            grown = np.full(len(self.records) * 2, UNKNOWN, dtype=np.int64)
            grown[: len(table)] = table
            table = self._tables[action] = grown
        found = table[chosen]
        unknown = chosen[found == UNKNOWN]
        if len(unknown):
            when, assign = self._pairs[action]
            passed = self.records.passing(when, unknown)
            table[unknown] = DISABLED
            kept = unknown[passed]
            table[kept] = self.records.numbers(self.records.assigned(assign, kept)) if assign else kept
            found = table[chosen]
        return found
