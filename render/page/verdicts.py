"""Verdicts as the page shows them: properties with what was decided where, findings, and traces for the script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.properties.assumptions import ASSUMPTIONS
from checks.properties.catalogue import PROPERTIES
from checks.properties.definition import Property
from render.page.data import Numbers

Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """One property and its verdicts, each with its findings and the number of their trace, if they have one."""

    property: Property
    assumptions: tuple[str, ...]
    verdicts: tuple[tuple[Plain, tuple[tuple[Plain, int | None], ...]], ...]


def judged(verdicts: Sequence[Plain], rows: Iterable[str]) -> tuple[tuple[Judged, ...], dict[str, Any]]:
    """Every property with its verdicts, and all traces by number, in the short form that the script reads.

    A verdict is plain data with the keys of :class:`checks.verdict.Verdict`; those of an unknown property are left out.
    ``rows`` are the ids of the tables' rows, in the order by which the script knows them.
    """
    traces = Traces(rows)
    made = []
    for one in PROPERTIES:
        shown = tuple(
            (
                verdict,
                tuple(
                    (finding, traces.add(finding["trace"]) if finding.get("trace") else None)
                    for finding in verdict.get("findings") or ()
                ),
            )
            for verdict in verdicts
            if verdict.get("property") == one.id
        )
        assumptions = tuple(ASSUMPTIONS[name].statement for name in one.assumptions if name in ASSUMPTIONS)
        made.append(Judged(one, assumptions, shown))
    return tuple(made), {"steps": traces.steps.things, "starts": traces.starts.things, "traces": traces.traces}


class Traces:
    """Traces as numbers of steps: they begin alike, so that few steps make many traces."""

    def __init__(self, rows: Iterable[str]) -> None:
        self.rows = {row: number for number, row in enumerate(rows)}
        self.steps: Numbers[tuple[Any, ...]] = Numbers()
        self.starts: Numbers[tuple[tuple[str, str], ...]] = Numbers()
        self.traces: list[list[Any]] = []

    def add(self, trace: Plain) -> int:
        """The number of *trace*: its start, the step from which it repeats, and its steps.

        A step is its row (by number; by name if it is of no table), kind, process, service, exception and changes.
        """
        steps = [
            self.steps.of(
                (
                    self.rows.get(step["row"], step["row"]),
                    *(step.get(key) for key in ("kind", "process", "service", "exception")),
                    tuple((one["variable"], one["before"], one["after"]) for one in step.get("changes", ())),
                )
            )
            for step in trace.get("steps", ())
        ]
        self.traces.append([self.starts.of(tuple(trace.get("initial", {}).items())), trace.get("cycle"), steps])
        return len(self.traces) - 1
