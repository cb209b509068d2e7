"""A report as files that can be committed: the same bytes from the same verdicts, whatever they took."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from checks.outputs.as_json import as_text, plain_report
from checks.verdict import Report


def report_files(report: Report) -> dict[str, str]:
    """File names (with ``/``) and texts: ``verdicts.json``, and ``evidence/SCENARIO.PROPERTY.json`` for each verdict.

    ``verdicts.json`` is the report without times; an evidence file holds what the checker re-checks, a line a trace.
    """
    files = {"verdicts.json": as_text(_timeless(plain_report(report)))}
    for verdict in report.verdicts:
        name = f"evidence/{verdict.scenario}.{verdict.property}.json"
        files[name] = _evidence(asdict(verdict)["evidence"])
    return files


def _timeless(plain: Any) -> Any:
    if isinstance(plain, dict):
        return {name: _timeless(value) for name, value in plain.items() if name != "seconds"}
    if isinstance(plain, (list, tuple)):
        return [_timeless(value) for value in plain]
    return plain


def _evidence(evidence: dict[str, Any]) -> str:
    """*evidence* with each key, and each entry of a list, on a line of its own."""
    lines = []
    for name, value in sorted(evidence.items()):
        if isinstance(value, (list, tuple)) and value:
            entries = ",\n  ".join(_compact(entry) for entry in value)
            lines.append(f' "{name}": [\n  {entries}\n ]')
        else:
            lines.append(f' "{name}": {_compact(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(", ", ": "))
