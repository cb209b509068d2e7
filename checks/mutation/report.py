"""What mutation says of the tables, as a page: the rates, who notices what, and what nobody notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from checks.expectations import Expected, Survivor
from checks.mutation.mutants import Mutant
from checks.mutation.notice import Result
from checks.properties.definition import Property

HEAD = """\
# Mutation

Is every row of the tables held by some check? Each row is deleted and altered in turn, and the properties are decided
again, by graph search, in the scenarios {scenarios}. A mutant is noticed when a property is violated in a way in which
it was not before (it is refuted), or is not any more in one in which it was.{together} This page is made by
`nova-lifecycle mutate --output docs/mutation.md` from {tried} of {total} mutants.
"""
TOGETHER = " What nobody notices\nwith one request at a time is tried in {names}, with two at once."


def page(
    results: Sequence[Result],
    every: Collection[Mutant],
    rows: Iterable[str],
    scenarios: Sequence[str],
    together: Sequence[str],
    properties: Sequence[Property],
    expected: Expected,
    by_source: Collection[Mutant] | None,
    refuted: Mapping[str, Mutant],
) -> str:
    """The page of *results*, out of *every* mutant of *rows*, tried in *scenarios* and then *together*.

    *by_source*: those that a comparison with the source notices; *refuted*: for a property a mutant that refutes it.
    *properties* are those that are asked there.
    """
    listed = expected.survivors
    alone, at_once = (", ".join(f"`{name}`" for name in names) for names in (scenarios, together))
    further = TOGETHER.format(names=at_once) if together else ""
    head = HEAD.format(scenarios=alone, together=further, tried=len(results), total=len(every))
    lines = [head, *_rates(results, by_source), ""]
    lines += ["## What is done to a row", "", *_changes(results, by_source), "", "## Who notices", ""]
    lines += [
        *_noticing(results, properties, refuted, expected.unrefuted),
        "",
        "## What nobody notices",
        "",
        *_survivors(results, listed, by_source),
        "",
        "## Rows that nothing holds",
        "",
        *_unheld(results, every, rows, listed, by_source),
    ]
    stale = list(stale_reasons(results, every, listed))
    if stale:
        lines += ["", "## Reasons that are none", "", *(f"- {one}" for one in stale)]
    return "\n".join(lines) + "\n"


def survivors(results: Iterable[Result], by_source: Collection[Mutant] | None) -> list[Result]:
    """The mutants that step otherwise somewhere, and that neither a property nor the source notices."""
    return [one for one in results if not one.noticed and one.other and one.mutant not in (by_source or ())]


def reason(mutant: Mutant, listed: Iterable[Survivor]) -> str | None:
    """Why nobody notices *mutant*, as the tables' expectations say; None where they do not."""
    return next((one.reason for one in listed if matches(one, mutant)), None)


def matches(one: Survivor, mutant: Mutant) -> bool:
    """Whether *one* speaks of *mutant*."""
    rows = any(fnmatchcase(mutant.row, pattern) for pattern in one.rows)
    return rows and (not one.changes or any(fnmatchcase(mutant.change, pattern) for pattern in one.changes))


def unexplained(
    results: Iterable[Result], listed: Sequence[Survivor], by_source: Collection[Mutant] | None
) -> list[Result]:
    """The :func:`survivors` of which *listed* does not say why."""
    return [one for one in survivors(results, by_source) if reason(one.mutant, listed) is None]


def stale_reasons(results: Sequence[Result], every: Collection[Mutant], listed: Iterable[Survivor]) -> Iterator[str]:
    """What is said of mutants that are all noticed, or of none of *every* mutant; silent where one was not tried."""
    tried = {result.mutant: result for result in results}
    for one in listed:
        own = [mutant for mutant in every if matches(one, mutant)]
        where = ", ".join(one.rows) + (f" ({', '.join(one.changes)})" if one.changes else "")
        if not own:
            yield f"{where}: there is none"
        elif all(mutant in tried and tried[mutant].noticed for mutant in own):
            yield f"{where}: every one is noticed"


def _unheld(
    results: Sequence[Result],
    every: Collection[Mutant],
    rows: Iterable[str],
    listed: Sequence[Survivor],
    by_source: Collection[Mutant] | None,
) -> Iterator[str]:
    """The rows of which every mutant was tried and none is noticed, each with the reason of what changes most."""
    own: dict[str, list[Result]] = {row: [] for row in rows}
    for one in results:
        own[one.mutant.row].append(one)
    for mutant in set(every) - {one.mutant for one in results}:
        own.pop(mutant.row, None)
    yield "| row | why |"
    yield "|---|---|"
    left = 0
    for row, tried in sorted(own.items()):
        if not any(one.noticed or one.mutant in (by_source or ()) for one in tried):
            left += 1
            yield f"| `{row}` | {_why(tried, listed)} |"
    yield ""
    yield f"{left} of {len(own)} rows."


