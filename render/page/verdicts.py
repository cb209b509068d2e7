"""Verdicts as the page shows them: properties with what was decided where, findings, and traces for the script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.properties.assumptions import ASSUMPTIONS
from checks.properties.catalogue import PROPERTIES
from checks.properties.definition import Property

Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """One property and its verdicts; ``findings`` of each verdict come with the number of their trace, if they have one."""

    property: Property
    assumptions: tuple[str, ...]
    verdicts: tuple[tuple[Plain, tuple[tuple[Plain, int | None], ...]], ...]


def judged(verdicts: Sequence[Plain]) -> tuple[tuple[Judged, ...], list[Any]]:
    """Every property with its verdicts, and all traces by number, in the short form that the script reads.

    A verdict is plain data with the keys of :class:`checks.verdict.Verdict`; those of an unknown property are left out.
    """
    traces: list[Any] = []
    made = []
    for one in PROPERTIES:
        shown = []
        for verdict in verdicts:
            if verdict.get("property") == one.id:
                findings = []
                for finding in verdict.get("findings") or ():
                    number = None
                    if finding.get("trace"):
                        number = len(traces)
                        traces.append(_short(finding["trace"]))
                    findings.append((finding, number))
                shown.append((verdict, tuple(findings)))
        assumptions = tuple(ASSUMPTIONS[name].statement for name in one.assumptions if name in ASSUMPTIONS)
        made.append(Judged(one, assumptions, tuple(shown)))
    return tuple(made), traces


def _short(trace: Plain) -> dict[str, Any]:
    """A trace: where it starts, the step from which it repeats, and of each step row, kind, process, service, changes."""
    return {
        "initial": list(trace.get("initial", {}).items()),
        "cycle": trace.get("cycle"),
        "steps": [
            [
                step["row"],
                step.get("kind", ""),
                step.get("process", ""),
                step.get("service", ""),
                [[change["variable"], change["before"], change["after"]] for change in step.get("changes", ())],
                step.get("exception"),
            ]
            for step in trace.get("steps", ())
        ],
    }
