"""Checks evidence that something is violated, and nothing else: no search, no solver, no graph library.

A trace is an execution (it starts at the start, every step is one that the tables allow, and leads to what is written
there), it ends in a violation of the property, and what it claims to stay in for ever it can stay in.  The only thing
that this file shares with the engines is the table of rules (:meth:`model.semantics.Semantics.rules`), as data.
What proves that a property holds is checked in :mod:`checks.closed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.meaning import Meaning, Moment
from checks.past import EVERYTHING, NOTHING, Past
from checks.properties.definition import Always, Leaves, Possible, Property
from model.conditions import Assignments, When, passes
from model.lifecycle import Record, Scenario
from model.program import Acquire, Wait
from model.semantics import END_FAILED, END_FINISHED, Semantics

Place = tuple[Record, tuple[int, ...]]
ENDS = (END_FINISHED, END_FAILED)


@dataclass(frozen=True, slots=True)
class Move:
    """One step: its row and kind, the control that moves (-1: none), what it becomes, whether it is forced or fails."""

    row: str
    kind: str
    process: int
    after: int
    forced: bool
    exception: str | None = None


#: A step wherever the record passes the guard: what it writes, and who is in flight after it.
Guarded = tuple[Move, When, Assignments, tuple[int, ...]]


def moves(semantics: Semantics, scenario: Scenario, controls: tuple[int, ...]) -> Iterator[Guarded]:
    """Every step while *controls* are in flight, whatever the record is."""
    for position, control in enumerate(controls):
        others = controls[:position] + controls[position + 1 :]
        instruction = semantics.instruction(control)
        if isinstance(instruction, Acquire) and any(_holds(semantics, other) for other in others):
            continue
        for rule in semantics.rules(control):
            if scenario.fail or not rule.spontaneous:
                move = Move(rule.row, "step", control, rule.to, not rule.spontaneous, rule.exception)
                yield move, rule.when, rule.assign, _joined(others, rule.to)
        if scenario.lose and isinstance(instruction, Wait):
            yield Move("loss", "failure", control, END_FAILED, forced=False), (), (), others
    waiting = all(isinstance(semantics.instruction(control), Wait) for control in controls)
    full = scenario.processes is not None and len(controls) >= scenario.processes
    for start in semantics.starts:
        beside = start.kind in ("recovery", "outside")
        late = scenario.patient and start.kind == "recovery" and not waiting
        if start.kind in scenario.kinds and (beside or not full) and not late:
            move = Move(start.row, start.kind, -1, start.to, start.kind in ("recovery", "periodic"))
            yield move, start.when, start.assign, _joined(controls, start.to)
    if scenario.crash:
        for service in semantics.lifecycle.services:
            if service.crash_when is not None:
                left = [_survives(semantics, control, service.name) for control in controls]
                after = tuple(sorted(control for control in left if control not in ENDS))
                move = Move(f"crash/{service.name}", "crash", -1, END_FAILED, forced=False)
                yield move, service.crash_when, service.crash_set, after


def _written(record: Record, assign: Assignments) -> Record:
    new = list(record)
    for variable, value in assign:
        new[variable] = value if value >= 0 else record[-1 - value]
    return tuple(new)


def _joined(others: tuple[int, ...], to: int) -> tuple[int, ...]:
    return others if to in ENDS else tuple(sorted((*others, to)))


def _holds(semantics: Semantics, control: int) -> bool:
    instruction = semantics.instruction(control)
    return instruction is not None and instruction.holds


def _survives(semantics: Semantics, control: int, service: str) -> int:
    instruction = semantics.instruction(control)
    if instruction is None or instruction.service != service or isinstance(instruction, Wait):
        return control
    return semantics.killed(control)


class Checker:
    """Replays evidence in one scenario."""

    def __init__(self, semantics: Semantics, scenario: Scenario) -> None:
        self.semantics, self.scenario = semantics, scenario
        self.meaning = Meaning(semantics)
        self.past = Past(semantics.lifecycle, EVERYTHING, scenario.name)
        self._moves: dict[tuple[int, ...], dict[str, list[Guarded]]] = {}

    def steps(self, place: Place, row: str | None = None) -> Iterator[tuple[Move, Place]]:
        """Every step from *place* (by *row*, if one is given), with where it leads."""
        record, controls = place
        known = self._moves.get(controls)
        if known is None:
            known = self._moves[controls] = {}
            for guarded in moves(self.semantics, self.scenario, controls):
                known.setdefault(guarded[0].row, []).append(guarded)
        for rows in known.values() if row is None else (known.get(row, ()),):
            for move, when, assign, after in rows:
                if passes(when, record):
                    yield move, (_written(record, assign), after)

    def faults_of_trace(self, trace: Mapping[str, Any], one: Property | None = None) -> list[str]:
        """What is wrong with *trace*: empty when it is an execution, with its cycle, that violates *one*."""
        place, past, true = self._place(trace["start"]), self.past, self.meaning.true
        begins = place == (self.semantics.lifecycle.initial, ()) or trace.get("anywhere")
        faults = [] if begins else ["it does not start at the start"]
        ghosts = {NOTHING}
        places = [place]
        last: list[Moment] = []
        for number, (row, *plain) in enumerate(trace["steps"]):
            after = self._place(plain)
            taken = [move for move, to in self.steps(place, row) if to == after]
            if not taken:
                return [*faults, f"step {number + 1} ({row}) is not one that the tables allow"]
            # One row may lead to one place in two ways, as where a process ends whether or not its last call fails.
            last = [
                Moment(place, after, move, past.during(ghost, move, place[0], after[0]))
                for move in taken
                for ghost in ghosts
            ]
            ghosts = {past.settled(moment.ghost, idle=not after[1]) for moment in last}
            places.append(after)
            place = after
        cycle = trace.get("cycle")
        if cycle is not None and cycle < len(trace["steps"]) and places[cycle] != place:
            faults.append("its cycle does not come back")
        ends = [Moment(place, place, None, ghost) for ghost in ghosts]
        if one is not None and not self._violates(one, last, ends):
            faults.append("it does not end in a violation")
        if one is not None and cycle is not None and isinstance(one.form, Leaves):
            stays = self.forced_places(place) if cycle == len(trace["steps"]) else places[cycle:]
            if not all(true(one.form.region, Moment(here, here)) for here in stays):
                faults.append("it need not stay where it claims to stay")
        return faults

    def _violates(self, one: Property, last: Sequence[Moment], ends: Sequence[Moment]) -> bool:
        """Whether one of the ways of the last step, or of the configurations behind it, violates *one*."""
        true = self.meaning.true
        match one.form:
            case Always(bad=bad) as form:
                return any(true(bad, moment) for moment in (last if form.of_steps else ends))
            case Leaves(region=region, after=after):
                return any(true(region, end) and (after is None or true(after, end)) for end in ends)
            case Possible(premise=premise, goal=goal, kinds=kinds):
                reached = any(true(goal, Moment(here, here)) for here in self.able_places(ends[0].before, kinds))
                return true(premise, ends[0]) and not reached
            case _:
                return True

    def faults_of_way(self, way: Mapping[str, Any], form: Possible) -> list[str]:
        """What is wrong with *way*: empty when nothing that fails is on it, and it leads from premise to goal."""
        place, true = self._place(way["start"]), self.meaning.true
        faults = [] if true(form.premise, Moment(place, place)) else ["nobody asks there"]
        for number, (row, *plain) in enumerate(way["steps"]):
            after = self._place(plain)
            if not any(to == after and _able(move, form.kinds) for move, to in self.steps(place, row)):
                return [*faults, f"step {number + 1} ({row}) is not one that may be on the way"]
            place = after
        return faults if true(form.goal, Moment(place, place)) else [*faults, "it does not end at the goal"]

    def forced_places(self, place: Place) -> Iterator[Place]:
        """Everywhere that steps which fairness forces lead to from *place*, itself first."""
        return self._closure(place, lambda move: move.forced)

    def able_places(self, place: Place, kinds: frozenset[str]) -> Iterator[Place]:
        """Everywhere that processes, and starts of *kinds*, can lead to from *place* when nothing fails."""
        return self._closure(place, lambda move: _able(move, kinds))

    def _closure(self, place: Place, follows: Callable[[Move], bool]) -> Iterator[Place]:
        seen, todo = {place}, [place]
        while todo:
            here = todo.pop()
            yield here
            for move, to in self.steps(here):
                if to not in seen and follows(move):
                    seen.add(to)
                    todo.append(to)

    def _place(self, plain: Sequence[Any]) -> Place:
        record, inflight = plain
        controls = [self.semantics.number(point, dict(memory), dict(dirty)) for point, memory, dirty in inflight]
        return tuple(record), tuple(sorted(controls))


def _able(move: Move, kinds: frozenset[str]) -> bool:
    """Whether *move* is a step of a process that does not fail, or a start of one of *kinds*."""
    return move.kind in kinds if move.process < 0 else move.forced
