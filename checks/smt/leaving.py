"""Proves with z3 in which states at rest the phase can change no more: its own list of them, from what is claimed.

z3 names each state of which some record at rest is not claimed to be near a change of the phase.  That the claims are
true is proved over the steps: what is near comes nearer by some step, and at last some step changes the phase; no step
leads out of what is caught, nor changes the phase there; and of each state that is named, an execution leads, step by
step, to one that is caught.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import z3

from checks.anatomy import Anatomy
from checks.leaving import Leaving, State, going_on
from checks.smt.prove import Questions, answers
from checks.smt.system import System
from checks.smt.text import FALSE, Term, conjunction, constant, disjunction, negation
from checks.smt.transition import Phase, Transition
from model.lifecycle import Lifecycle, Scenario

Points = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WithoutWayOut:
    """The ``states`` at rest, by phase and lock, without a way out; ``refuted`` is what is wrong with the claims."""

    states: frozenset[State]
    seconds: float
    refuted: str
    detail: str


def without_way_out(lifecycle: Lifecycle, scenario: Scenario, claimed: Leaving) -> WithoutWayOut:
    """What z3 makes of what is *claimed* of *lifecycle* in *scenario*."""
    before = time.perf_counter()
    asked = _Asked(lifecycle, scenario, claimed)
    questions = asked.posed()
    refuted = [f"{question}: {reply.witness}" for question, reply in answers(questions) if not reply.proved]
    states = frozenset(asked.states())
    unshown = len(states - claimed.runs.keys())
    if unshown:
        refuted.append(f"{unshown} states are neither near a change of the phase nor caught")
    detail = (
        f"some step leads nearer to a change of the phase, {claimed.near} at most; what is caught no step leads out of"
    )
    if not claimed.whole:
        detail += "; that nothing else is at rest is proved when the property is asked for by name"
    return WithoutWayOut(states, time.perf_counter() - before, "; ".join(refuted), detail)


class _Asked:
    """The questions about one claim."""

    def __init__(self, lifecycle: Lifecycle, scenario: Scenario, claimed: Leaving) -> None:
        self.claimed = claimed
        self.system = System(lifecycle, [Phase(scenario)] * claimed.tags, claimed.claim, Anatomy(lifecycle))
        self.reader, self.script = self.system.reader, self.system.script
        self.phase, self.lock = self.system.roles["phase"], self.system.roles["lock"]
        self.questions = Questions(self.system)
        ends = {last for _, last in claimed.runs.values()}
        legal = {*range(1, claimed.near), *range(claimed.asked + 1, claimed.tags)} - ends
        self.onward = self._tagged(frozenset(legal))
        self.nearer = f"(bvsub scenario (_ bv1 {self.system.scenario_width}))"

    def posed(self) -> Questions:
        """What must be refuted: each question is a disjunction of the ways in which a claim could be wrong."""
        for question in ("nearer", "changes", "caught", "runs", *(("initial", "closed") if self.claimed.whole else ())):
            self.questions.asked[question] = []
        for points in list(self.system.claim.groups):
            self._of_group(points)
        initial = tuple(variable.initial for variable in self.system.lifecycle.variables)
        for state, (first, last) in self.claimed.runs.items():
            self.questions.add("runs", negation(self._holds(initial, first)), ())
            there = conjunction(
                [self._premise(), *self._is(state), self._holds(self.system.record, self.claimed.caught)]
            )
            self.questions.add("runs", conjunction([self._holds(self.system.record, last), negation(there)]), ())
        if self.claimed.whole:
            self.questions.add("initial", negation(self._holds(initial, self.claimed.asked)), ())
        return self.questions

    def states(self) -> Iterator[State]:
        """Each state of a record that is at rest and not claimed to be near a change of the phase."""
        far = [negation(self._holds(self.system.record, tag)) for tag in range(self.claimed.near)]
        asked = conjunction([self._premise(), self._holds(self.system.record, self.claimed.asked), *far])
        solver = z3.SolverFor("QF_FD")
        solver.add(z3.parse_smt2_string(f"{self.script.text()}\n(assert {asked})"))
        where = [z3.BitVec(str(self.system.record[one]), self.reader.widths[one]) for one in (self.phase, self.lock)]
        while solver.check() == z3.sat:
            model = solver.model()
            phase, lock = (model.eval(one, model_completion=True).as_long() for one in where)
            yield phase, lock
            solver.add(z3.Or(where[0] != phase, where[1] != lock))

    def _of_group(self, points: Points) -> None:
        inside = self.system.invariant(points)
        onward: list[str] = []
        changes: list[str] = []
        caught = self._here(points, self.claimed.caught)
        asked = self._here(points, self.claimed.asked) if self.claimed.whole else FALSE
        for step in self.system.transitions(points):
            changed = self._changed(step)
            onward.append(self.script.define(conjunction([step.guard, self._after(step, self.nearer)])))
            changes.append(self.script.define(conjunction([step.guard, changed])))
            stays = conjunction([negation(changed), self._after(step, self.claimed.caught)])
            self.questions.add("caught", conjunction([caught, step.guard, negation(stays)]), points, step.row)
            if self.claimed.whole:
                known = self._after(step, self.claimed.asked)
                self.questions.add("closed", conjunction([asked, step.guard, negation(known)]), points, step.row)
        self.questions.add("nearer", conjunction([inside, self.onward, negation(disjunction(onward))]), points)
        last = self._here(points, 0) if self.claimed.near else FALSE
        self.questions.add("changes", conjunction([last, negation(disjunction(changes))]), points)

    def _premise(self) -> str:
        """Nothing in flight, every service there, the record, too, and its phase is not terminal."""
        record = self.system.record
        there = [self.reader.tests(one.available, record, {}) for one in self.system.lifecycle.services]
        legal = going_on(self.system.lifecycle, self.phase)
        phase = self.reader.is_one_of(self.phase, record[self.phase], legal)
        return conjunction([*there, negation(self.reader.predicate("gone", record)), phase])

    def _is(self, state: State) -> Iterator[str]:
        for variable, value in zip((self.phase, self.lock), state, strict=True):
            yield self.reader.is_one_of(variable, self.system.record[variable], frozenset({value}))

    def _changed(self, step: Transition) -> str:
        before, after = self.system.record[self.phase], step.record[self.phase]
        if before == after:
            return FALSE
        width = self.reader.widths[self.phase]
        return self.script.define(f"(not (= {constant(before, width)} {constant(after, width)}))")

    def _tagged(self, tags: frozenset[int]) -> str:
        width = self.system.scenario_width
        return self.script.member(self.system.scenario, tags, width, self.claimed.tags)

    def _here(self, points: Points, tag: int) -> str:
        return self.system.claim.holds(self.system.record, self.system.processes(points), self._past, tag)

    def _after(self, step: Transition, tag: Term) -> str:
        return self.system.claim.holds(step.record, step.processes, self._past, tag)

    def _holds(self, record: list[Term] | tuple[Term, ...], tag: int) -> str:
        """Whether *record*, with nothing in flight, has *tag*."""
        return self.system.claim.holds(record, (), self._past, tag)

    @property
    def _past(self) -> tuple[Term, ...]:
        return tuple(self.system.past.terms)
