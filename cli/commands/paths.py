"""``nova-lifecycle paths``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import common, dim, full_lifecycle, heading, named, one_of, scenario_option, show_json
from model.errors import Fault, InputError
from model.forget import assumed
from model.lifecycle import Lifecycle
from model.network import build_network
from model.paths import Answer as Paths
from model.paths import Path as Way
from model.paths import Question, Search
from model.state import parse_pattern

KINDS = ("request", "step", "failure", "event", "periodic", "recovery", "admin", "outside", "crash")
MOST = 1000


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle paths active/none/running stopped
  nova-lifecycle paths active shelved_offloaded --avoid 'error/*' --shortest 3
  nova-lifecycle paths active error --via resize --kinds request,step,failure
  nova-lifecycle paths 'stopped/none' 'active/none' --scenario crash --json"""
)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--avoid", multiple=True, metavar="STATE", help="States not to pass; may be given again.")
@click.option("--via", multiple=True, metavar="OPERATION", help="An operation to pass through; may be given again.")
@click.option("--kinds", help="Only steps of these kinds, separated by commas: " + ", ".join(KINDS) + ".")
@click.option("--shortest", default=5, show_default=True, type=click.IntRange(1, MOST), help="How many paths to list.")
@scenario_option
@common
def command(
    source: str, target: str, avoid: tuple[str, ...], via: tuple[str, ...], kinds: str | None, shortest: int,
    scenario: str, tables: Path | None, release: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Paths FROM one state TO another, shortest first; and why there is none, when there is none."""
    lifecycle = full_lifecycle(tables, release)
    one_of(scenario, lifecycle.scenarios, "scenario")
    if lifecycle.scenarios[scenario].processes not in (0, 1):
        raise InputError(
            Fault("--scenario", f"{scenario} has several requests at once", "ask for one request at a time")
        )
    network = build_network(lifecycle, scenario)
    lifecycle = assumed(lifecycle, scenario)
    asked = question(lifecycle, source, target, avoid, via, kinds)
    answer = Search(lifecycle, network, asked).answer(shortest)
    if as_json:
        show_json(answer, lifecycle)
        return
    show(answer, lifecycle, shortest)


def question(
    lifecycle: Lifecycle, source: str, target: str, avoid: tuple[str, ...], via: tuple[str, ...], kinds: str | None
) -> Question:
    """What is asked, from the words of it; InputError for a name that is none."""
    for name in via:
        one_of(name, lifecycle.operations, "operation")
    return Question(
        parse_pattern(lifecycle, source, "FROM"),
        parse_pattern(lifecycle, target, "TO"),
        tuple(parse_pattern(lifecycle, text, "--avoid") for text in avoid),
        via,
        frozenset(one_of(kind.strip(), KINDS, "kinds") for kind in kinds.split(",")) if kinds is not None else None,
    )


def show(answer: Paths, lifecycle: Lifecycle, shortest: int) -> None:
    """Print *answer*: the count before the list."""
    if answer.reason is not None:
        click.echo(f"no path: {answer.reason}")
        return
    if answer.length == 0:
        click.echo("already there")
        return
    click.echo(
        f"{answer.count:,} shortest path{'s' if answer.count != 1 else ''} of {answer.length} steps; "
        f"listing {len(answer.paths)} (--shortest {shortest}), the longer ones after them"
    )
    for number, path in enumerate(answer.paths, 1):
        click.echo()
        show_path(number, path, lifecycle)


def show_path(number: int, path: Way, lifecycle: Lifecycle) -> None:
    """Print one path, a step a line; a step that leaves the state as it is is dimmed."""
    click.echo(heading(f"{number}. {named(lifecycle, path.start)}"))
    before = path.start
    for step in path.steps:
        failure = f" ({step.exception})" if step.exception else ""
        text = f"   {named(lifecycle, step.state):<45} {step.kind:<9} {step.row}{failure}"
        click.echo(dim(text) if step.state == before else text)
        before = step.state
