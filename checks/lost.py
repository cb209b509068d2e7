"""What a run must find: of every known finding each value that it lists, and as many as are counted.

How many there are of each name is compared verdict by verdict (:func:`checks.expectations.compared`).  Here a whole run
is looked at: a known finding may be met in one of its scenarios with one value, and in another with the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from checks.expectations import Expectations, Pattern, listed_values, matches
from checks.verdict import Report, Verdict
from model.lifecycle import Lifecycle

#: A property, by its id, and a scenario in which it is asked.
Pair = tuple[str, str]


def of_newest(lifecycle: Lifecycle) -> bool:
    """Whether *lifecycle* is that of the newest release: what is counted is what that one has."""
    return lifecycle.release == lifecycle.releases[-1]


def uncounted(expectations: Expectations, scenarios: Collection[str]) -> Expectations:
    """*expectations* that do not say how many findings there are in *scenarios*."""
    counts = {
        one: {name: numbers for name, numbers in named.items() if name not in scenarios}
        for one, named in expectations.expected.counts.items()
    }
    return Expectations(expectations.expected.model_copy(update={"counts": counts}))


def with_lost(report: Report, expectations: Expectations, asked: Mapping[str, Collection[str]]) -> Report:
    """*report* with each value of a known finding that no finding has, beside the first verdict where it might.

    *asked* are the properties of each scenario, ``tables`` among them.  A value is only missed where the run has
    decided the property in all scenarios of the known finding in which it is asked.
    """
    verdicts = {(one.property, one.scenario): one for one in report.verdicts}
    for pattern in expectations.expected.findings:
        for one in pattern.properties:
            pairs = [(one, name) for name in pattern.scenarios or asked if one in asked.get(name, ())]
            if pairs and all(pair in verdicts for pair in pairs):
                lost = tuple(_lost(pattern, [verdicts[pair] for pair in pairs]))
                first = verdicts[pairs[0]]
                verdicts[pairs[0]] = replace(first, unexpected=(*first.unexpected, *lost))
    return replace(report, verdicts=tuple(verdicts[one.property, one.scenario] for one in report.verdicts))


def _lost(pattern: Pattern, verdicts: Collection[Verdict]) -> Iterator[str]:
    """Each value of *pattern* that no finding of *verdicts* has; none where it is not found at all, which is told."""
    keys = [one.key for verdict in verdicts for one in verdict.findings if matches(pattern.when, one.key)]
    for variable, value in listed_values(pattern) if keys else ():
        if all(key.get(variable) != value for key in keys):
            yield f"expected and not found: {pattern.name} {variable}={value}"
