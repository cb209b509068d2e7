"""``nova-lifecycle bugs``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.common import PLACE, common, dim, full_lifecycle, show_json
from model.errors import Fault, InputError
from model.files import places_for, write_text

if TYPE_CHECKING:
    from checks.bugs.corpus import Result

DIFFERS = 1


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle bugs
  nova-lifecycle bugs B001 O-RECLAIM
  nova-lifecycle bugs --json

\b
Exit status: 0 each is found, and none without its bug; 1 one is not; 2 bad input."""
)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--write", "target", type=PLACE, help="Write the page about it into this file.")
@common
def command(
    ids: tuple[str, ...],
    target: Path | None,
    tables: Path | None,
    release: str | None,
    as_json: bool,
) -> int:
    """Put each historical bug back into the tables: found with it and not without; and find those that are open."""
    from checks.bugs.corpus import as_expected, corpus, examine_all
    from checks.bugs.patch import read_inexpressible

    lifecycle = full_lifecycle(tables, release)
    meant = full_lifecycle(None, None)
    if lifecycle.name != meant.name:
        found = f"these are tables of {lifecycle.name!r}, and the bugs are of {meant.name!r}"
        raise InputError(Fault("--tables", found, "give tables of that lifecycle"))
    chosen = corpus(ids)
    places_for(target)
    began = time.perf_counter()
    results: list[Result] = []
    for result in examine_all(chosen, tables, release):
        results.append(result)
        if not as_json:
            show(result, alone=len(chosen) == 1)
    left_out = () if ids else read_inexpressible()
    if as_json:
        show_json({"bugs": results, "not expressible": [dict(one) for one in left_out]}, lifecycle)
    else:
        for one in left_out:
            click.echo(f"{one.id:<11}{'cannot be expressed':<22}{one.title}")
            click.echo(dim(f"{'':<11}missing: {one.missing.strip()}"))
        click.echo(summary(results, len(left_out)) + f", {time.perf_counter() - began:.1f} s")
    if target is not None:
        from checks.bugs.page import page

        write_text(target, page(results, left_out))
    return 0 if all(as_expected(result) for result in results) else DIFFERS


def show(result: Result, *, alone: bool) -> None:
    """Print *result*: a line, and what differs; the trace when it is asked for alone."""
    from checks.bugs.corpus import as_expected

    verdict = "open, found" if result.is_open else "found, not without"
    if not as_expected(result):
        verdict = "NOT FOUND" if not result.found else f"ALSO WITHOUT ({result.without})"
    steps = f"{result.steps} steps" if result.trace else "by the tables"
    where = f"{result.property}, {result.scenario}"
    click.echo(f"{result.id:<11}{verdict:<20}{where:<30}{steps:>13} {result.seconds:6.2f} s  {result.title}")
    for fault in result.refuted:
        click.echo(f"{'':<11}the trace is refuted: {fault}")
    if not alone:
        return
    if result.launchpad:
        click.echo(f"{'':<11}Launchpad " + ", ".join(map(str, result.launchpad)))
    if result.demand:
        click.echo(f"{'':<11}violated: {result.demand}")
    click.echo(f"{'':<11}as: " + ", ".join(f"{name}={value}" for name, value in result.finding.items() if value))
    for number, step in enumerate(result.trace.steps if result.trace else (), 1):
        changes = ", ".join(f"{change.variable}: {change.before} -> {change.after}" for change in step.changes)
        raised = f" raises {step.exception}" if step.exception else ""
        click.echo(f"{number:>10} {step.process:<18}{step.row}{raised}{'  ' + changes if changes else ''}")


def summary(results: Sequence[Result], left_out: int) -> str:
    """The rate, in words."""
    from checks.bugs.corpus import as_expected

    fixed = [result for result in results if not result.is_open]
    still = [result for result in results if result.is_open]
    parts = []
    if fixed:
        found = sum(as_expected(result) for result in fixed)
        parts.append(f"{found} of {len(fixed)} bugs found with and not without ({100 * found / len(fixed):.0f} %)")
    if still:
        parts.append(f"{sum(result.found for result in still)} of {len(still)} open bugs found")
    if left_out:
        parts.append(f"{left_out} that cannot be expressed")
    return ", ".join(parts)
