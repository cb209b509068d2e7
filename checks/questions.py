"""Questions about the tables alone: is any row dead, has every state a way out; do guards agree with the first save."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import z3

from checks.first_saves import guards_agree
from checks.graph.view import View
from checks.leaving import State, at_rest, claimed, steps_ahead
from checks.properties.definition import Property
from checks.show import Ground
from checks.smt.leaving import without_way_out
from checks.smt.steps import Local, Reader
from checks.smt.steps import Outcome as Step
from checks.smt.text import FALSE, Script, Term, conjunction
from checks.verdict import Engine, Finding, Outcome, Verdict
from model.lifecycle import Lifecycle
from model.program import Entry, Instruction, at_once
from model.semantics import END_FAILED, END_FINISHED, Semantics


def answer(
    one: Property,
    lifecycle: Lifecycle,
    semantics: Semantics,
    views: list[View],
    ground: Callable[[str], Ground],
    *,
    named: bool = False,
    z3: bool = True,
) -> Verdict:
    """The verdict on a property of the tables.

    *views* are the spaces explored so far, of which it only depends how many rows are exercised; *ground* explores a
    scenario.  ``named``: the property was asked for by name, so that what takes longest is proved, too.  ``z3=False``
    leaves out the second engine.
    """
    if one.id == "guards-agree":
        return guards_agree(one, lifecycle, semantics, z3=z3)
    name = where_ways_out_are_asked(lifecycle)
    return _alive(one, semantics, views, None if name is None else ground(name), named=named, z3=z3)


def where_ways_out_are_asked(lifecycle: Lifecycle) -> str | None:
    """The first scenario with one request at a time: whichever are decided, this is where states need a way out.

    None when there is no such scenario.
    """
    return next((name for name, scenario in lifecycle.scenarios.items() if scenario.processes == 1), None)


def _alive(
    one: Property, semantics: Semantics, views: list[View], ground: Ground | None, *, named: bool, z3: bool
) -> Verdict:
    before = time.perf_counter()
    lifecycle = semantics.lifecycle
    more = [ground.view] if ground is not None and ground.view not in views else []
    seen = exercised([*views, *more])
    dead = set(lifecycle.rows) - conceivable(semantics)
    lost = stuck(ground.view) if ground is not None else []
    findings = [
        *(
            Finding({"row": row}, 1, None, lifecycle.rows[row].place, lifecycle.rows[row].source)
            for row in sorted(dead)
        ),
        *lost,
    ]
    outcome = Outcome.VIOLATED if findings else Outcome.HOLDS
    where = "ways out are not asked" if ground is None else f"ways out are asked in {ground.scenario.name}"
    engines = [Engine("graph search", outcome, time.perf_counter() - before, where)]
    differs: list[str] = []
    if z3:
        engine, differs = _by_z3(lifecycle, ground, dead, lost, named=named)
        engines.append(engine)
    return Verdict(
        one.id, "tables", outcome, None, tuple(engines), len(seen), findings=tuple(findings),
        evidence={"kind": "table", "rows": len(lifecycle.rows), "never taken": sorted({*lifecycle.rows} - seen)},
        disagreement="; ".join(differs), bound=_bound(ground),
    )  # fmt: skip


def _bound(ground: Ground | None) -> str:
    """What is not asked of ways out."""
    if ground is None:
        return "ways out are not asked: no scenario has one request at a time"
    forgotten = "with variables forgotten" if ground.forgets else ""
    return "; ".join(filter(None, (ground.bound, forgotten)))


def _by_z3(
    lifecycle: Lifecycle, ground: Ground | None, dead: set[str], lost: list[Finding], *, named: bool
) -> tuple[Engine, list[str]]:
    """z3's own answer, and on what it differs from the rows that are *dead* and the states that are *lost*."""
    before = time.perf_counter()
    rows = unreachable_by_z3(lifecycle)
    differs = [f"the engines differ on {row}" for row in sorted(dead ^ rows)]
    outcome = Outcome.VIOLATED if rows else Outcome.HOLDS
    detail = "which rows no process can come to, whatever others write"
    if ground is not None and ground.view.disturbed is not None:
        outcome = outcome if rows else Outcome.UNDECIDED
        detail += f"; ways out are not asked: the space is bounded ({ground.bound})"
    elif ground is not None:
        found = without_way_out(ground.view.lifecycle, ground.scenario, claimed(ground.view, whole=named))
        detail += "; " + (f"not proved: {found.refuted}" if found.refuted else found.detail)
        states = {tuple(state_named(ground.view, state).items()) for state in found.states}
        other = states ^ {tuple(finding.key.items()) for finding in lost}
        differs += [
            "the engines differ on " + ", ".join(f"{name}={value}" for name, value in one) for one in sorted(other)
        ]
        if found.refuted:
            outcome = Outcome.UNDECIDED
            differs.append(f"z3 does not prove the ways out: {found.refuted}")
        elif states:
            outcome = Outcome.VIOLATED
    return Engine("z3", outcome, time.perf_counter() - before, detail), differs


