"""What is claimed of where the processes are, and with which records: as text over any terms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import permutations
from typing import Any

from checks.candidate import Candidate, Cube, Stand
from checks.smt.past import Past
from checks.smt.steps import Local, Reader
from checks.smt.text import FALSE, Script, Term, bits, conjunction, disjunction, negation
from checks.smt.transition import Process


class Claim:
    """Writes *claimed* over the terms of *reader* and *past*; there are *scenarios* numbers of scenarios."""

    def __init__(self, claimed: Candidate, script: Script, reader: Reader, past: Past, scenarios: int) -> None:
        self.script, self.reader, self.past, self.scenarios = script, reader, past, scenarios
        #: For each group of points: where the processes stand, and the number of the set of records.
        self.groups: dict[tuple[int, ...], list[tuple[tuple[Stand, ...], int]]] = {}
        numbers: dict[tuple[Cube, ...], int] = {}
        for stands, cubes in claimed.groups.items():
            number = numbers.setdefault(cubes, len(numbers))
            self.groups.setdefault(tuple(stand.point for stand in stands), []).append((stands, number))
        self._cubes = list(numbers)
        self._insides: dict[tuple[Any, ...], str] = {}

    def holds(
        self,
        record: Sequence[Term],
        processes: Sequence[Process],
        ghost: tuple[Term, ...],
        scenario: Term = "scenario",
    ) -> str:
        """Whether the claim contains *record* with *processes* and *ghost*, whatever the order of the processes."""
        ordered = sorted(processes, key=lambda process: process.point)
        groups = self.groups.get(tuple(process.point for process in ordered))
        if groups is None:
            return FALSE
        alike = len({process.point for process in ordered}) < len(ordered)
        record = tuple(record)
        found: list[str] = []
        for stands, number in groups:
            inside = self._inside(number, record, ghost, scenario)
            orders = permutations(stands) if alike else (stands,)
            for order in orders:
                if all(stand.point == process.point for stand, process in zip(order, ordered, strict=True)):
                    places = [self._stands(stand, one.local) for stand, one in zip(order, ordered, strict=True)]
                    found.append(self.script.define(conjunction([*places, inside])))
        return disjunction(found)

    def _inside(self, number: int, record: tuple[Term, ...], ghost: tuple[Term, ...], scenario: Term) -> str:
        """Whether *scenario*, *record* and *ghost* are in one of the cubes of set *number*.

        Most steps leave most terms as they are, and many groups have the same records.
        """
        key = (number, record, ghost, scenario)
        known = self._insides.get(key)
        if known is None:
            among = disjunction(self._cube(cube, record, ghost, scenario) for cube in self._cubes[number])
            known = self._insides[key] = self.script.define(among)
        return known

    def _cube(self, cube: Cube, record: Sequence[Term], ghost: tuple[Term, ...], scenario: Term) -> str:
        """Whether *scenario*, *record* and *ghost* are in *cube*."""
        scenarios = self.script.member(scenario, _values(cube[0]), bits(self.scenarios), self.scenarios)
        rest = (
            self.reader.is_one_of(variable, record[variable], _values(mask))
            for variable, mask in enumerate(cube[1 : 1 + len(self.reader.sizes)])
        )
        past = self.past.inside(cube[1 + len(self.reader.sizes) :] or (1,) * len(ghost), ghost)
        return self.script.define(conjunction([scenarios, *rest, past]))

    def _stands(self, stand: Stand, local: Local) -> str:
        """Whether the private part *local* is as *stand* says."""
        parts = [
            self.reader.remembered_one_of(name, local.memory[name], frozenset({value})) for name, value in stand.memory
        ]
        for variable, value in stand.dirty:
            flag, term = local.dirty.get(variable, (FALSE, 0))
            parts += [flag, self.reader.is_one_of(variable, term, frozenset({value}))]
        parts += [negation(local.dirty[variable][0]) for variable in stand.clean if variable in local.dirty]
        return conjunction(parts)


@cache
def _values(mask: int) -> frozenset[int]:
    return frozenset(position for position in range(mask.bit_length()) if mask >> position & 1)
