"""What a replay found, as plain data, and the same as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checks.conformance.runs.explain import Explanation, Step
from model.errors import Fault


@dataclass(frozen=True, slots=True)
class UnexplainedWrite:
    """A class of equal steps that no row explains; ``place`` is the first, ``occurrences`` counts them.

    ``lines`` counts the recorded instances of which it is the first unexplained step.
    """

    place: str
    step: Step
    explanation: Explanation
    occurrences: int
    lines: int


@dataclass(frozen=True, slots=True)
class RunsReport:
    """The outcome of a replay. Counts are of steps unless they say otherwise.

    ``observed`` maps each row that alone explains some step to how many; ``ambiguous`` does so for rows that
    were only ever seen where another row explains the step as well; ``never_observed`` lists the others, in
    the order of the tables. ``faults`` holds the first broken lines, ``broken_lines`` counts them all.
    """

    lines: int
    judged: int
    explained: int
    refused: int
    failed: int
    destroyed: int
    flushed: int
    set_up: int
    unjudged: int
    unexplained: tuple[UnexplainedWrite, ...]
    observed: Mapping[str, int]
    ambiguous: Mapping[str, int]
    never_observed: tuple[str, ...]
    broken_lines: int
    faults: tuple[Fault, ...]

    @property
    def share_observed(self) -> float:
        """Rows seen alone, as a share of all rows; 0.0 when there are no rows."""
        total = len(self.observed) + len(self.ambiguous) + len(self.never_observed)
        return len(self.observed) / total if total else 0.0

    @property
    def conforms(self) -> bool:
        """Whether something was judged, all of it was explained and no line was broken."""
        return self.judged > 0 and not self.unexplained and not self.broken_lines


def describe_step(step: Step) -> str:
    """One line for one step: who, from what, expecting what, wrote what."""
    expected = "" if step.expected is None else f" expecting [{', '.join(map(_word, step.expected))}]"
    named = ", ".join(f"{key}={_word(value)}" for key, value in step.named) or "nothing"
    old = "" if step.old is None else f" in {'/'.join(map(_word, step.old))}"
    left = "" if not step.dirty else f", left dirty: {', '.join(f'{key}={_word(value)}' for key, value in step.dirty)}"
    return f"{step.kind} by {step.function}{old}{expected} wrote {named}{left}"


def format_report(report: RunsReport) -> str:
    """The report as text: counts, the first unexplained step of each line, rows not yet observed."""
    out = [
        (
            f"{report.lines} instances, {report.judged} steps judged: {report.explained} explained "
            f"({report.refused} refused, {report.failed} failed, {report.destroyed} destroys, "
            f"{report.flushed} left by a refused save); {report.set_up} set-up, {report.unjudged} not judged"
        ),
    ]
    out += [str(fault) for fault in report.faults]
    if report.broken_lines > len(report.faults):
        out.append(f"... and {report.broken_lines - len(report.faults)} more broken lines")
    for found in report.unexplained:
        if not found.lines:
            continue
        out.append(f"{found.place}: {describe_step(found.step)} ({found.occurrences} times)")
        out.append(f"    {found.explanation.reason}")
        out += [f"    {near.row}: {'; '.join(near.differs)}" for near in found.explanation.near]
    total = len(report.observed) + len(report.ambiguous) + len(report.never_observed)
    out.append(
        f"{len(report.observed)} of {total} rows observed ({report.share_observed:.0%}), "
        f"{len(report.ambiguous)} only together with others, {len(report.never_observed)} not yet:"
    )
    out += [f"    {row} (with others)" for row in report.ambiguous]
    out += [f"    {row}" for row in report.never_observed]
    return "\n".join(out) + "\n"


def _word(value: str | None) -> str:
    return "null" if value is None else value
