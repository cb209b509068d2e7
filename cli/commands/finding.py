"""``nova-lifecycle finding``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checks.verdict import Finding, Verdict
from cli.common import PLACE, common, dim, format_for, full_lifecycle, heading
from cli.table import table
from model.errors import Fault, InputError, nearest
from model.files import places_for
from model.lifecycle import Lifecycle
from model.load import TABLES

if TYPE_CHECKING:
    from checks.find import Found


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle finding                     lists all
  nova-lifecycle finding rest/crash/1        opens one: what, trace, source, Launchpad
  nova-lifecycle finding O-SHELVE            by the name of a known one; of several, the shortest
  nova-lifecycle finding O-SHELVE --replay   and has the checker take its trace once more
  nova-lifecycle finding rest/crash/1 -o trace.svg"""
)
@click.argument("name", required=False)
@click.option("-o", "--output", type=PLACE, help="Draw the trace into this file (.svg, .png).")
@click.option("--replay", is_flag=True, help="Have the checker, which searches nothing, take the trace step by step.")
@common
def command(
    name: str | None, output: Path | None, replay: bool, tables: Path | None, release: str | None, as_json: bool
) -> int:
    """Open a finding: what it is, the shortest trace to it, its place in the source, its Launchpad numbers.

    An id, PROPERTY/SCENARIO/NUMBER, counts the findings of one run in their order: it shifts when the tables change.
    What stays is the name of a known one, and what tells a finding apart.
    """
    lifecycle = full_lifecycle(tables, release)
    from checks.expectations import read_expectations
    from checks.find import find, listed
    from checks.kept import kept_report
    from checks.properties.catalogue import properties
    from cli.commands.verify import Progress

    expectations = read_expectations(tables or TABLES, lifecycle.scenarios)
    if name is None:
        if replay or output is not None:
            option = "--replay" if replay else "--output"
            raise InputError(Fault(option, "no finding is named", "give its NAME; nova-lifecycle finding lists all"))
        with Progress(shown=True) as say:
            every = listed(kept_report(lifecycle, expectations, say))
        _list({one.id: (one.verdict, one.finding) for one in every}, as_json=as_json)
        return 0
    places_for(output)
    form = format_for(output)
    known = [pattern.name for pattern in expectations.expected.findings]
    ids = [one.id for one in properties(lifecycle)]
    if name not in known and name.split("/")[0] not in ids:
        if tables is None and _in_corpus(name, release, plainly=not (as_json or replay or output is not None)):
            return 0
        raise _unknown(name, known, ids, lifecycle)
    with Progress(shown=True) as say:
        chosen = find(lifecycle, expectations, name, say)
    if not chosen:
        raise _unknown(name, known, ids, lifecycle)
    if (replay or output is not None) and chosen[0].finding.trace is None:
        raise InputError(Fault("NAME", f"{chosen[0].id} has no trace", "it is a finding about the tables alone"))
    first = chosen[0]
    if output is not None:
        _draw(lifecycle, first.finding, first.id, output, form)
    if as_json:
        plain = {one.id: _plain(one.verdict, one.finding) for one in chosen}
        click.echo(json.dumps(plain, indent=1, ensure_ascii=False))
    else:
        show(first.id, first.verdict, first.finding)
        if chosen[1:]:
            click.echo(dim(f"{len(chosen) - 1} more: " + ", ".join(one.id for one in chosen[1:])))
    return _replay(lifecycle, first, quiet=as_json) if replay else 0


def _replay(lifecycle: Lifecycle, found: Found, *, quiet: bool) -> int:
    """Check the trace of *found* once more; exit status 1 when it is refuted."""
    from checks.find import faults

    assert found.finding.trace is not None
    wrong = faults(lifecycle, found)
    if not quiet:
        steps = len(found.finding.trace.steps)
        said = "; ".join(wrong) or "each is one that the tables allow, and it ends in the violation"
        click.echo(f"replayed: {steps} steps, {said}")
    return int(bool(wrong))


def _in_corpus(name: str, release: str | None, *, plainly: bool) -> bool:
    """Show the bug called *name*, searched for anew, if the corpus has one; whether it has.

    Raises InputError when it has, and should not be shown *plainly*.
    """
    from checks.bugs.corpus import corpus, examine_all
    from cli.commands.bugs import show as show_bug

    try:
        chosen = corpus((name,))
    except InputError:
        return False
    if not plainly:
        raise InputError(Fault("NAME", f"{name} is a bug of the corpus", f"ask nova-lifecycle bugs {name}"))
    for result in examine_all(chosen, None, release):
        show_bug(result, alone=True)
    return True


def _unknown(name: str, known: list[str], ids: list[str], lifecycle: Lifecycle) -> InputError:
    head, _, rest = name.partition("/")
    scenarios = [*lifecycle.scenarios, "tables"]
    if head in ids and rest.partition("/")[0] not in scenarios:
        hint = f"write it {head}/SCENARIO/NUMBER, with a scenario of {', '.join(scenarios)}; "
    else:
        near = None if head in ids else nearest(name, [*known, *ids])
        hint = f"did you mean {near}? " if near else ""
    return InputError(Fault("NAME", f"no finding {name!r}", f"{hint}nova-lifecycle finding lists all"))


def _plain(verdict: Verdict, finding: Finding) -> dict[str, Any]:
    known = [asdict(one) for one in verdict.known if one.name in finding.names]
    return {"property": verdict.property, "scenario": verdict.scenario, **asdict(finding), "known": known}


def _list(listed: dict[str, tuple[Verdict, Finding]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({key: _plain(*pair) for key, pair in listed.items()}, indent=1, ensure_ascii=False))
        return
    table(
        ["finding", "known as", "count", "steps", "what tells it"],
        [
            [
                key,
                " ".join(finding.names) or "-",
                f"{finding.count:,}",
                str(len(finding.trace.steps)) if finding.trace else "-",
                " ".join(f"{variable}={value}" for variable, value in finding.key.items()),
            ]
            for key, (_, finding) in listed.items()
        ],
    )


def show(key: str, verdict: Verdict, finding: Finding) -> None:
    """Print one finding with its trace: what changed at each step and by which row, unchanged values dimmed."""
    click.echo(heading(key) + "  " + " ".join(f"{name}={value}" for name, value in finding.key.items()))
    for known in verdict.known:
        if known.name in finding.names:
            numbers = ", ".join(f"LP {number}" for number in known.launchpad)
            click.echo(f"{known.name}: {known.what.get('en', '')}{f'  ({numbers})' if numbers else ''}")
            click.echo(dim(known.source))
    click.echo(dim(f"{verdict.property} in {verdict.scenario}; {finding.count:,} configurations; {finding.source}"))
    if finding.trace is None:
        click.echo()
        return
    from checks.traces import lines

    for line in lines(finding.trace):
        click.echo(line)
    click.echo()


def _draw(lifecycle: Lifecycle, finding: Finding, key: str, output: Path, form: str) -> None:
    assert finding.trace is not None
    from model.files import write_bytes
    from render.figures.trace import trace_picture
    from render.registry import render_picture

    title = f"{finding.names[0]}: {key}" if finding.names else key
    write_bytes(output, render_picture(trace_picture(lifecycle, finding.trace, "trace", title), form))
