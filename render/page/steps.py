"""The changes of state that the page lists: those of requests, and those of everything else that is not a crash."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from model.cache import cached
from model.explore import Configuration, Space, Step, completed, explore
from model.lifecycle import Lifecycle, Scenario, Text, holds
from model.semantics import Semantics
from model.space import Edge, all_states, build_space, edge_kind
from model.state import State, state_of

SCENARIO = "sequential"
#: What changes the record without being asked, or against the rules of requests; recovery is shown by its outcomes.
UNASKED = frozenset({"admin", "event", "periodic"})
#: What an execution may also contain; it changes no state by itself, so a state alone starts none of it.
AROUND = UNASKED | {"outside"}

Changes = dict[tuple[State, State, str], set[str]]


def all_edges(lifecycle: Lifecycle) -> tuple[Edge, ...]:
    """Every change of state by one process at a time: of requests as in the state space, then of the other kinds.

    ``taken`` says of the others that some execution does it: requests one at a time, and then this.
    """
    # What is kept must not outlive this very file.
    made_by = sha256(Path(__file__).read_bytes()).hexdigest()
    key = f"{lifecycle.digest}\0{lifecycle.release}\0{made_by}"
    return cached("page-edges", key, lambda: _merged((*build_space(lifecycle, SCENARIO).edges, *_unasked(lifecycle))))


def _merged(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """One edge for all that join the same states by the same kind of step (a failure may be of either)."""
    found: dict[tuple[State, State, str], Edge] = {}
    for edge in edges:
        key = (edge.source, edge.target, edge.kind)
        other = found.get(key, edge)
        rows = tuple(sorted({*other.rows, *edge.rows}))
        found[key] = Edge(*key[:2], rows, edge.kind, taken=edge.taken or other.taken)
    return tuple(found.values())


def _unasked(lifecycle: Lifecycle) -> Iterator[Edge]:
    semantics = Semantics(lifecycle)
    requests = explore(semantics, lifecycle.scenarios[SCENARIO])
    at_rest = [configuration for configuration in requests.configurations if not configuration[1]]
    alone: list[Configuration] = [(completed(lifecycle, state), ()) for state in all_states(lifecycle)]
    taken = _changes(explore(semantics, _scenario(AROUND), at_rest))
    possible = _changes(explore(semantics, _scenario(UNASKED), alone))
    for key in sorted(taken.keys() | possible.keys()):
        if key[2] != "request":
            rows = taken.get(key, set()) | possible.get(key, set())
            yield Edge(key[0], key[1], tuple(sorted(rows)), key[2], taken=key in taken)


def _scenario(kinds: frozenset[str]) -> Scenario:
    return Scenario("unasked", Text("", ""), 1, kinds, fail=True, crash=False, lose=False)


def _changes(space: Space) -> Changes:
    """The changes of state in *space*: a step changes the state of a record that is there before it."""
    lifecycle = space.semantics.lifecycle
    present = lifecycle.predicates["present"]
    made: Changes = {}
    for number, leaving in enumerate(space.edges):
        before = space.configurations[number][0]
        for step, target in leaving:
            state, after = state_of(lifecycle, before), state_of(lifecycle, space.configurations[target][0])
            if state != after and holds(present, before):
                key = (state, after, _kind(lifecycle, step))
                made.setdefault(key, set()).add(step.row)
    return made


def _kind(lifecycle: Lifecycle, step: Step) -> str:
    """The edge's kind, by the kind of the operation where the step is no failure; shared rows belong to none."""
    kind = edge_kind(lifecycle, step)
    operation = lifecycle.operations.get(lifecycle.rows[step.row].operation)
    return kind if kind == "failure" or operation is None else operation.kind
