"""Proves with z3 from where a goal can be reached: distances that some step decreases, and a trap that no step leaves.

The claim has one number more than the invariants have: how many more processes must start on the way to the goal, at
most.  A start decreases it; a step of a process keeps it, and decreases the rank of its control point.  Of the
configurations that are caught it is proved that no allowed step leads from them to another one, nor to the goal.

Where what is asked is claimed to be all that executions reach, that is proved, too: no step leads out of it.  Then most
of it needs no distance of its own: some process goes on, whoever does leads to what is reached and not astray, and the
last of them to where the distance is known.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from checks.anatomy import Anatomy
from checks.candidate import Distances
from checks.properties.definition import Possible, Property
from checks.smt.formulas import Writer
from checks.smt.prove import Questions, among_keys, answers, ranking
from checks.smt.system import System
from checks.smt.text import FALSE, Term, conjunction, disjunction, negation
from checks.smt.transition import Phase, Process, Transition
from checks.verdict import Outcome
from model.lifecycle import Lifecycle, Scenario

Keys = frozenset[tuple[int, ...]]
Points = tuple[int, ...]


def proved(
    lifecycle: Lifecycle,
    scenario: Scenario,
    one: Property,
    keys: Keys,
    claimed: Distances,
    *,
    closes: bool = False,
    closed: bool = False,
) -> tuple[Outcome, float, str]:
    """What z3 says: the goal is possible from everywhere but where the key is one of *keys*, and there it is not.

    ``closes``: it is to prove, too, that what is asked is closed under every step; ``closed``: that is proved already.
    """
    before = time.perf_counter()
    questions = posed(lifecycle, scenario, one, keys, claimed, closes=closes)
    refuted = [f"{question}: {reply.witness}" for question, reply in answers(questions) if not reply.proved]
    seconds = time.perf_counter() - before
    if ranking(questions.onward) is None:
        refuted.append("no ranking of the control points falls with every step")
    if refuted:
        return Outcome.UNDECIDED, seconds, "not proved: " + "; ".join(refuted)
    if claimed.closed:
        detail = f"with all variables at most {claimed.most - 1} more starts lead there, from all that is reached"
        detail += " but some of the keys listed; of these no step leads out" if keys else ""
        if not closes and not closed:
            detail += "; that nothing else is reached is proved when the property is asked for by name"
    else:
        detail = f"at most {claimed.most - 1} requests lead there, from everywhere but the keys listed"
        detail += "; of these no step leads out"
    return Outcome.VIOLATED if keys else Outcome.HOLDS, seconds, detail


def posed(
    lifecycle: Lifecycle, scenario: Scenario, one: Property, keys: Keys, claimed: Distances, *, closes: bool
) -> Questions:
    """What is asked to prove it: of the executions (``initial``, ``closed``) where ``closes`` says so.

    Of where the distance is known: some step keeps or lowers it (``falls``).  Of what is asked: the distance is known
    there, or the key is listed, or it runs on (``asked``); somebody does (``runs``), and does not go astray
    (``strays``).  Of what is caught: nothing leads out (``trap``).
    """
    assert isinstance(one.form, Possible)
    return _Distance(lifecycle, scenario, one, one.form, claimed, closes=closes).posed(keys)


class _Distance:
    """The questions of one claim."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        scenario: Scenario,
        one: Property,
        form: Possible,
        claimed: Distances,
        *,
        closes: bool,
    ) -> None:
        self.one, self.form, self.claimed, self.most, self.closes = one, form, claimed, claimed.most, closes
        phases = [Phase(scenario if claimed.closed else replace(scenario, fail=False))] * (claimed.most + 3)
        self.system = System(lifecycle, phases, claimed.claim, Anatomy(lifecycle))
        self.script = self.system.script
        self.questions = Questions(self.system)
        self.writer = Writer(self.system)
        self.closer = f"(bvsub scenario (_ bv1 {self.system.scenario_width}))"

    def posed(self, keys: Keys) -> Questions:
        """Every question, *keys* being where the goal need not be possible."""
        listed = among_keys(self.system, self.one, keys)
        if self.closes:
            initial = tuple(variable.initial for variable in self.system.lifecycle.variables)
            self.questions.add("initial", negation(self._holds(initial, (), self.most)), ())
        for points in list(self.system.claim.groups):
            self._of_group(points, listed)
        return self.questions

    def _of_group(self, points: Points, listed: str) -> None:
        near, asked, caught, astray = (
            self._holds(self.system.record, self.system.processes(points), self.most + tag) for tag in (-1, 0, 1, 2)
        )
        onward: list[str] = []
        running: list[str] = []
        for step in self.system.transitions(points):
            if self.closes:
                self._add("closed", [asked, step.guard, negation(self._after(step, self.most))], points, step)
            starts = step.mover < 0
            if step.spontaneous or (starts and step.kind not in self.form.kinds):
                continue
            if near != FALSE:
                there = self._after(step, self.closer if starts else "scenario")
                onward.append(self.script.define(conjunction([step.guard, there, self._numbered(int(starts))])))
            if caught != FALSE:
                self._add("trap", [caught, step.guard, negation(self._after(step, self.most + 1))], points, step)
            if not starts:
                running.append(step.guard)
                if step.target >= 0:
                    self.questions.onward.add((points[step.mover], step.target))
                if self.claimed.runs:
                    strays = self._after(step, self.most + 2)
                    self._add("strays", [asked, negation(astray), step.guard, strays], points, step)
        goal, premise = (self.writer.write(one, points, None) for one in (self.form.goal, self.form.premise))
        if near != FALSE:
            claimed = [self._numbered(0), self.system.invariant(points)]
            self._add("falls", [*claimed, negation(goal), negation(disjunction(onward))], points)
        self._add("trap", [caught, goal], points)
        far = [asked, premise, negation(near), negation(listed)]
        self._add("asked", [*far, astray] if self.claimed.runs else far, points)
        if self.claimed.runs:
            self._add("runs", [asked, negation(astray), negation(near), negation(disjunction(running))], points)

    def _add(self, question: str, parts: list[str], points: Points, step: Transition | None = None) -> None:
        self.questions.add(question, conjunction(parts), points, "" if step is None else step.row)

    def _holds(self, record: Sequence[Term], processes: Sequence[Process], number: Term) -> str:
        return self.system.claim.holds(record, processes, tuple(self.system.past.terms), number)

    def _after(self, step: Transition, number: Term) -> str:
        return self._holds(step.record, step.processes, number)

    def _numbered(self, least: int) -> str:
        """Whether the number is a distance of at least *least*."""
        system = self.system
        numbers = frozenset(range(least, self.most))
        return system.script.member(system.scenario, numbers, system.scenario_width, len(system.scenarios))
