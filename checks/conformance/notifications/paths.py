"""Which states the rows lead to from a state, for bridging what a collector has missed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

from checks.conformance.runs.explain import wire_of
from checks.conformance.runs.vocabulary import Variable, Vocabulary
from model.rows import WriteRow

Wire = str | None
State = tuple[Wire, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """A row as a step between states: where it can happen, what each variable can become (None: stays)."""

    row: str
    held: frozenset[Wire] | None
    expected: frozenset[Wire] | None
    targets: tuple[tuple[Wire, ...] | None, ...]


@dataclass(slots=True)
class Moves:
    """All moves, and what has been computed of them: successors by state, reachable sets by state."""

    moves: tuple[Move, ...]
    held_at: int
    compared_at: int
    successors: dict[State, frozenset[State]] = field(default_factory=dict)
    reached: dict[State, frozenset[State]] = field(default_factory=dict)
    fitting: dict[tuple[State, State], tuple[str, ...]] = field(default_factory=dict)


def make_moves(rows: Iterable[WriteRow], vocabulary: Vocabulary) -> Moves:
    """Turn rows into moves. Rows that insert the record (an empty ``vm_state``) are births, and no moves."""
    names = [variable.name for variable in vocabulary.variables]
    held_at, compared_at = names.index(vocabulary.held), names.index(vocabulary.compared)
    moves = [_move(row, vocabulary, held_at, compared_at) for row in rows if row.vm_state is None or row.vm_state]
    return Moves(tuple(moves), held_at, compared_at)


def fitting_moves(moves: Moves, old: State, new: State) -> tuple[str, ...]:
    """The rows that lead from *old* to *new* in one step; :data:`UNKNOWN` can be anything."""
    known = moves.fitting.get((old, new))
    if known is None:
        found = (move.row for move in moves.moves if _enabled(moves, move, old) and _leads(move, old, new))
        known = moves.fitting[old, new] = tuple(dict.fromkeys(found))
    return known


def reachable(moves: Moves, state: State) -> frozenset[State]:
    """All states that some path of rows leads to from *state*, itself included; computed once per state."""
    known = moves.reached.get(state)
    if known is None:
        seen, frontier = {state}, [state]
        while frontier:
            frontier = [after for before in frontier for after in _successors(moves, before) if after not in seen]
            frontier = list(dict.fromkeys(frontier))
            seen.update(frontier)
        known = moves.reached[state] = frozenset(seen)
    return known


def _move(row: WriteRow, vocabulary: Vocabulary, held_at: int, compared_at: int) -> Move:
    held, compared = vocabulary.variables[held_at], vocabulary.variables[compared_at]
    return Move(
        row.id,
        None if row.vm_state is None else frozenset(wire_of(held, constant) for constant in row.vm_state),
        None if row.expect is None else frozenset(wire_of(compared, constant) for constant in row.expect),
        tuple(_targets(variable, row.writes.get(variable.name)) for variable in vocabulary.variables),
    )


def _targets(variable: Variable, written: str | None) -> tuple[Wire, ...] | None:
    if written is None:
        return None
    if written.startswith("$"):
        return tuple(wire for wire in variable.wires.values() if wire is not None)
    return tuple(wire_of(variable, constant.strip()) for constant in written.split("|"))


def _enabled(moves: Moves, move: Move, state: State) -> bool:
    return (move.held is None or state[moves.held_at] in move.held) and (
        move.expected is None or state[moves.compared_at] in move.expected
    )


def _leads(move: Move, old: State, new: State) -> bool:
    return all(
        (after == before or before is UNKNOWN) if targets is None else after in targets
        for targets, before, after in zip(move.targets, old, new, strict=True)
    )


UNKNOWN = "?"
"""Stands for a value that no notification has told yet."""


def _successors(moves: Moves, state: State) -> frozenset[State]:
    known = moves.successors.get(state)
    if known is None:
        after: set[State] = set()
        for targets in {move.targets for move in moves.moves if _enabled(moves, move, state)}:
            after.update(product(*((value,) if to is None else to for to, value in zip(targets, state, strict=True))))
        known = moves.successors[state] = frozenset(after)
    return known
