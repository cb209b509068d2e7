"""What is possible from everywhere: every reachable configuration, and every state with nothing in flight.

The states that no execution reaches are taken out of context: the other variables by the tables' defaults.  Failures
are not needed to get to the goal, so that none is taken on the way.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from checks.meaning import Meaning, Moment
from checks.properties.definition import Possible
from model.explore import Configuration, Space, completed, explore
from model.lifecycle import Lifecycle, Scenario
from model.state import states


@dataclass(frozen=True, slots=True)
class Everywhere:
    """A space closed under the steps that are allowed on the way; the first ``asked`` configurations are asked.

    ``distances`` counts how many more processes must start on the way to the goal, for each configuration from which
    it can be reached: what is in flight goes on by itself.
    """

    space: Space
    asked: int
    distances: dict[int, int]


def applies(form: Possible, scenario: Scenario) -> bool:
    """Whether *form* is asked everywhere in *scenario*: only requests start, and nothing but a step fails."""
    plain = not scenario.crash and not scenario.lose and not scenario.forget and scenario.kinds == {"request"}
    return form.everywhere and plain and scenario.processes == 1


def every_state(lifecycle: Lifecycle) -> list[Configuration]:
    """Every state with nothing in flight."""
    counts = [len(lifecycle.values[name]) for name in lifecycle.state_variables]
    return [(completed(lifecycle, state), ()) for state in states(tuple(tuple(range(count)) for count in counts))]


def everywhere(space: Space, form: Possible) -> Everywhere:
    """The configurations of *space* and every state, with everything that they lead to, and the distances there."""
    semantics = space.semantics
    starts = list(dict.fromkeys([*space.configurations, *every_state(semantics.lifecycle)]))
    wider = explore(semantics, replace(space.scenario, fail=False), starts)
    meaning = Meaning(semantics)
    distances: dict[int, int] = {}
    backwards: list[list[tuple[int, int]]] = [[] for _ in wider.configurations]
    todo: deque[tuple[int, int]] = deque()
    for number, leaving in enumerate(wider.edges):
        place = wider.configurations[number]
        if meaning.true(form.goal, Moment(place, place)):
            todo.append((number, 0))
        for step, to in leaving:
            if step.process >= 0 or step.kind in form.kinds:
                backwards[to].append((number, int(step.process < 0)))
    while todo:
        number, distance = todo.popleft()
        if number not in distances:
            distances[number] = distance
            for before, cost in backwards[number]:
                (todo.append if cost else todo.appendleft)((before, distance + cost))
    return Everywhere(wider, len(starts), distances)
