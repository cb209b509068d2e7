"""``nova-lifecycle mutate``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.common import common, full_lifecycle, one_of, show_json, table

if TYPE_CHECKING:
    from checks.mutation.notice import Result


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle mutate --sample 50
  nova-lifecycle mutate --scenario sequential --json
  nova-lifecycle mutate --keep mutants.jsonl --source 34.0.0 --output docs/mutation.md"""
)
@click.option("--sample", type=click.IntRange(1), help="Only so many mutants, always the same ones.")
@click.option(
    "--scenario", "chosen", multiple=True, help="Where they are tried [default: each with one request at a time]."
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), help="Go on from the results in this file, and add to them.")
@click.option("--source", metavar="PATH|VERSION", help="Say which mutants a comparison with this source notices.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write what was found as a page.")
@common
def command(
    sample: int | None,
    chosen: tuple[str, ...],
    workers: int,
    keep: Path | None,
    source: str | None,
    output: Path | None,
    tables: Path | None,
    release: str | None,
    as_json: bool,
) -> None:
    """Change the tables row by row (delete, drop an expected set, change a value, ...) and see which check notices.

    All mutants of Nova's tables take one to two hours on two cores of their own; --sample 40 takes some minutes, a good
    part of which is the tables as they are.  With --keep a run that was broken off goes on where it was.
    """
    lifecycle = full_lifecycle(tables, release)
    names = chosen or tuple(one.name for one in lifecycle.scenarios.values() if one.processes == 1)
    for name in names:
        one_of(name, lifecycle.scenarios, "scenario")
    from checks.expectations import read_expectations
    from checks.mutation.mutants import mutants
    from checks.mutation.report import page
    from checks.mutation.run import mutate, refuted, tables_digest
    from checks.properties.catalogue import properties
    from model.load import TABLES

    results = mutate(lifecycle, names, sample, workers, keep, tables_digest(tables or TABLES), _progress())
    by_source = None
    if source is not None:
        from checks.conformance.source.releases import facts_of
        from checks.mutation.source import noticed_by_source

        by_source = frozenset(noticed_by_source(lifecycle, facts_of(source), [one.mutant for one in results]))
    if output is not None:
        from model.files import write_text

        listed = read_expectations(tables or TABLES).expected.survivors
        total = sum(1 for _ in mutants(lifecycle))
        examples = refuted(lifecycle, names, results)
        write_text(output, page(results, total, names, properties(lifecycle), listed, by_source, examples))
        return
    if as_json:
        show_json(results, lifecycle)
        return
    table(["row", "change", "noticed by"], [[one.mutant.row, one.mutant.change, _by(one)] for one in results])
    noticed = sum(one.noticed for one in results)
    rate = f"{noticed / len(results):.0%}" if results else "none"
    click.echo(f"\n{noticed} of {len(results)} mutants noticed ({rate})")
    if by_source is not None:
        alone = sum(one.mutant in by_source and not one.noticed for one in results)
        click.echo(f"{alone} more by the comparison with the source")


def _by(one: Result) -> str:
    if one.noticed:
        return " ".join(dict.fromkeys(notice.property for notice in one.notices)) or one.broken
    return "nobody" if one.other else "nobody: steps are taken away" if one.fewer else "nobody: no step changes"


def _progress() -> Callable[[Sequence[Result], int], None]:
    """Says now and then how far it is, and how long the rest will take."""
    began = last = time.monotonic()
    first: list[int] = []

    def say(results: Sequence[Result], total: int) -> None:
        nonlocal last
        now = time.monotonic()
        first.append(len(results)) if not first else None
        if now - last > 20 or len(results) == total:
            last = now
            made = len(results) - first[0] + 1
            left = (now - began) / made * (total - len(results)) / 60
            noticed = sum(one.noticed for one in results)
            click.echo(f"{len(results)} of {total} tried, {noticed} noticed; about {left:.0f} minutes left", err=True)

    return say
