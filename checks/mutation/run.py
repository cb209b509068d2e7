"""Tries mutants in several processes, keeps what became of each, and says how it goes."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from checks.mutation.kept import Kept
from checks.mutation.mutants import Mutant, mutants, mutated
from checks.mutation.notice import Result, Watch
from checks.mutation.several import Several
from checks.properties.catalogue import asked, properties
from checks.properties.definition import OfTables
from checks.workers import workers as processes
from model.lifecycle import Lifecycle

T = TypeVar("T")
#: How many mutants are asked once more of a property that none has refuted.
TRIES = 240
#: Called with the results so far and how many are still to be made.
Progress = Callable[[Collection[Result], int], None]

_trials: list[_Trials] = []


def mutate(
    lifecycle: Lifecycle,
    scenarios: Sequence[str],
    together: Sequence[str] = (),
    sample: int | None = None,
    workers: int = 2,
    kept: Kept | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Try every mutant, or *sample* of them (always the same), and say of each who notices it in *scenarios*.

    What nobody notices there is tried in the scenarios *together*, with several requests at once.  The mutants are
    tried in a shuffled order, so that whatever has been tried is a fair sample.  What *kept* knows is not tried again,
    and each result is added to it.
    """
    chosen = list(mutants(lifecycle))
    random.Random(0).shuffle(chosen)  # noqa: S311 - a sample, not a secret
    chosen = chosen[:sample]
    known = {} if kept is None else {result.mutant: result for result in kept.results()}
    results = {mutant: known[mutant] for mutant in chosen if mutant in known}

    def become(todo: int, made: Iterator[Result]) -> None:
        for number, result in enumerate(made, 1):
            results[result.mutant] = result
            if kept is not None:
                kept.add(result)
            if progress is not None:
                progress(results.values(), todo - number)

    trials = (lifecycle, scenarios, together)
    new = [mutant for mutant in chosen if mutant not in results]
    become(len(new), _each(_alone, new, workers, trials))
    late = [one for one in results.values() if together and not one.noticed and one.together != (*together,)]
    become(len(late), _each(_at_once, late, workers, trials))
    return sorted(results.values(), key=lambda result: (result.mutant.row, result.mutant.change))


def refuted(
    lifecycle: Lifecycle, scenarios: Sequence[str], results: Sequence[Result], tries: int = TRIES
) -> dict[str, Mutant]:
    """For each property a mutant that refutes it: one of *results*, or the first of *tries* that are asked again.

    A property that is asked late sees only what nobody noticed before; so it is asked of what others noticed as well.
    """
    found = {
        notice.property: result.mutant for result in reversed(results) for notice in result.notices if notice.refutes
    }
    watch = Watch(lifecycle, scenarios)
    noticed = [(result.mutant, {notice.scenario for notice in result.notices}) for result in results if result.notices]
    random.Random(0).shuffle(noticed)  # noqa: S311 - from all over the tables
    for one in properties(lifecycle):
        if one.id not in found and not isinstance(one.form, OfTables):
            # what is noticed late, in the last of the scenarios in which the property is asked, is most like it
            there = [name for name in scenarios if asked(one, lifecycle.scenarios[name])]
            likely = sorted(
                noticed, key=lambda pair: max(map(there.index, pair[1] & {*there}), default=-1), reverse=True
            )
            again = (mutant for mutant, _ in likely[:tries] if watch.refutes(mutant, one.id))
            for mutant in islice(again, 1):
                found[one.id] = mutant
    return found


class _Trials:
    """The tables as they are in all scenarios, and what tries a mutant there."""

    def __init__(self, lifecycle: Lifecycle, scenarios: Sequence[str], together: Sequence[str]) -> None:
        self.lifecycle = lifecycle
        self.watch = Watch(lifecycle, scenarios)
        self.several = [Several(lifecycle, name) for name in together]

    def at_once(self, result: Result) -> Result:
        """*result*, of a mutant that nobody notices with one request, with who does so with several."""
        mutant = mutated(self.lifecycle, result.mutant)
        notices = next(filter(None, (one.notices(mutant) for one in self.several)), ())
        return replace(result, notices=notices, together=tuple(one.scenario.name for one in self.several))


def _each(
    what: Callable[[T], Result],
    items: Sequence[T],
    workers: int,
    trials: tuple[Lifecycle, Sequence[str], Sequence[str]],
) -> Iterator[Result]:
    """*what* becomes of each of *items*, in their order."""
    if not items:
        return
    if workers == 1:
        _begin(*trials)
        yield from map(what, items)
        return
    with processes(workers, _begin, trials) as pool:
        yield from pool.map(what, items)


def _begin(lifecycle: Lifecycle, scenarios: Sequence[str], together: Sequence[str]) -> None:
    _trials[:] = [_Trials(lifecycle, scenarios, together)]


def _alone(mutant: Mutant) -> Result:
    return _trials[0].watch.result(mutant)


def _at_once(result: Result) -> Result:
    return _trials[0].at_once(result)
