"""What a failing verdict has that nobody expected, for whoever must look at it first."""

from __future__ import annotations

from checks.verdict import Finding, Verdict, fails


def new_findings(verdict: Verdict) -> tuple[tuple[str, Finding], ...]:
    """The findings of *verdict* that the expectations do not name, by their ids; none when it does not fail."""
    return tuple(
        (f"{verdict.property}/{verdict.scenario}/{number}", finding)
        for number, finding in enumerate(verdict.findings, 1)
        if fails(verdict) and not finding.names
    )


def told(key: str, finding: Finding, options: str = "") -> tuple[str, ...]:
    """The finding called *key* in a line each: what tells it, where it is, the command that opens it.

    *options* of the command, if any, begin with a space.
    """
    values = ", ".join(f"{name}={value}" for name, value in finding.key.items())
    places = [f"  {one}" for one in (finding.place, finding.source) if one]
    return (f"{key}: {values}", *places, f"  nova-lifecycle finding {key}{options}")
