"""The whole comparison of a source with the tables that are meant for it: what stands there, and what it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from checks.conformance.source.behaviour import recovery_differences, synchronisation_differences
from checks.conformance.source.compare import Conformance, Difference, compare
from checks.conformance.source.facts import SourceFacts
from checks.conformance.source.sync import FILE, NAME, OWNER
from model.lifecycle import Lifecycle


def conform(lifecycle: Lifecycle, facts: SourceFacts) -> Conformance:
    """:func:`compare`, and what start-up recovery and power synchronisation do to every state, as differences."""
    found = compare(lifecycle, facts)
    recovery = [
        Difference("recovery", state, str(place), ours, theirs)
        for state, place, ours, theirs in recovery_differences(lifecycle, facts)
    ]
    places = [place for place in facts.functions if place.function == f"{OWNER}.{NAME}"]
    stands = str(places[0]) if places else FILE
    synchronisation = [
        Difference("synchronisation", state, stands, ours, theirs)
        for state, ours, theirs in synchronisation_differences(lifecycle, facts)
    ]
    return replace(found, differing=(*found.differing, *recovery, *synchronisation))


def release_for(version: str | None, releases: Sequence[str]) -> str | None:
    """The release of the tables that is meant for the source of *version*: itself, or that of its major number.

    >>> release_for("33.0.2", ["32", "33", "34.0.0"])
    '33'
    >>> release_for("34.1.0", ["33", "34.0.0"])
    '34.0.0'

    None when the version is unknown, or the tables know nothing of its major release.
    """
    major = (version or "").split(".")[0]
    exact = [release for release in releases if release == version]
    return next(iter(exact or [release for release in releases if release.split(".")[0] == major]), None)


def format_conformance(result: Conformance, root: Path | None = None) -> str:
    """The result as text: counts, then everything that does not match, with both sides and their places."""
    alone = (("only in the tables", result.only_in_tables), ("only in the source", result.only_in_source))
    counts = [f"{len(result.matched)} matched", f"{len(result.differing)} differ"]
    counts += [f"{len(items)} {where}" for where, items in alone]
    counts += [f"{len(result.unresolved)} unresolved"]
    out = [f"Nova {result.version or root or 'of unknown version'}: {', '.join(counts)}"]
    for difference in result.differing:
        out.append(f"differs: {difference.what}: {difference.source_place}")
        out.append(f"    the source: {difference.source_says}")
        out.append(f"    the tables: {difference.table_says} ({difference.table_place})")
    for where, items in alone:
        out += [f"{where}: {item.what}: {item.place}: {item.says}" for item in items]
    out += [f"unresolved: {item.place}: {item.what}" for item in result.unresolved]
    out += [f"left out: {item.source} ({item.count}): {item.reason}" for item in result.left_out]
    return "\n".join(out) + "\n"
