"""The guarded assignments of an automaton as arrays: all rules of many pairs are applied in a few operations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from checks.concurrency.automaton import END, Automaton
from checks.concurrency.records import Ints, Records
from model.conditions import Assignments, When

Flags = npt.NDArray[np.bool_]


class Rules:
    """The rules in groups: those of each place, then those of an empty slot (the starts), then one for each crash.

    Rule ``n`` belongs to group ``g`` when ``heads[g] <= n < heads[g + 1]``; ``to`` is its target, the empty slot for
    the end (and, for a crash, always); ``refused`` has bit 0 when it takes the lock, bit 1 when it starts a process
    that needs room, bit 3 for a patient start; ``mark`` is what a property watches.
    """

    def __init__(self, automaton: Automaton) -> None:
        self.records = Records(automaton.sizes, [automaton.initial])
        self.empty = len(automaton.places)
        groups: list[list[tuple[When, Assignments, int, int, int]]] = [
            [(move.when, move.assign, move.to, int(move.acquires), move.mark) for move in place.moves]
            for place in automaton.places
        ]
        groups.append(
            [
                (each.when, each.assign, each.to, (not each.unbounded) << 1 | each.patient << 3, each.mark)
                for each in automaton.origins
            ]
        )
        groups += [[(crash.when, crash.assign, END, 0, 0)] for crash in automaton.crashes]
        flat = [rule for group in groups for rule in group]
        self.heads = np.cumsum([0, *map(len, groups)])
        self.to = np.array([self.empty if rule[2] == END else rule[2] for rule in flat], np.int64)
        self.refused = np.array([rule[3] for rule in flat], np.int8)
        self.mark = np.array([rule[4] for rule in flat], np.int64)
        numbers: dict[When, int] = {}
        self._when = np.array([numbers.setdefault(rule[0], len(numbers)) for rule in flat], np.int64)
        self._tests = self._compile_tests(list(numbers), automaton.sizes)
        self._passes: Flags = np.empty((0, len(numbers)), bool)
        self._tried = 0
        self._writes = self._compile_writes([rule[1] for rule in flat], len(automaton.sizes))

    @staticmethod
    def _compile_tests(whens: list[When], sizes: tuple[int, ...]) -> list[tuple[int, Flags]]:
        """For each variable that is tested, which of *whens* (a column each) each of its values passes."""
        tests: dict[int, Flags] = {}
        for number, when in enumerate(whens):
            for variable, values in when:
                table = tests.setdefault(variable, np.ones((sizes[variable], len(whens)), bool))
                table[:, number] = False
                table[list(values), number] = True
        return sorted(tests.items())

    @staticmethod
    def _compile_writes(assigns: list[Assignments], variables: int) -> list[tuple[int, Ints]]:
        """For each written variable: each rule's new value, or -1 - the variable copied (itself: it is kept)."""
        writes = []
        for variable in range(variables):
            column = np.full(len(assigns), -1 - variable, np.int64)
            for number, assign in enumerate(assigns):
                for written, value in assign:
                    if written == variable:
                        column[number] = value
            if (column != -1 - variable).any():
                writes.append((variable, column))
        return writes

    def _try(self) -> None:
        """Finds, for the records that are new, which tests each passes; each test of a rule is one column."""
        count = len(self.records)
        if count > len(self._passes):
            grown = np.empty((2 * count, self._passes.shape[1]), bool)
            grown[: self._tried] = self._passes[: self._tried]
            self._passes = grown
        if count > self._tried:
            fresh = np.ones((count - self._tried, self._passes.shape[1]), bool)
            for variable, table in self._tests:
                fresh &= table[self.records.values[variable, self._tried : count]]
            self._passes[self._tried : count] = fresh
            self._tried = count

    def apply(self, records: Ints, groups: Ints) -> tuple[Ints, Ints, Ints]:
        """All rules of pairs of a record and a group that pass.

        Returns the position of the pair, the number of the rule and the record after it, by position and then rule.
        Records that appear for the first time are added to the records.
        """
        count = self.heads[groups + 1] - self.heads[groups]
        position = np.repeat(np.arange(len(records)), count)
        rule = np.arange(len(position)) + np.repeat(self.heads[groups] - (np.cumsum(count) - count), count)
        record = records[position]
        values = self.records.values
        self._try()
        kept = np.flatnonzero(self._passes[record, self._when[rule]])
        position, rule, record = position[kept], rule[kept], record[kept]
        code = self.records.codes[record]
        for variable, writes in self._writes:
            written = writes[rule]
            changed = np.flatnonzero(written != -1 - variable)
            new, chosen = written[changed], record[changed]
            copies = np.flatnonzero(new < 0)
            new[copies] = values[-1 - new[copies], chosen[copies]]
            code[changed] += (new - values[variable, chosen]) * self.records.weights[variable]
        return position, rule, self.records.numbers(code)
