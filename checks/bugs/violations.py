"""The violations of a bug's property in its space, told apart finely enough to see one more.

A violation's class is the record's state and truth in the bad configuration (after the bad step), and the step's row
and exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product as combinations
from typing import Any

import numpy as np

from checks.anatomy import Anatomy
from checks.bugs.patch import Allows, Condition, Never, Patch, Reach
from checks.bugs.patched import assumptions, conjunction, narrowed
from checks.checker import Checker
from checks.first_saves import refusals, unrepeatables
from checks.graph.arrays import Ints
from checks.graph.product import Product, Remembers, remembers
from checks.graph.search import decide
from checks.graph.view import Moments, View
from checks.properties.catalogue import PROPERTIES, formulas
from checks.properties.definition import Always, Possible, Property
from checks.properties.formula import And, Is, Pending, Quiet, Same, atoms, both
from checks.traces import trace
from checks.verdict import Trace
from model.conditions import passes
from model.errors import Fault, InputError
from model.explore import Configuration, Space, Step, completed, explore
from model.lifecycle import Conjunction, Lifecycle, Record, holds
from model.program import Call, Instruction, Save
from model.semantics import END_FAILED, Semantics

#: What tells violations apart, beside the row.
FINE = ("phase", "lock", "report", "truth")
TOO_MANY = 400_000
NOTHING = Remembers()
Class = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A configuration (``after`` the same, no ``step``), or a step, by the numbers of the configurations."""

    before: int
    after: int
    step: Step | None


@dataclass(frozen=True, slots=True)
class Violation:
    """One class of violations: its values by name (``row`` among them), and the shortest way to one."""

    values: Class
    start: int = 0
    way: tuple[tuple[Step, int], ...] = ()
    cycle: int | None = None

    def matches(self, wanted: Condition) -> bool:
        """Whether it is as *wanted* says; a row is matched by how it begins."""
        values = dict(self.values)
        for name, given in wanted.items():
            negated = given[:1] == ["not"]
            legal = given[1:] if negated else given
            value = values.get(name, "")
            found = value.startswith(tuple(legal)) if name in ("row", "guard", "save") else value in legal
            if found == negated:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Violations:
    """All classes of one property, and the space in which they are (None: a question of the tables alone)."""

    found: tuple[Violation, ...]
    space: Space | None = None

    @property
    def configurations(self) -> int:
        """How many there are in the space."""
        return 0 if self.space is None else len(self.space.configurations)

    def shown(self, one: Violation) -> Trace | None:
        """The way to *one*, by names."""
        return None if self.space is None else trace(self.space, one.start, list(one.way), one.cycle)

    def refuted(self, one: Violation) -> list[str]:
        """What the checker, which knows nothing of this search, finds wrong with the way to *one*."""
        if self.space is None:
            return []
        space, semantics = self.space, self.space.semantics

        def plain(number: int) -> list[Any]:
            record, inflight = space.configurations[number]
            there = [semantics.controls[control] for control in inflight]
            return [list(record), [[control.point, control.memory, control.dirty] for control in there]]

        evidence = {
            "start": plain(one.start),
            "anywhere": True,
            "steps": [[step.row, *plain(to)] for step, to in one.way],
            "cycle": one.cycle,
        }
        return Checker(semantics, space.scenario).faults_of_trace(evidence)


def violations(lifecycle: Lifecycle, patch: Patch) -> Violations:
    """What *lifecycle* violates of the property of *patch*, in its scenario.  Raises InputError."""
    small = narrowed(lifecycle, patch.operations) if patch.operations else lifecycle
    semantics = Semantics(small)
    if patch.property == "guards-agree" and patch.demand is None:
        return Violations(tuple(_of_guards(semantics)))
    scenario = assumptions(small, patch)
    space = explore(semantics, scenario, _starts(small, patch), limit=TOO_MANY)
    if space.truncated:
        raise InputError(
            Fault(f"patches/{patch.id}.yaml", f"more than {TOO_MANY:,} configurations", "name fewer operations")
        )
    view = View(space, Anatomy(small))
    return Violations(tuple(_search(view, patch)), space)


def _starts(lifecycle: Lifecycle, patch: Patch) -> list[Configuration] | None:
    """The configurations in which *patch* starts: each state that it means, completed by the tables' defaults."""
    if not patch.start:
        return None
    made: list[Configuration] = []
    for condition in patch.start:
        given = conjunction(lifecycle, condition, f"patches/{patch.id}.yaml: start")
        width = len(lifecycle.state_variables)
        known = dict(given)
        choices = [sorted(known.get(variable, {lifecycle.initial[variable]})) for variable in range(width)]
        for state in combinations(*choices):
            record = list(completed(lifecycle, state))
            for variable, values in given:
                record[variable] = state[variable] if variable < width else min(values)
            made.append((tuple(record), ()))
    return made


def _search(view: View, patch: Patch) -> Iterator[Violation]:
    place = f"patches/{patch.id}.yaml: demand"
    demand = patch.demand
    if demand is not None and demand.never is not None:
        never = demand.never
        yield from _bad(view, Product(view, NOTHING), _never(view, never, place), steps=_of_steps(never))
    elif demand is not None and demand.allows is not None:
        yield from _bad(view, Product(view, NOTHING), _refused(view, demand.allows, place), steps=False)
    elif demand is not None and demand.reach is not None:
        yield from _witnessed(view, _reach(view, demand.reach, place))
    else:
        one = replace(_property(patch), key=FINE)
        if isinstance(one.form, Always):
            steps = _speaks_of_steps(both(one.form.bad))
            product = Product(view, remembers(formulas(one)))
            moments = product.moments(steps=steps)
            yield from _classes(view, product, moments, np.flatnonzero(view.holds(one.form.bad, moments)))
        else:
            yield from _witnessed(view, one)


