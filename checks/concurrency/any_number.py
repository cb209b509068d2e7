"""Properties of any number of processes, decided by the closure where it can."""

from __future__ import annotations

import numpy as np

from checks.concurrency.abstraction import abstracted
from checks.concurrency.certificate import faults_of_pairs
from checks.concurrency.closure import close
from checks.concurrency.decide import Decision, joined
from checks.concurrency.judge import Judge, Moments, of_step, reads
from checks.properties.definition import Always, Property
from checks.properties.formula import Quiet, atoms, roles
from model.lifecycle import Scenario
from model.semantics import Semantics


def decide_any(semantics: Semantics, scenario: Scenario, one: Property) -> Decision:
    """Decides *one* for any number of processes, by the closure; ``holds`` is True or None.

    The closure knows what one process can meet, so a property that asks for nothing in flight is beyond it.
    """
    both = joined(one)
    assert isinstance(one.form, Always)
    lifecycle = semantics.lifecycle
    kept = {lifecycle.variables[variable].name for tests in lifecycle.predicates["gone"] for variable, _ in tests}
    kept |= {lifecycle.variables[roles(lifecycle)[role]].name for role in ("phase", "lock")}
    kept |= set(reads(both, lifecycle))
    gone = [variable.name for variable in lifecycle.variables if variable.name not in kept]
    automaton = abstracted(lifecycle, scenario, both, gone)
    closure = close(automaton)
    places, records = closure.pairs()
    pending = np.array([bool(place.mark) for place in automaton.places] + [False])
    judge = Judge(semantics.lifecycle, automaton, closure.records, both)
    if of_step(both):
        position, rule, after = closure.rules.apply(records, places)
        no = np.zeros(len(rule), bool)
        moments = Moments(records[position], after, no, no, closure.rules.mark[rule])
    else:
        no = np.zeros(len(records), bool)
        moments = Moments(records, records, no, pending[places], np.zeros(len(records), np.int64))
    bad = judge.holds(one.form.bad, moments)
    decidable = not any(isinstance(atom, Quiet) for atom in atoms(both))
    exercised = int(judge.holds(one.form.premise, moments).sum())
    holds = True if decidable and not bad.any() else None
    values = closure.records.values.T[: len(closure.bits)]
    checked = None if holds is None else not any(faults_of_pairs(automaton, values, (places, records)))
    return Decision(
        one.id, None, holds, exercised, (), (), closure.size, 0, automaton.names, checked=checked,
    )  # fmt: skip
