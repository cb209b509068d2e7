"""What a formula says of one configuration or one step, word for word, on plain records and controls.

Neither a space nor a solver is needed: the checker judges by this what a trace ends in.
"""

from __future__ import annotations

from dataclasses import dataclass

from checks.anatomy import Anatomy
from checks.past import EVERYTHING, NOTHING, Ghost, Past, Taken
from checks.properties.formula import (
    And,
    BesideGuest,
    ByMarker,
    Changed,
    Crashed,
    Fails,
    Formula,
    Is,
    Kept,
    Kind,
    Not,
    NotUndone,
    Or,
    Pending,
    Promised,
    Quiet,
    RoundTrip,
    Same,
    Undelivered,
    roles,
)
from model.lifecycle import Lifecycle, Record, holds
from model.semantics import END_FAILED, Semantics

Place = tuple[Record, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Moment:
    """A configuration (``after`` the same, no ``step``), or a step, with what is remembered in that moment."""

    before: Place
    after: Place
    step: Taken | None = None
    ghost: Ghost = NOTHING


class Meaning:
    """Judges formulas on the lifecycle of *semantics*."""

    def __init__(self, semantics: Semantics, anatomy: Anatomy | None = None, past: Past | None = None) -> None:
        self.semantics = semantics
        self.lifecycle: Lifecycle = semantics.lifecycle
        self.anatomy = anatomy or Anatomy(self.lifecycle)
        self.roles = roles(self.lifecycle)
        #: Who reads what is remembered: the one who wrote it, where that is not everything.
        self.past = past or Past(self.lifecycle, EVERYTHING)

    def true(self, formula: Formula, moment: Moment) -> bool:
        """Whether *formula* holds in *moment*."""
        match formula:
            case And(formulas=inner):
                return all(self.true(one, moment) for one in inner)
            case Or(formulas=inner):
                return any(self.true(one, moment) for one in inner)
            case Not(formula=one):
                return not self.true(one, moment)
            case Is(name=name, after=after):
                return holds(self.lifecycle.predicates[name], (moment.after if after else moment.before)[0])
            case Quiet(after=after):
                return self.quiet(moment.after if after else moment.before)
            case Pending(after=after):
                points = (self.semantics.controls[c].point for c in (moment.after if after else moment.before)[1])
                return any(self.anatomy.pending[point] for point in points)
            case Same(first=first, second=second, after=after):
                record = (moment.after if after else moment.before)[0]
                return record[self.roles[first]] == record[self.roles[second]]
            case Changed(role=role):
                return moment.before[0][self.roles[role]] != moment.after[0][self.roles[role]]
            case Kept(role=role):
                then = moment.ghost[("phase", "truth").index(role)]
                return then in (-1, moment.after[0][self.roles[role]])
            case Crashed():
                return moment.ghost[2] == 1
            case RoundTrip():
                return self.past.returned(moment.ghost)
            case NotUndone():
                return self.past.unrestored(moment.ghost)
            case Promised():
                return self.past.owed(moment.ghost, moment.step)
            case Undelivered():
                return self.past.broken(moment.ghost)
            case _:
                return moment.step is not None and self._of_step(formula, moment.step)

    def quiet(self, place: Place) -> bool:
        """Whether nothing is in flight in *place* and every service takes messages."""
        return not place[1] and all(holds((one.available,), place[0]) for one in self.lifecycle.services)

    def operations(self, step: Taken | None) -> frozenset[str]:
        """The operations to which *step* may belong."""
        if step is not None and step.process >= 0:
            return self.anatomy.origins[self.semantics.controls[step.process].point]
        row = None if step is None else self.lifecycle.rows.get(step.row)
        return frozenset() if row is None else frozenset({row.operation})

    def _of_step(self, formula: Formula, step: Taken) -> bool:
        point = self.semantics.controls[step.process].point if step.process >= 0 else None
        match formula:
            case Kind(kinds=kinds):
                return step.kind in kinds if point is None else bool(self.anatomy.kinds[point] & kinds)
            case Fails():
                return point is not None and step.after == END_FAILED and step.row != "loss"
            case BesideGuest():
                return point is None or any(
                    one.name == self.lifecycle.instructions[point].service and one.crash_when is not None
                    for one in self.lifecycle.services
                )
            case ByMarker(name=name):
                return bool(self.operations(step) & self.anatomy.markers(self.lifecycle.predicates[name]))
            case _:
                raise TypeError(formula)
