"""``nova-lifecycle explain``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.commands.paths import show_path
from cli.commands.restart import show_outcomes
from cli.common import common, dim, full_lifecycle, heading, named, one_of, scenario_option, show_json
from cli.table import table
from model.forget import assumed
from model.lifecycle import Lifecycle
from model.network import build_network
from model.questions.explain import Explanation, explain
from model.space import build_space
from model.state import parse_state, state_name


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle explain error/deleting/shutdown
  nova-lifecycle explain ACTIVE/None/RUNNING --language zh
  nova-lifecycle explain soft-delete/deleting/shutdown --scenario crash --json"""
)
@click.argument("state")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@scenario_option
@common
def command(
    state: str,
    language: str,
    scenario: str,
    tables: Path | None,
    release: str | None,
    as_json: bool,
) -> None:
    """What STATE means, how one gets there, what may happen next, what a restart does, what frees it."""
    lifecycle = full_lifecycle(tables, release)
    one_of(scenario, lifecycle.scenarios, "scenario")
    wanted = parse_state(lifecycle, state)
    space, network = build_space(lifecycle, scenario), build_network(lifecycle, scenario)
    view = assumed(lifecycle, scenario)
    answer = explain(lifecycle, view, space, network, wanted)
    if as_json:
        show_json(answer, lifecycle)
        return
    show(answer, lifecycle, view, language, scenario)


def show(answer: Explanation, lifecycle: Lifecycle, view: Lifecycle, language: str, scenario: str) -> None:
    """Print *answer*; what the scenario (which sees *view*) has forgotten of a state is shown as ``*``."""
    wanted = answer.state
    click.echo(heading(state_name(lifecycle, wanted)))
    for variable, value in zip(lifecycle.state_variables, answer.values, strict=True):
        meaning = value.meaning.zh if language == "zh" else value.meaning.en
        click.echo(f"  {variable:<12} {value.name:<28} {meaning}")
    click.echo(f"  status       {answer.status or '-'}")
    if answer.resting:
        click.echo(f"  reachable    yes, with nothing in flight (scenario {scenario})")
    elif answer.reachable:
        click.echo(f"  reachable    only while something is in flight (scenario {scenario})")
    else:
        click.echo(
            f"  reachable    no execution of scenario {scenario} comes here; what follows is what the rows would do"
        )
    if answer.arrival is not None:
        click.echo(heading("\nhow one gets here (the shortest way)"))
        show_path(1, answer.arrival, view)
    click.echo(heading("\nwhat may happen next"))
    for follow in answer.follows[:24]:
        text = f"  {named(view, follow.state):<45} {follow.kind:<9} {' '.join(follow.rows[:3])}"
        click.echo(text if follow.taken else dim(text))
    if len(answer.follows) > 24:
        click.echo(f"  and {len(answer.follows) - 24} more: --json lists all")
    if not answer.follows:
        click.echo("  nothing")
    click.echo(heading("\nwho can act"))
    if answer.allowed:
        table(
            ["  operation", "who", "source"], [[f"  {one.operation}", one.actor, one.source] for one in answer.allowed]
        )
    else:
        click.echo("  no request passes its guard")
    click.echo(heading("\nwhat a restart of nova-compute does"))
    show_outcomes(wanted, answer.restart, lifecycle)
    click.echo(heading("\nwhat frees it"))
    if not answer.frees:
        click.echo("  no request does, as long as its service answers")
    for name, after, destroyed in answer.frees:
        click.echo(f"  {name:<22} -> {named(lifecycle, after, destroyed=destroyed)}")
