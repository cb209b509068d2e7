"""A report as JSON; ``schema.json`` beside this file describes it."""

from __future__ import annotations

import json
from dataclasses import asdict

from checks.verdict import Report, fails


def report_json(report: Report, *, evidence: bool = False) -> str:
    """*report* as JSON, sorted by keys; with the evidence when asked for (it is large)."""
    plain = asdict(report)
    for verdict, original in zip(plain["verdicts"], report.verdicts, strict=True):
        verdict["fails"] = fails(original)
        if not evidence:
            verdict["evidence"] = {"kind": original.evidence.get("kind", "none")}
    plain["fails"] = any(fails(verdict) for verdict in report.verdicts)
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
