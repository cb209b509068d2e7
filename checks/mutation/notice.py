"""Who notices a mutant: what costs least is asked first, and nothing more once somebody has noticed.

The tables' own questions come first, then the scenarios in their order, and in each the properties by their cost, by
graph search alone.  A scenario in which the mutant changes no step is left out.  What is found with variables left out
counts when an execution with all of them confirms it; what is confirmed as the tables are, and is still found in a
mutant, is not confirmed once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from checks.anatomy import Anatomy
from checks.first_saves import refusals, unrepeatables
from checks.graph.everywhere import applies, everywhere
from checks.graph.product import Product
from checks.graph.search import Witness, decide
from checks.graph.view import View
from checks.keys import Key
from checks.mutation.effect import Effect, Footing
from checks.mutation.mutants import Mutant, lessens, mutated
from checks.past import Remembers, remembers
from checks.properties.catalogue import formulas
from checks.properties.definition import Always, Leaves, Possible, Property
from checks.questions import conceivable, stuck
from checks.show import Ground, Shown, show
from checks.spaces import explored
from checks.verify import asked_of_one
from model.forget import assumed
from model.lifecycle import Lifecycle
from model.semantics import Semantics

TABLES = "tables"
DEAREST = 4


@dataclass(frozen=True, slots=True)
class Notice:
    """A property that tells a mutant from the tables as they are; ``refutes``: it is violated in a way of its own."""

    property: str
    scenario: str
    refutes: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutant: who noticed it, or in which scenarios it only took steps away or stepped otherwise.

    ``together``: the scenarios with several requests at once that were asked when nobody had noticed it with one.
    """

    mutant: Mutant
    notices: tuple[Notice, ...]
    fewer: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    broken: str = ""
    together: tuple[str, ...] = ()

    @property
    def noticed(self) -> bool:
        """Whether anybody noticed, a mutant that makes no lifecycle at all among them."""
        return bool(self.notices) or bool(self.broken)


class Asked:
    """One lifecycle in one scenario, with what is found there."""

    def __init__(self, lifecycle: Lifecycle, full: Semantics, scenario: str, smaller: Lifecycle | None = None) -> None:
        self.scenario = lifecycle.scenarios[scenario]
        self.smaller = smaller or assumed(lifecycle, scenario)
        found = explored(full if self.smaller is lifecycle else Semantics(self.smaller), self.scenario)
        view = View(found.space, Anatomy(self.smaller), found.disturbed)
        self.ground = Ground(self.scenario, full, view, found.bound)
        self._found: dict[str, dict[Key, Witness]] = {}
        self._real: dict[tuple[str, Key], bool] = {}

    def found(self, one: Property) -> dict[Key, Witness]:
        """The ways in which *one* is violated."""
        if one.id not in self._found:
            self._found[one.id] = decide(self.ground.view, self._product(one), one).witnesses
        return self._found[one.id]

    def real(self, one: Property, key: Key) -> bool:
        """Whether an execution with all variables violates *one* in the way *key*."""
        if (one.id, key) not in self._real:
            shown = show(self.ground, self._product(one), one, key, self.found(one)[key])
            self._real[one.id, key] = isinstance(shown, Shown)
        return self._real[one.id, key]

    def _product(self, one: Property) -> Product:
        what = remembers(formulas(one))
        if what not in self.ground.products:
            self.ground.products[what] = Product(self.ground.view, what)
        return self.ground.products[what]

    @cached_property
    def asked(self) -> tuple[Property, ...]:
        """The properties that are asked there."""
        return asked_of_one(self.smaller, self.scenario)

    @cached_property
    def stuck(self) -> frozenset[tuple[str, ...]]:
        """The states without a way out."""
        return frozenset(tuple(finding.key.values()) for finding in stuck(self.ground.view))


