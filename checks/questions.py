"""Questions about the tables alone: is any row dead, has every state a way out; do guards agree with the first save."""

from __future__ import annotations

import time
from collections.abc import Mapping

import z3

from checks.first_saves import guards_agree
from checks.graph.view import View
from checks.properties.definition import Property
from checks.smt.steps import Local, Reader
from checks.smt.text import FALSE, Script, Term
from checks.verdict import Engine, Finding, Outcome, Verdict
from model.lifecycle import Lifecycle
from model.semantics import END_FAILED, END_FINISHED, Semantics


def answer(one: Property, lifecycle: Lifecycle, semantics: Semantics, views: list[View]) -> Verdict:
    """The verdict on a property of the tables; *views* are the spaces explored so far."""
    if one.id == "guards-agree":
        return guards_agree(one, lifecycle, semantics)
    return _alive(one, lifecycle, semantics, views)


def _alive(one: Property, lifecycle: Lifecycle, semantics: Semantics, views: list[View]) -> Verdict:
    before = time.perf_counter()
    seen = exercised(views)
    possible = conceivable(semantics)
    dead = sorted(set(lifecycle.rows) - seen - possible)
    findings = [Finding({"row": row}, 1, None, lifecycle.rows[row].place, lifecycle.rows[row].source) for row in dead]
    for view in views[:1]:
        findings += stuck(view)
    middle = time.perf_counter()
    theirs = unreachable_by_z3(lifecycle, set(lifecycle.rows) - seen)
    after = time.perf_counter()
    outcome = Outcome.VIOLATED if findings else Outcome.HOLDS
    differ = set(dead) ^ theirs
    alone = sorted(set(lifecycle.rows) - seen - set(dead))
    return Verdict(
        one.id, "tables", outcome, None,
        (Engine("graph search", outcome, middle - before), Engine("z3", outcome, after - middle)),
        len(seen), findings=tuple(findings),
        evidence={"kind": "table", "rows": len(lifecycle.rows), "only when several are in flight": alone},
        disagreement="the engines differ on " + ", ".join(sorted(differ)) if differ else "",
    )  # fmt: skip


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


def unreachable_by_z3(lifecycle: Lifecycle, rows: set[str]) -> set[str]:
    """Those of *rows* at which no process can arrive, whatever others write: points without any satisfiable way in."""
    script = Script()
    reader = Reader(lifecycle, script)
    record, memory, dirty = reader.fresh("")
    guards: dict[str, set[int]] = {}
    lines: list[str] = []
    names: dict[tuple[int, int], str] = {}
    for point in range(len(lifecycle.instructions)):
        here: Mapping[int, tuple[str, Term]] = {variable: dirty[variable] for variable in reader.dirty_at[point]}
        for outcome in reader.outcomes(point, record, Local(memory, here)):
            if outcome.target >= 0 and outcome.guard != FALSE:
                names.setdefault((point, outcome.target), f"e{len(names)}")
                guards.setdefault(script.define(outcome.guard), set())
                lines.append(f"{point} {outcome.target} {script.define(outcome.guard)}")
    solver = z3.SolverFor("QF_FD")
    known = {guard: f"k{number}" for number, guard in enumerate(guards)}
    asserted = [f"(declare-const {name} Bool)(assert (= {name} {guard}))" for guard, name in known.items()]
    solver.add(z3.parse_smt2_string("\n".join([script.text(), *asserted])))
    possible = {guard for guard, name in known.items() if solver.check(z3.Bool(name)) == z3.sat}
    onward: dict[int, list[int]] = {}
    for line in lines:
        point_, target, guard = line.split(" ", 2)
        if guard in possible:
            onward.setdefault(int(point_), []).append(int(target))
    for point, instruction in enumerate(lifecycle.instructions):
        if instruction.killed is not None and instruction.killed >= 0:
            onward.setdefault(point, []).append(instruction.killed)
    reached: set[int] = set()
    todo = [entry.next for entry in lifecycle.entries]
    while todo:
        point = todo.pop()
        if point >= 0 and point not in reached:
            reached.add(point)
            todo += onward.get(point, ())
    alive = {lifecycle.instructions[point].row for point in reached} | {entry.row for entry in lifecycle.entries}
    return rows - alive


def stuck(view: View) -> list[Finding]:
    """States with nothing in flight from which the phase can never change, other than terminal ones."""
    lifecycle = view.lifecycle
    phase, lock = view.roles["phase"], view.roles["lock"]
    values = lifecycle.values[lifecycle.variables[phase].name]
    backwards: dict[int, list[int]] = {}
    todo: list[int] = []
    for node, leaving in enumerate(view.space.edges):
        for _, to in leaving:
            backwards.setdefault(to, []).append(node)
            if view.records[to][phase] != view.records[node][phase]:
                todo.append(node)
    free: set[int] = set()
    while todo:
        node = todo.pop()
        if node not in free:
            free.add(node)
            todo += backwards.get(node, ())
    found: dict[tuple[int, int], int] = {}
    gone = view.predicate("gone")
    for node, record in enumerate(view.records):
        if node not in free and view.quiet[node] and not gone[node] and values[record[phase]].group != "terminal":
            key = (record[phase], record[lock])
            found[key] = found.get(key, 0) + 1
    return [
        Finding(
            {
                lifecycle.variables[phase].name: lifecycle.variables[phase].values[first],
                lifecycle.variables[lock].name: lifecycle.variables[lock].values[second],
            },
            count, None, "", "",
        )
        for (first, second), count in found.items()
    ]  # fmt: skip
