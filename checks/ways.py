"""What is possible with variables forgotten, with all of them: a way to the goal from each configuration that is asked.

With variables forgotten more is possible than with all: a way there need not be one of the full lifecycle.  So for each
configuration of the smaller space that is asked, and for each value that the forgotten variables can have there
(:mod:`checks.values`), the way is taken in the full lifecycle, led by the distances of the smaller space.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from checks.confirm import Confirmer
from checks.graph.arrays import Ints
from checks.meaning import Moment, Place
from checks.past import NOTHING, Remembers
from checks.properties.definition import Possible
from model.explore import Step

#: A configuration of the full lifecycle, and the steps from it to the goal with where each leads.
Way = tuple[Place, list[tuple[Step, Place]]]
#: Configurations that the search for one way may look at.
LIMIT = 500


def ways(confirmer: Confirmer, form: Possible, distances: Ints) -> list[Way] | None:
    """A way to the goal of *form* from every configuration that it asks of; None when one has none.

    *distances* are those of the smaller space, by node (-1: none).  None, too, when it asks of configurations with
    processes in flight: what those remember is not enumerated.
    """
    projection, meaning = confirmer.projection, confirmer.meaning
    places = projection.places
    product = projection.product
    if product.what != Remembers():
        return None
    near: dict[int, int] = {}
    for common, distance in zip(projection.commons.tolist(), distances.tolist(), strict=True):
        if distance >= 0:
            near[common] = min(distance, near.get(common, distance))
    found: list[Way] = []
    for node, (configuration, _) in enumerate(product):
        if not projection.possible[node]:
            continue
        record, inflight = product.view.space.configurations[configuration]
        for full in places.values.records(record, frozenset(places.kept)) if not inflight else [record]:
            place: Place = (full, ())
            if not meaning.true(form.premise, Moment((full, inflight), (full, inflight))):
                continue
            if inflight:
                return None
            way = _way(confirmer, form, place, lambda there: near.get(projection.number((there, NOTHING))))
            if way is None:
                return None
            found.append((place, way))
    return found


def _way(
    confirmer: Confirmer, form: Possible, start: Place, near: Callable[[Place], int | None]
) -> list[tuple[Step, Place]] | None:
    """Steps from *start* to the goal, each nearer to it than the one before; None when there are none."""
    true = confirmer.meaning.true
    seen = {start}
    stack: list[tuple[Place, list[tuple[Step, Place]]]] = [(start, [])]
    while stack and len(seen) < LIMIT:
        place, way = stack.pop()
        if true(form.goal, Moment(place, place)):
            return way
        here = near(place)
        for step, after in _allowed(confirmer, form, place):
            there = near(after)
            if after not in seen and there is not None and (here is None or there < here):
                seen.add(after)
                stack.append((after, [*way, (step, after)]))
    return None


def _allowed(confirmer: Confirmer, form: Possible, place: Place) -> Iterator[tuple[Step, Place]]:
    for step, after in confirmer.successors(place):
        if step.kind in form.kinds if step.process < 0 else not step.spontaneous:
            yield step, after
