"""What is possible from everywhere: every reachable configuration, and every state with nothing in flight.

The states that no execution reaches are taken out of context: the other variables by the tables' defaults.  Failures
are not needed to get to the goal, so that none is taken on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from checks.anatomy import Anatomy
from checks.graph.arrays import Backwards, Flags, distances
from checks.graph.view import Moments, View
from checks.past import NOTHING
from checks.properties.definition import Possible
from model.explore import Configuration, Space, completed, explore
from model.lifecycle import Lifecycle, Scenario
from model.state import states


@dataclass(frozen=True, slots=True)
class Everywhere:
    """A space closed under the steps that are allowed on the way; the first ``asked`` configurations are asked.

    ``distances`` counts how many more processes must start on the way to the goal, for each configuration from which
    it can be reached: what is in flight goes on by itself.  ``premise`` says where the question is asked.
    """

    space: Space
    asked: int
    distances: dict[int, int]
    premise: Flags


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
    starts = every_state(semantics.lifecycle)
    asked = len({*space.numbers, *starts})
    calm = explore(semantics, replace(space.scenario, fail=False), starts, known=space)
    wider = View(calm, Anatomy(semantics.lifecycle))
    none = np.zeros(wider.size, np.int64)
    here = Moments(np.arange(wider.size), np.arange(wider.size), none - 1, none, [NOTHING])
    starting = wider.which(lambda step: step.process < 0 and step.kind in form.kinds)[wider.taken]
    running = wider.which(lambda step: step.process >= 0)[wider.taken]
    costly, free = (Backwards(wider.source[edges], wider.target[edges], wider.size) for edges in (starting, running))
    ways = distances(np.flatnonzero(wider.holds(form.goal, here)), costly, free)
    known = {number: way for number, way in enumerate(ways.tolist()) if way >= 0}
    return Everywhere(wider.space, asked, known, wider.holds(form.premise, here))
