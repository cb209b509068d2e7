"""What of the record is looked at: some variables are forgotten, so that the space of several processes fits.

What holds with variables forgotten holds with all (:mod:`model.forget`), and what cannot be met with some forgotten
cannot be met at all; so two smaller spaces that forget different variables refute more than either.
"""

from __future__ import annotations

from collections.abc import Iterable

from checks.concurrency.automaton import Automaton, Marks, assemble
from checks.concurrency.judge import marks_of, reads
from checks.concurrency.leaves import UNFORCED
from checks.concurrency.reduce import reduce
from checks.properties.formula import Formula, roles
from model.forget import forget
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics

#: Kinds of processes that fairness forces to start.
FORCED = frozenset({"recovery", "periodic"})


def reports(lifecycle: Lifecycle) -> frozenset[str]:
    """The variables that only report what another one is."""
    return frozenset(lifecycle.variables[report].name for report in lifecycle.observed)


def truths(lifecycle: Lifecycle) -> frozenset[str]:
    """The variables that others report."""
    return frozenset(lifecycle.variables[truth].name for truth in lifecycle.observed.values())


def copies(lifecycle: Lifecycle) -> frozenset[str]:
    """The variables that remember a value of a state variable: neither one themselves, nor the truth of one."""
    states = [set(lifecycle.variables[lifecycle.index(name)].values) for name in lifecycle.state_variables]
    return frozenset(
        variable.name
        for variable in lifecycle.variables
        if variable.name not in {*lifecycle.state_variables, *truths(lifecycle)}
        and any(values <= set(variable.values) for values in states)
    )


def left_out(lifecycle: Lifecycle, scenario: Scenario, formula: Formula) -> tuple[str, ...]:
    """The variables to forget at first: reports, copies, and those that *scenario* forgets; but none that is read."""
    return _unread(lifecycle, formula, {*reports(lifecycle), *copies(lifecycle), *scenario.forget})


def left_out_again(lifecycle: Lifecycle, scenario: Scenario, formula: Formula) -> tuple[str, ...]:
    """The variables to forget in a second look, which keeps the copies and forgets the truths."""
    gone = {*reports(lifecycle), *truths(lifecycle), *scenario.forget} - copies(lifecycle)
    return _unread(lifecycle, formula, gone)


def left_out_most(lifecycle: Lifecycle, scenario: Scenario, formula: Formula) -> tuple[str, ...]:
    """The variables to forget where it would not fit else: reports, copies, truths, and those of *scenario*."""
    return _unread(lifecycle, formula, {*reports(lifecycle), *copies(lifecycle), *truths(lifecycle), *scenario.forget})


def _unread(lifecycle: Lifecycle, formula: Formula, gone: Iterable[str]) -> tuple[str, ...]:
    """*gone* in the order of the record, without the phase, the lock and what *formula* reads."""
    wanted = set(gone) - looked_at(lifecycle, formula)
    return tuple(variable.name for variable in lifecycle.variables if variable.name in wanted)


def looked_at(lifecycle: Lifecycle, formula: Formula) -> frozenset[str]:
    """What *formula* reads, and the phase and the lock, by which one violation is told from another."""
    state = {lifecycle.variables[roles(lifecycle)[role]].name for role in ("phase", "lock")}
    return frozenset({*reads(formula, lifecycle), *state})


def abstracted(lifecycle: Lifecycle, scenario: Scenario, formula: Formula, gone: Iterable[str]) -> Automaton:
    """The reduced automaton for *formula*, with the variables *gone* forgotten."""
    semantics = Semantics(forget(lifecycle, gone))
    automaton = assemble(semantics, scenario, marks_of(formula, semantics))
    return reduce(automaton, looked_at(lifecycle, formula))


def abstracted_still(lifecycle: Lifecycle, scenario: Scenario, formula: Formula, gone: Iterable[str]) -> Automaton:
    """As :func:`abstracted`, but whoever is stuck is seen to be, and every step that nothing forces is marked."""
    semantics = Semantics(forget(lifecycle, gone))

    def origin(row: str) -> int:
        kind = lifecycle.operations[lifecycle.rows[row].operation].kind
        return 0 if kind in FORCED else UNFORCED

    automaton = assemble(semantics, scenario, Marks(origin=origin, unforced=UNFORCED))
    return reduce(automaton, looked_at(lifecycle, formula), delay=False)
