"""A lifecycle with less to remember: variables are forgotten, and whatever is tested of them may be either way.

Every run of the full lifecycle is, with those variables left out, a run of the smaller one; so what holds in every run
of the smaller one holds in every run of the full one (existential abstraction: Clarke, Grumberg, Long, "Model checking
and abstraction", 1994).  The converse is not so: a violation found in the smaller one counts only
when a run of the full one confirms it.

A forgotten variable keeps its place with the single value ``*``, so that variables keep their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

from model.lifecycle import Conjunction, Lifecycle
from model.program import (
    Acquire,
    Call,
    Choose,
    Dirty,
    Entry,
    Instruction,
    Operand,
    Read,
    Remember,
    Save,
    Tests,
    Wait,
    Writes,
)

FORGOTTEN = "*"
#: Tests that nothing passes.
NEVER: Conjunction = ((0, frozenset()),)


def forget(lifecycle: Lifecycle, names: Iterable[str]) -> Lifecycle:
    """*lifecycle* without the variables called *names*, and without the predicates that ask about them.

    Raises KeyError for a name that is no variable.
    """
    gone = frozenset(lifecycle.index(name) for name in names)
    if not gone:
        return lifecycle
    return _Forgetting(lifecycle, gone).made()


def assumed(lifecycle: Lifecycle, scenario: str) -> Lifecycle:
    """*lifecycle* as *scenario* looks at it: without the variables that the scenario forgets."""
    return forget(lifecycle, lifecycle.scenarios[scenario].forget)


class _Forgetting:
    """One rewriting of all instructions."""

    def __init__(self, lifecycle: Lifecycle, gone: frozenset[int]) -> None:
        self.lifecycle, self.gone = lifecycle, gone
        self.possible = _possible(lifecycle)
        self.instructions: list[Instruction] = list(lifecycle.instructions)

    def made(self) -> Lifecycle:
        lifecycle = self.lifecycle
        for point, instruction in enumerate(lifecycle.instructions):
            self.instructions[point] = self._choice([*self._variants(instruction)], instruction)
        entries = tuple(variant for entry in lifecycle.entries for variant in self._entries(entry))
        variables = tuple(
            replace(variable, values=(FORGOTTEN,), initial=0) if number in self.gone else variable
            for number, variable in enumerate(lifecycle.variables)
        )
        values = {
            name: (replace(table[0], name=FORGOTTEN, wire=FORGOTTEN, number=None),)
            if lifecycle.index(name) in self.gone
            else table
            for name, table in lifecycle.values.items()
        }
        services = tuple(
            replace(
                service,
                available=self._conjunction(service.available),
                crash_when=None if service.crash_when is None else self._conjunction(service.crash_when),
                crash_set=tuple(write for write in service.crash_set if write[0] not in self.gone),
            )
            for service in lifecycle.services
        )
        unspoken = self._unspoken()
        predicates = {
            name: condition
            for name, condition in lifecycle.predicates.items()
            if all(variable not in self.gone for tests in condition for variable, _ in tests)
        }
        return replace(
            lifecycle,
            variables=variables,
            values=values,
            predicates=predicates,
            promises=tuple(
                replace(one, start=NEVER, end=())
                if one.operation in unspoken
                else replace(one, end=tuple(self._conjunction(tests) for tests in one.end))
                for one in lifecycle.promises
            ),
            services=services,
            entries=tuple(dict.fromkeys(entries)),
            instructions=tuple(self.instructions),
            defaults=tuple(
                replace(rule, set=tuple(write for write in rule.set if write[0] not in self.gone))
                for rule in lifecycle.defaults
                if all(variable not in self.gone for variable, _ in rule.when)
            ),
            observed={state: truth for state, truth in lifecycle.observed.items() if not {state, truth} & self.gone},
        )

    def _unspoken(self) -> frozenset[str]:
        """The operations whose promises depend on how what is forgotten was at the start: nobody can tell which one."""
        return frozenset(
            one.operation for one in self.lifecycle.promises if any(variable in self.gone for variable, _ in one.start)
        )

    def _choice(self, variants: list[Instruction], original: Instruction) -> Instruction:
        """The one variant, or a choice among several."""
        distinct = list(dict.fromkeys(variants))
        if len(distinct) == 1:
            return distinct[0]
        options = []
        for number, variant in enumerate(distinct):
            self.instructions.append(variant)
            options.append((f"{FORGOTTEN}{number}", len(self.instructions) - 1))
        return Choose(
            original.row, original.operation, original.service, original.holds, original.killed, tuple(options)
        )

    def _variants(self, instruction: Instruction) -> Iterable[Instruction]:
        match instruction:
            case Save():
                for writes in self._writes(instruction.writes):
                    for where in self._either(instruction.where):
                        yield replace(instruction, writes=writes, where=where)
            case Dirty():
                for writes in self._writes(instruction.writes):
                    yield replace(instruction, writes=writes)
            case Call():
                yield replace(
                    instruction,
                    effects=tuple(
                        dict.fromkeys(one for effects in instruction.effects for one in self._writes(effects))
                    ),
                    failing=tuple(
                        dict.fromkeys(one for effects in instruction.failing for one in self._writes(effects))
                    ),
                )
            case Wait():
                yield replace(instruction, available=self._without(instruction.available))
            case Read():
                for remember in self._remember(instruction.remember):
                    for condition in self._judged(instruction.condition):
                        yield replace(instruction, remember=remember, condition=condition)
            case Choose() | Acquire():
                yield instruction
            case _:
                raise TypeError(instruction)

    def _entries(self, entry: Entry) -> Iterable[Entry]:
        when = tuple(dict.fromkeys(self._without(tests) for tests in entry.when))
        for remember in self._remember(entry.remember):
            for writes in self._writes(entry.writes):
                yield replace(entry, when=when, remember=remember, writes=writes)

    def _judged(self, condition: tuple[Tests, ...] | None) -> Iterable[tuple[Tests, ...] | None]:
        """*condition* as it may hold, and as it may fail: each alternative without what is forgotten, or left out."""
        if condition is None:
            yield None
            return
        yield tuple(self._without(tests) for tests in condition)
        yield tuple(tests for tests in condition if self._without(tests) == tests)

    def _either(self, tests: Tests) -> Iterable[Tests]:
        """*tests* as they may pass; and, when they test what is forgotten, as they may fail."""
        yield self._without(tests)
        if self._without(tests) != tests:
            yield NEVER

    def _remember(self, remember: Remember) -> Iterable[Remember]:
        choices: list[list[tuple[str, int | str | Tests]]] = []
        for name, what in remember:
            if isinstance(what, int):
                known = what not in self.gone
                values = self.lifecycle.variables[what].values
                choices.append([(name, what)] if known else [(name, values[n]) for n in sorted(self.possible[what])])
            elif isinstance(what, str):
                choices.append([(name, what)])
            else:
                choices.append([(name, one) for one in self._either(what)])
        yield from product(*choices)

    def _writes(self, writes: Writes) -> Iterable[Writes]:
        """*writes* without what is forgotten; what is copied from it may be any value that it can have."""
        choices: list[list[tuple[int, Operand]]] = []
        for variable, operand in writes:
            if variable in self.gone:
                continue
            if isinstance(operand, tuple) and operand[0] == "variable" and operand[1] in self.gone:
                names = self.lifecycle.variables[variable].values
                source = self.lifecycle.variables[int(operand[1])].values
                legal = [names.index(source[n]) for n in sorted(self.possible[int(operand[1])]) if source[n] in names]
                choices.append([(variable, value) for value in legal])
            else:
                choices.append([(variable, operand)])
        yield from product(*choices)

    def _without(self, tests: Tests) -> Tests:
        return tuple(test for test in tests if test[0] not in self.gone)

    def _conjunction(self, conjunction: Conjunction) -> Conjunction:
        return tuple(test for test in conjunction if test[0] not in self.gone)


def _possible(lifecycle: Lifecycle) -> list[frozenset[int]]:
    """For each variable the values that it may ever have: its first one and what any step writes."""
    possible = [{variable.initial} for variable in lifecycle.variables]
    everything = [set(range(len(variable.values))) for variable in lifecycle.variables]
    writes: list[tuple[int, Operand]] = [write for service in lifecycle.services for write in service.crash_set] + [
        write for entry in lifecycle.entries for write in entry.writes
    ]
    for instruction in lifecycle.instructions:
        if isinstance(instruction, Save | Dirty):
            writes += instruction.writes
        elif isinstance(instruction, Call):
            writes += [write for one in (*instruction.effects, *instruction.failing) for write in one]
    changed = True
    while changed:
        changed = False
        for variable, operand in writes:
            if isinstance(operand, int):
                new = {operand}
            elif operand[0] == "variable":
                names = lifecycle.variables[variable].values
                source = lifecycle.variables[int(operand[1])].values
                new = {names.index(source[value]) for value in possible[int(operand[1])] if source[value] in names}
            else:
                new = everything[variable]
            if not new <= possible[variable]:
                possible[variable] |= new
                changed = True
    return [frozenset(values) for values in possible]
