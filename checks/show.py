"""From witnesses to findings and evidence: each violation with an execution of the full lifecycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from checks.confirm import Confirmer
from checks.graph.product import Product, Remembers, remembers
from checks.graph.search import Witness
from checks.graph.view import View
from checks.keys import Key, coordinates, named
from checks.projection import Places
from checks.properties.catalogue import formulas
from checks.properties.definition import Leaves, Possible, Property
from checks.traces import trace
from checks.values import Values
from checks.verdict import Finding
from checks.ways import Way
from model.explore import Configuration, Space, Step
from model.lifecycle import Scenario
from model.semantics import Semantics


@dataclass
class Ground:
    """A scenario, explored: with the variables that it forgets left out, and the full semantics to confirm with.

    ``lines`` are the confirmed executions by the roles and values of the key that they end in.
    """

    scenario: Scenario
    full: Semantics
    view: View
    bound: str
    products: dict[Remembers, Product] = field(default_factory=dict)
    confirmers: dict[Remembers, Confirmer] = field(default_factory=dict)
    lines: dict[tuple[tuple[str, ...], Key], list[Space]] = field(default_factory=dict)

    @cached_property
    def places(self) -> Places:
        """Where the configurations of the space are in the full lifecycle."""
        return Places(self.full, self.view, self.values)

    @cached_property
    def values(self) -> Values:
        """Which values can be at which place, of the variables that the scenario forgets and of what is reported."""
        lifecycle = self.full.lifecycle
        loose = {lifecycle.index(name) for name in self.scenario.forget}
        reported = {variable for pair in lifecycle.observed.items() for variable in pair}
        return Values(self.full, self.scenario, loose | reported)

    @property
    def forgets(self) -> bool:
        """Whether the space has fewer variables than the lifecycle."""
        return self.view.lifecycle is not self.full.lifecycle

    def product(self, one: Property) -> Product:
        """The space with what is to be remembered of the past to decide *one*."""
        what = remembers(formulas(one))
        if what not in self.products:
            self.products[what] = Product(self.view, what)
        return self.products[what]

    def confirmer(self, product: Product) -> Confirmer:
        """Who confirms what was found in *product*."""
        known = self.confirmers.get(product.what)
        if known is None:
            known = self.confirmers[product.what] = Confirmer(self.full, self.scenario, product, self.places)
        return known


@dataclass(frozen=True, slots=True)
class Shown:
    """A violation with an execution of the full lifecycle: ``named`` is its key by names.

    ``anywhere``: the execution starts in a state that was taken out of context, not at the start of the lifecycle.
    """

    named: dict[str, str]
    count: int
    space: Space
    start: int
    path: Sequence[tuple[Step, int]]
    cycle: int | None
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class Refuted:
    """A violation of the smaller lifecycle that no execution of the full one shows."""

    named: dict[str, str]


def show(ground: Ground, product: Product, one: Property, told: Key, witness: Witness) -> Shown | Refuted | None:
    """The violation *told* with a trace of the full lifecycle, or refuted; None when neither was found."""
    view = product.view
    names = named(view.lifecycle, coordinates(view.lifecycle, one), told)
    if not ground.forgets:
        space = witness.space or view.space
        anywhere = space.configurations[witness.start] != (view.lifecycle.initial, ())
        return Shown(names, witness.count, space, witness.start, witness.path, witness.cycle, anywhere)
    goals = _goals(ground, product, witness)
    if witness.nodes and not goals:
        return Refuted(names)
    line = _confirmed(ground, product, one, told, goals)
    if line is None:
        return None
    ground.lines.setdefault((one.key, told), []).append(line)
    path = [(line.edges[number][0][0], number + 1) for number in range(len(line.configurations) - 1)]
    return Shown(names, witness.count, line, 0, path, len(path) if isinstance(one.form, Leaves) else None)


def _goals(ground: Ground, product: Product, witness: Witness) -> list[int]:
    """The nodes of *witness* that the full lifecycle may reach, with a step that violates where steps are asked."""
    projection = ground.confirmer(product).projection
    nodes = [node for node in witness.nodes if projection.possible[node]]
    if witness.edges is None:
        return nodes
    able = frozenset(product.source[witness.edges[projection.able[witness.edges]]].tolist())
    return [node for node in nodes if node in able]


def _confirmed(ground: Ground, product: Product, one: Property, told: Key, goals: list[int]) -> Space | None:
    """A shortest execution of the full lifecycle to one of *goals*."""
    confirmer = ground.confirmer(product)
    violates = confirmer.violation(one, told)
    if isinstance(one.form, Leaves):
        # What is left at rest for ever was found as such: an execution to it is one that does not leave, too.
        for known in ground.lines.get((one.key, told), ()):
            line = confirmer.prefix(known, violates)
            if line is not None:
                return line
    line = confirmer.follow(goals, violates)
    return line or confirmer.search(goals, violates, deep=isinstance(one.form, Possible)).line


def finding(shown: Shown) -> Finding:
    """*shown* as the report has it."""
    made = trace(shown.space, shown.start, shown.path, shown.cycle)
    last = next((step for step in reversed(made.steps) if step.place), None)
    return Finding(shown.named, shown.count, made, last.place if last else "", last.source if last else "")


def _plain(semantics: Semantics, place: Configuration) -> list[Any]:
    record, inflight = place
    there = [semantics.controls[control] for control in inflight]
    return [list(record), [[control.point, control.memory, control.dirty] for control in there]]


def evidence_of_ways(semantics: Semantics, found: Sequence[Way]) -> dict[str, Any]:
    """The ways to a goal, as plain data."""
    return {
        "kind": "ways",
        "ways": [
            {
                "start": _plain(semantics, place),
                "steps": [[step.row, *_plain(semantics, after)] for step, after in way],
            }
            for place, way in found
        ],
    }


def evidence(shown: Sequence[Shown]) -> dict[str, Any]:
    """The traces of *shown* as plain data."""

    def plain(space: Space, number: int) -> list[Any]:
        return _plain(space.semantics, space.configurations[number])

    return {
        "kind": "traces",
        "traces": [
            {
                "key": one.named,
                "start": plain(one.space, one.start),
                "steps": [[step.row, *plain(one.space, to)] for step, to in one.path],
                "cycle": one.cycle,
                "anywhere": one.anywhere,
            }
            for one in shown
        ],
    }
