"""What each instruction does, as guarded symbolic assignments: this engine's own reading of the table language.

A save compares and swaps: when the record is there, its lock is as expected and ``where`` holds, the dirty fields and
its own are written; otherwise it raises, and its own fields stay dirty.  See design, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from checks.smt.text import FALSE, TRUE, Script, Term, bits, conjunction, disjunction, negation
from model.lifecycle import Condition, Lifecycle
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
    targets,
)

#: A field that may be dirty: whether it is, and its value.
Field = tuple[str, Term]


@dataclass(frozen=True, slots=True)
class Local:
    """The private part of a process: what it remembers, and its dirty fields."""

    memory: Mapping[str, Term]
    dirty: Mapping[int, Field]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that a step may do: under ``guard`` the record gets ``assign``, the process goes to ``target``."""

    row: str
    guard: str
    target: int
    local: Local
    assign: Mapping[int, Term] = field(default_factory=dict)
    exception: str | None = None
    spontaneous: bool = False


class Reader:
    """Reads the instructions of *lifecycle* over the given terms for the record."""

    def __init__(self, lifecycle: Lifecycle, script: Script) -> None:
        self.lifecycle = lifecycle
        self.script = script
        self.sizes = [len(variable.values) for variable in lifecycle.variables]
        self.widths = [bits(size) for size in self.sizes]
        self.domains = _domains(lifecycle)
        self.dirty_at = _dirty(lifecycle)
        self._read_by: dict[str, tuple[int, ...]] = {}
        self._predicates: dict[tuple[Term, ...], str] = {}

    def fresh(self, suffix: str) -> tuple[list[Term], dict[str, Term], dict[int, Field]]:
        """Constants for a record, a memory and dirty fields, with *suffix* in their names."""
        script = self.script
        record: list[Term] = [script.declare(f"v{n}{suffix}", size) for n, size in enumerate(self.sizes)]
        return record, self.fresh_memory(suffix), self.fresh_dirty(suffix)

    def fresh_memory(self, suffix: str) -> dict[str, Term]:
        """Constants for everything that a process may remember."""
        return {
            name: self.script.declare(f"m_{name}{suffix}", len(self.domains[name])) for name in sorted(self.domains)
        }

    def fresh_dirty(self, suffix: str) -> dict[int, Field]:
        """Constants for every field that may be dirty."""
        every = sorted(frozenset().union(*self.dirty_at)) if self.dirty_at else []
        return {
            variable: (
                self.script.flag(f"f{variable}{suffix}"),
                self.script.declare(f"d{variable}{suffix}", self.sizes[variable]),
            )
            for variable in every
        }

    def memory_width(self, name: str) -> int:
        """The bits of what is remembered under *name*."""
        return bits(len(self.domains[name]))

    # -- conditions -------------------------------------------------------------------------------------------------

    def is_one_of(self, variable: int, term: Term, values: frozenset[int]) -> str:
        """Whether *term*, a value of *variable*, is in *values*."""
        return self.script.member(term, values, self.widths[variable], self.sizes[variable])

    def remembered_one_of(self, name: str, term: Term, values: frozenset[str]) -> str:
        """Whether *term*, remembered as *name*, is in *values*."""
        domain = self.domains[name]
        numbers = frozenset(number for number, value in enumerate(domain) if value in values)
        return self.script.member(term, numbers, self.memory_width(name), len(domain))

    def tests(self, tests: Tests, record: list[Term], memory: Mapping[str, Term]) -> str:
        """The conjunction of *tests*."""
        return conjunction(
            self.remembered_one_of(variable[1:], memory[variable[1:]], values)  # type: ignore[arg-type]
            if isinstance(variable, str)
            else self.is_one_of(variable, record[variable], values)  # type: ignore[arg-type]
            for variable, values in tests
        )

    def condition(
        self, condition: tuple[Tests, ...] | Condition, record: list[Term], memory: Mapping[str, Term]
    ) -> str:
        """The disjunction of the conjunctions of *condition*."""
        return disjunction(self.tests(tests, record, memory) for tests in condition)

    def predicate(self, name: str, record: list[Term]) -> str:
        """The predicate *name* of the tables."""
        condition = self.lifecycle.predicates[name]
        read = self._read_by.get(name)
        if read is None:
            read = self._read_by[name] = tuple(sorted({variable for tests in condition for variable, _ in tests}))
        key = (name, *(record[variable] for variable in read))
        known = self._predicates.get(key)
        if known is None:
            known = self._predicates[key] = self.script.define(self.condition(condition, record, {}))
        return known

    # -- values -----------------------------------------------------------------------------------------------------

    def operand(
        self, variable: int, operand: Operand, record: list[Term], memory: Mapping[str, Term]
    ) -> tuple[str, Term]:
        """The value of *operand* for *variable*, and when it has one at all (a copied name may not exist there)."""
        if isinstance(operand, int):
            return TRUE, operand
        if operand[0] == "variable":
            other = int(operand[1])
            names, term, width, size = (
                self.lifecycle.variables[other].values,
                record[other],
                self.widths[other],
                self.sizes[other],
            )
        else:
            name = str(operand[1])
            names, term, width, size = (
                self.domains[name],
                memory[name],
                self.memory_width(name),
                len(self.domains[name]),
            )
        own = self.lifecycle.variables[variable].values
        if names == own:
            return TRUE, term
        common = [(number, own.index(value)) for number, value in enumerate(names) if value in own]
        legal = self.script.member(term, frozenset(number for number, _ in common), width, size)
        result: Term = common[-1][1]
        for number, value in common[:-1]:
            here = self.script.member(term, frozenset({number}), width, size)
            result = self.script.choice(here, value, result, self.widths[variable])
        return legal, result

    def written(self, writes: Writes, record: list[Term], memory: Mapping[str, Term]) -> tuple[str, dict[int, Term]]:
        """The values of *writes*, and when all of them exist."""
        legal: list[str] = []
        made: dict[int, Term] = {}
        for variable, operand in writes:
            possible, made[variable] = self.operand(variable, operand, record, memory)
            legal.append(possible)
        return conjunction(legal), made

    def remember(self, remember: Remember, record: list[Term], memory: Mapping[str, Term]) -> dict[str, Term]:
        """The memory after *remember*, all of it judged on the memory from before."""
        made = dict(memory)
        for name, what in remember:
            domain, width = self.domains[name], self.memory_width(name)
            if isinstance(what, str):
                made[name] = domain.index(what)
            elif isinstance(what, int):
                values = self.lifecycle.variables[what].values
                if values == domain:
                    made[name] = record[what]
                    continue
                result: Term = domain.index(values[-1])
                for number, value in enumerate(values[:-1]):
                    here = self.is_one_of(what, record[what], frozenset({number}))
                    result = self.script.choice(here, domain.index(value), result, width)
                made[name] = result
            else:
                yes = self.script.define(self.tests(what, record, memory))
                made[name] = self.script.choice(yes, domain.index("YES"), domain.index("NO"), width)
        return made

    # -- steps ------------------------------------------------------------------------------------------------------

    def start(self, entry: Entry, record: list[Term]) -> Outcome:
        """The start of a process of *entry*."""
        legal, assign = self.written(entry.writes, record, {})
        guard = conjunction([self.condition(entry.when, record, {}), legal])
        return Outcome(entry.row, guard, entry.next, Local(self.remember(entry.remember, record, {}), {}), assign)

    def outcomes(self, point: int, record: list[Term], local: Local) -> Iterator[Outcome]:
        """Everything that the instruction at *point* may do."""
        instruction = self.lifecycle.instructions[point]
        row = instruction.row
        match instruction:
            case Save():
                yield from self._save(instruction, record, local)
            case Dirty(writes=writes, next=after):
                legal, values = self.written(writes, record, local.memory)
                fields = {variable: (TRUE, value) for variable, value in values.items()}
                yield Outcome(row, legal, after, Local(local.memory, {**local.dirty, **fields}))
            case Call(effects=effects, failing=failing, next=after, raised=raised):
                for writes in effects:
                    legal, values = self.written(writes, record, local.memory)
                    yield Outcome(row, legal, after, local, values)
                for exception, target in raised:
                    for writes in failing:
                        legal, values = self.written(writes, record, local.memory)
                        yield Outcome(row, legal, target, local, values, exception, spontaneous=True)
            case Wait(available=available, next=after):
                yield Outcome(row, self.tests(available, record, local.memory), after, local)
            case Acquire(next=after):
                yield Outcome(row, TRUE, after, local)
            case Choose(options=options):
                for _, target in options:
                    yield Outcome(row, TRUE, target, local)
            case Read():
                yield from self._read(instruction, record, local)
            case _:
                raise TypeError(instruction)

    def _save(self, save: Save, record: list[Term], local: Local) -> Iterator[Outcome]:
        lifecycle, raised = self.lifecycle, dict(save.raised)
        gone = self.predicate("gone", record)
        lock = lifecycle.compare_variable
        expected = TRUE if save.expect is None else self.is_one_of(lock, record[lock], save.expect)
        where = self.tests(save.where, record, local.memory)
        legal, own = self.written(save.writes, record, local.memory)
        assign: dict[int, Term] = {
            variable: self.script.choice(flag, value, record[variable], self.widths[variable])
            for variable, (flag, value) in local.dirty.items()
            if flag != FALSE
        } | own
        accepted = conjunction([negation(gone), expected, where, legal])
        yield Outcome(save.row, accepted, save.next, Local(local.memory, {}), assign)
        kept = Local(local.memory, {**local.dirty, **{variable: (TRUE, value) for variable, value in own.items()}})
        refusals = [(gone, lifecycle.missing)]
        if save.otherwise is not None:
            refusals.append((conjunction([negation(gone), expected, negation(where)]), save.otherwise))
        if save.expect is not None:
            refused = [negation(gone), negation(expected)]
            for exception, tests in lifecycle.special:
                special = self.tests(tests, record, {})
                refusals.append((conjunction([*refused, special]), exception))
                refused.append(negation(special))
            refusals.append((conjunction(refused), lifecycle.refused))
        for guard, exception in refusals:
            yield Outcome(save.row, conjunction([guard, legal]), raised[exception], kept, {}, exception)

    def _read(self, read: Read, record: list[Term], local: Local) -> Iterator[Outcome]:
        there = TRUE
        left = Local(self.remember(read.remember, record, local.memory), local.dirty)
        if read.refresh:
            gone = self.predicate("gone", record)
            there = negation(gone)
            left = Local(left.memory, {})
            missing = dict(read.raised)[self.lifecycle.missing]
            yield Outcome(read.row, gone, missing, local, {}, self.lifecycle.missing)
        if read.condition is None:
            yield Outcome(read.row, there, read.then, left)
            return
        judged = self.condition(read.condition, record, local.memory)
        yield Outcome(read.row, conjunction([there, judged]), read.then, left)
        yield Outcome(read.row, conjunction([there, negation(judged)]), read.otherwise, left)


