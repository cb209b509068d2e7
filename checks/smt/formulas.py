"""Formulas of properties as text, over a group of processes or over one transition."""

from __future__ import annotations

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
    Quiet,
    Role,
    Same,
    Undelivered,
    roles,
)
from checks.smt.system import System
from checks.smt.text import FALSE, TRUE, Term, conjunction, constant, disjunction, negation
from checks.smt.transition import Transition
from model.program import FAILED


class Writer:
    """Writes formulas for *system*."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.roles = roles(system.lifecycle)
        self._pending = system.anatomy.pending
        self._written: dict[tuple[int, ...], str] = {}

    def of_step(self, formula: Formula, step: Transition, *, pending: bool) -> str:
        """*formula* for *step*, written once for all that are :meth:`alike`."""
        key = (id(formula), *self.alike(step, pending=pending))
        known = self._written.get(key)
        if known is None:
            known = self._written[key] = self.write(formula, step.points, step)
        return known

    def alike(self, step: Transition, *, pending: bool) -> tuple[int, ...]:
        """The same for steps for which every formula is the same.

        ``pending`` says whether something in flight has saved and may save again.  What else is in flight matters to a
        formula only in that, in what is pending after the step, and in whether there is anything.
        """
        later = False
        for process in step.processes:
            later = later or self._pending[process.point]
        return step.number, pending, later, bool(step.points), bool(step.processes)

    def write(self, formula: Formula, points: tuple[int, ...], step: Transition | None) -> str:
        """*formula* for the group at *points*, or for the transition *step* from it."""
        match formula:
            case And(formulas=inner):
                return self._all(inner, points, step)
            case Or(formulas=inner):
                return disjunction(self.write(one, points, step) for one in inner)
            case Not(formula=one):
                return negation(self.write(one, points, step))
            case Is(name=name, after=after):
                return self.system.reader.predicate(name, self._record(step, after=after))
            case Quiet(after=after):
                return self._quiet(points, step, after=after)
            case Pending(after=after):
                there = self._points(points, step, after=after)
                return _static(any(self.system.anatomy.pending[point] for point in there))
            case Same(first=first, second=second, after=after):
                record = self._record(step, after=after)
                return self._equal(first, record[self.roles[first]], record[self.roles[second]])
            case Changed(role=role):
                number = self.roles[role]
                before, now = self._record(step, after=False)[number], self._record(step, after=True)[number]
                return negation(self._equal(role, before, now))
            case _:
                assert step is not None, formula
                return self._of_step(formula, step)

    def _all(self, formulas: tuple[Formula, ...], points: tuple[int, ...], step: Transition | None) -> str:
        parts: list[str] = []
        for one in formulas:
            parts.append(self.write(one, points, step))
            if parts[-1] == FALSE:
                return FALSE
        return conjunction(parts)

    def _of_step(self, formula: Formula, step: Transition) -> str:
        anatomy = self.system.anatomy
        point = step.points[step.mover] if step.mover >= 0 else None
        match formula:
            case Kind(kinds=kinds):
                return _static(bool(anatomy.kinds[point] & kinds) if point is not None else step.kind in kinds)
            case Fails():
                return _static(point is not None and step.kind == "step" and step.target == FAILED)
            case BesideGuest():
                return _static(point is None or self._crashable(point))
            case ByMarker(name=name):
                markers = anatomy.markers(self.system.lifecycle.predicates[name])
                if point is not None:
                    return _static(bool(anatomy.origins[point] & markers))
                row = self.system.lifecycle.rows.get(step.row)
                return _static(row is not None and row.operation in markers)
            case Kept(role=role):
                return self.system.past.kept(role, step)
            case Crashed():
                return self.system.past.crashed(step)
            case NotUndone():
                return self.system.past.not_undone(step)
            case Undelivered():
                return self.system.past.undelivered(step)
            case _:
                raise TypeError(formula)

    def _crashable(self, point: int) -> bool:
        name = self.system.lifecycle.instructions[point].service
        return any(one.name == name and one.crash_when is not None for one in self.system.lifecycle.services)

    def _record(self, step: Transition | None, *, after: bool) -> list[Term]:
        return list(step.record) if after and step is not None else list(self.system.record)

    def _points(self, points: tuple[int, ...], step: Transition | None, *, after: bool) -> tuple[int, ...]:
        return tuple(one.point for one in step.processes) if after and step is not None else points

    def _quiet(self, points: tuple[int, ...], step: Transition | None, *, after: bool) -> str:
        if self._points(points, step, after=after):
            return FALSE
        record = self._record(step, after=after)
        services = self.system.lifecycle.services
        return conjunction(self.system.reader.tests(one.available, record, {}) for one in services)

    def _equal(self, role: Role, first: Term, second: Term) -> str:
        if first == second:
            return TRUE
        if isinstance(first, int) and isinstance(second, int):
            return FALSE
        width = self.system.reader.widths[self.roles[role]]
        return self.system.script.define(f"(= {constant(first, width)} {constant(second, width)})")


def _static(value: bool) -> str:  # noqa: FBT001 - it is the value that is written
    return TRUE if value else FALSE
