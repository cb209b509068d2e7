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

SHOWN = 4


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


def _alike(differences: Sequence[Difference]) -> dict[tuple[str, str, str, str], list[str]]:
    """The places in the tables (or the states) by what both sides say of them."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for each in differences:
        key = (each.what, each.source_place, each.source_says, each.table_says)
        found.setdefault(key, []).append(each.table_place)
    return found


def format_conformance(result: Conformance, root: Path | None = None) -> str:
    """The result as text: counts, then everything that does not match, with both sides and their places."""
    alone = (("only in the tables", result.only_in_tables), ("only in the source", result.only_in_source))
    counts = [f"{len(result.matched)} matched", f"{len(result.differing)} differ"]
    counts += [f"{len(items)} {where}" for where, items in alone]
    counts += [f"{len(result.unresolved)} unresolved"]
    out = [f"Nova {result.version or root or 'of unknown version'}: {', '.join(counts)}"]
    for (what, place, theirs, ours), places in _alike(result.differing).items():
        more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
        out.append(f"differs: {what}: {place}")
        out.append(f"    the source: {theirs}")
        out.append(f"    the tables: {ours} ({', '.join(places[:SHOWN])}{more})")
    for where, items in alone:
        out += [f"{where}: {item.what}: {item.place}: {item.says}" for item in items]
    out += [f"unresolved: {item.place}: {item.what}" for item in result.unresolved]
    out += [f"left out: {item.source} ({item.count}): {item.reason}" for item in result.left_out]
    return "\n".join(out) + "\n"
