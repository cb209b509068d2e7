"""The violations of a bug's property in its space, told apart finely enough to see one more.

A violation's class is the record's state and truth in the bad configuration (after the bad step), and the step's row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product as combinations

from checks.anatomy import Anatomy
from checks.bugs.patch import Condition, Never, Patch, Reach
from checks.bugs.patched import assumptions, conjunction, narrowed
from checks.graph.product import Product, remembers
from checks.graph.search import decide
from checks.graph.view import Moment, View
from checks.properties.catalogue import PROPERTIES, formulas
from checks.properties.definition import Always, Possible, Property
from checks.properties.formula import Is, both
from checks.questions import refusals, unrepeatables
from checks.traces import trace
from checks.verdict import Trace
from model.errors import Fault, InputError
from model.explore import Configuration, Step, completed, explore
from model.lifecycle import Lifecycle, Record, holds
from model.semantics import END_FAILED, Semantics

#: What tells violations apart, beside the row.
FINE = ("phase", "lock", "report", "truth")
TOO_MANY = 400_000
Class = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """One class of violations: its values by name (``row`` among them), and the shortest trace to one."""

    values: Class
    steps: int
    trace: Trace | None

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
    """All classes of one property in one space, with the size of the space."""

    found: tuple[Violation, ...]
    configurations: int


def violations(lifecycle: Lifecycle, patch: Patch) -> Violations:
    """What *lifecycle* violates of the property of *patch*, in its scenario.  Raises InputError."""
    small = narrowed(lifecycle, patch.operations) if patch.operations else lifecycle
    semantics = Semantics(small)
    if patch.property == "guards-agree" and patch.demand is None:
        return Violations(tuple(_of_guards(semantics)), 0)
    scenario = assumptions(small, patch)
    space = explore(semantics, scenario, _starts(small, patch), limit=TOO_MANY)
    if space.truncated:
        raise InputError(
            Fault(f"patches/{patch.id}.yaml", f"more than {TOO_MANY:,} configurations", "name fewer operations")
        )
    view = View(space, Anatomy(small))
    return Violations(tuple(_search(view, patch)), len(space.configurations))


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
    if patch.demand is not None and patch.demand.never is not None:
        yield from _steps(view, Product(view, remembers(())), _never(view, patch.demand.never, place))
        return
    if patch.demand is not None and patch.demand.reach is not None:
        yield from _unreached(view, patch.demand.reach, place)
        return
    one = _property(patch)
    one = replace(one, key=FINE)
    product = Product(view, remembers(formulas(one)))
    if isinstance(one.form, Always):
        bad = view.compile(one.form.bad)
        yield from _steps(view, product, bad)
        return
    for key, witness in decide(view, product, one).witnesses.items():
        names = [view.roles[role] for role in FINE if role in view.roles]  # type: ignore[index]
        variables = view.lifecycle.variables
        values = tuple((variables[n].name, variables[n].values[v]) for n, v in zip(names, key, strict=True))
        shown = trace(view.space, witness.start, witness.path, witness.cycle)
        yield Violation(values, len(witness.path), shown)


def _property(patch: Patch) -> Property:
    for one in PROPERTIES:
        if one.id == patch.property:
            return one
    legal = ", ".join(one.id for one in PROPERTIES)
    raise InputError(Fault(f"patches/{patch.id}.yaml", f"no property {patch.property!r}", f"legal: {legal}"))


def _steps(view: View, product: Product, bad: Callable[[Moment], bool]) -> Iterator[Violation]:
    """Each class of steps (and of configurations without a further step) that are *bad*, the nearest first."""
    known: set[Class] = set()
    for node, leaving in enumerate(product.edges):
        moments = [(None, Moment(product.nodes[node][0], product.nodes[node][0], None, product.nodes[node][1]))]
        moments += [
            (step, Moment(product.nodes[node][0], product.nodes[to][0], step, ghost))  # type: ignore[misc]
            for step, to, ghost in leaving
        ]
        for step, moment in moments:
            if not bad(moment):
                continue
            values = _values(view, view.records[moment.after], step)
            if values in known:
                continue
            known.add(values)
            way = product.path(node)
            if step is not None:
                way.append((step, moment.after))
            yield Violation(values, len(way), trace(view.space, product.root(node), way, None))


def _values(view: View, record: Record, step: Step | None) -> Class:
    numbers = [view.roles[role] for role in FINE if role in view.roles]  # type: ignore[index]
    variables = view.lifecycle.variables
    named = tuple((variables[number].name, variables[number].values[record[number]]) for number in numbers)
    return named if step is None else (*named, ("row", step.row))


def _never(view: View, never: Never, place: str) -> Callable[[Moment], bool]:
    before = (conjunction(view.lifecycle, never.at, place),)
    after = (conjunction(view.lifecycle, never.then, place),)
    steps = bool(never.then or never.by or never.fails)
    rows = tuple(never.by)

    def bad(moment: Moment) -> bool:
        if steps != (moment.step is not None) or not holds(before, view.records[moment.before]):
            return False
        if not holds(after, view.records[moment.after]):
            return False
        if never.quiet and not view.quiet[moment.before]:
            return False
        if never.pending and not view.pending[moment.before]:
            return False
        if moment.step is None:
            return True
        if rows and not moment.step.row.startswith(rows):
            return False
        return not never.fails or (moment.step.process >= 0 and moment.step.after == END_FAILED)

    return bad


def _unreached(view: View, reach: Reach, place: str) -> Iterator[Violation]:
    origin = (conjunction(view.lifecycle, reach.origin, place),)
    goal = (conjunction(view.lifecycle, reach.goal, place),)
    view.lifecycle = replace(
        view.lifecycle, predicates={**view.lifecycle.predicates, "origin": origin, "goal": goal}
    )
    form = Possible(both(Is("origin")), both(Is("goal")), frozenset({"request", "recovery"}))
    one = replace(PROPERTIES[0], form=form, key=FINE)
    product = Product(view, remembers(formulas(one)))
    for key, witness in decide(view, product, one).witnesses.items():
        numbers = [view.roles[role] for role in FINE if role in view.roles]  # type: ignore[index]
        variables = view.lifecycle.variables
        values = tuple((variables[n].name, variables[n].values[v]) for n, v in zip(numbers, key, strict=True))
        yield Violation(values, len(witness.path), trace(view.space, witness.start, witness.path, witness.cycle))


def _of_guards(semantics: Semantics) -> Iterator[Violation]:
    """Where guards and first saves do not agree, by the tables alone."""
    lifecycle = semantics.lifecycle
    for guard, save in sorted(set(refusals(semantics))):
        yield Violation((("guard", guard), ("save", save)), 1, None)
    lock = lifecycle.variables[lifecycle.compare_variable].name
    for guard, values in unrepeatables(lifecycle):
        for value in values:
            yield Violation((("guard", guard), (lock, value)), 0, None)
