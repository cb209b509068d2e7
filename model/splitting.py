"""Instructions ask about the record and about memory: here both become disjoint conjunctions over the record alone.

A rule has one conjunction and one assignment.  A condition that is a disjunction, a value that is remembered, and a
value that is copied into a variable with other values each split the record into cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from model.conditions import Assignments, When, meet
from model.lifecycle import Condition, Lifecycle
from model.program import Operand, Remember, Tests, Writes


class Splitting:
    """The cases of the conditions and writes of one lifecycle; memory is a value for each remembered name."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle

    def satisfied(self, condition: tuple[Tests, ...], memory: dict[str, str]) -> Iterator[When]:
        """Disjoint conjunctions over the record that together are *condition*, with memory put in."""
        before: list[Tests] = []
        for tests in condition:
            reduced = self.reduce(tests, memory)
            if reduced is not None:
                for outside in self.violated(tuple(before), memory):
                    met = meet(outside, reduced)
                    if met is not None:
                        yield met
            before.append(tests)

    def violated(self, condition: tuple[Tests, ...] | Condition, memory: dict[str, str]) -> Iterator[When]:
        """Disjoint conjunctions over the record that together are the negation of *condition*."""
        remaining: list[When] = [()]
        for tests in condition:
            reduced = self.reduce(tests, memory)
            if reduced is None:
                continue
            survivors: list[When] = []
            for when in remaining:
                kept = when
                for variable, values in reduced:
                    every = frozenset(range(len(self.lifecycle.variables[variable].values)))
                    outside = meet(kept, ((variable, every - values),))
                    if outside is not None:
                        survivors.append(outside)
                    inside = meet(kept, ((variable, values),))
                    if inside is None:
                        break
                    kept = inside
            remaining = survivors
        yield from remaining

    def reduce(self, tests: Tests | When, memory: dict[str, str]) -> When | None:
        """*tests* with memory put in; None when memory contradicts them."""
        reduced: list[tuple[int, frozenset[int]]] = []
        for variable, values in tests:
            if isinstance(variable, str):
                if memory[variable[1:]] not in values:
                    return None
            else:
                reduced.append((variable, values))  # type: ignore[arg-type]
        return tuple(reduced)

    def remembered(
        self, remember: Remember, memory: dict[str, str], tests: Tests | When, live: frozenset[str] | None
    ) -> Iterator[tuple[When, dict[str, str]]]:
        """Every split of the record by what is remembered, with the memory that results."""
        reduced = self.reduce(tests, memory)
        if reduced is None:
            return
        choices: list[list[tuple[When, str]]] = []
        names: list[str] = []
        for name, what in remember:
            if live is not None and name not in live:
                continue
            names.append(name)
            if isinstance(what, int):
                values = self.lifecycle.variables[what].values
                choices.append([(((what, frozenset({number})),), value) for number, value in enumerate(values)])
            elif isinstance(what, str):
                choices.append([((), what)])
            else:
                yes = [(when, "YES") for when in self.satisfied((what,), memory)]
                no = [(when, "NO") for when in self.violated((what,), memory)]
                choices.append(yes + no)
        for combination in product(*choices):
            when: When | None = reduced
            for split, _ in combination:
                when = None if when is None else meet(when, split)
            if when is not None:
                yield when, {**memory, **{name: value for name, (_, value) in zip(names, combination, strict=True)}}

    def assignments(self, writes: Writes, memory: dict[str, str]) -> Iterator[tuple[When, Assignments]]:
        """What *writes* assigns, split where a copied value has another number in the variable that it goes to."""
        variables = self.lifecycle.variables
        fixed: list[tuple[int, int]] = []
        copied: list[tuple[int, int]] = []
        for variable, operand in writes:
            value = self._constant(variable, operand, memory)
            if value is not None:
                fixed.append((variable, value))
            elif isinstance(operand, tuple) and variables[variable].values == variables[int(operand[1])].values:
                fixed.append((variable, -1 - int(operand[1])))
            elif isinstance(operand, tuple):
                copied.append((variable, int(operand[1])))
        for when, fields in self._split(copied):
            yield when, tuple(sorted([*fixed, *fields.items()]))

    def values(self, writes: Writes, memory: dict[str, str]) -> Iterator[tuple[When, dict[int, int]]]:
        """The values of *writes*, with the record split by every value that is copied from it."""
        fixed: dict[int, int] = {}
        copied: list[tuple[int, int]] = []
        for variable, operand in writes:
            value = self._constant(variable, operand, memory)
            if value is not None:
                fixed[variable] = value
            elif isinstance(operand, tuple):
                copied.append((variable, int(operand[1])))
        for when, fields in self._split(copied):
            yield when, {**fixed, **fields}

    def _constant(self, variable: int, operand: Operand, memory: dict[str, str]) -> int | None:
        if isinstance(operand, int):
            return operand
        if operand[0] == "memory":
            return self.lifecycle.variables[variable].values.index(memory[str(operand[1])])
        return None

    def _split(self, copied: list[tuple[int, int]]) -> Iterator[tuple[When, dict[int, int]]]:
        variables = self.lifecycle.variables
        choices = [
            [
                ((other, frozenset({number})), (variable, variables[variable].values.index(name)))
                for number, name in enumerate(variables[other].values)
                if name in variables[variable].values
            ]
            for variable, other in copied
        ]
        for combination in product(*choices):
            when: When | None = ()
            for test, _ in combination:
                when = None if when is None else meet(when, (test,))
            if when is not None:
                yield when, dict(field for _, field in combination)
