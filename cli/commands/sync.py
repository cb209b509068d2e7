"""``nova-lifecycle sync``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.commands.restart import show_outcomes
from cli.common import common, full_lifecycle, show_json
from model.errors import Fault, InputError, nearest
from model.lifecycle import Lifecycle
from model.questions.outcomes import Outcome, synchronised
from model.semantics import Semantics
from model.state import State, parse_pattern, state_name, states, value_number


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle sync active/none/running --driver shutdown
  nova-lifecycle sync 'stopped/none/*' --driver running"""
)
@click.argument("state")
@click.option("--driver", required=True, metavar="POWER", help="What the hypervisor reports.")
@common
def command(state: str, driver: str, tables: Path | None, release: str | None, as_json: bool) -> None:
    """What one run of power synchronisation does in STATE when the driver reports POWER: every outcome."""
    lifecycle = full_lifecycle(tables, release)
    seen, found = answers(lifecycle, state, driver)
    if as_json:
        show_json({state_name(lifecycle, one): answer for one, answer in found.items()}, lifecycle)
        return
    show(found, seen, lifecycle)


def answers(lifecycle: Lifecycle, text: str, driver: str) -> tuple[int, dict[State, tuple[Outcome, ...]]]:
    """What the synchronisation makes of each state that *text* means, and the number of the value that is reported."""
    variable = lifecycle.state_variables[2]
    seen = value_number(lifecycle, variable, driver)
    if seen is None:
        legal = [value.name for value in lifecycle.values[variable]]
        near = nearest(driver, legal)
        hint = f"did you mean {near}? " if near else ""
        raise InputError(Fault("--driver", f"no {variable} {driver!r}", f"{hint}legal: {', '.join(legal)}"))
    semantics = Semantics(lifecycle)
    return seen, {one: synchronised(lifecycle, one, seen, semantics) for one in states(parse_pattern(lifecycle, text))}


def show(found: dict[State, tuple[Outcome, ...]], seen: int, lifecycle: Lifecycle) -> None:
    """Print *found*."""
    for one, answer in found.items():
        click.echo(f"{state_name(lifecycle, one)}, driver reports {lifecycle.variables[2].values[seen]}")
        show_outcomes(one, answer, lifecycle)
