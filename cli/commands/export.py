"""``nova-lifecycle export``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cli.common import PLACE, common, full_lifecycle, one_of, scenario_option
from model.errors import Fault, InputError
from model.files import places_for, write_text
from model.forget import assumed
from model.lifecycle import Lifecycle
from model.space import build_space

FORMATS = ("json", "graphml", "dot", "mermaid", "promela")


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle export --format json > nova.json
  nova-lifecycle export --format graphml -o nova.graphml
  nova-lifecycle export --format promela --scenario concurrent-2 --property rest -o nova.pml"""
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="json", show_default=True)
@click.option("-o", "--output", type=PLACE, help="Write to this file instead of standard output.")
@click.option("--all", "everything", is_flag=True, help="dot and mermaid: the states that no execution reaches, too.")
@click.option("--property", "wanted", multiple=True, metavar="ID", help="promela: assert this; may be given again.")
@click.option("-k", "processes", type=click.IntRange(1, 8), help="promela: processes in flight, if not the scenario's.")
@scenario_option
@common
def command(
    form: str, output: Path | None, everything: bool, wanted: tuple[str, ...], processes: int | None, scenario: str,
    tables: Path | None, release: str | None, as_json: bool,
) -> None:  # fmt: skip
    """The whole graph and the tables, sorted, with a version (see docs/export.md)."""
    lifecycle = full_lifecycle(tables, release)
    one_of(scenario, lifecycle.scenarios, "scenario")
    places_for(output)
    if as_json:
        form = "json"
    _meant(form, everything=everything, wanted=wanted, processes=processes)
    if form == "promela":
        text = _promela(lifecycle, scenario, wanted, processes)
    elif form == "json":
        import json

        from model.questions.export import exported

        space = build_space(lifecycle, scenario)
        text = json.dumps(exported(assumed(lifecycle, scenario), space), indent=1, ensure_ascii=False) + "\n"
    elif form == "graphml":
        from model.graph import state_graph
        from model.questions.graphml import graphml

        text = graphml(state_graph(lifecycle, scenario))
    else:
        from render.whole import whole_graph

        text = whole_graph(lifecycle, build_space(lifecycle, scenario), form, everything=everything)
    if output is None:
        sys.stdout.write(text)
    else:
        write_text(output, text)


def _meant(form: str, *, everything: bool, wanted: tuple[str, ...], processes: int | None) -> None:
    """Raise InputError for each option that says nothing about *form*."""
    only = {
        "--all": (everything, ("dot", "mermaid")),
        "--property": (bool(wanted), ("promela",)),
        "-k": (processes is not None, ("promela",)),
    }
    faults = [
        Fault(option, f"it means nothing with --format {form}", f"leave it out, or give --format {' or '.join(able)}")
        for option, (given, able) in only.items()
        if given and form not in able
    ]
    if faults:
        raise InputError(*faults)


def _promela(lifecycle: Lifecycle, scenario: str, wanted: tuple[str, ...], processes: int | None) -> str:
    from checks.export.scenario import exportable, scenario_model
    from checks.properties.catalogue import properties

    known = {one.id: one for one in properties(lifecycle) if exportable(one)}
    for name in wanted:
        one_of(name, known, "property")
    return scenario_model(lifecycle, scenario, tuple(known[name] for name in wanted), processes)
