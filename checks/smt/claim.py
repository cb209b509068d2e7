"""What is claimed of where the processes are, and with which records: as text over any terms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from operator import attrgetter
from typing import Any

from checks.candidate import Candidate, Cube, Stand
from checks.smt.past import Past
from checks.smt.steps import Local, Reader
from checks.smt.text import FALSE, Script, Term, bits, conjunction, disjunction, negation, within
from checks.smt.transition import Process

_POINT = attrgetter("point")
#: A cube: the scenarios, the variables of which it says something with their values, and the masks of the past.
_Apart = tuple[frozenset[int], list[tuple[int, frozenset[int]]], Cube]


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
        self._cubes = [[self._apart(cube) for cube in cubes] for cubes in numbers]
        self._among = [frozenset[int]().union(*(cube[0] for cube in cubes)) for cubes in self._cubes]
        self._insides: dict[tuple[Any, ...], str] = {}
        self._standing: dict[tuple[int, int], tuple[Local, str]] = {}

    def holds(
        self,
        record: Sequence[Term],
        processes: Sequence[Process],
        ghost: tuple[Term, ...],
        scenario: Term = "scenario",
    ) -> str:
        """Whether the claim contains *record* with *processes* and *ghost*, whatever the order of the processes."""
        ordered = sorted(processes, key=_POINT) if len(processes) > 1 else processes
        points = tuple([process.point for process in ordered])
        groups = self.groups.get(points)
        if groups is None:
            return FALSE
        alike = len(set(points)) < len(points)
        record = tuple(record)
        found: list[str] = []
        for stands, number in groups:
            if isinstance(scenario, int) and scenario not in self._among[number]:
                continue
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

    def _apart(self, cube: Cube) -> _Apart:
        """What *cube* says: of the scenario, of the variables that do not have every value, and of the past."""
        said = [
            (variable, within(mask))
            for variable, mask in enumerate(cube[1 : 1 + len(self.reader.sizes)])
            if mask.bit_count() < self.reader.sizes[variable]
        ]
        return within(cube[0]), said, cube[1 + len(self.reader.sizes) :]

    def _cube(self, cube: _Apart, record: Sequence[Term], ghost: tuple[Term, ...], scenario: Term) -> str:
        """Whether *scenario*, *record* and *ghost* are in *cube*."""
        scenarios, said, past = cube
        inside = self.script.member(scenario, scenarios, bits(self.scenarios), self.scenarios)
        if inside == FALSE:
            return FALSE
        parts = [inside, *[self.reader.is_one_of(variable, record[variable], values) for variable, values in said]]
        if past:
            parts.append(self.past.inside(past, ghost))
        return self.script.define(conjunction(parts))

    def _stands(self, stand: Stand, local: Local) -> str:
        """Whether the private part *local*, which stays alive meanwhile, is as *stand* says."""
        known = self._standing.get((id(stand), id(local)))
        if known is None:
            known = self._standing[id(stand), id(local)] = local, self._as_claimed(stand, local)
        return known[1]

    def _as_claimed(self, stand: Stand, local: Local) -> str:
        parts = [
            self.reader.remembered_one_of(name, local.memory[name], frozenset({value})) for name, value in stand.memory
        ]
        for variable, value in stand.dirty:
            flag, term = local.dirty.get(variable, (FALSE, 0))
            parts += [flag, self.reader.is_one_of(variable, term, frozenset({value}))]
        parts += [negation(local.dirty[variable][0]) for variable in stand.clean if variable in local.dirty]
        return conjunction(parts)