class Watch:
    """The tables as they are, and what is known of them, made when it is first asked for."""

    def __init__(self, lifecycle: Lifecycle, scenarios: Sequence[str]) -> None:
        self.lifecycle, self.scenarios = lifecycle, tuple(scenarios)
        self.full = Semantics(lifecycle)
        self._asked: dict[str, Asked] = {}
        self._footings: dict[str, Footing] = {}
        self._beyond: dict[str, Footing | None] = {}

    def usual(self, scenario: str) -> Asked:
        """The tables as they are in *scenario*."""
        if scenario not in self._asked:
            self._asked[scenario] = Asked(self.lifecycle, self.full, scenario)
        return self._asked[scenario]

    def footing(self, scenario: str) -> Footing:
        """Their space there."""
        if scenario not in self._footings:
            self._footings[scenario] = Footing(self.usual(scenario).ground.view.space)
        return self._footings[scenario]

    def beyond(self, scenario: str) -> Footing | None:
        """Their space from everywhere, without failures; None where nothing is asked of that."""
        if scenario not in self._beyond:
            usual = self.usual(scenario)
            asked_there = [one.form for one in usual.asked if isinstance(one.form, Possible)]
            forms = [form for form in asked_there if applies(form, usual.scenario)]
            space = usual.ground.view.space
            self._beyond[scenario] = Footing(everywhere(space, forms[0]).space) if forms else None
        return self._beyond[scenario]

    @cached_property
    def refusals(self) -> frozenset[object]:
        """Where guards and first saves disagree."""
        return _refusals(self.lifecycle, self.full)

    @cached_property
    def dead(self) -> frozenset[object]:
        """The rows that nothing takes."""
        return _dead(self.lifecycle, self.full)

    def result(self, mutant: Mutant) -> Result:
        """Who notices *mutant*."""
        try:
            return self._result(mutant, mutated(self.lifecycle, mutant))
        except (KeyError, AssertionError) as error:
            return Result(mutant, (), broken=f"{type(error).__name__}: {error}")

    def _result(self, mutant: Mutant, lifecycle: Lifecycle) -> Result:
        full = Semantics(lifecycle)
        told = _notices("guards-agree", TABLES, _refusals(lifecycle, full), self.refusals)
        told += _notices("alive", TABLES, _dead(lifecycle, full), self.dead)
        if told:
            return Result(mutant, told)
        unnoticed: dict[Effect, list[str]] = {Effect.FEWER: [], Effect.OTHER: []}
        for scenario in self.scenarios:
            smaller = assumed(lifecycle, scenario)
            effect = self._effect(self.footing(scenario), smaller, mutant)
            wider = self.beyond(scenario)
            beyond = effect if wider is None else self._effect(wider, smaller, mutant)
            if effect is Effect.NONE and beyond is Effect.NONE:
                continue
            here = Asked(lifecycle, full, scenario, smaller)
            for told in self._differences(here, scenario, effect, beyond):
                if told:
                    return Result(mutant, told)
            unnoticed[Effect.OTHER if Effect.OTHER in (effect, beyond) else Effect.FEWER].append(scenario)
        return Result(mutant, (), tuple(unnoticed[Effect.FEWER]), tuple(unnoticed[Effect.OTHER]))

    def _effect(self, footing: Footing, smaller: Lifecycle, mutant: Mutant) -> Effect:
        effect = footing.effect(smaller, mutant.row)
        return Effect.FEWER if effect is Effect.OTHER and lessens(self.lifecycle, mutant) else effect

    def refutes(self, mutant: Mutant, property_id: str) -> Notice | None:
        """Whether *mutant* makes *property_id* violated in a way in which it was not, whoever else notices it."""
        lifecycle = mutated(self.lifecycle, mutant)
        full = Semantics(lifecycle)
        for scenario in self.scenarios:
            usual = self.usual(scenario)
            smaller = assumed(lifecycle, scenario)
            for one in [one for one in usual.asked if one.id == property_id]:
                if self._effect(self.footing(scenario), smaller, mutant) is not Effect.NONE:
                    here = Asked(lifecycle, full, scenario, smaller)
                    if any(here.real(one, key) for key in _doubtful(here, usual, one, Effect.OTHER)):
                        return Notice(one.id, scenario, refutes=True)
        return None

    def _differences(self, here: Asked, scenario: str, effect: Effect, beyond: Effect) -> Iterator[tuple[Notice, ...]]:
        """What tells *here* from what is usual, by properties of the same cost at a time.

        What is possible from everywhere costs most by far; it is not asked where *beyond* says that all steps towards
        the goal are as before, and no configuration is new.
        """
        usual = self.usual(scenario)
        for cost, together in groupby(sorted(here.asked, key=_cost), key=_cost):
            if (effect if cost < DEAREST else beyond) is Effect.NONE and effect is not Effect.OTHER:
                continue
            told: tuple[Notice, ...] = ()
            for one in together:
                new = any(here.real(one, key) for key in _doubtful(here, usual, one, effect))
                if new or any(usual.real(one, key) for key in usual.found(one).keys() - here.found(one).keys()):
                    told += (Notice(one.id, scenario, new),)
            if cost == 0 and scenario == self.scenarios[0]:
                told += _notices("alive", TABLES, here.stuck, usual.stuck)
            yield told


def _doubtful(here: Asked, usual: Asked, one: Property, effect: Effect) -> Iterator[Key]:
    """The ways in which *one* may be violated here, and is not as the tables are.

    Where a mutant only takes steps away, no execution is new: what no execution showed to happen does not happen now.
    """
    yield from here.found(one).keys() - usual.found(one).keys()
    if effect is Effect.OTHER or not isinstance(one.form, Always):
        yield from (key for key in here.found(one).keys() & usual.found(one).keys() if not usual.real(one, key))


def _notices(name: str, scenario: str, here: frozenset[object], usual: frozenset[object]) -> tuple[Notice, ...]:
    return (Notice(name, scenario, bool(here - usual)),) if here != usual else ()


def _cost(one: Property) -> int:
    """What it costs to decide *one*: what remembers nothing is cheap, what is asked from everywhere is not."""
    what = remembers(formulas(one))
    if isinstance(one.form, Always):
        return 0 if what == Remembers() else 1 if what.promises else 3
    return 2 if isinstance(one.form, Leaves) else DEAREST


def _refusals(lifecycle: Lifecycle, semantics: Semantics) -> frozenset[object]:
    return frozenset([*refusals(semantics), *unrepeatables(lifecycle)])


def _dead(lifecycle: Lifecycle, semantics: Semantics) -> frozenset[object]:
    return frozenset(lifecycle.rows.keys() - conceivable(semantics))
