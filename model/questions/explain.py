"""All that is known of one state: meaning, status, how one gets there, what may happen, what frees it."""

from __future__ import annotations

from dataclasses import dataclass

from model.lifecycle import Lifecycle, Value
from model.network import Network
from model.paths import Path, Question, Search
from model.questions.allowed import Allowed, allowed
from model.questions.outcomes import Outcome, restart
from model.semantics import Semantics
from model.space import StateSpace
from model.state import State, seen_by


@dataclass(frozen=True, slots=True)
class Next:
    """What may happen next: the state that follows, the rows, the kind, and whether some execution does it."""

    state: State
    rows: tuple[str, ...]
    kind: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer; ``frees`` are the requests that lead from here (nothing in flight) to rest, shortest first."""

    state: State
    values: tuple[Value, ...]
    status: str | None
    reachable: bool
    resting: bool
    arrival: Path | None
    follows: tuple[Next, ...]
    allowed: tuple[Allowed, ...]
    restart: tuple[Outcome, ...]
    frees: tuple[tuple[str, State, bool], ...]


def explain(lifecycle: Lifecycle, view: Lifecycle, space: StateSpace, network: Network, state: State) -> Explanation:
    """What is known of *state* under the scenario of *space* and *network*.

    *view* is the lifecycle as that scenario looks at it: it may have forgotten a part of *state*.
    """
    seen = seen_by(view, state)
    semantics = Semantics(lifecycle)
    names = [lifecycle.variables[position].values[number] for position, number in enumerate(state)]
    values = tuple(
        lifecycle.values[variable][number] for variable, number in zip(lifecycle.state_variables, state, strict=True)
    )
    pattern = tuple((number,) for number in seen)
    arrivals = Search(view, network, Question(None, pattern)).answer(1).paths if seen in space.reached else ()
    follows = tuple(Next(edge.target, edge.rows, edge.kind, edge.taken) for edge in space.edges if edge.source == seen)
    return Explanation(
        state,
        values,
        lifecycle.status.get((names[0], names[1])),
        seen in space.reached,
        seen in space.resting,
        arrivals[0] if arrivals else None,
        tuple(sorted(follows, key=lambda one: (not one.taken, one.kind, one.state))),
        allowed(lifecycle, state),
        restart(lifecycle, state, semantics),
        freeing(lifecycle, state, semantics),
    )


def freeing(lifecycle: Lifecycle, state: State, semantics: Semantics) -> tuple[tuple[str, State, bool], ...]:
    """The requests that, started here with nothing in flight, may end at rest or with the record destroyed."""
    from model.explore import completed
    from model.lifecycle import holds
    from model.questions.outcomes import alone, outcomes

    record = completed(lifecycle, state)
    rest = lifecycle.predicates["rest"]
    found: list[tuple[str, State, bool]] = []
    for one in allowed(lifecycle, state):
        for outcome in outcomes(alone(lifecycle, record, frozenset({one.operation}), semantics)):
            after = (*outcome.state, *record[len(outcome.state) :])
            if outcome.failures or not outcome.rows or (not outcome.destroyed and not holds(rest, after)):
                continue
            if outcome.state == state and not outcome.destroyed:
                continue
            found.append((one.operation, outcome.state, outcome.destroyed))
            break
    return tuple(found)
