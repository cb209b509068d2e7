"""A report as files: the verdicts with their findings, and the evidence of each in a file of its own.

Nothing that differs from run to run (times) is in them, so that equal tables make equal files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from checks.outputs.as_json import report_json
from checks.verdict import Report


def report_files(report: Report) -> dict[str, str]:
    """File name -> text, for a folder; the evidence is written without spaces, for it is long."""
    made = {"verdicts.json": _text(_brief(_timeless(json.loads(report_json(report)))))}
    for verdict in report.verdicts:
        if verdict.evidence:
            name = f"evidence/{verdict.property}-{verdict.scenario or 'tables'}.json"
            made[name] = json.dumps(verdict.evidence, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"
    return made


def _brief(report: dict[str, Any]) -> dict[str, Any]:
    """*report* with one trace for each known finding and one for each verdict; the evidence has them all.

    A step keeps what it changed and leaves out the whole record, which follows from the changes.
    """
    shown: set[str] = set()
    for verdict in report["verdicts"]:
        first = True
        for finding in verdict["findings"]:
            new = [name for name in finding["names"] if name not in shown]
            if finding["trace"] is not None and not new and not first:
                finding["trace"] = None
            if finding["trace"] is not None:
                shown.update(new)
                for step in finding["trace"]["steps"]:
                    del step["record"]
            first = False
    return report


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _timeless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _timeless(inner) for key, inner in value.items() if key != "seconds"}
    if isinstance(value, list):
        return [_timeless(inner) for inner in value]
    return value