def _why(tried: Sequence[Result], listed: Sequence[Survivor]) -> str:
    if not tried:
        return "it changes nothing of the record, and cannot fail: there is nothing to alter"
    reasons = dict.fromkeys(reason(one.mutant, listed) or "none given" for one in tried if one.other)
    if reasons:
        return "; ".join(reasons)
    if any(one.fewer for one in tried):
        return "without it steps are gone and none is new, and nothing that must be possible is lost"
    never = "one request at a time never needs it"
    return f"{never}, and with two at once nothing is violated in another way" if tried[0].together else never


def _rates(results: Sequence[Result], by_source: Collection[Mutant] | None) -> Iterator[str]:
    noticed = sum(one.noticed for one in results)
    late = sum(one.noticed and bool(one.together) for one in results)
    same = sum(not one.noticed and not one.fewer and not one.other for one in results)
    fewer = sum(not one.noticed and bool(one.fewer) and not one.other for one in results)
    rows = {one.mutant.row for one in results}
    held = {one.mutant.row for one in results if one.noticed}
    yield "| mutants | | |"
    yield "|---|---|---|"
    early = noticed - late
    yield f"| noticed by a property with one request at a time | {early} | {_share(early, len(results))} |"
    if any(one.together for one in results):
        yield f"| noticed by a property with two at once alone | {late} | {_share(late, len(results))} |"
    if by_source is not None:
        more = sum(one.mutant in by_source and not one.noticed for one in results)
        yield f"| noticed by the comparison with the source alone | {more} | {_share(more, len(results))} |"
        held |= {one.mutant.row for one in results if one.mutant in by_source}
    yield f"| not noticed: no step changes with one request at a time | {same} | {_share(same, len(results))} |"
    yield f"| not noticed: steps are taken away, none is new | {fewer} | {_share(fewer, len(results))} |"
    left = len(results) - noticed - same - fewer
    yield f"| not noticed: steps are new | {left} | {_share(left, len(results))} |"
    yield ""
    differing = len(results) - same
    share = _share(noticed, differing)
    yield f"Of the {differing} that change a step or are noticed, {share} are noticed by a property."
    yield f"{len(held)} of {len(rows)} rows have a mutant that is noticed."


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _changes(results: Sequence[Result], by_source: Collection[Mutant] | None) -> Iterator[str]:
    kinds: dict[str, list[Result]] = {}
    for one in results:
        kinds.setdefault(_kind(one.mutant), []).append(one)
    yield "| change | tried | noticed by a property | only by the source | changes no step |"
    yield "|---|---|---|---|---|"
    for kind, own in sorted(kinds.items()):
        noticed = sum(one.noticed for one in own)
        alone = "" if by_source is None else sum(one.mutant in by_source and not one.noticed for one in own)
        same = sum(not one.noticed and not one.fewer and not one.other for one in own)
        yield f"| {kind} | {len(own)} | {noticed} ({_share(noticed, len(own))}) | {alone} | {same} |"


def _kind(mutant: Mutant) -> str:
    verb, _, rest = mutant.change.partition(" ")
    return f"{verb} ..." if verb in ("omit", "without") and rest else mutant.change


def _noticing(
    results: Sequence[Result],
    properties: Sequence[Property],
    refuted: Mapping[str, Mutant],
    unrefuted: Mapping[str, str],
) -> Iterator[str]:
    noticed: Counter[str] = Counter()
    for one in results:
        noticed.update({notice.property for notice in one.notices})
    yield "What costs least is asked first, and nothing more once somebody has noticed: the numbers are lower bounds."
    yield "A property that noticed nothing so is asked again of what others noticed, until a mutant refutes it."
    yield ""
    yield "| property | notices | is refuted by, for example |"
    yield "|---|---|---|"
    for one_property in properties:
        mutant = refuted.get(one_property.id)
        none = unrefuted.get(one_property.id, "**nothing tried**")
        example = none if mutant is None else f"`{mutant.row}`: {mutant.change}"
        yield f"| {one_property.id} | {noticed[one_property.id]} | {example} |"


def _survivors(
    results: Sequence[Result], listed: Sequence[Survivor], by_source: Collection[Mutant] | None
) -> Iterator[str]:
    left = survivors(results, by_source)
    known = [(one, reason(one.mutant, listed)) for one in left]
    yield "A mutant that changes no step with one request at a time can be noticed only where several run at once. One"
    yield "that only takes steps away makes nothing happen that did not, and what must be possible still is, or someone"
    yield "would notice. The others, with the reason why nobody does with one request at a time:"
    yield ""
    yield "| row | change | steps otherwise in | reason |"
    yield "|---|---|---|---|"
    for one, why in known:
        yield f"| `{one.mutant.row}` | {one.mutant.change} | {', '.join(one.other)} | {why or '**none given**'} |"
    yield ""
    yield f"{sum(why is None for _, why in known)} of {len(known)} have no reason yet."
