"""Confirms a violation that was found with variables forgotten: the same rows, taken by the full lifecycle.

What is found in a smaller space may be an artefact of what was forgotten.  The full lifecycle takes the same rows in
the same order, keeping every configuration that they may lead to; one that ends in the same way confirms it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from model.explore import Configuration, Moves, Space, Step
from model.lifecycle import Scenario
from model.semantics import Semantics

#: Configurations that are kept at each step.
WIDEST = 4000


def confirmed(
    semantics: Semantics,
    scenario: Scenario,
    path: Sequence[Step],
    ends: Callable[[Configuration], bool],
) -> Space | None:
    """A space of one execution that takes the rows of *path* and *ends* as asked; None when there is none."""
    moves = Moves(semantics, scenario)
    layers: list[dict[Configuration, tuple[Configuration, Step] | None]] = [{(semantics.lifecycle.initial, ()): None}]
    for wanted in path:
        layer: dict[Configuration, tuple[Configuration, Step] | None] = {}
        for before in layers[-1]:
            for step, after in moves.successors(before):
                if step.row == wanted.row and step.exception == wanted.exception and after not in layer:
                    layer[after] = (before, step)
            if len(layer) > WIDEST:
                break
        if not layer:
            return None
        layers.append(layer)
    for last in layers[-1]:
        if ends(last):
            return _line(semantics, scenario, layers, last)
    return None


def _line(
    semantics: Semantics,
    scenario: Scenario,
    layers: list[dict[Configuration, tuple[Configuration, Step] | None]],
    last: Configuration,
) -> Space:
    way: list[tuple[Configuration, Step]] = []
    here = last
    for layer in reversed(layers[1:]):
        parent = layer[here]
        assert parent is not None
        way.append((here, parent[1]))
        here = parent[0]
    way.reverse()
    configurations = [here, *(after for after, _ in way)]
    edges = [[(step, number + 1)] for number, (_, step) in enumerate(way)]
    parents: list[tuple[int, Step] | None] = [None, *((number, step) for number, (_, step) in enumerate(way))]
    return Space(scenario, semantics, configurations, {}, [*edges, []], parents)
