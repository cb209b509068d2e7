"""``nova-lifecycle mutate``."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.common import PLACE, common, full_lifecycle, one_of, show_json
from cli.table import table
from model.files import places_for, write_text

if TYPE_CHECKING:
    from checks.mutation.mutants import Mutant
    from checks.mutation.notice import Result
    from checks.properties.definition import Property
    from model.lifecycle import Lifecycle

DIFFERS = 1
#: How many requests run at once in the scenario that is asked last.
AT_ONCE = 2
#: Seconds between two lines that say how far it is.
INTERVAL = 20


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle mutate --sample 50
  nova-lifecycle mutate --scenario sequential --json
  nova-lifecycle mutate --keep mutants.jsonl --source 34.0.0 --output docs/mutation.md

\b
Exit status: 0 whatever takes new steps is noticed, by a property or by the comparison with --source, or the
expectations of the tables say why not, and (without --sample) some mutant refutes each property; 1 something is not,
or a reason is given for what is noticed; 2 bad input."""
)
@click.option("--sample", type=click.IntRange(1), help="Only so many mutants, always the same ones.")
@click.option(
    "--scenario",
    "chosen",
    multiple=True,
    help="Where they are tried [default: each with one request at a time, then the first with two at once].",
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--keep", type=PLACE, help="Go on from the results in this file, and add to them.")
@click.option("--source", metavar="PATH|VERSION", help="Say which mutants a comparison with this source notices.")
@click.option("--output", "-o", type=PLACE, help="Write what was found as a page.")
@common
def command(
    sample: int | None,
    chosen: tuple[str, ...],
    workers: int,
    keep: Path | None,
    source: str | None,
    output: Path | None,
    tables: Path | None,
    release: str | None,
    as_json: bool,
) -> int:
    """Change the tables row by row (delete, drop an expected set, change a value, ...) and see which check notices.

    All mutants of Nova's tables take one to two hours on two cores of their own; --sample 40 takes some minutes, a good
    part of which is the tables as they are.  What nobody notices with one request at a time is tried with two at once.
    With --keep a run that was broken off goes on where it was.
    """
    lifecycle = full_lifecycle(tables, release)
    names, together = _scenarios(lifecycle, chosen)
    places_for(output)
    from checks.expectations import read_expectations
    from checks.mutation.kept import Kept
    from checks.mutation.mutants import mutants
    from checks.mutation.report import page, stale_reasons, unexplained
    from checks.mutation.run import mutate, refuted
    from checks.properties.catalogue import properties
    from model.load import TABLES

    expected = read_expectations(tables or TABLES, lifecycle.scenarios).expected
    facts = None
    if source is not None:
        from checks.conformance.source.releases import facts_of

        facts = facts_of(source)
    kept = None if keep is None else Kept(keep, lifecycle, names, together)
    results = mutate(lifecycle, names, together, sample, workers, kept, _progress())
    by_source = None
    if facts is not None:
        from checks.mutation.source import noticed_by_source

        by_source = frozenset(noticed_by_source(lifecycle, facts, [one.mutant for one in results]))
    every = list(mutants(lifecycle))
    open_ = unexplained(results, expected.survivors, by_source)
    stale = list(stale_reasons(results, every, expected.survivors))
    whole = sample is None
    examples = refuted(lifecycle, names, results) if whole or output is not None else {}
    known = [one for one in properties(lifecycle) if _told(one, lifecycle, names)]
    free = [one.id for one in known if whole and one.id not in examples and one.id not in expected.unrefuted]
    if output is not None:
        text = page(results, every, lifecycle.rows, names, together, known, expected, by_source, examples)
        write_text(output, text)
    elif as_json:
        show_json(results, lifecycle)
    else:
        _show(results, by_source)
    for mutant in (one.mutant for one in open_):
        click.echo(f"nobody notices, and no reason is given: {mutant.row}: {mutant.change}", err=True)
    for reason in stale:
        click.echo(f"a reason that is none: {reason}", err=True)
    for name in free:
        click.echo(f"no mutant refutes {name}", err=True)
    return DIFFERS if open_ or stale or free else 0


def _scenarios(lifecycle: Lifecycle, chosen: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The *chosen* scenarios, or the usual ones: those with one request at a time, and those with two at once."""
    every = lifecycle.scenarios.values()
    alone = [one.name for one in every if one.processes == 1]
    together = [one.name for one in every if one.processes == AT_ONCE and not one.crash and not one.lose]
    for name in chosen:
        one_of(name, [*alone, *together], "scenario")
    if not chosen:
        return tuple(alone), tuple(together[:1])
    return tuple(name for name in alone if name in chosen), tuple(name for name in together if name in chosen)


def _told(one: Property, lifecycle: Lifecycle, names: Sequence[str]) -> bool:
    """Whether *one* is asked of the tables, or in one of the scenarios of these *names*."""
    from checks.properties.catalogue import asked
    from checks.properties.definition import OfTables

    return isinstance(one.form, OfTables) or any(asked(one, lifecycle.scenarios[name]) for name in names)


def _show(results: Sequence[Result], by_source: Collection[Mutant] | None) -> None:
    table(["row", "change", "noticed by"], [[one.mutant.row, one.mutant.change, _by(one)] for one in results])
    noticed = sum(one.noticed for one in results)
    rate = f"{noticed / len(results):.0%}" if results else "none"
    click.echo(f"\n{noticed} of {len(results)} mutants noticed ({rate})")
    if by_source is not None:
        alone = sum(one.mutant in by_source and not one.noticed for one in results)
        click.echo(f"{alone} more by the comparison with the source")


def _by(one: Result) -> str:
    if one.noticed:
        return " ".join(dict.fromkeys(notice.property for notice in one.notices)) or one.broken
    return "nobody" if one.other else "nobody: steps are taken away" if one.fewer else "nobody: no step changes"


def _progress() -> Callable[[Collection[Result], int], None]:
    """Says now and then how far it is, and how long the rest will take."""
    began = last = time.monotonic()
    first, before = 0, -1

    def say(results: Collection[Result], left: int) -> None:
        nonlocal began, last, first, before
        now = time.monotonic()
        if left > before:  # what follows is tried with several requests at once
            began, first = now, left + 1
        before = left
        if now - last > INTERVAL or not left:
            last = now
            minutes = (now - began) / (first - left) * left / 60
            noticed = sum(one.noticed for one in results)
            click.echo(f"{len(results)} tried, {noticed} noticed; {left} left, about {minutes:.0f} minutes", err=True)

    return say
