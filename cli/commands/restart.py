"""``nova-lifecycle restart``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import common, dim, full_lifecycle, named, show_json
from model.questions.outcomes import restart
from model.state import parse_pattern, state_name, states


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle restart active/powering-off/running
  nova-lifecycle restart 'error/*/running' --json"""
)
@click.argument("state")
@common
def command(state: str, tables: Path | None, release: str | None, as_json: bool) -> None:  # noqa: FBT001
    """What start-up recovery of nova-compute makes of STATE, with nothing in flight: every outcome."""
    lifecycle = full_lifecycle(tables, release)
    answers = {one: restart(lifecycle, one) for one in states(parse_pattern(lifecycle, state))}
    if as_json:
        show_json({state_name(lifecycle, one): answer for one, answer in answers.items()}, lifecycle)
        return
    for one, answer in answers.items():
        click.echo(state_name(lifecycle, one))
        for outcome in answer:
            unchanged = outcome.state == one and not outcome.destroyed
            text = "unchanged" if unchanged else named(lifecycle, outcome.state, destroyed=outcome.destroyed)
            rows = [row for row in outcome.rows if lifecycle.rows[row].writes and "guard" not in row]
            failed = " after a failure" if outcome.failures else ""
            click.echo(f"  -> {text}{failed}  {dim(' '.join(rows))}")
