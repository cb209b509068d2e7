"""Abstraction: variables that are forgotten, so that whatever is tested of them may be either way.

What holds of the abstract automaton holds of the real one.  A violation must be confirmed by a trace of the real one
(:mod:`checks.concurrency.trace`); then the verdict is exact although the space was smaller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

from checks.concurrency.automaton import Automaton, Crash, Move, Origin
from checks.concurrency.reduce import possible_values
from model.conditions import Assignments, When


def forget(automaton: Automaton, names: Iterable[str]) -> Automaton:
    """*automaton* with the variables *names* forgotten; a value copied from one of them may be any that it can have."""
    gone = frozenset(automaton.names.index(name) for name in names)
    possible = possible_values(automaton)

    def tests(when: When) -> When:
        return tuple(test for test in when if test[0] not in gone)

    def writes(assign: Assignments) -> list[Assignments]:
        choices = [
            [(variable, new) for new in sorted(possible[-1 - value])]
            if value < 0 and -1 - value in gone
            else [(variable, value)]
            for variable, value in assign
            if variable not in gone
        ]
        return [tuple(choice) for choice in product(*choices)]

    def moves(each: tuple[Move, ...]) -> tuple[Move, ...]:
        return tuple(
            replace(move, when=tests(move.when), assign=assign) for move in each for assign in writes(move.assign)
        )

    origins: list[Origin] = [
        replace(origin, when=tests(origin.when), assign=assign)
        for origin in automaton.origins
        for assign in writes(origin.assign)
    ]
    return replace(
        automaton,
        places=tuple(replace(place, moves=moves(place.moves)) for place in automaton.places),
        origins=tuple(origins),
        crashes=tuple(
            Crash(crash.service, tests(crash.when), assign)
            for crash in automaton.crashes
            for assign in writes(crash.assign)
        ),
    )
