"""Checks evidence, and nothing else: no search, no solver, no graph library.

``traces``: each is an execution (it starts at the start, every step is one that the tables allow, and leads to what is
written there), it ends in a violation of the property, and what it claims to stay in for ever it can stay in.
``closed``: a set of configurations with the start, closed under every step, in each of which the property holds, with
ranks and distances that decrease.  The only thing that this file shares with
the engines is the table of rules (:meth:`model.semantics.Semantics.rules`), as data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from checks.meaning import Meaning, Moment
from checks.past import EVERYTHING, NOTHING, Past, Remembers
from checks.properties.definition import Always, Leaves, Possible, Property
from model.lifecycle import Lifecycle, Record, Scenario, holds
from model.program import Acquire, Wait
from model.semantics import END_FAILED, END_FINISHED, Rule, Semantics

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


def next_places(semantics: Semantics, scenario: Scenario, place: Place) -> Iterator[tuple[Move, Place]]:
    """Every step from *place*, with where it leads."""
    record, controls = place
    for position, control in enumerate(controls):
        others = controls[:position] + controls[position + 1 :]
        instruction = semantics.instruction(control)
        if isinstance(instruction, Acquire) and any(_holds(semantics, other) for other in others):
            continue
        for rule in semantics.rules(control):
            if _allows(rule, record) and (scenario.fail or not rule.spontaneous):
                move = Move(rule.row, "step", control, rule.to, not rule.spontaneous, rule.exception)
                yield move, _joined(_written(record, rule.assign), others, rule.to)
        if scenario.lose and isinstance(instruction, Wait):
            yield Move("loss", "failure", control, END_FAILED, forced=False), (record, others)
    for start in semantics.starts:
        beside = start.kind in ("recovery", "outside")
        if scenario.patient and start.kind == "recovery":
            beside = all(isinstance(semantics.instruction(control), Wait) for control in controls)
            if not beside:
                continue
        room = beside or scenario.processes is None or len(controls) < scenario.processes
        if start.kind in scenario.kinds and room and all(record[v] in values for v, values in start.when):
            forced = start.kind in ("recovery", "periodic")
            move = Move(start.row, start.kind, -1, start.to, forced)
            yield move, _joined(_written(record, start.assign), controls, start.to)
    if scenario.crash:
        for service in semantics.lifecycle.services:
            if service.crash_when is not None and holds((service.crash_when,), record):
                left = [_survives(semantics, control, service.name) for control in controls]
                after = tuple(sorted(control for control in left if control not in ENDS))
                move = Move(f"crash/{service.name}", "crash", -1, END_FAILED, forced=False)
                yield move, (_written(record, service.crash_set), after)


def _allows(rule: Rule, record: Record) -> bool:
    return all(record[variable] in values for variable, values in rule.when)


def _written(record: Record, assign: Sequence[tuple[int, int]]) -> Record:
    new = list(record)
    for variable, value in assign:
        new[variable] = value if value >= 0 else record[-1 - value]
    return tuple(new)


def _joined(record: Record, others: tuple[int, ...], to: int) -> Place:
    return record, others if to in ENDS else tuple(sorted((*others, to)))


def _holds(semantics: Semantics, control: int) -> bool:
    instruction = semantics.instruction(control)
    return instruction is not None and instruction.holds


def _survives(semantics: Semantics, control: int, service: str) -> int:
    instruction = semantics.instruction(control)
    if instruction is None or instruction.service != service or isinstance(instruction, Wait):
        return control
    return semantics.killed(control)


def _place(semantics: Semantics, plain: Sequence[Any]) -> Place:
    record, inflight = plain
    controls = [semantics.number(point, dict(memory), dict(dirty)) for point, memory, dirty in inflight]
    return tuple(record), tuple(sorted(controls))


def faults_of_trace(
    lifecycle: Lifecycle,
    semantics: Semantics,
    scenario: Scenario,
    trace: Mapping[str, Any],
    one: Property | None = None,
) -> list[str]:
    """What is wrong with *trace*: empty when it is an execution, with the cycle that it claims, that violates *one*."""
    place = _place(semantics, trace["start"])
    faults = [] if place == (lifecycle.initial, ()) or trace.get("anywhere") else ["it does not start at the start"]
    past, ghosts = Past(lifecycle, EVERYTHING, scenario.name), {NOTHING}
    places = [place]
    last: list[Moment] = []
    for number, (row, *plain) in enumerate(trace["steps"]):
        after = _place(semantics, plain)
        taken = [move for move, to in next_places(semantics, scenario, place) if move.row == row and to == after]
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
    meaning = Meaning(semantics)
    ends = [Moment(place, place, None, ghost) for ghost in ghosts]
    if one is not None and not _violates(meaning, scenario, one, last, ends):
        faults.append("it does not end in a violation")
    if one is not None and cycle is not None and isinstance(one.form, Leaves):
        stays = forced_places(semantics, scenario, place) if cycle == len(trace["steps"]) else places[cycle:]
        if not all(meaning.true(one.form.region, Moment(here, here)) for here in stays):
            faults.append("it need not stay where it claims to stay")
    return faults


def _violates(
    meaning: Meaning, scenario: Scenario, one: Property, last: Sequence[Moment], ends: Sequence[Moment]
) -> bool:
    """Whether one of the ways of the last step, or of the configurations behind it, violates *one*."""
    match one.form:
        case Always(bad=bad) as form:
            return any(meaning.true(bad, moment) for moment in (last if form.of_steps else ends))
        case Leaves(region=region, after=after):
            return any(meaning.true(region, end) and (after is None or meaning.true(after, end)) for end in ends)
        case Possible(premise=premise, goal=goal, kinds=kinds):
            places = able_places(meaning.semantics, scenario, ends[0].before, kinds)
            reached = any(meaning.true(goal, Moment(here, here)) for here in places)
            return meaning.true(premise, ends[0]) and not reached
        case _:
            return True


def faults_of_way(semantics: Semantics, scenario: Scenario, way: Mapping[str, Any], form: Possible) -> list[str]:
    """What is wrong with *way*: empty when nothing that fails is on it, and it leads from the premise to the goal."""
    meaning = Meaning(semantics)
    place = _place(semantics, way["start"])
    faults = [] if meaning.true(form.premise, Moment(place, place)) else ["nobody asks there"]
    for number, (row, *plain) in enumerate(way["steps"]):
        after = _place(semantics, plain)
        if not any(
            move.row == row and to == after and (move.kind in form.kinds if move.process < 0 else move.forced)
            for move, to in next_places(semantics, scenario, place)
        ):
            return [*faults, f"step {number + 1} ({row}) is not one that may be on the way"]
        place = after
    return faults if meaning.true(form.goal, Moment(place, place)) else [*faults, "it does not end at the goal"]


def forced_places(semantics: Semantics, scenario: Scenario, place: Place) -> Iterator[Place]:
    """Everywhere that steps which fairness forces lead to from *place*, itself first."""
    return _closure(semantics, scenario, place, lambda move: move.forced)


def able_places(semantics: Semantics, scenario: Scenario, place: Place, kinds: frozenset[str]) -> Iterator[Place]:
    """Everywhere that processes, and starts of *kinds*, can lead to from *place* when nothing fails."""
    return _closure(semantics, scenario, place, lambda move: move.kind in kinds if move.process < 0 else move.forced)


def _closure(
    semantics: Semantics, scenario: Scenario, place: Place, follows: Callable[[Move], bool]
) -> Iterator[Place]:
    seen, todo = {place}, [place]
    while todo:
        here = todo.pop()
        yield here
        for move, to in next_places(semantics, scenario, here):
            if follows(move) and to not in seen:
                seen.add(to)
                todo.append(to)


def faults_of_closed(
    lifecycle: Lifecycle, semantics: Semantics, scenario: Scenario, evidence: Mapping[str, Any], one: Property
) -> list[str]:
    """What is wrong with the certificate *evidence* that *one* holds: the first fault, or nothing.

    It must contain the start and be closed under every step; *one* must hold in each of its members; ranks and
    distances must decrease where it says so.
    """
    past = Past(lifecycle, Remembers(*evidence["remembers"]), scenario.name)
    meaning = Meaning(semantics)
    members = dict(_members(semantics, evidence["groups"]))
    if ((lifecycle.initial, ()), NOTHING) not in members:
        return ["the start is not in it"]
    for (place, ghost), distance in members.items():
        moves = []
        for move, to in next_places(semantics, scenario, place):
            during = past.during(ghost, move, place[0], to[0])
            after = (to, past.settled(during, idle=not to[1]))
            if after not in members:
                return [f"{move.row} leads out of it"]
            moves.append((move, Moment(place, to, move, during), members[after]))
        fault = _wrong(meaning, evidence, one, Moment(place, place, None, ghost), distance, moves)
        if fault:
            return [fault]
    return []


def _wrong(
    meaning: Meaning,
    evidence: Mapping[str, Any],
    one: Property,
    here: Moment,
    distance: int | None,
    moves: Sequence[tuple[Move, Moment, int | None]],
) -> str:
    """What is wrong at one member, with its *moves* and the distances behind them; empty if nothing is."""
    match one.form:
        case Always(bad=bad) as form:
            moments = [moment for _, moment, _ in moves] if form.of_steps else [here]
            return "a member violates the property" if any(meaning.true(bad, moment) for moment in moments) else ""
        case Leaves(region=region, after=after):
            inside = meaning.true(region, here) and (after is None or meaning.true(after, here))
            if inside and not any(move.forced for move, _, _ in moves):
                return "a member of the region may stay there"
            ranks, controls = evidence["ranks"], meaning.semantics.controls
            for move, _, _ in moves:
                if move.forced and move.process >= 0 and move.after not in ENDS:
                    before, behind = controls[move.process].point, controls[move.after].point
                    if ranks[before] <= ranks[behind]:
                        return f"the rank does not fall with {move.row}"
            return ""
        case Possible(premise=premise, goal=goal, kinds=kinds):
            if distance is None:
                return "a member has no distance to the goal" if meaning.true(premise, here) else ""
            if distance == 0:
                return "" if meaning.true(goal, here) else "a member at distance 0 is not at the goal"
            able = (way for move, _, way in moves if (move.kind in kinds if move.process < 0 else move.forced))
            closer = any(way is not None and way < distance for way in able)
            return "" if closer else "a distance does not decrease"
        case _:
            return "no such evidence"


def _members(
    semantics: Semantics, groups: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[tuple[Place, tuple[int, ...]], int | None]]:
    """Every configuration of a certificate with what is remembered, and its distance to the goal."""
    for group in groups:
        processes = [semantics.number(point, dict(memory), dict(dirty)) for point, memory, dirty in group["processes"]]
        controls = tuple(sorted(processes))
        for cube in group["cubes"]:
            values = [[bit for bit in range(mask.bit_length()) if mask >> bit & 1] for mask in cube]
            for *past, distance in product(*values):
                record, ghost = past[: -len(NOTHING)], tuple(part - 1 for part in past[-len(NOTHING) :])
                yield ((tuple(record), controls), ghost), distance - 1 if distance else None
