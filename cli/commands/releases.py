"""``nova-lifecycle releases``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import PLACE, full_lifecycle, heading, one_of
from model.errors import Fault, InputError
from model.files import folder_at, write_text


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle releases
  nova-lifecycle releases 33 34
  nova-lifecycle releases 34.0.0 ~/src/nova
  nova-lifecycle releases -o output --findings sequential --findings crash"""
)
@click.argument("older", metavar="[A", required=False)
@click.argument("newer", metavar="B]", required=False)
@click.option("-o", "--output", type=PLACE, help="Write releases.json and releases.md here.")
@click.option(
    "--findings", "scenarios", multiple=True, metavar="SCENARIO", help="Also which findings appeared and disappeared."
)
@click.option("--tables", type=PLACE, help="A folder with the tables of another lifecycle.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON, for machines.")
def command(
    older: str | None, newer: str | None, output: Path | None, scenarios: tuple[str, ...], tables: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """What changed in the life of an instance from release A to release B (versions or paths).

    Without A and B: every major release, whether the tables match its source, and how much changed.  Sources are
    fetched and read once, which takes minutes, and kept.
    """
    if (older is None) is not (newer is None):
        raise InputError(Fault("B", "only one release is named", "name two releases, or none"))
    if older is not None and newer is not None:
        show_changes(older, newer, as_json=as_json)
        return
    from functools import partial

    from checks.conformance.source.history import found_in, history, history_json, history_text, known_versions
    from checks.conformance.source.releases import facts_of_releases

    lifecycle = full_lifecycle(tables, None)
    for scenario in scenarios:
        one_of(scenario, lifecycle.scenarios, "findings")
    if output is not None:
        folder_at(output)  # before the work of minutes, not after it
    asked = partial(found_in, scenarios=scenarios) if scenarios else None
    releases = history(facts_of_releases(known_versions()), tables, asked)
    if output is not None:
        write_text(output / "releases.json", history_json(releases))
        write_text(output / "releases.md", history_text(releases))
    elif as_json:
        click.echo(history_json(releases), nl=False)
    else:
        for each in releases:
            held = "complete" if each.complete else f"{len(each.unmatched)} places not matched"
            held += "" if each.claimed else f" (not claimed; held against {each.tables})"
            changed = f"{len(each.changes)} changes since {each.since}" if each.since else "the oldest"
            click.echo(f"{each.version:<8} {each.counts['matched']:>5} matched, {held}; {changed}")


def show_changes(older: str, newer: str, *, as_json: bool) -> None:
    """Print what changed from *older* to *newer*."""
    import json

    from checks.conformance.source.diff import diff
    from checks.conformance.source.facts import as_json as plain
    from checks.conformance.source.history import known_version
    from checks.conformance.source.releases import facts_of

    changes = diff(facts_of(known_version(older)), facts_of(known_version(newer)))
    if as_json:
        click.echo(json.dumps(plain(changes), indent=2, ensure_ascii=False))
        return
    click.echo(heading(f"{older} -> {newer}: {len(changes)} changes"))
    for change in changes:
        click.echo(f"{change.kind}: {change.sentence}" + (f"\n    {change.place}" if change.place else ""))
