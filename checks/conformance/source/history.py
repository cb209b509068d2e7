"""Every major release: whether its tables match its source, what changed from the one before, what was found when."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from checks.conformance.source.compare import Conformance, LeftOut
from checks.conformance.source.conform import conform, release_for
from checks.conformance.source.diff import Change, diff
from checks.conformance.source.facts import SourceFacts, as_json
from checks.conformance.source.fetch import KNOWN_HASHES
from model.lifecycle import Lifecycle
from model.load import load

FORMAT = 1
Findings = Callable[[Lifecycle], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Release:
    """One release: ``tables`` is the release of the tables it was held against, ``claimed`` whether it is its own.

    ``unmatched`` holds everything on which the two do not agree, as text; ``changes`` those since ``since``, the
    release before.  ``findings`` counts the findings of the release, None when they were not asked for; ``appeared``
    and ``gone`` are those that the release before had not, or has no more.
    """

    version: str
    tables: str
    claimed: bool
    complete: bool
    counts: Mapping[str, int]
    unmatched: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    since: str | None
    changes: tuple[Change, ...]
    findings: int | None = None
    appeared: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def known_versions() -> list[str]:
    """The versions whose hashes are known, one of each major release, oldest first."""
    versions: dict[str, str] = json.loads(KNOWN_HASHES.read_text(encoding="utf-8"))
    return sorted(versions, key=lambda version: tuple(map(int, version.split("."))))


def known_version(name: str) -> str:
    """The known version of the major release *name*; *name* itself when it is none."""
    return next((version for version in known_versions() if version.split(".")[0] == name), name)


def history(
    releases: Mapping[str, SourceFacts], folder: Path | None = None, findings: Findings | None = None
) -> list[Release]:
    """Each of *releases* (oldest first) held against the tables in *folder*, and its changes since the one before.

    A release that the tables do not claim is held against the oldest that they do.  *findings* names what a lifecycle
    violates; it is asked for each release that the tables claim.
    """
    newest = load(folder)
    claimed = [release for release in newest.releases if not load(folder, release).vocabulary_only]
    made: list[Release] = []
    before: tuple[str, SourceFacts] | None = None
    known: frozenset[str] | None = None
    for version, facts in releases.items():
        own = release_for(version, claimed)
        lifecycle = load(folder, own or claimed[0])
        result = conform(lifecycle, facts)
        found = frozenset(findings(lifecycle)) if findings and own is not None else None
        made.append(
            Release(
                version,
                lifecycle.release,
                own is not None,
                result.complete,
                _counts(result),
                _unmatched(result),
                result.left_out,
                before[0] if before else None,
                tuple(diff(before[1], facts)) if before else (),
                None if found is None else len(found),
                tuple(sorted(found - known)) if found is not None and known is not None else (),
                tuple(sorted(known - found)) if found is not None and known is not None else (),
            )
        )
        before, known = (version, facts), found
    return made


def found_in(lifecycle: Lifecycle, scenarios: Sequence[str]) -> Iterator[str]:
    """What *lifecycle* violates in *scenarios*, by search alone: property, scenario, and what tells the finding."""
    from checks.verify import verify

    for verdict in verify(lifecycle, scenarios, z3=False).verdicts:
        for finding in verdict.findings:
            key = ", ".join(f"{variable}={value}" for variable, value in finding.key.items())
            yield f"{verdict.property} ({verdict.scenario}): {key}"


def _counts(result: Conformance) -> dict[str, int]:
    return {
        "matched": len(result.matched),
        "differing": len(result.differing),
        "only_in_tables": len(result.only_in_tables),
        "only_in_source": len(result.only_in_source),
        "unresolved": len(result.unresolved),
    }


def _unmatched(result: Conformance) -> tuple[str, ...]:
    differing = [
        f"{each.what}: {each.source_place}: the source {each.source_says}; the tables {each.table_says}"
        for each in result.differing
        if each.what not in ("recovery", "synchronisation")
    ]
    treated = [
        f"{each.what} of {each.table_place}: the source {each.source_says}; the tables {each.table_says}"
        for each in result.differing
        if each.what in ("recovery", "synchronisation")
    ]
    tables = [f"only in the tables: {each.what}: {each.place}: {each.says}" for each in result.only_in_tables]
    source = [f"only in the source: {each.what}: {each.place}: {each.says}" for each in result.only_in_source]
    unresolved = [f"unresolved: {each.place}: {each.what}" for each in result.unresolved]
    return (*differing, *treated, *tables, *source, *unresolved)


def history_json(releases: Sequence[Release]) -> str:
    """The history as JSON: the same bytes for the same releases."""
    whole = {"format": FORMAT, "releases": [as_json(release) for release in releases]}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def history_text(releases: Sequence[Release]) -> str:
    """The history as Markdown: one table of all releases, then what changed in each, the newest first."""
    out = ["# Releases", "", "Each major release stands for its newest point release; `make releases` writes this."]
    out += [
        "",
        "| release | tables | matched | differing | tables only | source only | unresolved | changes | findings |",
    ]
    out += ["|---|---|---:|---:|---:|---:|---:|---:|---:|"]
    for each in reversed(releases):
        news = "" if each.findings is None else f"{each.findings} (+{len(each.appeared)} -{len(each.gone)})"
        cells = [each.version, _tables(each), *map(str, each.counts.values()), str(len(each.changes)), news]
        out.append("| " + " | ".join(cells) + " |")
    for each in reversed(releases):
        out += ["", f"## {each.version}", ""]
        if not each.complete:
            out += [f"Not matched completely: {len(each.unmatched)} places, listed in `releases.json`.", ""]
        if each.since is not None:
            out += [f"Since {each.since}:" if each.changes else f"Nothing changed since {each.since}.", ""]
            out += [f"- {change.kind}: {change.sentence}" for change in each.changes]
        out += [f"- left out: `{left.source}`: {left.reason}" for left in each.left_out]
        out += [f"- finding appeared: {name}" for name in each.appeared]
        out += [f"- finding disappeared: {name}" for name in each.gone]
    return "\n".join(out) + "\n"


def _tables(release: Release) -> str:
    if not release.claimed:
        return f"not claimed; held against {release.tables}"
    return "complete" if release.complete else "differs"
