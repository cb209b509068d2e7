"""Sets of values of several variables, side by side in one number, and what a rule does to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from model.conditions import Assignments, When
from model.lifecycle import Lifecycle, Record

#: Sets of values, one for each loose variable, side by side in one number: a bit for each value.
Sets = int


class Change(NamedTuple):
    """One step as far as it concerns loose variables.

    Those in ``tested`` must keep a value within ``allowed``; then only what is in ``left`` stays, ``put`` is added, and
    each of ``copied`` (where from: its bits, and by how many they move) too.
    """

    allowed: Sets
    tested: tuple[Sets, ...]
    left: Sets
    put: Sets
    copied: tuple[tuple[Sets, int], ...] = ()


class Written(NamedTuple):
    """A rule apart: its tests and writes of kept variables, and ``change``.

    ``taken`` are kept variables copied into loose ones (with the first bit of those), ``given`` loose ones copied into
    kept ones.
    """

    when: When
    assign: Assignments
    change: Change
    taken: tuple[tuple[int, int], ...]
    given: tuple[tuple[int, int], ...]


class Loose:
    """The variables of which sets of values are kept; of all others there is one value at a time."""

    def __init__(self, lifecycle: Lifecycle, variables: Iterable[int]) -> None:
        self.lifecycle = lifecycle
        self.first: dict[int, int] = {}
        self.bits: dict[int, Sets] = {}
        position = 0
        for variable in sorted(variables):
            size = len(lifecycle.variables[variable].values)
            self.first[variable] = position
            self.bits[variable] = ((1 << size) - 1) << position
            position += size
        self.everything: Sets = (1 << position) - 1

    def sets(self, record: Record, known: Iterable[int] | None = None) -> Sets:
        """The sets that hold the values of *record* alone; only of the variables in *known*, when it is given."""
        chosen = self.first if known is None else self.first.keys() & known
        return sum(1 << self.first[variable] + record[variable] for variable in chosen)

    def kept(self, record: Record) -> Record:
        """*record* with the first value in the place of each loose variable."""
        return tuple(0 if variable in self.first else value for variable, value in enumerate(record))

    def apart(self, when: When, assign: Assignments) -> Written:
        """A rule with what it says of kept and of loose variables apart."""
        allowed, left, put = self.everything, self.everything, 0
        tested, copied, taken, given = [], [], [], []
        for variable, values in when:
            if variable in self.first:
                bits = self.bits[variable]
                allowed &= ~bits | sum(1 << self.first[variable] + value for value in values)
                tested.append(bits)
        for variable, value in assign:
            source = -1 - value
            if variable in self.first:
                left &= ~self.bits[variable]
                if value >= 0:
                    put |= 1 << self.first[variable] + value
                elif source in self.first:
                    copied.append((self.bits[source], self.first[variable] - self.first[source]))
                else:
                    taken.append((source, self.first[variable]))
            elif value < 0 and source in self.first:
                given.append((variable, source))
        change = Change(allowed, tuple(tested), left, put, tuple(copied))
        return Written(
            tuple(test for test in when if test[0] not in self.first),
            tuple((v, x) for v, x in assign if v not in self.first and (x >= 0 or -1 - x not in self.first)),
            change, tuple(taken), tuple(given),
        )  # fmt: skip

    def leads(self, written: Written, record: Record) -> Iterator[tuple[Change, Record]]:
        """What *written* does from the kept *record*: nothing where its tests fail, else a change and where to."""
        for variable, values in written.when:
            if record[variable] not in values:
                return
        change, after = written.change, record
        if written.assign:
            changed = list(record)
            for variable, value in written.assign:
                changed[variable] = value if value >= 0 else record[-1 - value]
            after = tuple(changed)
        if written.taken:
            put = change.put | sum(1 << first + record[source] for source, first in written.taken)
            change = Change(change.allowed, change.tested, change.left, put, change.copied)
        if written.given:
            yield from self._given(written.given, change, after)
        else:
            yield change, after

    def _given(
        self, given: tuple[tuple[int, int], ...], change: Change, after: Record
    ) -> Iterator[tuple[Change, Record]]:
        """*change* split by the values of the loose variables that are copied into kept ones."""
        if not given:
            yield change, after
            return
        (variable, source), rest = given[0], given[1:]
        for value in range(len(self.lifecycle.variables[source].values)):
            allowed = change.allowed & (~self.bits[source] | 1 << self.first[source] + value)
            narrowed = Change(allowed, (*change.tested, self.bits[source]), change.left, change.put, change.copied)
            yield from self._given(rest, narrowed, (*after[:variable], value, *after[variable + 1 :]))


def changed(sets: Sets, change: Change) -> Sets:
    """*sets* after *change*; -1 when none of their values pass its tests."""
    passing = sets & change.allowed
    for bits in change.tested:
        if not passing & bits:
            return -1
    after = passing & change.left | change.put
    for bits, distance in change.copied:
        after |= (passing & bits) << distance if distance >= 0 else (passing & bits) >> -distance
    return after
