"""An explored space as data that another engine can prove: the records in which each group of processes may stand.

Sets of records are written as *cubes*: for each variable a set of values (a bit mask), all combinations of which are
meant.  The first coordinate of every cube is the set of scenarios in which its records are reachable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checks.past import PARTS

if TYPE_CHECKING:
    from checks.graph.everywhere import Everywhere
    from checks.graph.product import Product
    from checks.past import Ghost
    from checks.properties.formula import Role
    from checks.surely import Surely
    from checks.values import Values
    from model.explore import Configuration
    from model.lifecycle import Record
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
    """What is claimed to be closed under every step: cubes for each group of processes, sorted by their points.

    ``remembers`` names what of the past the cubes speak of, in further coordinates at their end, one a part.
    """

    scenarios: tuple[str, ...]
    groups: Mapping[tuple[Stand, ...], tuple[Cube, ...]]
    remembers: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """The number of cubes."""
        return sum(map(len, self.groups.values()))


@dataclass(frozen=True, slots=True)
class Distances:
    """A claim whose first coordinate is how many more processes must start on the way to a goal, at most.

    ``most`` is the greatest distance + 1, and stands for what executions reach; one more is where the goal cannot be
    reached.  ``closed``: nothing is asked but what executions reach; else every state with nothing in flight, too.
    ``runs``: what is reached runs on by itself to where the goal is near, but for what ``most`` + 2 stands for.
    """

    claim: Candidate
    most: int
    closed: bool = False
    runs: bool = False


def stands(semantics: Semantics) -> list[Stand]:
    """Each control of *semantics* as a stand."""
    made = []
    for control in semantics.controls:
        live = semantics._dirty_live[control.point] if control.point >= 0 else frozenset()  # noqa: SLF001 - its data
        clean = tuple(sorted(live - {variable for variable, _ in control.dirty}))
        made.append(Stand(control.point, control.memory, control.dirty, clean))
    return made


def candidate(product: Product) -> Candidate:
    """The nodes of *product*; a space bounded by one crash takes two tags: before the crash, and after it."""
    view = product.view
    remembers = frozenset(name for name in PARTS if getattr(product.what, name))
    known = view.roles
    sizes = [len(view.lifecycle.variables[known[role]].values) if role in known else 0 for role in ROLES]
    tags = [(1,)] * view.size if view.disturbed is None else [(2,) if crashed else (1,) for crashed in view.disturbed]
    groups: dict[tuple[int, ...], list[Cube]] = {}
    for configuration, controls, record, ghost in as_cubes(product, lambda one: _ghost(one, sizes, remembers)):
        groups.setdefault(controls, []).append(tags[configuration] + record + ghost)
    return Candidate((view.space.scenario.name,), _by_stands(stands(view.semantics), groups), remembers)


def as_cubes(product: Product, of: Callable[[Ghost], Cube]) -> Iterator[tuple[int, tuple[int, ...], Cube, Cube]]:
    """Each node: its configuration, who is in flight, its record as a cube, and what *of* makes of its ghost."""
    view = product.view
    ghosts = {number: of(product.ghosts[number]) for number in set(product.ghost.tolist())}
    masks = [tuple([1 << value for value in record]) for record in view.distinct]
    inflight = [controls for _, controls in view.space.configurations]
    numbers = view.record[product.configuration]
    columns = (product.configuration.tolist(), numbers.tolist(), product.ghost.tolist())
    for configuration, record, ghost in zip(*columns, strict=True):
        yield configuration, inflight[configuration], masks[record], ghosts[ghost]


def distances(found: Everywhere, reached: int) -> Distances:
    """What was *found* to lead to the goal, and what not, as a claim; executions reach the first *reached* of it."""
    most = max(found.distances.values(), default=0) + 1
    where = stands(found.space.semantics)
    groups: dict[tuple[int, ...], list[Cube]] = {}
    masks: dict[Record, Cube] = {}
    for number, (record, controls) in enumerate(found.space.configurations):
        if record not in masks:
            masks[record] = tuple([1 << value for value in record])
        distance = found.distances.get(number, most)
        mask = (1 << most) - (1 << distance) | (number < reached) << most | (distance == most) << most + 1
        groups.setdefault(controls, []).append((mask, *masks[record]))
    return Distances(Candidate((found.space.scenario.name,), _by_stands(where, groups)), most)


def sure_distances(found: Surely) -> Distances:
    """What was *found* to lead to the goal whatever the values are, and what is reached, as a claim."""
    most = max(found.near.values(), default=0) + 1
    tags: dict[tuple[int, Configuration], int] = {}
    sides = (found.reached, found.ahead)
    for place in found.reached.places:
        tags[0, place] = 1 << most
    side = int(found.ahead is not found.reached)
    for place, distance in found.near.items():
        tags[side, place] = tags.get((side, place), 0) | (1 << most) - (1 << distance)
    for place in found.caught:
        tags[side, place] = tags.get((side, place), 0) | 1 << most + 1
    for place in found.astray or ():
        tags[side, place] |= 1 << most + 2
    groups: dict[tuple[int, ...], list[Cube]] = {}
    for (side, place), tag in tags.items():
        groups.setdefault(place[1], []).append((tag, *_as_cube(sides[side], place)))
    claim = Candidate((found.reached.scenario.name,), _by_stands(stands(found.reached.semantics), groups))
    return Distances(claim, most, closed=True, runs=found.astray is not None)


def _as_cube(values: Values, place: Configuration) -> Cube:
    """The records at *place*, by the sets that *values* knows."""
    loose, sets = values.loose, values.places[place]
    return tuple(
        [
            (sets & loose.bits[variable]) >> loose.first[variable] if variable in loose.first else 1 << value
            for variable, value in enumerate(place[0])
        ]
    )


def _by_stands(
    where: Sequence[Stand], groups: Mapping[tuple[int, ...], list[Cube]]
) -> dict[tuple[Stand, ...], tuple[Cube, ...]]:
    return {
        tuple(sorted(where[control] for control in controls)): tuple(merged(cubes))
        for controls, cubes in groups.items()
    }


ROLES: tuple[Role, ...] = ("phase", "truth")


def _ghost(ghost: Ghost, sizes: list[int], remembers: frozenset[str]) -> Cube:
    """The coordinates of *ghost*, none where nothing is remembered; -1 (nobody) is the value behind the last."""
    if not remembers:
        return ()
    phase, truth, *others = ghost
    return (
        1 << (phase if phase >= 0 else sizes[0]) if "phase" in remembers else 1,
        1 << (truth if truth >= 0 else sizes[1]) if "truth" in remembers else 1,
        *(1 << part for part in others),
    )


def merged(cubes: Iterable[Cube]) -> list[Cube]:
    """Fewer cubes that mean the same: cubes that differ in one variable become one, variable after variable."""
    found = list(dict.fromkeys(cubes))
    if len(found) < 2:
        return found
    varying = [position for position, masks in enumerate(zip(*found, strict=True)) if len(set(masks)) > 1]
    narrow = [tuple([cube[position] for position in varying]) for cube in found]
    for position in reversed(range(len(varying))):
        joined: dict[Cube, int] = {}
        for cube in narrow:
            rest = cube[:position] + cube[position + 1 :]
            joined[rest] = joined.get(rest, 0) | cube[position]
        narrow = [(*rest[:position], mask, *rest[position:]) for rest, mask in joined.items()]
    wide = list(found[0])
    for number, masks in enumerate(narrow):
        for position, mask in zip(varying, masks, strict=True):
            wide[position] = mask
        found[number] = tuple(wide)
    return found[: len(narrow)]
