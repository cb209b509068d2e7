"""A report as JSON; ``docs/report.schema.json`` describes it, ``docs/report.md`` explains it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from checks.verdict import Report, fails

#: Grows when a key goes away or changes its meaning; new keys may come at any time.
FORMAT = 1


def report_json(report: Report, *, evidence: bool = False) -> str:
    """*report* as JSON, sorted by keys; with the evidence when asked for (it is large)."""
    return as_text(plain_report(report, evidence=evidence))


def plain_report(report: Report, *, evidence: bool = False) -> dict[str, Any]:
    """*report* as dictionaries, lists, strings and numbers."""
    plain = asdict(report)
    for verdict, original in zip(plain["verdicts"], report.verdicts, strict=True):
        verdict["fails"] = fails(original)
        if not evidence:
            verdict["evidence"] = {"kind": original.evidence.get("kind", "none")}
    plain["format"] = FORMAT
    plain["fails"] = any(fails(verdict) for verdict in report.verdicts)
    return plain


def as_text(plain: object) -> str:
    """*plain* as JSON text: sorted, indented by one, and with a line's end."""
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
