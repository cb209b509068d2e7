"""Checks evidence that something is violated: no engine, no solver, no graph library.

A trace is an execution (it starts at the start, every step is one that the tables allow, and leads to what is written
there), it ends in a violation of the property, the one that its key says, and what it claims to stay in for ever it can
stay in.  It may stay where its last configuration leads to nothing else by steps that fairness forces, or go round, if
nothing that fairness forces is left out.  What proves that a property holds is checked in :mod:`checks.closed`.

With the graph search this file shares what gives the words their meaning: the rules
(:meth:`model.semantics.Semantics.rules`), as data, the tables' predicates, what is remembered of the past
(:mod:`checks.past`), and what the programs say without being run (:mod:`checks.anatomy`).  A mistake in those is a
mistake of both; z3 reads programs and past by itself, and shares the last alone.  How steps are combined, what is
reached, and what fairness asks, is written here once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from checks.meaning import Meaning, Moment
from checks.past import EVERYTHING, NOTHING, Past
from checks.properties.definition import OPERATION, Always, Leaves, Possible, Property
from checks.properties.formula import roles
from model.conditions import Assignments, When, passes
from model.explore import completed
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
        """What is wrong with *trace*: empty when it is an execution, with its cycle, that violates *one* by its key.

        A trace without a key claims to violate in any way, and without *one* to be no more than an execution, which may
        then start ``anywhere``.
        """
        place, past = self._place(trace["start"]), self.past
        first = (self.semantics.lifecycle.initial, ())
        begins = (one is None or self._taken_out(trace, place, one)) if trace.get("anywhere") else place == first
        faults = [] if begins else ["it does not start at the start"]
        ghosts = {NOTHING}
        places = [place]
        ways: list[list[Move]] = []
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
            ways.append(taken)
            place = after
        if one is not None:
            ends = [Moment(place, place, None, ghost) for ghost in ghosts]
            violations = self._violations(one, last, ends)
            if not violations:
                faults.append("it does not end in a violation")
            elif not any(self._says(trace.get("key"), one, moment) for moment in violations):
                faults.append("its key is not that of its violation")
        return faults + self._faults_of_staying(trace.get("cycle"), one, places, ways)

    def _taken_out(self, trace: Mapping[str, Any], place: Place, one: Property) -> bool:
        """Whether *trace* is no more than a state that is taken out of context, where *one* asks of all of them."""
        lifecycle, (record, inflight) = self.semantics.lifecycle, place
        there = record == completed(lifecycle, record[: len(lifecycle.state_variables)]) and not inflight
        return there and not trace["steps"] and asked_everywhere(one, self.scenario)

    def _violations(self, one: Property, last: Sequence[Moment], ends: Sequence[Moment]) -> list[Moment]:
        """In which of the ways of the *last* step, or of the configurations behind it, *one* is violated."""
        true = self.meaning.true
        match one.form:
            case Always(bad=bad) as form:
                return [moment for moment in (last if form.of_steps else ends) if true(bad, moment)]
            case Leaves(region=region, after=after):
                return [end for end in ends if true(region, end) and (after is None or true(after, end))]
            case Possible(premise=premise, goal=goal, kinds=kinds):
                asked = [end for end in ends if true(premise, end)]
                reached = any(true(goal, Moment(here, here)) for here in self.able_places(ends[0].before, kinds))
                return [] if reached else asked
            case _:
                return []

    def _says(self, key: Mapping[str, str] | None, one: Property, moment: Moment) -> bool:
        """Whether *key* is how *one* is violated in *moment*; where variables are forgotten it need not name all.

        With several requests at once steps are told apart by their rows.
        """
        if key is None or (moment.step is not None and key == {"row": moment.step.row}):
            return True
        lifecycle, known = self.semantics.lifecycle, roles(self.semantics.lifecycle)
        asked = {known[name] for name in one.key if name in known}
        for name in one.key:
            asked |= {variable for tests in lifecycle.predicates.get(name, ()) for variable, _ in tests}
        variables = [lifecycle.variables[variable] for variable in asked]
        there = {each.name: each.values[moment.after[0][lifecycle.index(each.name)]] for each in variables}
        if OPERATION in one.key:
            accused = self.past.accused(moment.ghost, self.meaning.operations(moment.step))
            there[OPERATION] = tuple(lifecycle.operations)[accused]
        return key.items() <= there.items() and (len(key) == len(there) or bool(self.scenario.forget))

    def _faults_of_staying(
        self, cycle: object, one: Property | None, places: Sequence[Place], ways: Sequence[Sequence[Move]]
    ) -> list[str]:
        """What is wrong with the claim to stay for ever, from step *cycle* of *ways* on, where *one* says."""
        if one is not None and not isinstance(one.form, Leaves):
            return [] if cycle is None else ["it claims to stay, which nobody asks"]
        if cycle is None:
            return [] if one is None else ["it does not say where it stays"]
        if not isinstance(cycle, int) or not 0 <= cycle <= len(ways):
            return ["its cycle is not one of its steps"]
        if cycle < len(ways) and places[cycle] != places[-1]:
            return ["its cycle does not come back"]
        if one is None:
            return []
        assert isinstance(one.form, Leaves)
        stays = places[cycle:] if cycle < len(ways) else self.forced_places(places[-1])
        if not all(self.meaning.true(one.form.region, Moment(here, here)) for here in stays):
            return ["it need not stay where it claims to stay"]
        return self._faults_of_round(places[cycle:-1], ways[cycle:])

    def _faults_of_round(self, places: Sequence[Place], ways: Sequence[Sequence[Move]]) -> list[str]:
        """Why a fair execution does not go round for ever: *ways* are those of the step from each of *places*.

        Steps fail, messages are lost and services die only finitely often.  What may go on all the time, a process or a
        recovery, does at some time; a periodic task that may run again and again does.  Processes at one control are
        alike: that they take turns is fair to each.
        """
        if not places:
            return []
        lasting = [[move for move in taken if repeats(move)] for taken in ways]
        if not all(lasting):
            return ["its cycle fails, loses or dies in each round"]
        gone = set().union(*(set.intersection(*({mover(move)} for move in taken)) for taken in lasting))
        able = [{(mover(move), move.kind) for move, _ in self.steps(place) if move.forced} for place in places]
        owed = set.intersection(*able) | {each for some in able for each in some if each[1] == "periodic"}
        return [] if {who for who, _ in owed} <= gone else ["its cycle leaves out what fairness forces"]

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

    def faults_of_distances(self, near: Sequence[tuple[Sequence[Any], int]], form: Possible) -> list[str]:
        """What is wrong with *near*, plain configurations and distances, as a proof that every state leads to the goal.

        Each state, completed as the tables say, must be among them where the premise holds.
        """
        lifecycle, true = self.semantics.lifecycle, self.meaning.true
        distances = {self._place(plain): distance for plain, distance in near}
        counts = (range(len(lifecycle.values[name])) for name in lifecycle.state_variables)
        states: list[Place] = [(completed(lifecycle, state), ()) for state in product(*counts)]
        if any(true(form.premise, Moment(state, state)) and state not in distances for state in states):
            return ["a state has no distance to the goal"]
        for place, distance in distances.items():
            if distance == 0 and not true(form.goal, Moment(place, place)):
                return ["a configuration at distance 0 is not at the goal"]
            onward = (to for move, to in self.steps(place) if _able(move, form.kinds))
            if distance != 0 and not any(distances.get(to, distance) < distance for to in onward):
                return ["a distance from a state does not decrease"]
        return []

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


def asked_everywhere(one: Property, scenario: Scenario) -> bool:
    """Whether *one* is asked of every state: where only requests start, one at a time, and nothing but a step fails."""
    calm = not (scenario.crash or scenario.lose or scenario.forget)
    alone = scenario.processes == 1 and scenario.kinds == {"request"}
    return isinstance(one.form, Possible) and one.form.everywhere and calm and alone


def repeats(move: Move) -> bool:
    """Whether *move* may be taken infinitely often: only so many steps fail, messages are lost, and services die."""
    return move.kind != "crash" and (move.process < 0 or move.forced)


def mover(move: Move) -> int | str:
    """To whom fairness is fair: the control of the process that moves, or the row of what starts."""
    return move.process if move.process >= 0 else move.row


def _able(move: Move, kinds: frozenset[str]) -> bool:
    """Whether *move* is a step of a process that does not fail, or a start of one of *kinds*."""
    return move.kind in kinds if move.process < 0 else move.forced
