"""The meaning of a step, once: each control point as guarded rules over the record.

A *control* is where a process stands: its instruction, what it remembers, and which fields it has changed but not yet
written (*dirty*).  :class:`Semantics` turns a control into rules; a rule applies to every record that passes ``when``
and leads to one control.  Explorers, the closure and the exports only apply rules.  The save that is refused leaves
its fields dirty, as ``Instance.save`` does (nova/objects/instance.py:Instance.save).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from model.lifecycle import Condition, Lifecycle, Record
from model.program import (
    FAILED,
    FINISHED,
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
    Test,
    Tests,
    Wait,
    Writes,
    at_once,
    targets,
)

Memory = tuple[tuple[str, str], ...]
Fields = tuple[tuple[int, int], ...]
#: ``(variable, value)`` or ``(variable, -1 - other)``: a copy of the variable numbered *other*.
Assignments = tuple[tuple[int, int], ...]
When = tuple[tuple[int, frozenset[int]], ...]

#: The controls of a process that has ended, as a success or by an exception that nobody caught.
#: Looks and choices that follow each other in one moment; more than this can only be a circle.
DEEPEST = 60

END_FINISHED = 0
END_FAILED = 1


@dataclass(frozen=True, slots=True)
class Control:
    """Where a process stands; ``point`` is an index into the instructions, or FINISHED or FAILED."""

    point: int
    memory: Memory = ()
    dirty: Fields = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One guarded rule: ``when`` (all must hold) -> ``assign`` -> ``to``.

    ``exception`` names the failure that the rule is, if it is one; ``spontaneous`` marks the failures that a scenario
    without failures leaves out (a refused save is not one of them).  ``acquires`` marks taking the instance lock.
    ``also`` are the rows that happen in the same moment (:func:`model.program.at_once`).
    """

    row: str
    when: When
    assign: Assignments
    to: int
    exception: str | None = None
    spontaneous: bool = False
    acquires: bool = False
    label: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """How a process of one operation starts."""

    row: str
    operation: str
    kind: str
    when: When
    assign: Assignments
    to: int
    also: tuple[str, ...] = ()


