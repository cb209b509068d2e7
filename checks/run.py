"""One run of all checks: what is asked of one request at a time, and of several, each in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

from checks.expectations import Expectations
from checks.properties.definition import Property
from checks.verdict import Report
from model.forget import assumed
from model.lifecycle import Lifecycle

Progress = Callable[[str], None]
#: More requests at once than this take minutes: only when asked for.
MOST_BY_DEFAULT = 2


def run(
    lifecycle: Lifecycle,
    expectations: Expectations,
    *,
    scenarios: Iterable[str] | None = None,
    properties: Iterable[str] | None = None,
    progress: Progress | None = None,
    closely: bool = False,
) -> Report:
    """Decide *properties* (all by default) in *scenarios* (by default all but those of minutes), by all engines.

    Scenarios with several requests at once are explored in a second process meanwhile; *closely*, what two at once
    leave unconfirmed is looked at in a second space.  KeyError for a scenario that does not exist.
    """
    from checks.verify import verify

    began = time.perf_counter()
    names = list(by_default(lifecycle) if scenarios is None else scenarios)
    wanted = None if properties is None else list(properties)
    alone = [name for name in names if lifecycle.scenarios[name].processes == 1]
    several = [name for name in names if lifecycle.scenarios[name].processes != 1]
    say = progress or (lambda _: None)
    if not several:
        return verify(lifecycle, alone, wanted, progress, expectations)
    if not alone:
        return _several(lifecycle, several, wanted, expectations, progress=say, closely=closely)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        other = pool.submit(_several, lifecycle, several, wanted, expectations, closely=closely)
        first = verify(lifecycle, alone, wanted, progress, expectations)
        say("several requests at once: " + ", ".join(several))
        second = other.result()
    return replace(
        first,
        verdicts=(*first.verdicts, *second.verdicts),
        sizes=(*first.sizes, *second.sizes),
        seconds=time.perf_counter() - began,
    )


def _several(
    lifecycle: Lifecycle,
    names: list[str],
    wanted: list[str] | None,
    expectations: Expectations,
    *,
    progress: Progress | None = None,
    closely: bool = False,
) -> Report:
    """What is asked of several requests at once: loaded where it is decided, for it takes most of a second."""
    from checks.concurrency.verdicts import verify_concurrent

    return verify_concurrent(lifecycle, names, wanted, expectations, progress=progress, closely=closely)


def by_default(lifecycle: Lifecycle) -> tuple[str, ...]:
    """The scenarios that are decided when none is named: any number of requests at once, or at most two.

    Two at once with crashes or lost messages are not among them: together they take a minute.
    """
    return tuple(
        name
        for name, each in lifecycle.scenarios.items()
        if each.processes is None or each.processes <= (1 if each.crash or each.lose else MOST_BY_DEFAULT)
    )


def looked_at_twice(lifecycle: Lifecycle, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the scenarios *names* in which a close look finds more: with two requests at once, or any number."""
    return tuple(name for name in names if lifecycle.scenarios[name].processes in (None, MOST_BY_DEFAULT))


def asked_in(lifecycle: Lifecycle, name: str) -> tuple[Property, ...]:
    """The properties that a run decides in the scenario *name*."""
    from checks.concurrency.verdicts import asked_of_several
    from checks.verify import asked_of_one

    scenario = lifecycle.scenarios[name]
    several = scenario.processes != 1
    return asked_of_several(lifecycle, scenario) if several else asked_of_one(assumed(lifecycle, name), scenario)
