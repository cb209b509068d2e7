"""The step relation of one process over the pairs (record, place) that can occur, as one table.

Pairs are numbered ``record * width + place``; the place after the last one stands for an empty slot, whose steps are
the starts.  With this table exact exploration is nothing but look-ups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.concurrency.automaton import END, Automaton
from checks.concurrency.closure import Closure
from checks.concurrency.records import Ints

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Relation:
    """Steps in the order of their pairs: those of pair ``p`` are ``heads[p]`` to ``heads[p + 1]``.

    ``record`` and ``place`` are where a step leads; ``acquires`` whether it takes the lock; ``source`` numbers the
    move within its place (or the origin); ``counts`` whether it starts a counted process.  ``holds``, ``counted`` and
    ``service`` are by place, the empty slot among them.
    """

    automaton: Automaton
    closure: Closure
    width: int
    heads: Ints
    record: npt.NDArray[np.int32]
    place: npt.NDArray[np.int32]
    acquires: Flags
    counts: Flags
    source: npt.NDArray[np.int32]
    holds: Flags
    counted: Flags
    mortal: tuple[Flags, ...]
    crashed: tuple[Ints, ...]

    @property
    def empty(self) -> int:
        """The place of an empty slot."""
        return self.width - 1


def relate(closure: Closure) -> Relation:
    """The step relation over the pairs of *closure*."""
    automaton, actions = closure.automaton, closure.actions
    empty = len(automaton.places)
    width = empty + 1
    places, records = closure.pairs()
    bounds = np.searchsorted(places, np.arange(empty + 1))
    every = np.arange(len(closure.records), dtype=np.int64)
    pair: list[Ints] = []
    columns: list[tuple[Ints, int, bool, bool, int]] = []

    def add(number: int, chosen: Ints, action: int, to: int, acquires: bool, counts: bool, source: int) -> None:
        after = actions.after(action, chosen)
        passed = after >= 0
        pair.append(chosen[passed] * width + number)
        columns.append((after[passed], empty if to == END else to, acquires, counts, source))

    for number, place in enumerate(automaton.places):
        chosen = records[bounds[number] : bounds[number + 1]]
        for source, move in enumerate(place.moves):
            add(number, chosen, actions.number(move.when, move.assign), move.to, move.acquires, False, source)
    for source, origin in enumerate(automaton.origins):
        counts = not origin.uncounted
        add(empty, every, actions.number(origin.when, origin.assign), origin.to, False, counts, source)
    count = len(closure.records)
    lengths = [len(column[0]) for column in columns]
    pairs = np.concatenate(pair) if pair else np.empty(0, np.int64)
    order = np.argsort(pairs, kind="stable")

    def spread(position: int, kind: type) -> npt.NDArray[np.generic]:
        return np.repeat(np.array([column[position] for column in columns], dtype=kind), lengths)[order]

    after = np.concatenate([column[0] for column in columns]) if columns else np.empty(0, np.int64)
    return Relation(
        automaton=automaton,
        closure=closure,
        width=width,
        heads=np.searchsorted(pairs[order], np.arange(count * width + 1)),
        record=after[order].astype(np.int32),
        place=spread(1, np.int32),  # type: ignore[arg-type]
        acquires=spread(2, np.bool_),  # type: ignore[arg-type]
        counts=spread(3, np.bool_),  # type: ignore[arg-type]
        source=spread(4, np.int32),  # type: ignore[arg-type]
        holds=np.array([place.holds for place in automaton.places] + [False]),
        counted=np.array([not place.uncounted for place in automaton.places] + [False]),
        mortal=tuple(
            np.array([place.service == crash.service for place in automaton.places] + [False])
            for crash in automaton.crashes
        ),
        crashed=tuple(
            actions.after(actions.number(crash.when, crash.assign), every) for crash in automaton.crashes
        ),
    )
