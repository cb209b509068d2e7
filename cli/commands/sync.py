"""``nova-lifecycle sync``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import common, dim, full_lifecycle, named, show_json
from model.errors import Fault, InputError, nearest
from model.questions.outcomes import synchronised
from model.state import parse_pattern, state_name, states, value_number


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle sync active/none/running --driver shutdown
  nova-lifecycle sync 'stopped/none/*' --driver running"""
)
@click.argument("state")
@click.option("--driver", required=True, metavar="POWER", help="What the hypervisor reports.")
@common
def command(state: str, driver: str, tables: Path | None, release: str | None, as_json: bool) -> None:  # noqa: FBT001
    """What one run of power synchronisation does in STATE when the driver reports POWER: every outcome."""
    lifecycle = full_lifecycle(tables, release)
    variable = lifecycle.state_variables[2]
    seen = value_number(lifecycle, variable, driver)
    if seen is None:
        legal = [value.name for value in lifecycle.values[variable]]
        near = nearest(driver, legal)
        hint = f"did you mean {near}? " if near else ""
        raise InputError(Fault("--driver", f"no {variable} {driver!r}", f"{hint}legal: {', '.join(legal)}"))
    answers = {one: synchronised(lifecycle, one, seen) for one in states(parse_pattern(lifecycle, state))}
    if as_json:
        show_json({state_name(lifecycle, one): answer for one, answer in answers.items()}, lifecycle)
        return
    for one, answer in answers.items():
        click.echo(f"{state_name(lifecycle, one)}, driver reports {lifecycle.variables[2].values[seen]}")
        for outcome in answer:
            unchanged = outcome.state == one and not outcome.destroyed
            text = "unchanged" if unchanged else named(lifecycle, outcome.state, destroyed=outcome.destroyed)
            rows = [row for row in outcome.rows if lifecycle.rows[row].writes]
            failed = " after a failure" if outcome.failures else ""
            click.echo(f"  -> {text}{failed}  {dim(' '.join(rows))}")
