"""The language in which properties are written: formulas over one configuration, or over one step.

A formula names no state of any lifecycle: its atoms are predicates of the tables, *roles* of variables, and what kind
of step it is.  Each engine reads these formulas in its own way; only :func:`atoms` is common to them.

Roles: ``phase`` is the first state variable (what the instance is), ``lock`` the variable that saves compare (what is
being done), ``report`` the state variable of which a variable that no save writes holds the truth, ``truth`` that one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from model.lifecycle import Lifecycle

Role = Literal["phase", "lock", "report", "truth"]


@dataclass(frozen=True, slots=True)
class Is:
    """The predicate *name* of the tables, before the step or ``after`` it."""

    name: str
    after: bool = False


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing is in flight and every service takes messages, so that nothing happens unless somebody asks for it."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """A process is in flight that has made a save of its own and may still write a state variable."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class Same:
    """The variables of two roles have the same value (``report`` and ``truth``)."""

    first: Role
    second: Role
    after: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """The step changes the variable of this role."""

    role: Role


@dataclass(frozen=True, slots=True)
class Kept:
    """After the step the variable of this role has the value that it had when the newest request started."""

    role: Role


@dataclass(frozen=True, slots=True)
class Crashed:
    """A service has crashed since the newest request started (``after`` the step)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The step is of one of these kinds (request, step, failure, event, periodic, recovery, admin, outside, crash)."""

    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fails:
    """The step ends a process by an exception that nobody caught."""


@dataclass(frozen=True, slots=True)
class BesideGuest:
    """The step runs in a service that can crash: one that runs beside the guests."""


@dataclass(frozen=True, slots=True)
class ByMarker:
    """The step belongs to an operation that itself writes a lock value satisfying the predicate *name*."""

    name: str


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The step ends an operation that undoes another, which it follows with nothing in between."""


@dataclass(frozen=True, slots=True)
class NotUndone:
    """The step ends an operation that undoes another, and what should have been restored was not."""


@dataclass(frozen=True, slots=True)
class Promised:
    """The step ends a run that promises something, in which nothing failed and that nothing disturbed."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """The step ends such a run, and what it promises is not there."""


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    formula: Formula


@dataclass(frozen=True, slots=True)
class And:
    """Conjunction; true when empty."""

    formulas: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Disjunction; false when empty."""

    formulas: tuple[Formula, ...]


Atom = (
    Is | Quiet | Pending | Same | Changed | Kept | Crashed | Kind | Fails | BesideGuest | ByMarker
    | RoundTrip | NotUndone | Promised | Undelivered
)  # fmt: skip
Formula = Atom | Not | And | Or


def both(*formulas: Formula) -> And:
    """All of *formulas*."""
    return And(formulas)


def either(*formulas: Formula) -> Or:
    """One of *formulas*."""
    return Or(formulas)


def atoms(formula: Formula) -> Iterator[Atom]:
    """Every atom of *formula*, from left to right, with repetitions."""
    match formula:
        case Not(formula=inner):
            yield from atoms(inner)
        case And(formulas=inners) | Or(formulas=inners):
            for one in inners:
                yield from atoms(one)
        case _:
            yield formula


def roles(lifecycle: Lifecycle) -> dict[Role, int]:
    """The variable of each role; ``report`` and ``truth`` are missing when the record reports on nothing outside."""
    found: dict[Role, int] = {
        "phase": lifecycle.index(lifecycle.state_variables[0]),
        "lock": lifecycle.compare_variable,
    }
    for state, truth in lifecycle.observed.items():
        found["report"], found["truth"] = state, truth
    return found


def predicates(formula: Formula) -> set[str]:
    """The predicates of the tables that *formula* needs."""
    return {atom.name for atom in atoms(formula) if isinstance(atom, (Is, ByMarker))}


def applicable(formula: Formula, lifecycle: Lifecycle) -> bool:
    """Whether *lifecycle* has every predicate and every role that *formula* speaks of."""
    known = roles(lifecycle)
    for atom in atoms(formula):
        match atom:
            case Same(first=first, second=second) if first not in known or second not in known:
                return False
            case Changed(role=role) | Kept(role=role) if role not in known:
                return False
            case NotUndone() if not any(one.undoes and one.restores for one in lifecycle.operations.values()):
                return False
            case Undelivered() if not any(one.end for one in lifecycle.promises):
                return False
            case _:
                pass
    return predicates(formula) <= set(lifecycle.predicates)


def reads(formula: Formula, lifecycle: Lifecycle) -> frozenset[int]:
    """The variables whose values *formula* looks at."""
    known = roles(lifecycle)
    found: set[int] = set()
    for atom in atoms(formula):
        match atom:
            case Is(name=name):
                found |= {variable for tests in lifecycle.predicates[name] for variable, _ in tests}
            case Same(first=first, second=second):
                found |= {known[first], known[second]}
            case Changed(role=role) | Kept(role=role):
                found.add(known[role])
            case Quiet():
                found |= {variable for service in lifecycle.services for variable, _ in service.available}
            case _:
                pass
    return frozenset(found)
