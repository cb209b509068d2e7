"""One run of all checks: what is asked of one request at a time, and of several, each in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from checks.expectations import OF_TABLES, Expectations
from checks.lost import of_newest, uncounted, with_lost
from checks.properties.definition import OfTables, Property
from checks.verdict import Report
from checks.workers import workers
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

    The expectations are complete for the newest release alone: in another one nothing is missed that is counted, or
    listed as a value of a known finding.  Nor is what a close look finds in addition.
    """
    names = list(by_default(lifecycle) if scenarios is None else scenarios)
    held = expectations
    if not of_newest(lifecycle):
        held = uncounted(expectations, (*lifecycle.scenarios, OF_TABLES))
    elif closely:
        held = uncounted(expectations, looked_at_twice(lifecycle, names))
    report = _decided(lifecycle, held, names, properties=properties, progress=progress, closely=closely)
    return with_lost(report, expectations, asked_of(lifecycle)) if of_newest(lifecycle) else report


def _decided(
    lifecycle: Lifecycle,
    expectations: Expectations,
    names: list[str],
    *,
    properties: Iterable[str] | None,
    progress: Progress | None,
    closely: bool,
) -> Report:
    from checks.verify import verify

    began = time.perf_counter()
    wanted = None if properties is None else list(properties)
    alone = [name for name in names if lifecycle.scenarios[name].processes == 1]
    several = [name for name in names if lifecycle.scenarios[name].processes != 1]
    say = progress or (lambda _: None)
    if not several:
        return verify(lifecycle, alone, wanted, progress, expectations)
    if not alone:
        return _several(lifecycle, several, wanted, expectations, progress=say, closely=closely)
    with workers(1) as pool:
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


def asked_of(lifecycle: Lifecycle) -> dict[str, frozenset[str]]:
    """The ids of the properties that are asked in each scenario of *lifecycle*, and of the tables alone."""
    from checks.properties.catalogue import properties

    found = {name: frozenset(one.id for one in asked_in(lifecycle, name)) for name in lifecycle.scenarios}
    tables = frozenset(one.id for one in properties(lifecycle) if isinstance(one.form, OfTables))
    return {**found, OF_TABLES: tables}
