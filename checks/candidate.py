"""An explored space as data that another engine can prove: the records in which each group of processes may stand.

Sets of records are written as *cubes*: for each variable a set of values (a bit mask), all combinations of which are
meant.  The first coordinate of every cube is the set of scenarios in which its records are reachable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from model.explore import Configuration, Space
from model.semantics import Semantics

#: One bit mask of values for each variable.
Cube = tuple[int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Stand:
    """Where one process stands: its point, what it remembers, which fields are dirty, and which surely are not."""

    point: int
    memory: tuple[tuple[str, str], ...]
    dirty: tuple[tuple[int, int], ...]
    clean: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is claimed to be closed under every step: cubes for each group of processes, sorted by their points."""

    scenarios: tuple[str, ...]
    groups: Mapping[tuple[Stand, ...], tuple[Cube, ...]]

    @property
    def size(self) -> int:
        """The number of cubes."""
        return sum(map(len, self.groups.values()))


def stands(semantics: Semantics) -> list[Stand]:
    """Each control of *semantics* as a stand."""
    made = []
    for control in semantics.controls:
        point = control.point
        live = semantics.live_dirty(point) if point >= 0 else frozenset()
        clean = tuple(sorted(live - {variable for variable, _ in control.dirty}))
        made.append(Stand(point, control.memory, control.dirty, clean))
    return made


def candidate(spaces: Sequence[Space]) -> Candidate:
    """The union of *spaces* (of one semantics), each tagged with its scenario."""
    tagged: dict[Configuration, int] = {}
    for number, space in enumerate(spaces):
        bit = 1 << number
        for configuration in space.configurations:
            tagged[configuration] = tagged.get(configuration, 0) | bit
    semantics = spaces[0].semantics
    where = stands(semantics)
    groups: dict[tuple[int, ...], list[Cube]] = {}
    for (record, controls), mask in tagged.items():
        groups.setdefault(controls, []).append((mask, *(1 << value for value in record)))
    return Candidate(
        tuple(space.scenario.name for space in spaces),
        {
            tuple(sorted(where[control] for control in controls)): tuple(merged(cubes))
            for controls, cubes in groups.items()
        },
    )


def merged(cubes: Iterable[Cube]) -> list[Cube]:
    """Fewer cubes that mean the same: cubes that differ in one variable become one, variable after variable."""
    found = list(dict.fromkeys(cubes))
    if len(found) < 2:  # noqa: PLR2004 - two are needed to merge
        return found
    for position in reversed(range(len(found[0]))):
        joined: dict[Cube, int] = {}
        for cube in found:
            rest = cube[:position] + cube[position + 1 :]
            joined[rest] = joined.get(rest, 0) | cube[position]
        found = [(*rest[:position], mask, *rest[position:]) for rest, mask in joined.items()]
    return found
