"""Tries mutants in several processes, keeps what became of each, and says how it goes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

from checks.mutation.kept import Kept
from checks.mutation.mutants import Mutant, mutants
from checks.mutation.notice import Result, Watch
from checks.properties.catalogue import asked, properties
from checks.properties.definition import OfTables
from model.lifecycle import Lifecycle

#: How many mutants are asked once more of a property that none has refuted.
TRIES = 240
#: Called with the results so far and the number of mutants to try.
Progress = Callable[[Sequence[Result], int], None]

_watch: list[Watch] = []


def mutate(
    lifecycle: Lifecycle,
    scenarios: Sequence[str],
    sample: int | None = None,
    workers: int = 2,
    kept: Kept | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Try every mutant, or *sample* of them (always the same), and say of each who notices it in *scenarios*.

    The mutants are tried in a shuffled order, so that whatever has been tried is a fair sample.  What *kept*
    knows is not tried again, and each result is added to it.
    """
    chosen = list(mutants(lifecycle))
    random.Random(0).shuffle(chosen)  # noqa: S311 - a sample, not a secret
    chosen = chosen[:sample]
    known = {} if kept is None else {result.mutant: result for result in kept.results()}
    results = [known[mutant] for mutant in chosen if mutant in known]
    for result in _tried(lifecycle, scenarios, [mutant for mutant in chosen if mutant not in known], workers):
        results.append(result)
        if kept is not None:
            kept.add(result)
        if progress is not None:
            progress(results, len(chosen))
    return sorted(results, key=lambda result: (result.mutant.row, result.mutant.change))


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


def _tried(lifecycle: Lifecycle, scenarios: Sequence[str], chosen: Sequence[Mutant], workers: int) -> Iterator[Result]:
    if workers == 1:
        watch = Watch(lifecycle, scenarios)
        yield from map(watch.result, chosen)
        return
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(lifecycle, scenarios)) as pool:
        yield from pool.map(_try, chosen)


def _begin(lifecycle: Lifecycle, scenarios: Sequence[str]) -> None:
    _watch[:] = [Watch(lifecycle, scenarios)]


def _try(mutant: Mutant) -> Result:
    return _watch[0].result(mutant)
