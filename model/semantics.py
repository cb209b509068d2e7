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

from model.conditions import Assignments, When, before, meet
from model.lifecycle import Lifecycle
from model.liveness import liveness
from model.program import (
    FAILED,
    FINISHED,
    Acquire,
    Call,
    Choose,
    Dirty,
    Entry,
    Instruction,
    Read,
    Save,
    Wait,
    Writes,
    at_once,
)
from model.splitting import Splitting

Memory = tuple[tuple[str, str], ...]
Fields = tuple[tuple[int, int], ...]

#: Looks and choices that follow each other in one moment; more than this can only be a circle.
DEEPEST = 60

#: The controls of a process that has ended, as a success or by an exception that nobody caught.
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
        self.cases = Splitting(lifecycle)
        self.controls: list[Control] = [Control(FINISHED), Control(FAILED)]
        self._numbers: dict[Control, int] = {control: number for number, control in enumerate(self.controls)}
        self._rules: dict[int, tuple[Rule, ...]] = {END_FINISHED: (), END_FAILED: ()}
        self._memory_live, self._dirty_live = liveness(lifecycle)

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
            when = before(merged.when, merged.assign, after.when)
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
                for when, memory in self.cases.remembered(entry.remember, {}, tests, self._live_at(entry.next)):
                    for split, assign in self.cases.assignments(entry.writes, memory):
                        narrowed = meet(when, split)
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
                for when, fields in self.cases.values(instruction.writes, memory):
                    to = self.number(instruction.next, memory, {**dirty, **fields})
                    yield Rule(instruction.row, when, (), to)
            case Call():
                for effects in instruction.effects:
                    for when, assign in self.cases.assignments(effects, memory):
                        yield Rule(instruction.row, when, assign, self.number(instruction.next, memory, dirty))
                for exception, target in instruction.raised:
                    for effects in instruction.failing:
                        for when, assign in self.cases.assignments(effects, memory):
                            to = self.number(target, memory, dirty)
                            yield Rule(instruction.row, when, assign, to, exception, spontaneous=True)
            case Wait():
                for when in self.cases.satisfied((instruction.available,), memory):
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
            possible = meet(present, accepted)
            if possible is None:
                continue
            for where in self.cases.satisfied((save.where,), memory):
                met = meet(possible, where)
                if met is None:
                    continue
                for split, assign in self.cases.assignments(flushed, memory):
                    when = meet(met, split)
                    if when is not None:
                        yield Rule(save.row, when, assign, self.number(save.next, memory, {}))
            if save.otherwise is not None:
                for where in self.cases.violated((save.where,), memory):
                    met = meet(possible, where)
                    if met is not None:
                        yield from self._keeps(save, met, save.otherwise, raised, memory, dirty)
            if save.expect is not None:
                every = frozenset(range(len(lifecycle.variables[compared].values)))
                refused = every - save.expect
                for exception, tests in lifecycle.special:
                    met = meet(present, ((compared, refused), *tests))
                    if met is not None:
                        yield from self._keeps(save, met, exception, raised, memory, dirty)
                    refused -= next(values for variable, values in tests if variable == compared)
                met = meet(present, ((compared, refused),))
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
        for split, fields in self.cases.values(writes, memory):
            met = meet(when, split)
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
                    judge = self.cases.satisfied if wanted else self.cases.violated
                    wishes = judge(read.condition, memory)
                for wish in wishes:
                    when = meet(present, wish)
                    if when is None:
                        continue
                    for narrowed, remembered in self.cases.remembered(
                        read.remember, memory, when, self._live_at(target)
                    ):
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
        return tuple(gone), tuple(self.cases.violated(gone, {}))
