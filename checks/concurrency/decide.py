"""Properties of a few processes at once, decided exactly.

First a small space is explored in which variables are forgotten that only report or repeat others.  What holds there
holds; what is violated there is confirmed by a real execution.  Where that fails, a second space that forgets other
variables either shows that there is no such violation or leads to another execution; only for what is left then, and
for a property of which no violation was confirmed, the space with all variables is explored, for the operations of the
path.  A verdict is therefore exact, and every violation comes with an execution of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from checks.concurrency.abstraction import abstracted, left_out, left_out_again, looked_at
from checks.concurrency.automaton import Automaton
from checks.concurrency.confirm import Confirmer, LaneStep
from checks.concurrency.exact import Explored, explore
from checks.concurrency.judge import judgeable
from checks.concurrency.paths import PathStep
from checks.concurrency.reduce import reduce
from checks.concurrency.seen import Seen, Shown, violations
from checks.properties.definition import Always, Property
from checks.properties.formula import And, Formula
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a property is violated: the values that tell it from others, how often, and an execution."""

    key: Mapping[str, str]
    count: int
    steps: tuple[LaneStep, ...] | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for at most ``bound`` processes (None: any number).

    ``holds`` is None when this way of deciding cannot tell.  ``unconfirmed`` are keys that only abstract spaces show,
    ``impossible`` those that the first one shows and another one refutes.  ``states`` and ``transitions`` are those of
    the first space, over the variables ``kept``; ``scope`` says in words what was explored, when it was not all
    operations at once; ``checked`` whether the certificate of a closure is one; ``cut`` whether only part of the
    space was looked at.
    """

    property: str
    bound: int | None
    holds: bool | None
    exercised: int
    violations: tuple[Violation, ...]
    unconfirmed: tuple[Mapping[str, str], ...]
    states: int
    transitions: int
    kept: tuple[str, ...]
    scope: str = ""
    checked: bool | None = None
    impossible: tuple[Mapping[str, str], ...] = ()
    cut: bool = False


#: The ways in which a property is violated by an abstract space, with the execution that confirms each.
_Tried = list[tuple[Shown, tuple[LaneStep, ...] | None]]


def decide_together(
    semantics: Semantics,
    scenario: Scenario,
    wanted: Sequence[Property],
    bound: int,
    limit: int | None = None,
    *,
    closely: bool = False,
) -> tuple[Decision, ...]:
    """Decides each of *wanted*, an ``Always``, for at most *bound* processes in flight, all in one space.

    *closely* explores a second space for what the first one leaves unconfirmed.

    ValueError when one speaks of more than records and processes; ``holds`` is None when *limit* configurations did
    not suffice.
    """
    lifecycle = semantics.lifecycle
    first, both = first_space(lifecycle, scenario, wanted)
    explored, seens, tried = _look(semantics, scenario, wanted, both, explore(first, bound, limit))
    refuted: list[list[Mapping[str, str]]] = [[] for _ in wanted]
    if closely and any(steps is None for each in tried for _, steps in each):
        second = abstracted(lifecycle, scenario, both, left_out_again(lifecycle, scenario, both))
        again, _, others = _look(semantics, scenario, wanted, both, explore(second, bound, limit), tried)
        for number, (each, other) in enumerate(zip(tried, others, strict=True)):
            known = {str(shown.key): steps for shown, steps in other}
            if not again.truncated:
                refuted[number] = [shown.key for shown, steps in each if steps is None and str(shown.key) not in known]
            tried[number] = [(shown, steps or known.get(str(shown.key))) for shown, steps in each]
    return tuple(
        _decided(semantics, scenario, one, seen, each, gone, explored, limit)
        for one, seen, each, gone in zip(wanted, seens, tried, refuted, strict=True)
    )


def first_space(lifecycle: Lifecycle, scenario: Scenario, wanted: Sequence[Property]) -> tuple[Automaton, And]:
    """The model whose space is explored first for *wanted*, and all that they say as one formula."""
    both = And(tuple(joined(one) for one in wanted))
    return abstracted(lifecycle, scenario, both, left_out(lifecycle, scenario, both)), both


def _look(
    semantics: Semantics,
    scenario: Scenario,
    wanted: Sequence[Property],
    both: Formula,
    explored: Explored,
    before: Sequence[_Tried] | None = None,
) -> tuple[Explored, list[Seen], list[_Tried]]:
    """What *explored* shows of each property, each way with an execution if one of its paths is one.

    *before* is what was tried already: what is confirmed there is not tried again.
    """
    seens = [Seen(semantics.lifecycle, explored, one, both) for one in wanted]
    confirmer = Confirmer(semantics, scenario, explored.relation.automaton.names)
    done = [{str(shown.key) for shown, steps in each if steps is not None} for each in before or ([] for _ in wanted)]
    tried = [
        [(shown, None if str(shown.key) in known else confirmed(confirmer, shown.ways)) for shown in found]
        for found, known in zip(violations(seens), done, strict=True)
    ]
    return explored, seens, tried


def _decided(
    semantics: Semantics,
    scenario: Scenario,
    one: Property,
    seen: Seen,
    tried: _Tried,
    refuted: list[Mapping[str, str]],
    explored: Explored,
    limit: int | None,
) -> Decision:
    found: list[Violation] = []
    unconfirmed: list[Mapping[str, str]] = []
    impossible = list(refuted)
    anew = not any(steps for _, steps in tried)
    for shown, direct in tried:
        if shown.key in impossible:
            continue
        steps = direct
        if steps is None and anew:
            steps = _again(semantics, scenario, one, explored.bound, shown, limit)
        if steps is None:
            unconfirmed.append(shown.key)
        else:
            found.append(Violation(shown.key, shown.count, steps))
    holds = None if explored.truncated or (unconfirmed and not found) else not found
    return Decision(
        one.id, explored.bound, False if found else holds, seen.exercised, tuple(found), tuple(unconfirmed),
        explored.states, explored.transitions, explored.relation.automaton.names, impossible=tuple(impossible),
    )  # fmt: skip


def confirmed(confirmer: Confirmer, ways: Iterable[tuple[PathStep, ...]]) -> tuple[LaneStep, ...] | None:
    """An execution that follows the first of *ways* that has one."""
    tried = map(confirmer.confirm, ways)
    return next((steps for steps in tried if steps is not None), None)


def joined(one: Property) -> Formula:
    """What *one* says, as one formula; ValueError when it speaks of more than records and processes."""
    if not isinstance(one.form, Always) or not (judgeable(one.form.bad) and judgeable(one.form.premise)):
        raise ValueError(f"{one.id} is not about single configurations or steps")
    return And((one.form.bad, one.form.premise))


def _again(
    semantics: Semantics,
    scenario: Scenario,
    one: Property,
    bound: int,
    shown: Shown,
    limit: int | None,
) -> tuple[LaneStep, ...] | None:
    """An execution that shows what *shown* does, among the operations of its path, in the space of all variables."""
    operations = {row.split("/")[0] for step in shown.ways[0] for row in step.rows if step.starts}
    both = joined(one)
    automaton = abstracted(semantics.lifecycle, scenario, both, ())
    chosen = tuple(origin for origin in automaton.origins if {row.split("/")[0] for row in origin.rows} & operations)
    smaller = reduce(replace(automaton, origins=chosen), looked_at(semantics.lifecycle, both))
    explored = explore(smaller, bound, limit)
    for other in violations([Seen(semantics.lifecycle, explored, one, both)])[0]:
        if other.key == shown.key:
            return confirmed(Confirmer(semantics, scenario, smaller.names), other.ways)
    return None