class Semantics:
    """The rules of a lifecycle, made on demand; controls are numbered in the order in which they are met."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        self.controls: list[Control] = [Control(FINISHED), Control(FAILED)]
        self._numbers: dict[Control, int] = {control: number for number, control in enumerate(self.controls)}
        self._rules: dict[int, tuple[Rule, ...]] = {END_FINISHED: (), END_FAILED: ()}
        self._memory_live, self._dirty_live = _liveness(lifecycle)

    def number(self, point: int, memory: dict[str, str], dirty: dict[int, int]) -> int:
        """The number of a control, after dropping what no later step of the process can read."""
        if point < 0:
            control = Control(point)
        else:
            keep, write = self._memory_live[point], self._dirty_live[point]
            control = Control(
                point,
                tuple(sorted((name, value) for name, value in memory.items() if name in keep)),
                tuple(sorted((variable, value) for variable, value in dirty.items() if variable in write)),
            )
        known = self._numbers.get(control)
        if known is None:
            known = self._numbers[control] = len(self.controls)
            self.controls.append(control)
        return known

    def instruction(self, number: int) -> Instruction | None:
        """The instruction at which control *number* stands; None when the process has ended."""
        point = self.controls[number].point
        return None if point < 0 else self.lifecycle.instructions[point]

    def rules(self, number: int) -> tuple[Rule, ...]:
        """The rules of control *number*."""
        known = self._rules.get(number)
        if known is None:
            instruction = self.lifecycle.instructions[self.controls[number].point]
            made = self._make(self.controls[number])
            known = self._rules[number] = tuple(
                moment for rule in made for moment in self._moment(rule, instruction, 0)
            )
        return known

    def _moment(self, rule: Rule | Start, last: Instruction | Entry, depth: int) -> Iterator[Rule]:
        """*rule* with what happens in the same moment after it; *last* is the instruction that led there."""
        following = self.instruction(rule.to)
        merged: Rule = rule if isinstance(rule, Rule) else Rule(rule.row, rule.when, rule.assign, rule.to)
        if following is None or not at_once(last, following):
            yield merged
            return
        assert depth < DEEPEST, f"{following.row}: looks and choices that go round without a save"
        for after in self._make(self.controls[rule.to]):
            when = _after(merged.when, merged.assign, after.when)
            if when is not None:
                label = after.label or merged.label
                also = (*merged.also, after.row)
                yield from self._moment(
                    replace(
                        merged,
                        when=when,
                        to=after.to,
                        exception=merged.exception or after.exception,
                        label=label,
                        also=also,
                    ),
                    following,
                    depth + 1,
                )

    @cached_property
    def starts(self) -> tuple[Start, ...]:
        """How processes start, one for each conjunction of each guard and each value that is remembered."""
        made: list[Start] = []
        for entry in self.lifecycle.entries:
            for tests in entry.when:
                for when, memory in self._remembered(entry.remember, {}, tests, self._live_at(entry.next)):
                    for split, assign in self._assignments(entry.writes, memory):
                        narrowed = _meet(when, split)
                        if narrowed is not None:
                            to = self.number(entry.next, memory, {})
                            start = Start(entry.row, entry.operation, entry.kind, narrowed, assign, to)
                            made.extend(
                                replace(start, when=moment.when, to=moment.to, also=moment.also)
                                for moment in self._moment(start, entry, 0)
                            )
        return tuple(made)

    def killed(self, number: int) -> int:
        """The control after the service in which *number* runs has died; END_FAILED when the process dies with it."""
        instruction = self.instruction(number)
        if instruction is None or instruction.killed is None:
            return END_FAILED
        control = self.controls[number]
        return self.number(instruction.killed, dict(control.memory), dict(control.dirty))

    def _make(self, control: Control) -> Iterator[Rule]:
        instruction = self.lifecycle.instructions[control.point]
        memory, dirty = dict(control.memory), dict(control.dirty)
        match instruction:
            case Save():
                yield from self._save(instruction, memory, dirty)
            case Dirty():
                for when, fields in self._values(instruction.writes, memory):
                    to = self.number(instruction.next, memory, {**dirty, **fields})
                    yield Rule(instruction.row, when, (), to)
            case Call():
                for effects in instruction.effects:
                    for when, assign in self._assignments(effects, memory):
                        yield Rule(instruction.row, when, assign, self.number(instruction.next, memory, dirty))
                for exception, target in instruction.raised:
                    for effects in instruction.failing:
                        for when, assign in self._assignments(effects, memory):
                            to = self.number(target, memory, dirty)
                            yield Rule(instruction.row, when, assign, to, exception, spontaneous=True)
            case Wait():
                for when in self._satisfied((instruction.available,), memory):
                    yield Rule(instruction.row, when, (), self.number(instruction.next, memory, dirty))
            case Acquire():
                to = self.number(instruction.next, memory, dirty)
                yield Rule(instruction.row, (), (), to, acquires=True)
            case Read():
                yield from self._read(instruction, memory, dirty)
            case Choose():
                for label, target in instruction.options:
                    yield Rule(instruction.row, (), (), self.number(target, memory, dirty), label=label)
            case _:
                raise TypeError(instruction)

    def _save(self, save: Save, memory: dict[str, str], dirty: dict[int, int]) -> Iterator[Rule]:
        lifecycle = self.lifecycle
        raised = dict(save.raised)
        gone, there = self._gone
        everything = tuple(dirty.items())
        own = {variable for variable, _ in save.writes}
        flushed: Writes = tuple((v, value) for v, value in everything if v not in own) + save.writes
        compared = lifecycle.compare_variable
        accepted: When = () if save.expect is None else ((compared, save.expect),)
        for present in there:
            possible = _meet(present, accepted)
            if possible is None:
                continue
            for where in self._satisfied((save.where,), memory):
                met = _meet(possible, where)
                if met is None:
                    continue
                for split, assign in self._assignments(flushed, memory):
                    when = _meet(met, split)
                    if when is not None:
                        yield Rule(save.row, when, assign, self.number(save.next, memory, {}))
            if save.otherwise is not None:
                for where in self._violated((save.where,), memory):
                    met = _meet(possible, where)
                    if met is not None:
                        yield from self._keeps(save, met, save.otherwise, raised, memory, dirty)
            if save.expect is not None:
                every = frozenset(range(len(lifecycle.variables[compared].values)))
                refused = every - save.expect
                for exception, tests in lifecycle.special:
                    met = _meet(present, ((compared, refused), *tests))
                    if met is not None:
                        yield from self._keeps(save, met, exception, raised, memory, dirty)
                    refused -= next(values for variable, values in tests if variable == compared)
                met = _meet(present, ((compared, refused),))
                if met is not None:
                    yield from self._keeps(save, met, lifecycle.refused, raised, memory, dirty)
        for absent in gone:
            yield from self._keeps(save, absent, lifecycle.missing, raised, memory, dirty)

    def _keeps(
        self,
        save: Save,
        when: When,
        exception: str,
        raised: dict[str, int],
        memory: dict[str, str],
        dirty: dict[int, int],
    ) -> Iterator[Rule]:
        """The rules of a save that wrote nothing: its fields stay dirty."""
        target = raised[exception]
        wanted = self._dirty_live[target] if target >= 0 else frozenset()
        writes = tuple((variable, value) for variable, value in save.writes if variable in wanted)
        for split, fields in self._values(writes, memory):
            met = _meet(when, split)
            if met is not None:
                yield Rule(save.row, met, (), self.number(target, memory, {**dirty, **fields}), exception)

    def _read(self, read: Read, memory: dict[str, str], dirty: dict[int, int]) -> Iterator[Rule]:
        left: dict[int, int] = {} if read.refresh else dirty
        raised = dict(read.raised)
        gone, there = self._gone if read.refresh else ((), ((),))
        branches = [(read.then, True)] if read.condition is None else [(read.then, True), (read.otherwise, False)]
        for present in there:
            for target, wanted in branches:
                wishes: Iterator[When] | tuple[When, ...] = ((),)
                if read.condition is not None:
                    judge = self._satisfied if wanted else self._violated
                    wishes = judge(read.condition, memory)
                for wish in wishes:
                    when = _meet(present, wish)
                    if when is None:
                        continue
                    for narrowed, remembered in self._remembered(read.remember, memory, when, self._live_at(target)):
                        yield Rule(read.row, narrowed, (), self.number(target, remembered, left))
        for absent in gone:
            target = raised[self.lifecycle.missing]
            yield Rule(read.row, absent, (), self.number(target, memory, dirty), self.lifecycle.missing)

    def _live_at(self, target: int) -> frozenset[str]:
        return self._memory_live[target] if target >= 0 else frozenset()

    @cached_property
    def _gone(self) -> tuple[tuple[When, ...], tuple[When, ...]]:
        """The conjunctions under which the record is gone, and those under which it is there."""
        gone = self.lifecycle.predicates["gone"]
        return tuple(gone), tuple(self._violated(gone, {}))

    def _satisfied(self, condition: tuple[Tests, ...], memory: dict[str, str]) -> Iterator[When]:
        """Disjoint conjunctions over the record that together are *condition*, with memory put in."""
        before: list[Tests] = []
        for tests in condition:
            reduced = self._reduce(tests, memory)
            if reduced is not None:
                for outside in self._violated(tuple(before), memory):
                    met = _meet(outside, reduced)
                    if met is not None:
                        yield met
            before.append(tests)

    def _violated(self, condition: tuple[Tests, ...] | Condition, memory: dict[str, str]) -> Iterator[When]:
        """Disjoint conjunctions over the record that together are the negation of *condition*."""
        remaining: list[When] = [()]
        for tests in condition:
            reduced = self._reduce(tests, memory)
            if reduced is None:
                continue
            survivors: list[When] = []
            for when in remaining:
                kept = when
                for variable, values in reduced:
                    every = frozenset(range(len(self.lifecycle.variables[variable].values)))
                    outside = _meet(kept, ((variable, every - values),))
                    if outside is not None:
                        survivors.append(outside)
                    inside = _meet(kept, ((variable, values),))
                    if inside is None:
                        break
                    kept = inside
            remaining = survivors
        yield from remaining

    def _reduce(self, tests: Tests | When, memory: dict[str, str]) -> When | None:
        """*tests* with memory put in; None when memory contradicts them."""
        reduced: list[tuple[int, frozenset[int]]] = []
        for variable, values in tests:
            if isinstance(variable, str):
                if memory[variable[1:]] not in values:
                    return None
            else:
                reduced.append((variable, values))  # type: ignore[arg-type]
        return tuple(reduced)

    def _remembered(
        self, remember: Remember, memory: dict[str, str], tests: Tests | When, live: frozenset[str] | None
    ) -> Iterator[tuple[When, dict[str, str]]]:
        """Every split of the record by what is remembered, with the memory that results."""
        reduced = self._reduce(tests, memory)
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
                yes = [(when, "YES") for when in self._satisfied((what,), memory)]
                no = [(when, "NO") for when in self._violated((what,), memory)]
                choices.append(yes + no)
        for combination in product(*choices):
            when: When | None = reduced
            for split, _ in combination:
                when = None if when is None else _meet(when, split)
            if when is not None:
                yield when, {**memory, **{name: value for name, (_, value) in zip(names, combination, strict=True)}}

    def _assignments(self, writes: Writes, memory: dict[str, str]) -> Iterator[tuple[When, Assignments]]:
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

    def _values(self, writes: Writes, memory: dict[str, str]) -> Iterator[tuple[When, dict[int, int]]]:
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
                when = None if when is None else _meet(when, (test,))
            if when is not None:
                yield when, dict(field for _, field in combination)


def passes(when: When, record: Record) -> bool:
    """Whether *record* passes every test of *when*."""
    return all(record[variable] in values for variable, values in when)


def assigned(assign: Assignments, record: Record) -> Record:
    """*record* after *assign*; copies read the values from before."""
    if not assign:
        return record
    changed = list(record)
    for variable, value in assign:
        changed[variable] = value if value >= 0 else record[-1 - value]
    return tuple(changed)


def _meet(first: Tests | When, second: Tests | When) -> When | None:
    """The conjunction of two conjunctions over the record; None when nothing can pass it."""
    met: dict[int, frozenset[int]] = {}
    for variable, values in (*first, *second):
        assert isinstance(variable, int)
        narrowed: frozenset[int] = met[variable] & values if variable in met else values
        if not narrowed:
            return None
        met[variable] = narrowed
    return tuple(sorted(met.items()))


def _after(when: When, assign: Assignments, tests: When) -> When | None:
    """What must hold before *assign* for *when* to hold then and *tests* after it; None when nothing can."""
    assigned_values = dict(assign)
    before: When | None = when
    for variable, values in tests:
        value = assigned_values.get(variable)
        if value is None:
            before = None if before is None else _meet(before, ((variable, values),))
        elif value < 0:
            before = None if before is None else _meet(before, ((-1 - value, values),))
        elif value not in values:
            return None
    return before


def _liveness(lifecycle: Lifecycle) -> tuple[list[frozenset[str]], list[frozenset[int]]]:
    """For each point: the remembered names that a later step reads, and the dirty fields that a later save writes.

    A backward analysis by work list (Kildall 1973): a point is judged again only when one that it leads to has changed.
    """
    stored = frozenset(number for number, variable in enumerate(lifecycle.variables) if variable.stored)
    instructions = lifecycle.instructions
    after = [[target for target in targets(instruction) if target >= 0] for instruction in instructions]
    before: list[list[int]] = [[] for _ in instructions]
    for point, following in enumerate(after):
        for target in following:
            before[target].append(point)
    memory: list[frozenset[str]] = [frozenset()] * len(instructions)
    dirty: list[frozenset[int]] = [frozenset()] * len(instructions)
    waiting = dict.fromkeys(range(len(instructions)))
    while waiting:
        point, _ = waiting.popitem()
        read = frozenset(name for target in after[point] for name in memory[target])
        write = frozenset(variable for target in after[point] for variable in dirty[target])
        read, write = _live_before(instructions[point], read, write, dirty, stored)
        if read != memory[point] or write != dirty[point]:
            memory[point], dirty[point] = read, write
            waiting.update(dict.fromkeys(before[point]))
    return memory, dirty


def _live_before(
    instruction: Instruction,
    read: frozenset[str],
    write: frozenset[int],
    dirty: list[frozenset[int]],
    stored: frozenset[int],
) -> tuple[frozenset[str], frozenset[int]]:
    """What is live before *instruction* when *read* and *write* are live after it."""
    match instruction:
        case Save(writes=writes, where=where):
            return read | _names(writes) | _tested(where), stored - {variable for variable, _ in writes}
        case Dirty(writes=writes):
            return read | _names(writes), write - {variable for variable, _ in writes}
        case Call(effects=effects, failing=failing):
            return read.union(*(_names(one) for one in (*effects, *failing))), write
        case Read(remember=remember, condition=condition, refresh=refresh):
            read -= {name for name, _ in remember}
            for tests in condition or ():
                read |= _tested(tests)
            for _, what in remember:
                read |= frozenset() if isinstance(what, int | str) else _tested(what)
            if refresh:
                write = frozenset().union(*(dirty[target] for _, target in instruction.raised if target >= 0))
            return read, write
        case _:
            return read, write


def _names(writes: Writes) -> frozenset[str]:
    return frozenset(str(operand[1]) for _, operand in writes if isinstance(operand, tuple) and operand[0] == "memory")


def _tested(tests: Tests | tuple[Test, ...]) -> frozenset[str]:
    return frozenset(variable[1:] for variable, _ in tests if isinstance(variable, str))
