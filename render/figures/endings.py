"""How runs of one process alone may end, for many states at once: one set of rules serves all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from model.cache import cached
from model.explore import completed
from model.lifecycle import Lifecycle, holds
from model.questions.outcomes import alone, outcomes
from model.semantics import Semantics, assigned
from model.space import build_space
from model.state import State

Built = TypeVar("Built")

#: Where runs from one state may end; None stands for a record that is destroyed.
Ends = tuple[State | None, ...]


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
    for state in sorted(build_space(lifecycle).reached):
        record = completed(lifecycle, state)
        for service in lifecycle.services:
            record = assigned(service.crash_set, record)
        found[state] = _ends(lifecycle, semantics, record, names)
    return found


def _synchronised(lifecycle: Lifecycle) -> dict[tuple[State, int], Ends]:
    semantics = Semantics(lifecycle)
    names = frozenset(
        name
        for name, operation in lifecycle.operations.items()
        if operation.family == "sync" and operation.kind == "periodic"
    )
    truth = next(iter(lifecycle.observed.values()))
    found = {}
    for state in resting_states(lifecycle):
        for seen in range(len(lifecycle.variables[truth].values)):
            record = list(completed(lifecycle, state))
            record[truth] = seen
            found[state, seen] = _ends(lifecycle, semantics, tuple(record), names)
    return found


def resting_states(lifecycle: Lifecycle) -> tuple[State, ...]:
    """Every state at rest with a record that is there, reached or not, in the order of the tables."""
    from model.space import all_states

    made = []
    for state in all_states(lifecycle):
        record = completed(lifecycle, state)
        if holds(lifecycle.predicates["rest"], record) and holds(lifecycle.predicates["present"], record):
            made.append(state)
    return tuple(made)


def _ends(lifecycle: Lifecycle, semantics: Semantics, record: tuple[int, ...], names: frozenset[str]) -> Ends:
    space = alone(lifecycle, record, names, semantics)
    return tuple(dict.fromkeys(None if one.destroyed else one.state for one in outcomes(space)))


def _kept(lifecycle: Lifecycle, name: str, build: Callable[[Lifecycle], Built]) -> Built:
    return cached(name, key(lifecycle, Path(__file__)), lambda: build(lifecycle))


def key(lifecycle: Lifecycle, module: Path) -> str:
    """What a cached result depends on: the tables, the release, and the module that computes it."""
    return f"{lifecycle.digest}\0{lifecycle.release}\0{module.read_text(encoding='utf-8')}"
