"""``nova-lifecycle space``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from cli.common import common, full_lifecycle, one_of, scenario_option, show_json
from model.forget import assumed
from model.space import build_space


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle space
  nova-lifecycle space --scenario crash --json"""
)
@scenario_option
@common
def command(scenario: str, tables: Path | None, release: str | None, as_json: bool) -> None:
    """Build the state space from the tables and print its size."""
    lifecycle = full_lifecycle(tables, release)
    one_of(scenario, lifecycle.scenarios, "scenario")
    space = build_space(lifecycle, scenario)
    lifecycle = assumed(lifecycle, scenario)
    counts = [len(lifecycle.values[name]) for name in lifecycle.state_variables]
    total = 1
    for count in counts:
        total *= count
    kinds = Counter(edge.kind for edge in space.edges)
    taken = Counter(edge.kind for edge in space.edges if edge.taken)
    if as_json:
        sizes = {
            "release": lifecycle.release,
            "scenario": scenario,
            "states": total,
            "reachable": len(space.reached),
            "resting": len(space.resting),
            "configurations": space.configurations,
            "steps": space.steps,
            "edges": dict(sorted(kinds.items())),
            "edges_taken": dict(sorted(taken.items())),
        }
        show_json(sizes, lifecycle)
        return
    click.echo(
        f"{lifecycle.name} {lifecycle.release}, {len(lifecycle.operations)} operations, "
        f"{len(lifecycle.rows)} rows; scenario {scenario}"
    )
    click.echo(f"  states          {' x '.join(map(str, counts))} = {total:,}")
    click.echo(f"  reachable       {len(space.reached):,} ({len(space.resting):,} with nothing in flight)")
    forgotten = lifecycle.scenarios[scenario].forget
    if forgotten:
        click.echo(f"  left out        {', '.join(forgotten)}: whatever is tested of them may be either way")
    click.echo(f"  configurations  {space.configurations:,} with {space.steps:,} steps between them")
    shown = ", ".join(f"{number:,} {kind} ({taken[kind]:,} taken)" for kind, number in sorted(kinds.items()))
    click.echo(f"  edges           {sum(kinds.values()):,}: {shown}")
