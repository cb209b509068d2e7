"""``nova-lifecycle verify``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import Self

import click

from checks.verdict import Report, Verdict, fails
from cli.common import PLACE, common, dim, full_lifecycle, one_of
from cli.table import table
from model.errors import Fault, InputError
from model.files import folder_at, places_for, write_text
from model.load import TABLES

DIFFERS = 1


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle verify
  nova-lifecycle verify --property rest --scenario crash
  nova-lifecycle verify --scenario sequential --bounded 12
  nova-lifecycle verify --json --junit report.xml --sarif report.sarif
  nova-lifecycle verify --tables path/to/other/tables

\b
Exit status: 0 every verdict is as expected; 1 one differs; 2 bad input; 3 a defect of this program."""
)
@click.option("--property", "wanted", multiple=True, metavar="ID", help="Only this property; may be given again.")
@click.option("--scenario", "chosen", multiple=True, metavar="NAME", help="Only this scenario; may be given again.")
@click.option(
    "--bounded",
    "most",
    type=click.IntRange(min=1),
    metavar="N",
    help="Also show by z3 that no counterexample of up to N steps is shorter than those found.",
)
@click.option(
    "--closely", is_flag=True, help="Look twice at what two requests at once leave unconfirmed (takes twice as long)."
)
@click.option("--junit", type=PLACE, help="Write a JUnit report to this file.")
@click.option("--sarif", type=PLACE, help="Write a SARIF report to this file.")
@click.option("--write", "folder", type=PLACE, help="Write report and evidence into this folder.")
@click.option("--quiet", is_flag=True, help="No progress.")
@common
def command(
    wanted: tuple[str, ...],
    chosen: tuple[str, ...],
    most: int | None,
    closely: bool,
    junit: Path | None,
    sarif: Path | None,
    folder: Path | None,
    quiet: bool,
    tables: Path | None,
    release: str | None,
    as_json: bool,
) -> int:
    """Decide every property in every scenario, by two engines, and compare with what is expected.

    Scenarios with three requests at once, and those with two and crashes or lost messages, take a minute and more:
    name them (--scenario concurrent-3, --scenario crash-2) to have them decided.
    """
    lifecycle = full_lifecycle(tables, release)
    from checks.expectations import read_expectations
    from checks.kept import keep_parts, keep_report
    from checks.lost import of_newest
    from checks.never_asked import refuse_never_asked
    from checks.properties.catalogue import properties
    from checks.run import asked_of, by_default, looked_at_twice, run

    places_for(junit, sarif)
    if folder is not None:
        folder_at(folder)
    expectations = read_expectations(tables or TABLES, lifecycle.scenarios)
    if of_newest(lifecycle):
        refuse_never_asked(tables or TABLES, expectations, asked_of(lifecycle))
    known = [one.id for one in properties(lifecycle)]
    for name in wanted:
        one_of(name, known, "property")
    for name in chosen:
        one_of(name, lifecycle.scenarios, "scenario")
    if closely and not looked_at_twice(lifecycle, chosen or by_default(lifecycle)):
        able = ", ".join(looked_at_twice(lifecycle, lifecycle.scenarios)) or "these tables have none"
        found = "none of these scenarios has two requests at once, where alone there is a second look"
        raise InputError(Fault("--closely", found, f"leave it out, or name one that has: {able}"))
    with Progress(shown=not quiet and not as_json) as say:
        report = run(
            lifecycle,
            expectations,
            scenarios=chosen or None,
            properties=wanted or None,
            progress=say,
            closely=closely,
        )
        if not (chosen or wanted or closely):
            keep_report(lifecycle, expectations, report)
        elif not closely:
            keep_parts(lifecycle, expectations, report)
        if most is not None:
            from checks.bounded import with_lengths

            report = with_lengths(report, lifecycle, most, say)
    if not report.verdicts:
        remedy = "see docs/properties.md for where each is asked"
        raise InputError(Fault("--property", "none of these properties is asked in these scenarios", remedy))
    _write(report, tables or TABLES, junit, sarif, folder, whole=not chosen and not wanted)
    if as_json:
        from checks.outputs.as_json import report_json

        sys.stdout.write(report_json(report))
    else:
        given = (("--tables", tables), ("--release", release))
        show(report, "".join(f" {name} {quote(str(value))}" for name, value in given if value is not None))
    return DIFFERS if any(fails(verdict) for verdict in report.verdicts) else 0


class Progress:
    """What is being done: a line that is rewritten on a terminal, a line each in a log, nothing when not shown."""

    def __init__(self, *, shown: bool) -> None:
        self._shown, self._live = shown, shown and sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            click.echo("\r\x1b[K", nl=False, err=True)

    def __call__(self, text: str) -> None:
        """Say that *text* is being done."""
        if self._live:
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)
        elif self._shown:
            click.echo(f"... {text}", err=True)