def _domains(lifecycle: Lifecycle) -> dict[str, tuple[str, ...]]:
    """What may be remembered under each name, in a fixed order."""
    found: dict[str, dict[str, None]] = {}
    remembers = [entry.remember for entry in lifecycle.entries]
    remembers += [one.remember for one in lifecycle.instructions if isinstance(one, Read)]
    for remember in remembers:
        for name, what in remember:
            values: tuple[str, ...] = ("NO", "YES")
            if isinstance(what, int):
                values = lifecycle.variables[what].values
            elif isinstance(what, str):
                values = (what,)
            found.setdefault(name, {}).update(dict.fromkeys(values))
    return {name: tuple(values) for name, values in found.items()}


def _dirty(lifecycle: Lifecycle) -> list[frozenset[int]]:
    """For each point, the fields that may be dirty there: a forward analysis over the instructions."""
    instructions = lifecycle.instructions
    made: list[frozenset[int]] = [frozenset()] * len(instructions)
    todo = list(range(len(instructions)))
    while todo:
        point = todo.pop()
        instruction = instructions[point]
        for target, left in _left(instruction, made[point]):
            if target >= 0 and not left <= made[target]:
                made[target] |= left
                todo.append(target)
    return made


def _left(instruction: Instruction, before: frozenset[int]) -> Iterator[tuple[int, frozenset[int]]]:
    own = (
        frozenset(variable for variable, _ in instruction.writes)
        if isinstance(instruction, (Save, Dirty))
        else frozenset()
    )
    match instruction:
        case Save(next=after, raised=raised):
            yield after, frozenset()
            for _, target in raised:
                yield target, before | own
        case Read(then=then, otherwise=otherwise, refresh=refresh, raised=raised):
            for target in (then, otherwise):
                yield target, frozenset() if refresh else before
            for _, target in raised:
                yield target, before
        case _:
            for target in targets(instruction):
                yield target, before | own
    if instruction.killed is not None:
        yield instruction.killed, before
