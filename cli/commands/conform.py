"""``nova-lifecycle conform``: the tables against Nova's source, recorded runs, notifications and pages."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import PLACE, common, full_lifecycle, show_json
from model.load import load

DIFFERS = 1
FILES = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=PLACE)


@click.group(
    epilog="""\b
Examples:
  nova-lifecycle conform source 34.0.0
  nova-lifecycle conform source ~/src/nova --json
  nova-lifecycle conform runs recording.jsonl.gz
  nova-lifecycle conform notifications collected.jsonl
  nova-lifecycle conform docs ~/src/nova/doc/source/reference/vm-states.rst
The exit status is 1 when something differs, a line is broken, or nothing was judged."""
)
def command() -> None:
    """Compare the tables with Nova's source, recorded runs, notifications or its page on states."""


@command.command(
    epilog="""\b
Examples:
  nova-lifecycle conform source 34.0.0
  nova-lifecycle conform source 33
  nova-lifecycle conform source ~/src/nova --release 34.0.0"""
)
@click.argument("where", metavar="PATH|VERSION")
@common
def source(where: str, tables: Path | None, release: str | None, as_json: bool) -> int:
    """Compare both ways with a directory, an sdist, or a version that is fetched; nothing of it is executed.

    A directory is compared with the tables of the release that its PKG-INFO tells, or of the newest one.
    """
    from checks.conformance.source.conform import conform, format_conformance, release_for
    from checks.conformance.source.history import known_version
    from checks.conformance.source.releases import facts_of

    facts = facts_of(known_version(where))
    meant = release or release_for(facts.version, load(tables).releases)
    lifecycle = full_lifecycle(tables, meant)
    result = conform(lifecycle, facts)
    if as_json:
        show_json(result, lifecycle)
    else:
        if facts.version and meant is None:
            click.echo(
                f"no tables are claimed for {facts.version}: compared with those of {lifecycle.release}", err=True
            )
        click.echo(format_conformance(result, Path(where)), nl=False)
    return 0 if result.complete else DIFFERS


@command.command(
    epilog="""\b
Examples:
  nova-lifecycle conform runs recording.jsonl.gz
  nova-lifecycle conform runs day-*.jsonl.gz --json"""
)
@FILES
@common
def runs(files: tuple[Path, ...], tables: Path | None, release: str | None, as_json: bool) -> int:
    """Replay recorded runs: every write must be explained by a row; rows that were never seen are listed."""
    from checks.conformance.runs import format_report, keys_of, replay_files, rows_of, vocabulary_of

    lifecycle = full_lifecycle(tables, release)
    report = replay_files(rows_of(lifecycle), vocabulary_of(lifecycle, keys_of(lifecycle), {}), files)
    if as_json:
        show_json(report, lifecycle)
    else:
        click.echo(format_report(report), nl=False)
    return 0 if report.conforms else DIFFERS


@command.command(
    epilog="""\b
Examples:
  nova-lifecycle conform notifications collected.jsonl
  nova-lifecycle conform notifications monday.jsonl.gz tuesday.jsonl.gz"""
)
@FILES
@click.option(
    "--skew", default=1.0, show_default=True, type=click.FloatRange(0), help="Seconds by which senders' clocks differ."
)
@common
def notifications(
    files: tuple[Path, ...], skew: float, tables: Path | None, release: str | None, as_json: bool
) -> int:  # fmt: skip
    """Judge versioned notifications of a cloud, one JSON a line, in any order.

    Gaps, where messages are missing, are listed and are no difference.
    """
    from checks.conformance.notifications import format_notifications, judge_notifications
    from checks.conformance.runs import keys_of, placed_lines, rows_of, vocabulary_of

    lifecycle = full_lifecycle(tables, release)
    vocabulary = vocabulary_of(lifecycle, keys_of(lifecycle), {})
    report = judge_notifications(rows_of(lifecycle), vocabulary, placed_lines(files), skew_seconds=skew)
    if as_json:
        show_json(report, lifecycle)
    else:
        click.echo(format_notifications(report), nl=False)
    return 0 if report.conforms else DIFFERS


@command.command(
    epilog="""\b
Examples:
  nova-lifecycle conform docs ~/src/nova/doc/source/reference/vm-states.rst"""
)
@click.argument("path", type=PLACE)
@common
def docs(path: Path, tables: Path | None, release: str | None, as_json: bool) -> int:
    """List what Nova's page on states says and the model denies, each with the line and the source that proves it."""
    from checks.conformance.documentation import (
        compare_documentation,
        documented_operations,
        format_contradictions,
        names_of,
    )

    lifecycle = full_lifecycle(tables, release)
    report = compare_documentation(path, documented_operations(lifecycle), names_of(lifecycle))
    if as_json:
        show_json(report, lifecycle)
    else:
        click.echo(format_contradictions(report), nl=False)
    return DIFFERS if report.contradictions else 0
