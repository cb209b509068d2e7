"""The space in which a scenario is decided: the whole of it where that is small enough, else what one crash can do.

A crash at any step leaves so many half-written records that a whole lifecycle with any number of crashes has millions
of configurations.  Then the verdict is about executions with at most one crash, after which nobody asks for anything
until recovery has done what it can; it says so in its bound.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.explore import Configuration, Moves, Space, Step, explore
from model.lifecycle import Scenario
from model.semantics import Semantics

#: Configurations up to which a scenario is decided without a bound.
WHOLE = 150_000
ONE_CRASH = "one crash, and no request after it"


@dataclass(frozen=True, slots=True)
class Explored:
    """A space; ``disturbed`` says for each configuration whether the one crash has happened (None: no bound)."""

    space: Space
    disturbed: list[bool] | None
    bound: str = ""


def explored(semantics: Semantics, scenario: Scenario, whole: int = WHOLE) -> Explored:
    """The space of *scenario*, bounded by one crash when it has more than *whole* configurations."""
    if not scenario.crash:
        return Explored(explore(semantics, scenario), None)
    space = explore(semantics, scenario, limit=whole)
    if not space.truncated:
        return Explored(space, None)
    return _one_crash(semantics, scenario)


def _one_crash(semantics: Semantics, scenario: Scenario) -> Explored:
    moves = Moves(semantics, scenario)
    start: tuple[Configuration, bool] = ((semantics.lifecycle.initial, ()), False)
    numbers = {start: 0}
    nodes = [start]
    parents: list[tuple[int, Step] | None] = [None]
    edges: list[list[tuple[Step, int]]] = []
    for position, (configuration, disturbed) in enumerate(nodes):
        leaving: list[tuple[Step, int]] = []
        for step, after in moves.successors(configuration):
            begins = step.process < 0 and step.kind != "crash"
            if disturbed and (step.kind == "crash" or (begins and step.kind != "recovery")):
                continue
            node = (after, disturbed or step.kind == "crash")
            number = numbers.get(node)
            if number is None:
                number = numbers[node] = len(nodes)
                nodes.append(node)
                parents.append((position, step))
            leaving.append((step, number))
        edges.append(leaving)
    space = Space(scenario, semantics, [configuration for configuration, _ in nodes], {}, edges, parents)
    return Explored(space, [disturbed for _, disturbed in nodes], ONE_CRASH)