def exercised(views: list[View]) -> set[str]:
    """Every row that some execution of *views* takes."""
    found: set[str] = set()
    for view in views:
        for leaving in view.space.edges:
            for step, _ in leaving:
                found.add(step.row)
                found.update(step.also)
    return found


def conceivable(semantics: Semantics) -> set[str]:
    """Every row that some process may take if others may change the record at any moment."""
    found: set[str] = set()
    seen: set[int] = set()
    todo: list[int] = []
    for start in semantics.starts:
        found |= {start.row, *start.also}
        todo.append(start.to)
    while todo:
        control = todo.pop()
        if control in seen or control in (END_FINISHED, END_FAILED):
            continue
        seen.add(control)
        todo.append(semantics.killed(control))
        for rule in semantics.rules(control):
            found |= {rule.row, *rule.also}
            todo.append(rule.to)
    return found


@dataclass(frozen=True, slots=True)
class _Way:
    """What may happen in one moment, when ``guard`` holds: the process goes to ``target``, ``rows`` are taken."""

    guard: str
    target: int
    rows: tuple[str, ...]


def unreachable_by_z3(lifecycle: Lifecycle) -> set[str]:
    """The rows that no process can come to and take, whatever others write between its steps.

    Those on no way whose condition z3 finds satisfiable, from where a process starts, or from a point on such a way.
    What it remembers and holds unsaved is left open in each point.
    """
    script = Script()
    reader = Reader(lifecycle, script)
    record, memory, dirty = reader.fresh("")
    starts = [way for entry in lifecycle.entries for way in _moment(reader, reader.start(entry, record), entry, record)]
    ways: list[list[_Way]] = []
    for point, instruction in enumerate(lifecycle.instructions):
        here: Mapping[int, tuple[str, Term]] = {variable: dirty[variable] for variable in reader.dirty_at[point]}
        outcomes = reader.outcomes(point, record, Local(memory, here))
        ways.append([way for outcome in outcomes for way in _moment(reader, outcome, instruction, record)])
    possible = _satisfiable(script, {way.guard for leaving in (starts, *ways) for way in leaving})
    taken: set[str] = set()
    reached: set[int] = set()
    todo = [way for way in starts if way.guard in possible]
    while todo:
        way = todo.pop()
        taken.update(way.rows)
        point = way.target
        while point >= 0 and point not in reached:
            reached.add(point)
            todo += [onward for onward in ways[point] if onward.guard in possible]
            killed = lifecycle.instructions[point].killed
            point = -1 if killed is None else killed
    return lifecycle.rows.keys() - taken


def _moment(
    reader: Reader, outcome: Step, last: Instruction | Entry, record: list[Term], rows: tuple[str, ...] = ()
) -> Iterator[_Way]:
    """*outcome*, to which *last* led, with everything that happens in the same moment after it, and after *rows*."""
    rows = (*rows, outcome.row)
    after = reader.lifecycle.instructions[outcome.target] if outcome.target >= 0 else None
    if after is None or not at_once(last, after):
        yield _Way(reader.script.define(outcome.guard), outcome.target, rows)
        return
    now = [outcome.assign.get(variable, term) for variable, term in enumerate(record)]
    for onward in reader.outcomes(outcome.target, now, outcome.local):
        guard = reader.script.define(conjunction([outcome.guard, onward.guard]))
        if guard != FALSE:
            joined = replace(onward, guard=guard, assign={**outcome.assign, **onward.assign})
            yield from _moment(reader, joined, after, record, rows)


def _satisfiable(script: Script, guards: set[str]) -> set[str]:
    """Those of *guards*, each a name of *script* or a constant, that something satisfies."""
    known = {guard: z3.Bool(f"k{number}") for number, guard in enumerate(sorted(guards))}
    asserted = [f"(declare-const {name} Bool)(assert (= {name} {guard}))" for guard, name in known.items()]
    solver = z3.SolverFor("QF_FD")
    solver.add(z3.parse_smt2_string("\n".join([script.text(), *asserted])))
    return {guard for guard, name in known.items() if solver.check(name) == z3.sat}


def stuck(view: View) -> list[Finding]:
    """States with nothing in flight from which the phase can never change, other than terminal ones."""
    phase, lock = view.roles["phase"], view.roles["lock"]
    found = Counter(
        (view.records[node][phase], view.records[node][lock])
        for node in np.flatnonzero(at_rest(view) & (steps_ahead(view) < 0)).tolist()
    )
    return [Finding(state_named(view, state), count, None, "", "") for state, count in found.items()]


def state_named(view: View, state: State) -> dict[str, str]:
    """A *state*, which is a phase and a lock, by names."""
    variables = (view.lifecycle.variables[view.roles[role]] for role in ("phase", "lock"))
    return {variable.name: variable.values[value] for variable, value in zip(variables, state, strict=True)}
