"""Proves with z3 what the graph search claims: that nothing else is reachable, and that nothing else is violated.

The claim is one inductive invariant for all scenarios at once (the scenario is a variable that never changes).  Each
question is a disjunction of many obligations; z3 is asked for a way to satisfy it and must find none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import z3

from checks.candidate import Cube, merged
from checks.keys import ACCUSED, coordinates, size
from checks.properties.definition import Always, Leaves, Property
from checks.smt.formulas import Writer
from checks.smt.system import System
from checks.smt.text import FALSE, TRUE, Term, conjunction, disjunction, negation, within
from checks.smt.transition import Transition

#: For one property: scenario -> the keys of the violations that the other engine found.
Listed = Mapping[str, frozenset[tuple[int, ...]]]
#: The coordinates of a key, and cubes of its values, behind that of the scenarios.
Told = tuple[tuple[int, ...], tuple[Cube, ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What z3 says to one question: whether it is refuted, and if not, where; ``seconds`` of solving."""

    proved: bool
    seconds: float
    witness: str = ""


@dataclass(slots=True)
class Questions:
    """Questions under construction: for each its obligations, and what each is about."""

    system: System
    asked: dict[str, list[str]] = field(default_factory=dict)
    about: dict[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    onward: set[tuple[int, int]] = field(default_factory=set)

    def add(self, question: str, obligation: str, points: tuple[int, ...], row: str = "") -> None:
        """One more way in which the answer to *question* could be yes: from the group at *points*, by *row*."""
        found = self.asked.setdefault(question, [])
        if obligation != FALSE:
            name = self.system.script.define(obligation)
            found.append(name)
            self.about[name] = points, row

    def where(self, obligation: str) -> str:
        """What *obligation* is about, in words."""
        points, row = self.about[obligation]
        there = " and ".join(self.system.lifecycle.instructions[point].row for point in points) or "nothing in flight"
        return f"{there}: {row}" if row else there


def pose(system: System, properties: Mapping[Property, Listed]) -> Questions:
    """Every question about *system*: is the claim initial and inductive, is each property violated only as listed."""
    questions = Questions(system)
    writer = Writer(system)
    record: tuple[Term, ...] = tuple(variable.initial for variable in system.lifecycle.variables)
    fresh = system.among([not phase.disturbed for phase in system.scenarios])
    start = system.claim.holds(record, (), system.past.initially)
    questions.add("initial", conjunction([fresh, negation(start)]), ())
    questions.asked.setdefault("closed", [])
    always = [
        (one, one.form, _listed(system, one, properties[one])) for one in properties if isinstance(one.form, Always)
    ]
    leaves = [(one, _listed(system, one, properties[one])) for one in properties if isinstance(one.form, Leaves)]
    of_states = [entry for entry in always if not entry[1].of_steps]
    of_steps = [entry for entry in always if entry[1].of_steps]
    for one in [*(entry[0] for entry in always), *(entry[0] for entry in leaves)]:
        questions.asked.setdefault(one.id, [])
    told: dict[tuple[int, ...], list[tuple[str, str]]] = {}
    for points in list(system.claim.groups):
        here = idle(system, points)
        inside = system.invariant(points)
        for one, form, listed in of_states:
            bad = writer.write(form.bad, points, None)
            if bad != FALSE:
                known = _key(system, listed, here)
                questions.add(one.id, conjunction([inside, bad, negation(known)]), points)
        steps = list(system.transitions(points))
        for one, listed in leaves:
            still = stays(writer, one, points, steps)
            if still != FALSE:
                known = _key(system, listed, here)
                questions.add(one.id, conjunction([inside, still, negation(known)]), points)
        pending = any(system.anatomy.pending[point] for point in points)
        for step in steps:
            if step.mover >= 0 and not step.spontaneous and step.target >= 0:
                questions.onward.add((points[step.mover], step.target))
            questions.add("closed", conjunction([inside, step.guard, negation(system.kept(step))]), points, step.row)
            alike = writer.alike(step, pending=pending)
            if alike not in told:
                told[alike] = [
                    (one.id, system.script.define(conjunction([step.guard, bad, negation(_key(system, listed, step))])))
                    for one, form, listed in of_steps
                    if (bad := writer.of_step(form.bad, step, pending=pending)) != FALSE
                ]
            for question, bad in told[alike]:
                questions.add(question, conjunction([inside, bad]), points, step.row)
    return questions


def stays(writer: Writer, one: Property, points: tuple[int, ...], steps: list[Transition]) -> str:
    """When an execution may stay in the region of *one* for ever: no step that fairness forces is possible."""
    assert isinstance(one.form, Leaves)
    here = idle(writer.system, points)
    region = [writer.write(one.form.region, points, None)]
    if one.form.after is not None:
        region.append(writer.write(one.form.after, points, here))
    forced = (
        step.guard
        for step in steps
        if (step.mover >= 0 and not step.spontaneous) or step.kind in ("recovery", "periodic")
    )
    return conjunction([*region, negation(disjunction(forced))])


def ranking(onward: set[tuple[int, int]]) -> dict[int, int] | None:
    """A number for each point that falls with every step that does not fail, found by z3; None when steps go round."""
    points = sorted({point for edge in onward for point in edge})
    solver = z3.SolverFor("QF_IDL")
    lines = [f"(declare-const r{point} Int)" for point in points]
    lines += [f"(assert (> r{before} r{after}))" for before, after in sorted(onward)]
    solver.add(z3.parse_smt2_string("\n".join(lines)))
    if solver.check() != z3.sat:
        return None
    model = solver.model()
    found = {point: model.eval(z3.Int(f"r{point}"), model_completion=True).as_long() for point in points}
    least = min(found.values(), default=0)
    return {point: value - least for point, value in found.items()}


def _listed(system: System, one: Property, listed: Listed) -> Told:
    """The keys of *one* that *listed* names, behind their scenario; every key of a scenario that it does not name."""
    where = coordinates(system.lifecycle, one)
    cubes: dict[tuple[int, ...], int] = {}
    for number, phase in enumerate(system.scenarios):
        for key in listed.get(phase.scenario.name, frozenset()):
            cubes[key] = cubes.get(key, 0) | 1 << number
    asked = sum(1 << number for number, phase in enumerate(system.scenarios) if phase.scenario.name not in listed)
    made = merged((mask, *(1 << value for value in key)) for key, mask in cubes.items())
    everything = tuple((1 << size(system.lifecycle, each)) - 1 for each in where)
    return where, tuple([*made, (asked, *everything)] if asked else made)


def _key(system: System, told: Told, step: Transition) -> str:
    """Whether the scenario and the key behind *step* are among those *told*, which stay alive meanwhile."""
    where, _ = told
    key = (id(told), *([step.number] if ACCUSED in where else (step.record[variable] for variable in where)))
    if key not in system.keys:
        system.keys[key] = _among(system, told, step)
    return system.keys[key]


def among_keys(system: System, one: Property, keys: frozenset[tuple[int, ...]]) -> str:
    """Whether the key of the record is one of *keys*."""
    cubes = merged(tuple(1 << value for value in key) for key in keys)
    every = (1 << len(system.scenarios)) - 1
    told = (coordinates(system.lifecycle, one), tuple((every, *cube) for cube in cubes))
    return _among(system, told, idle(system, ()))


def idle(system: System, points: tuple[int, ...]) -> Transition:
    """No step at all: the group at *points* as it is."""
    return Transition(points, TRUE, tuple(system.record), (), "", "", -1, ghost=tuple(system.past.terms))


def _among(system: System, told: Told, step: Transition) -> str:
    where, cubes = told
    operations = tuple(system.lifecycle.operations)
    return system.script.define(disjunction(
        conjunction([
            system.script.member(system.scenario, within(cube[0]), system.scenario_width, len(system.scenarios)),
            *(
                system.past.accused(step, frozenset(operations[number] for number in within(mask)))
                if variable == ACCUSED
                else system.reader.is_one_of(variable, step.record[variable], within(mask))
                for variable, mask in zip(where, cube[1:], strict=True)
            ),
        ])
        for cube in cubes
    ))  # fmt: skip


#: Obligations that are refuted together.
TOGETHER = 100


def in_portions(questions: Questions, most: int) -> Iterator[tuple[str, list[str]]]:
    """Each question with its obligations, each once, *most* at a time."""
    for question, obligations in questions.asked.items():
        different = list(dict.fromkeys(obligations))
        for first in range(0, len(different), most):
            yield question, different[first : first + most]


def answers(questions: Questions) -> Iterator[tuple[str, Answer]]:
    """z3's answers, in the order of the questions; a question that cannot be refuted names one obligation.

    The obligations are refuted some at a time, each time by a solver that has read no others, and by the one of z3's
    solvers that looks only at what is relevant: a step at one point need not know what is claimed of all others.
    """
    portions = list(in_portions(questions, TOGETHER))
    lines = [questions.system.script.text(), *(f"(assert {disjunction(portion)})" for _, portion in portions)]
    parsed = list(z3.parse_smt2_string("\n".join(lines)))
    domains, asserted = parsed[: len(parsed) - len(portions)], parsed[len(parsed) - len(portions) :]
    seconds = dict.fromkeys(questions.asked, 0.0)
    witnesses: dict[str, str] = {}
    for (question, portion), claim in zip(portions, asserted, strict=True):
        if question in witnesses:
            continue
        before = time.perf_counter()
        solver = z3.SimpleSolver()
        solver.add(*domains, claim)
        if solver.check() != z3.unsat:
            witnesses[question] = _witness(questions, portion)
        seconds[question] += time.perf_counter() - before
    for question in questions.asked:
        yield question, Answer(question not in witnesses, seconds[question], witnesses.get(question, ""))


def _witness(questions: Questions, obligations: list[str]) -> str:
    """What the first of *obligations* that z3 does not refute is about."""
    base = questions.system.script.text()
    for obligation in obligations:
        solver = z3.SimpleSolver()
        solver.add(z3.parse_smt2_string(f"{base}\n(assert {obligation})"))
        if solver.check() != z3.unsat:
            break
    return questions.where(obligation)
