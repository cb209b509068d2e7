"""``nova-lifecycle states``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import VOCABULARY_ONLY, common, heading, lifecycle_for, one_of, show_json
from cli.table import table


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle states
  nova-lifecycle states task_state --language zh
  nova-lifecycle states --release 2015.1 --json"""
)
@click.argument("variable", required=False)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@common
def command(variable: str | None, language: str, tables: Path | None, release: str | None, as_json: bool) -> None:
    """Every state variable with its values: constant, wire name, number, group, meaning."""
    lifecycle = lifecycle_for(tables, release)
    wanted = (
        [one_of(variable, lifecycle.state_variables, "variable")]
        if variable is not None
        else list(lifecycle.state_variables)
    )
    if as_json:
        values = {name: lifecycle.values[name] for name in wanted}
        show_json({"release": lifecycle.release, "variables": values, "sets": lifecycle.sets}, lifecycle)
        return
    counts = [len(lifecycle.values[name]) for name in lifecycle.state_variables]
    total = 1
    for count in counts:
        total *= count
    click.echo(f"{lifecycle.name} {lifecycle.release}: {' x '.join(map(str, counts))} = {total:,} states")
    if lifecycle.vocabulary_only:
        click.echo(VOCABULARY_ONLY)
    for name in wanted:
        click.echo()
        click.echo(heading(name))
        table(
            ["constant", "wire name", "number", "group", "meaning"],
            [
                [
                    value.name,
                    "-" if value.wire is None else value.wire,
                    "" if value.number is None else f"0x{value.number:02x}",
                    value.group,
                    value.meaning.zh if language == "zh" else value.meaning.en,
                ]
                for value in lifecycle.values[name]
            ],
        )
    sets = [named for named in lifecycle.sets if named.variable in wanted]
    if sets:
        click.echo()
        click.echo(heading("named sets"))
        table(["set", "variable", "values"], [[one.name, one.variable, " ".join(one.values)] for one in sets])