def _write(
    report: Report, tables: Path, junit: Path | None, sarif: Path | None, folder: Path | None, *, whole: bool
) -> None:
    """Write what was asked for; where the *whole* was decided, the evidence of what is asked no more is removed."""
    if junit is not None:
        from checks.outputs.junit import report_junit

        write_text(junit, report_junit(report))
    if sarif is not None:
        from checks.outputs.sarif import report_sarif

        write_text(sarif, report_sarif(report, tables))
    if folder is not None:
        from checks.outputs.files import report_files

        files = report_files(report)
        for name, text in files.items():
            folder_at((folder / name).parent)
            write_text(folder / name, text)
        from checks.properties.catalogue import PROPERTIES

        for one in PROPERTIES if whole else ():
            for old in folder.glob(f"evidence/{one.id}-*.json"):
                if old.relative_to(folder).as_posix() not in files:
                    old.unlink()


def show(report: Report, options: str = "") -> None:
    """Print the verdicts as a table, what they rest on, and what differs, with all findings that nobody expected.

    The first of these has its trace.  *options* are those of the command that opens one.
    """
    from checks.outputs.new import new_findings, told
    from checks.traces import lines

    for size in report.sizes:
        click.echo(
            dim(f"{size.scenario}: {size.configurations:,} configurations, {size.steps:,} steps, {size.seconds:.1f} s")
        )
    numbers = ("exercised", "findings", "seconds")
    table(
        ["property", "scenario", "verdict", "expected", "engines", "evidence", *numbers],
        [_cells(verdict) for verdict in report.verdicts],
        right=numbers,
        bold=[number for number, verdict in enumerate(report.verdicts) if fails(verdict)],
        spare=("expected", "evidence", "engines", "seconds", "exercised"),
    )
    for line in _rests_on(report.verdicts):
        click.echo(dim(line))
    wrong = [verdict for verdict in report.verdicts if fails(verdict)]
    shown = False
    for verdict in wrong:
        click.echo(f"\n{verdict.property} in {verdict.scenario}: {reasons(verdict)}")
        for key, finding in new_findings(verdict):
            for line in told(key, finding, options):
                click.echo(f"  {line}")
            if finding.trace is not None and not shown:
                shown = True
                for line in lines(finding.trace):
                    click.echo(f"    {line}")
    findings = sum(len(verdict.findings) for verdict in report.verdicts)
    state = "as expected" if not wrong else f"{len(wrong)} not as expected"
    click.echo(
        f"\n{len(report.verdicts)} verdicts, {state}; {findings} findings (nova-lifecycle finding lists them); "
        f"{report.seconds:.1f} s"
    )


def _rests_on(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What is assumed, and how far is looked, each in one line with the verdicts that rest on it."""
    for word, said in (
        ("assumed", lambda verdict: [", ".join(verdict.assumptions)]),
        ("bound", lambda verdict: verdict.bound.split("; ")),
    ):
        where: dict[str, dict[str, list[str]]] = {}
        for verdict in verdicts:
            for text in filter(None, said(verdict)):
                where.setdefault(text, {}).setdefault(verdict.scenario, []).append(verdict.property)
        for text, scenarios in where.items():
            together: dict[str, list[str]] = {}
            for scenario, named in scenarios.items():
                every = [verdict.property for verdict in verdicts if verdict.scenario == scenario]
                who = "all" if named == every and len(every) > 1 else ", ".join(named)
                together.setdefault(who, []).append(scenario)
            yield f"{word}: {text}: " + "; ".join(f"{who} in {', '.join(names)}" for who, names in together.items())


def _cells(verdict: Verdict) -> Sequence[str]:
    engines = ", ".join(engine.name for engine in verdict.engines)
    checked = {True: "checked", False: "REFUTED", None: ""}[verdict.checked]
    kind = str(verdict.evidence.get("kind", ""))
    seconds = sum(engine.seconds for engine in verdict.engines)
    mark = "" if not fails(verdict) else " !"
    return (
        verdict.property,
        verdict.scenario,
        str(verdict.outcome) + mark,
        "-" if verdict.expected is None else str(verdict.expected),
        engines,
        f"{kind} {checked}".strip(),
        f"{verdict.exercised:,}",
        str(len(verdict.findings) or ""),
        f"{seconds:.1f}",
    )


def reasons(verdict: Verdict) -> str:
    """Why *verdict* fails the run, in words."""
    said = [*verdict.unexpected]
    if verdict.disagreement:
        said.append(f"the engines differ: {verdict.disagreement}")
    if verdict.checked is False:
        said.append("the checker refutes the evidence")
    if verdict.expected is not None and verdict.expected is not verdict.outcome:
        said.append(f"expected {verdict.expected}, found {verdict.outcome}")
    if not verdict.exercised and not said:
        said.append("nothing exercised it: the verdict is vacuous")
    return "; ".join(said)
