"""``nova-lifecycle operations``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import common, dim, full_lifecycle, heading, one_of, show_json
from cli.table import table


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle operations
  nova-lifecycle operations --kind periodic
  nova-lifecycle operations resize"""
)
@click.argument("name", required=False)
@click.option("--kind", type=click.Choice(["request", "admin", "event", "periodic", "recovery", "outside"]))
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@common
def command(
    name: str | None,
    kind: str | None,
    language: str,
    tables: Path | None,
    release: str | None,
    as_json: bool,
) -> None:
    """Every operation; or one with all of its rows: guard, steps, failures, each with its place in Nova's source."""
    lifecycle = full_lifecycle(tables, release)
    if name is not None:
        operation = lifecycle.operations[one_of(name, lifecycle.operations, "operation")]
        rows = [lifecycle.rows[row] for row in operation.rows]
        if as_json:
            show_json({"operation": operation, "rows": rows}, lifecycle)
            return
        click.echo(f"{heading(operation.name)}  {operation.meaning.en}  {operation.meaning.zh}")
        click.echo(dim(f"{operation.kind} by {operation.actor}: {operation.action or '-'}  {operation.command or ''}"))
        table(
            ["row", "service", "expects", "writes", "source"],
            [
                [
                    row.id.removeprefix(f"{operation.name}/"),
                    row.service,
                    "" if row.expect is None else " ".join(sorted(row.expect)),
                    " ".join(f"{variable}={value}" for variable, value in row.writes),
                    row.source,
                ]
                for row in rows
            ],
        )
        return
    chosen = [one for one in lifecycle.operations.values() if kind in (None, one.kind)]
    if as_json:
        show_json(chosen, lifecycle)
        return
    table(
        ["operation", "kind", "actor", "action", "meaning"],
        [
            [one.name, one.kind, one.actor, one.action or "-", one.meaning.zh if language == "zh" else one.meaning.en]
            for one in chosen
        ],
    )
