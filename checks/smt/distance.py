"""Proves with z3 from where a goal can be reached: distances that some step decreases, and a trap that no step leaves.

The claim has one number more than the invariants have: how many more processes must start on the way to the goal, at
most.  A start decreases it; a step of a process keeps it, and decreases the rank of its control point.  Of the
configurations without such a number it is proved that no allowed step leads from them to another one, nor to the goal.
"""

from __future__ import annotations

import time
from dataclasses import replace

from checks.anatomy import Anatomy
from checks.candidate import Distances
from checks.properties.definition import Possible, Property
from checks.smt.formulas import Writer
from checks.smt.prove import Questions, among_keys, answers, ranking
from checks.smt.system import System
from checks.smt.text import TRUE, conjunction, disjunction, negation
from checks.smt.transition import Phase
from checks.verdict import Outcome
from model.lifecycle import Lifecycle, Scenario

Keys = frozenset[tuple[int, ...]]


def proved(
    lifecycle: Lifecycle, scenario: Scenario, one: Property, keys: Keys, claimed: Distances
) -> tuple[Outcome, float, str]:
    """What z3 says: the goal is possible from everywhere but where the key is one of *keys*, and there it is not."""
    assert isinstance(one.form, Possible)
    before = time.perf_counter()
    form = one.form
    most = claimed.most
    phases = [Phase(replace(scenario, fail=False))] * (most + 2)
    system = System(lifecycle, phases, claimed.claim, Anatomy(lifecycle))
    questions = Questions(system)
    writer = Writer(system)
    width = system.scenario_width
    closer = f"(bvsub scenario (_ bv1 {width}))"
    listed = among_keys(system, one, keys)
    numbered = system.script.member("scenario", frozenset(range(most)), width, most + 2)
    positive = system.script.member("scenario", frozenset(range(1, most)), width, most + 2)
    nothing = tuple(system.past.terms)
    for points in list(system.claim.groups):
        processes, record = system.processes(points), system.record
        near, asked, trapped = (
            system.claim.holds(record, processes, nothing, number) for number in (most - 1, most, most + 1)
        )
        goal = writer.write(form.goal, points, None)
        premise = writer.write(form.premise, points, None)
        onward: list[str] = []
        for step in system.transitions(points):
            starts = step.mover < 0
            if step.spontaneous or (starts and step.kind not in form.kinds):
                continue
            after = system.claim.holds(step.record, step.processes, nothing, closer if starts else "scenario")
            onward.append(system.script.define(conjunction([step.guard, after, positive if starts else TRUE])))
            kept = system.claim.holds(step.record, step.processes, nothing, most + 1)
            questions.add("trap", conjunction([trapped, step.guard, negation(kept)]), points, step.row)
            if not starts and step.target >= 0:
                questions.onward.add((points[step.mover], step.target))
        stays = negation(disjunction(onward))
        questions.add("falls", conjunction([numbered, system.invariant(points), negation(goal), stays]), points)
        questions.add("asked", conjunction([asked, premise, negation(near), negation(listed)]), points)
        questions.add("trap", conjunction([trapped, goal]), points)
    refuted = [f"{question}: {reply.witness}" for question, reply in answers(questions) if not reply.proved]
    seconds = time.perf_counter() - before
    if ranking(questions.onward) is None:
        refuted.append("no ranking of the control points falls with every step")
    if refuted:
        return Outcome.UNDECIDED, seconds, "not proved: " + "; ".join(refuted)
    detail = f"at most {most - 1} requests lead there, from everywhere but the keys listed; of these no step leads out"
    return Outcome.VIOLATED if keys else Outcome.HOLDS, seconds, detail
