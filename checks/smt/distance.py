"""Proves with z3 from where a goal can be reached: distances that some step decreases, and a trap that no step leaves.

The claim has one number more than the invariants have: how many more processes must start on the way to the goal, at
most.  A start decreases it; a step of a process keeps it, and decreases the rank of its control point.  Of the
configurations that are caught it is proved that no allowed step leads from them to another one, nor to the goal.

What is claimed to be all that executions reach is proved to be that: no step leads out of it.  Where nothing else is
asked, most of it needs no distance of its own: some process goes on, whoever does leads to what is reached and not
astray, and the last of them to where the distance is known.  Where every state with nothing in flight is asked, too,
the states are all values of the state variables, and the default rules of the tables give the others.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from checks.anatomy import Anatomy
from checks.candidate import Distances
from checks.properties.definition import Possible, Property
from checks.smt.formulas import Writer
from checks.smt.prove import Questions, among_keys, answers, ranking
from checks.smt.steps import Reader
from checks.smt.system import System
from checks.smt.text import FALSE, Term, conjunction, constant, disjunction, negation
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

    ``closes``: it is to prove, too, that what is reached is closed under every step; ``closed``: that is proved
    already.  Where every state is asked, it is always proved.
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
        detail = f"at most {claimed.most - 1} requests lead there, from all that is reached and from every state with"
        detail += " nothing in flight"
        detail += ", but not from the keys listed; of these no step leads out" if keys else ""
    return Outcome.VIOLATED if keys else Outcome.HOLDS, seconds, detail


def posed(
    lifecycle: Lifecycle, scenario: Scenario, one: Property, keys: Keys, claimed: Distances, *, closes: bool
) -> Questions:
    """What is asked to prove it: of the executions (``initial``, ``closed``) where ``closes`` says so.

    Of where the distance is known: some step keeps or lowers it (``falls``).  Of what is reached: the distance is known
    there, or the key is listed, or it runs on (``asked``); somebody does (``runs``), and does not go astray
    (``strays``).  Of what is caught: nothing leads out (``trap``).  Where more is asked than what is reached, of the
    executions always; and of every state with nothing in flight: the distance is known there, or the key is listed
    (``states``).
    """
    assert isinstance(one.form, Possible)
    return _Distance(lifecycle, scenario, one, one.form, claimed, closes=closes).posed(keys)


def completed(reader: Reader, record: Sequence[Term]) -> list[Term]:
    """The state of *record* with what the default rules of the tables give the other variables, the first that fits.

    The symbolic counterpart of :func:`model.explore.completed`: a rule looks at what the rules before it have given.
    """
    lifecycle = reader.lifecycle
    state = len(lifecycle.state_variables)
    terms = [*record[:state], *(variable.initial for variable in lifecycle.variables[state:])]
    given: dict[int, list[str]] = {}
    for rule in lifecycle.defaults:
        fits = reader.script.define(reader.tests(rule.when, terms, {}))
        for variable, value in (write for write in rule.set if write[0] >= state):
            earlier = given.setdefault(variable, [])
            first = reader.script.define(conjunction([fits, negation(disjunction(earlier))]))
            terms[variable] = reader.script.choice(first, value, terms[variable], reader.widths[variable])
            earlier.append(fits)
    return terms


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
        self.one, self.form, self.claimed, self.most = one, form, claimed, claimed.most
        self.everywhere = not claimed.closed
        self.closes = closes or self.everywhere
        self.system = System(lifecycle, [Phase(scenario)] * (claimed.most + 3), claimed.claim, Anatomy(lifecycle))
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
        if self.everywhere:
            self._of_states(listed)
        for points in list(self.system.claim.groups):
            self._of_group(points, listed)
        return self.questions

    def _of_states(self, listed: str) -> None:
        record, reader = self.system.record, self.system.reader
        terms = completed(reader, record)
        others = [
            f"(= {record[variable]} {constant(terms[variable], reader.widths[variable])})"
            for variable in range(len(self.system.lifecycle.state_variables), len(record))
        ]
        premise = self.writer.write(self.form.premise, (), None)
        near = self._holds(record, (), self.most - 1)
        self._add("states", [*others, premise, negation(near), negation(listed)], ())

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
