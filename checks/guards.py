"""Questions about guards alone, decided twice: by counting out the records, and by z3.

How do two guards relate: is there a record that both accept, does one accept all that the other does?  Which records
does one release accept that another refuses?  A *space* is the records over the variables that the compared guards
test, with the values that all compared lifecycles know; a set of its records is an integer, one bit a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

from checks.candidate import merged
from model.lifecycle import Lifecycle
from model.questions.allowed import ASKED

#: A condition by names: one of the conjunctions must hold; each says which values a variable may have.
Condition = tuple[Mapping[str, frozenset[str]], ...]
#: A record of a space, by names.
Named = dict[str, str]


@dataclass(frozen=True, slots=True)
class Space:
    """Every combination of the ``values`` of ``variables``."""

    variables: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]

    @property
    def size(self) -> int:
        """The number of records."""
        return prod(map(len, self.values))


@dataclass(frozen=True, slots=True)
class Examples:
    """A record that both accept, one that only the first accepts, one that only the second accepts (None: no such)."""

    both: Named | None
    first: Named | None
    second: Named | None


@dataclass(frozen=True, slots=True)
class Relation:
    """How two guards relate: ``word`` is equal, within (the second), around (it), overlapping or disjoint.

    ``only_first`` and ``only_second`` are the records of ``space`` that only one of them accepts (:func:`words` says
    which); ``agreed``: z3 gives the same answer.
    """

    operations: tuple[str, str]
    releases: tuple[str, str]
    word: str
    space: Space
    examples: Examples
    only_first: int
    only_second: int
    agreed: bool


def guarded(lifecycle: Lifecycle) -> list[str]:
    """The operations that somebody asks for, by name."""
    return sorted(name for name, operation in lifecycle.operations.items() if operation.kind in ASKED)


def guard(lifecycle: Lifecycle, operation: str) -> Condition:
    """What the record must satisfy for *operation* to be accepted, by any of its guards."""
    made: dict[frozenset[tuple[str, frozenset[str]]], None] = {}
    for one in lifecycle.operations[operation].guards:
        for conjunction in one.when:
            made[frozenset(_by_name(lifecycle, conjunction))] = None
    return tuple(dict(tests) for tests in made)


def entered(lifecycle: Lifecycle, operation: str) -> Condition:
    """The same as the flattened program has it: what z3 reads."""
    return tuple(
        dict(_by_name(lifecycle, [(number, values) for number, values in tests if isinstance(number, int)]))
        for entry in lifecycle.entries
        if entry.operation == operation
        for tests in entry.when
    )


def _by_name(
    lifecycle: Lifecycle, tests: Sequence[tuple[int, frozenset[int] | frozenset[str]]]
) -> Iterator[tuple[str, frozenset[str]]]:
    for number, values in tests:
        variable = lifecycle.variables[number]
        yield variable.name, frozenset(variable.values[value] for value in values if isinstance(value, int))


def space_of(lifecycles: Sequence[Lifecycle], conditions: Sequence[Condition]) -> Space:
    """The space for *conditions*: what they test, with the values that all *lifecycles* know."""
    tested = {name for condition in conditions for tests in condition for name in tests}
    first, *others = lifecycles
    found: dict[str, tuple[str, ...]] = {}
    for variable in first.variables:
        known = [{one.name: one.values for one in other.variables}.get(variable.name, ()) for other in others]
        if variable.name in tested and all(known):
            found[variable.name] = tuple(value for value in variable.values if all(value in each for each in known))
    return Space(tuple(found), tuple(found.values()))


def accepted(space: Space, condition: Condition) -> int:
    """The records of *space* that satisfy *condition*; a test of a variable that it does not have always passes."""
    found = 0
    for tests in condition:
        block, width = 1, 1
        for name, values in reversed(list(zip(space.variables, space.values, strict=True))):
            legal = tests.get(name)
            places = [place for place, value in enumerate(values) if legal is None or value in legal]
            block = sum(block << place * width for place in places)
            width *= len(values)
        found |= block
    return found


def members(space: Space, records: int) -> Iterator[tuple[int, ...]]:
    """The records of the set *records*, each as the numbers of its values, in their order."""
    while records:
        lowest = records & -records
        records ^= lowest
        number, found = lowest.bit_length() - 1, []
        for values in reversed(space.values):
            number, place = divmod(number, len(values))
            found.append(place)
        yield tuple(reversed(found))


def example(space: Space, records: int) -> Named | None:
    """The first record of the set *records*; None when it is empty."""
    found = next(members(space, records), None)
    if found is None:
        return None
    chosen = zip(space.variables, space.values, found, strict=True)
    return {name: values[place] for name, values, place in chosen}


def words(space: Space, records: int) -> tuple[Mapping[str, tuple[str, ...]], ...]:
    """The set *records* as few combinations of values."""
    cubes = merged(tuple(1 << place for place in record) for record in members(space, records))
    made = []
    for cube in cubes:
        named = zip(space.variables, space.values, cube, strict=True)
        made.append({
            name: tuple(value for place, value in enumerate(values) if mask >> place & 1)
            for name, values, mask in named
            if mask != (1 << len(values)) - 1
        })  # fmt: skip
    return tuple(made)


def relation(lifecycle: Lifecycle, first: str, second: str) -> Relation:
    """How the guards of *first* and *second* relate."""
    return related((lifecycle, lifecycle), (first, second))


def relations(lifecycle: Lifecycle) -> Iterator[Relation]:
    """How each two guards of *lifecycle* relate, in the order of their names."""
    for first, second in combinations(guarded(lifecycle), 2):
        yield relation(lifecycle, first, second)


def between(older: Lifecycle, newer: Lifecycle) -> Iterator[Relation]:
    """For each operation that both releases have, how its guard in *older* relates to that in *newer*."""
    for name in guarded(older):
        if name in newer.operations:
            yield related((older, newer), (name, name))


def related(lifecycles: tuple[Lifecycle, Lifecycle], operations: tuple[str, str]) -> Relation:
    """The relation of the guards of two operations, each in its lifecycle."""
    from checks.smt.guards import examples

    conditions = [guard(lifecycle, name) for lifecycle, name in zip(lifecycles, operations, strict=True)]
    space = space_of(lifecycles, conditions)
    first, second = (accepted(space, condition) for condition in conditions)
    parts = (first & second, first & ~second, second & ~first)
    read = [entered(lifecycle, name) for lifecycle, name in zip(lifecycles, operations, strict=True)]
    agreed = all(
        (found is None) == (records == 0) and (found is None or records >> _number(space, found) & 1 == 1)
        for found, records in zip(examples(space, *read), parts, strict=True)
    )
    return Relation(
        operations, (lifecycles[0].release, lifecycles[1].release), _word(*parts), space,
        Examples(*(example(space, records) for records in parts)), parts[1], parts[2], agreed,
    )  # fmt: skip


def _number(space: Space, record: Named) -> int:
    number = 0
    for name, values in zip(space.variables, space.values, strict=True):
        number = number * len(values) + values.index(record[name])
    return number


def _word(both: int, first: int, second: int) -> str:
    if not first and not second:
        return "equal"
    if not both:
        return "disjoint"
    return "overlapping" if first and second else "around" if first else "within"
