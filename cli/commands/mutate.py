"""``nova-lifecycle mutate``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import common, full_lifecycle, one_of, show_json, table


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle mutate --sample 50
  nova-lifecycle mutate --scenario sequential --json"""
)
@click.option("--sample", type=click.IntRange(1), help="Only so many mutants, always the same ones.")
@click.option("--scenario", "chosen", multiple=True, default=("sequential",), show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)
@common
def command(
    sample: int | None, chosen: tuple[str, ...], workers: int, tables: Path | None, release: str | None, as_json: bool
) -> None:
    """Change the tables row by row (delete, drop an expected set, change a value, ...) and see which check notices."""
    lifecycle = full_lifecycle(tables, release)
    for name in chosen:
        one_of(name, lifecycle.scenarios, "scenario")
    from checks.mutation import mutate

    results = mutate(lifecycle, tuple(chosen), sample, workers)
    caught = [result for result in results if result.caught]
    if as_json:
        show_json(results, lifecycle)
        return
    table(
        ["row", "change", "noticed by"],
        [[one.mutant.row, one.mutant.change, " ".join(one.properties) or "nobody"] for one in results],
    )
    rate = f"{len(caught) / len(results):.0%}" if results else "none"
    click.echo(f"\n{len(caught)} of {len(results)} mutants noticed ({rate}); {len(results) - len(caught)} survive")
