"""``nova-lifecycle restart``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import common, dim, full_lifecycle, named, show_json
from model.lifecycle import Lifecycle
from model.questions.outcomes import Outcome, restart
from model.semantics import Semantics
from model.state import State, parse_pattern, state_name, states


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle restart active/powering-off/running
  nova-lifecycle restart 'error/*/running' --json"""
)
@click.argument("state")
@common
def command(state: str, tables: Path | None, release: str | None, as_json: bool) -> None:
    """What start-up recovery of nova-compute makes of STATE, with nothing in flight: every outcome."""
    lifecycle = full_lifecycle(tables, release)
    found = answers(lifecycle, state)
    if as_json:
        show_json({state_name(lifecycle, one): answer for one, answer in found.items()}, lifecycle)
        return
    show(found, lifecycle)


def answers(lifecycle: Lifecycle, text: str) -> dict[State, tuple[Outcome, ...]]:
    """What recovery makes of each state that *text* means."""
    semantics = Semantics(lifecycle)
    return {one: restart(lifecycle, one, semantics) for one in states(parse_pattern(lifecycle, text))}


def show(found: dict[State, tuple[Outcome, ...]], lifecycle: Lifecycle) -> None:
    """Print *found*."""
    for one, answer in found.items():
        click.echo(state_name(lifecycle, one))
        show_outcomes(one, answer, lifecycle)


def show_outcomes(before: State, found: tuple[Outcome, ...], lifecycle: Lifecycle) -> None:
    """Print the outcomes of one state, with the rows that wrote."""
    for outcome in found:
        unchanged = outcome.state == before and not outcome.destroyed
        text = "unchanged" if unchanged else named(lifecycle, outcome.state, destroyed=outcome.destroyed)
        rows = [row for row in outcome.rows if lifecycle.rows[row].instruction == "save"]
        failed = " after a failure" if outcome.failures else ""
        click.echo(f"  -> {text}{failed}  {dim(' '.join(rows))}")
