"""How runs of one process alone may end, for many states at once: one set of rules serves all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from model.cache import cached
from model.conditions import assigned
from model.explore import completed
from model.lifecycle import Lifecycle, holds
from model.network import build_network
from model.questions.outcomes import alone
from model.semantics import Semantics
from model.state import State, state_of

Built = TypeVar("Built")


@dataclass(frozen=True, slots=True)
class End:
    """Where a run may end; None stands for a record that is destroyed. ``failed``: only when some step fails."""

    state: State | None
    failed: bool


#: Where runs from one state may end, what needs no failure first.
Ends = tuple[End, ...]


def restarted(lifecycle: Lifecycle) -> dict[State, Ends]:
    """For each state that some execution reaches: what start-up recovery leaves, with nothing in flight."""
    return _kept(lifecycle, "restarted", _restarted)


def synchronised(lifecycle: Lifecycle) -> dict[tuple[State, int], Ends]:
    """For each state at rest, and each value that the driver may report: what one run of the synchronisation leaves."""
    return _kept(lifecycle, "synchronised", _synchronised)


def _restarted(lifecycle: Lifecycle) -> dict[State, Ends]:
    semantics = Semantics(lifecycle)
    names = frozenset(name for name, operation in lifecycle.operations.items() if operation.kind == "recovery")
    found = {}
    network = build_network(lifecycle, scenario_name(lifecycle))
    reached = {state for state, gone in zip(network.states, network.gone, strict=True) if state and not gone}
    for state in sorted(reached):
        record = completed(lifecycle, state)
        for service in lifecycle.services:
            record = assigned(service.crash_set, record)
        found[state] = _ends(lifecycle, semantics, record, names)
    return found


def _synchronised(lifecycle: Lifecycle) -> dict[tuple[State, int], Ends]:
    semantics = Semantics(lifecycle)
    names = frozenset(synchronising(lifecycle))
    truth = next(iter(lifecycle.observed.values()))
    found = {}
    for state in resting_states(lifecycle):
        for seen in range(len(lifecycle.variables[truth].values)):
            record = list(completed(lifecycle, state))
            record[truth] = seen
            found[state, seen] = _ends(lifecycle, semantics, tuple(record), names)
    return found


def synchronising(lifecycle: Lifecycle) -> tuple[str, ...]:
    """The operations that make up the synchronisation, by name."""
    every = lifecycle.operations.items()
    return tuple(sorted(name for name, one in every if one.family == "sync" and one.kind == "periodic"))


def resting_states(lifecycle: Lifecycle) -> tuple[State, ...]:
    """Every state at rest with a record that is there, reached or not, in the order of the tables."""
    from model.space import all_states

    made = []
    for state in all_states(lifecycle):
        record = completed(lifecycle, state)
        if holds(lifecycle.predicates["rest"], record) and holds(lifecycle.predicates["present"], record):
            made.append(state)
    return tuple(made)


def scenario_name(lifecycle: Lifecycle) -> str:
    """The scenario that figures show: the first of one process whose steps may fail."""
    return next(name for name, one in lifecycle.scenarios.items() if one.processes == 1 and one.fail and not one.crash)


def _ends(lifecycle: Lifecycle, semantics: Semantics, record: tuple[int, ...], names: frozenset[str]) -> Ends:
    space = alone(lifecycle, record, names, semantics)
    todo = [number for number, parent in enumerate(space.parents) if parent is None]
    undisturbed = set(todo)
    while todo:
        for step, target in space.edges[todo.pop()]:
            if step.exception is None and target not in undisturbed:
                undisturbed.add(target)
                todo.append(target)
    failed: dict[State | None, bool] = {}
    for number, (after, controls) in enumerate(space.configurations):
        if not controls:
            end = None if holds(lifecycle.predicates["gone"], after) else state_of(lifecycle, after)
            failed[end] = failed.get(end, True) and number not in undisturbed
    return tuple(sorted((End(*one) for one in failed.items()), key=lambda end: end.failed))


def _kept(lifecycle: Lifecycle, name: str, build: Callable[[Lifecycle], Built]) -> Built:
    return cached(name, key(lifecycle, Path(__file__)), lambda: build(lifecycle))


def key(lifecycle: Lifecycle, module: Path) -> str:
    """What a cached result depends on: the tables, the release, and the module that computes it."""
    return f"{lifecycle.digest}\0{lifecycle.release}\0{module.read_text(encoding='utf-8')}"
