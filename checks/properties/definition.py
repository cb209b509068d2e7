"""What a property is: an id, a statement, a formal definition, and the form in which engines decide it."""

from __future__ import annotations

from dataclasses import dataclass

from checks.properties.formula import Formula, Is, Pending, Quiet, Same, atoms
from model.lifecycle import Text


@dataclass(frozen=True, slots=True)
class Always:
    """AG not ``bad``: no reachable configuration satisfies ``bad`` (no step, when ``bad`` speaks of steps).

    ``premise`` says which configurations (or steps) exercise it.
    """

    bad: Formula
    premise: Formula

    @property
    def of_steps(self) -> bool:
        """Whether it says something of a step, not only of a configuration."""
        return any(
            not isinstance(atom, (Is, Quiet, Pending, Same)) or atom.after
            for formula in (self.bad, self.premise)
            for atom in atoms(formula)
        )


@dataclass(frozen=True, slots=True)
class Leaves:
    """AG AF not ``region`` under fairness: no fair execution stays in ``region`` for ever.

    ``after`` restricts the question to executions on which it has become true (None: all).
    """

    region: Formula
    after: Formula | None = None


@dataclass(frozen=True, slots=True)
class Possible:
    """AG (``premise`` -> EF ``goal``), by steps of processes and starts of the kinds in ``kinds`` alone.

    ``everywhere`` asks it also of every state with nothing in flight, reachable or not.  Failures, crashes and losses
    are not needed to get to the goal and are not taken on the way.
    """

    premise: Formula
    goal: Formula
    kinds: frozenset[str]
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class OfTables:
    """A question about the tables alone; ``question`` names the function that asks it."""

    question: str


Form = Always | Leaves | Possible | OfTables


@dataclass(frozen=True, slots=True)
class Assumption:
    """An assumption that stands beside a verdict."""

    id: str
    statement: str


#: In a key: the operation whose run is accused, beside the roles of variables.
OPERATION = "operation"


@dataclass(frozen=True, slots=True)
class Property:
    """One property.

    ``formal`` is its definition as CTL or LTL text; ``key`` names what its violations are told apart by: roles,
    predicates (all variables that one looks at) and :data:`OPERATION`;
    ``needs`` says what a scenario must have for the property to be asked there (``crash``, or a kind of process), and
    ``unless`` what it must not have.
    ``assumptions`` are ids of :data:`checks.properties.assumptions.ASSUMPTIONS`.
    """

    id: str
    statement: Text
    formal: str
    form: Form
    key: tuple[str, ...]
    needs: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    assumptions: tuple[str, ...] = ()
