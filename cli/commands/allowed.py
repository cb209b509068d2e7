"""``nova-lifecycle allowed``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import common, full_lifecycle, show_json
from cli.table import table
from model.errors import Fault, InputError
from model.lifecycle import Lifecycle
from model.questions.allowed import Allowed, Cell, allowed, matrix
from model.state import State, parse_pattern, state_name, states


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle allowed ACTIVE/None/RUNNING
  nova-lifecycle allowed error/deleting
  nova-lifecycle allowed --matrix"""
)
@click.argument("state", required=False)
@click.option("--matrix", "as_matrix", is_flag=True, help="Operations by the first state variable.")
@common
def command(state: str | None, as_matrix: bool, tables: Path | None, release: str | None, as_json: bool) -> None:
    """Which API actions pass their guard in STATE, what else each asks for, and where Nova says so."""
    lifecycle = full_lifecycle(tables, release)
    if as_matrix:
        cells = matrix(lifecycle)
        if as_json:
            show_json(cells, lifecycle)
            return
        columns = list(lifecycle.variables[0].values)
        table(
            ["operation", *columns],
            [[name, *(_shown(cells[name][column]) for column in columns)] for name in cells],
        )
        click.echo("\nThe cell says with which " + lifecycle.state_variables[1] + "; * is any.")
        return
    if state is None:
        raise InputError(Fault("STATE", "no state given", "give a state, or --matrix"))
    found = answers(lifecycle, state)
    if as_json:
        show_json({state_name(lifecycle, one): answer for one, answer in found.items()}, lifecycle)
        return
    show(found, lifecycle)


def answers(lifecycle: Lifecycle, text: str) -> dict[State, tuple[Allowed, ...]]:
    """What passes its guard in each state that *text* means; the third variable decides nothing and is left out."""
    pattern = parse_pattern(lifecycle, text)
    without_third = pattern[:2] + tuple((values[0],) for values in pattern[2:])
    return {one: allowed(lifecycle, one) for one in states(without_third)}


def show(found: dict[State, tuple[Allowed, ...]], lifecycle: Lifecycle) -> None:
    """Print *found*."""
    for one, answer in found.items():
        shown = "/".join(state_name(lifecycle, one).split("/")[:2])
        click.echo(f"{shown}: {len(answer)} operations pass their guard" if answer else f"{shown}: nothing passes")
        if answer:
            table(
                ["operation", "who", "also needs", "source"],
                [
                    [
                        row.operation,
                        row.actor,
                        " ".join(f"{name}={'|'.join(values)}" for name, values in row.needs),
                        row.source,
                    ]
                    for row in answer
                ],
            )


def _shown(cell: Cell) -> str:
    if cell.every:
        return "*"
    if len(cell.values) > 2:
        return f"{cell.values[0]} +{len(cell.values) - 1}"
    return " ".join(cell.values) or "."