def _witnessed(view: View, one: Property) -> Iterator[Violation]:
    """The violations of *one* among what the starts of the patch reach; all other states belong to ``verify``."""
    if isinstance(one.form, Possible):
        one = replace(one, form=replace(one.form, everywhere=False))
    product = Product(view, remembers(formulas(one)))
    for key, witness in decide(view, product, one).witnesses.items():
        numbers = [view.roles[role] for role in FINE if role in view.roles]
        variables = view.lifecycle.variables
        values = tuple((variables[n].name, variables[n].values[v]) for n, v in zip(numbers, key, strict=True))
        yield Violation(values, witness.start, tuple(witness.path), witness.cycle)


def _speaks_of_steps(formula: And) -> bool:
    return any(not isinstance(atom, Is | Quiet | Pending | Same) or atom.after for atom in atoms(formula))


def _property(patch: Patch) -> Property:
    for one in PROPERTIES:
        if one.id == patch.property:
            return one
    legal = ", ".join(one.id for one in PROPERTIES)
    raise InputError(Fault(f"patches/{patch.id}.yaml", f"no property {patch.property!r}", f"legal: {legal}"))


def _bad(view: View, product: Product, bad: Callable[[Moment], bool], *, steps: bool) -> Iterator[Violation]:
    """Each class of *bad* steps (or configurations), with the nearest of it."""
    moments = product.moments(steps=steps)
    columns = (moments.before.tolist(), moments.after.tolist(), moments.step.tolist())
    found = [
        number
        for number, (before, after, step) in enumerate(zip(*columns, strict=True))
        if bad(Moment(before, after, view.steps[step] if step >= 0 else None))
    ]
    yield from _classes(view, product, moments, np.array(found, np.int64))


def _classes(view: View, product: Product, moments: Moments, bad: Ints) -> Iterator[Violation]:
    """Each class of the *moments* that are numbered *bad*, with the nearest of it."""
    known: set[Class] = set()
    for number in bad.tolist():
        step = int(moments.step[number])
        values = _values(view, view.records[moments.after[number]], view.steps[step] if step >= 0 else None)
        if values not in known:
            known.add(values)
            node = number if step < 0 else int(product.source[number])
            way = product.path(node) if step < 0 else [*product.path(node), product.taken(number)]
            yield Violation(values, product.root(node), tuple(way))


def _values(view: View, record: Record, step: Step | None) -> Class:
    numbers = [view.roles[role] for role in FINE if role in view.roles]
    variables = view.lifecycle.variables
    named = tuple((variables[number].name, variables[number].values[record[number]]) for number in numbers)
    return named if step is None else (*named, ("row", step.row), ("exception", step.exception or ""))


def _of_steps(never: Never) -> bool:
    return bool(never.then or never.by or never.fails or never.exception or never.to or never.writes_next)


def _never(view: View, never: Never, place: str) -> Callable[[Moment], bool]:
    before = (conjunction(view.lifecycle, never.at, place),)
    after = (conjunction(view.lifecycle, never.then, place),)
    wanted = conjunction(view.lifecycle, never.writes_next, place)
    rows, to = tuple(never.by), tuple(never.to)

    def bad(moment: Moment) -> bool:
        if not holds(before, view.records[moment.before]) or not holds(after, view.records[moment.after]):
            return False
        if (never.quiet and not view.quiet[moment.before]) or (never.pending and not view.pending[moment.before]):
            return False
        step = moment.step
        if step is None:
            return True
        if (rows and not step.row.startswith(rows)) or (never.exception and step.exception not in never.exception):
            return False
        following = view.semantics.instruction(step.after)
        if to and (following is None or not following.row.startswith(to)):
            return False
        if wanted and not _writes(following, wanted):
            return False
        return not never.fails or (step.process >= 0 and step.after == END_FAILED)

    return bad


def _writes(instruction: Instruction | None, wanted: Conjunction) -> bool:
    """Whether *instruction* writes, into each variable of *wanted*, one of its values."""
    match instruction:
        case Save(writes=writes):
            choices = [dict(writes)]
        case Call(effects=effects):
            choices = [dict(writes) for writes in effects]
        case _:
            return False
    return any(all(written.get(variable) in values for variable, values in wanted) for written in choices)


def _refused(view: View, allows: Allows, place: str) -> Callable[[Moment], bool]:
    at = (conjunction(view.lifecycle, allows.at, place),)
    guards = [start.when for start in view.semantics.starts if start.operation == allows.operation]

    def bad(moment: Moment) -> bool:
        record = view.records[moment.before]
        return view.quiet[moment.before] and holds(at, record) and not any(passes(when, record) for when in guards)

    return bad


def _reach(view: View, reach: Reach, place: str) -> Property:
    """The property that the goal of *reach* is possible; its conditions become predicates of the view's lifecycle."""
    predicates = {
        "origin": (conjunction(view.lifecycle, reach.origin, place),),
        "goal": (conjunction(view.lifecycle, reach.goal, place),),
    }
    view.lifecycle = replace(view.lifecycle, predicates={**view.lifecycle.predicates, **predicates})
    form = Possible(Is("origin"), Is("goal"), frozenset(reach.kinds))
    return replace(PROPERTIES[0], form=form, key=FINE)


def _of_guards(semantics: Semantics) -> Iterator[Violation]:
    """Where guards and first saves do not agree, by the tables alone."""
    lifecycle = semantics.lifecycle
    for guard, save in sorted(set(refusals(semantics))):
        yield Violation((("guard", guard), ("save", save)))
    lock = lifecycle.variables[lifecycle.compare_variable].name
    for guard, values in unrepeatables(lifecycle):
        for value in values:
            yield Violation((("guard", guard), (lock, value)))
