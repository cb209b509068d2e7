"""A report as SARIF 2.1.0: a result for each finding, at its place in the tables."""

from __future__ import annotations

import json
from typing import Any

from checks.properties.catalogue import PROPERTIES
from checks.verdict import Finding, Report, Verdict, fails

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def report_sarif(report: Report) -> str:
    """*report* as SARIF; a finding that is expected is a note, one that makes the run fail an error."""
    rules = [
        {"id": one.id, "shortDescription": {"text": one.statement.en}, "help": {"text": one.formal}}
        for one in PROPERTIES
    ]
    results = [_result(verdict, finding) for verdict in report.verdicts for finding in verdict.findings]
    tool = {"driver": {"name": "nova-lifecycle", "rules": rules, "informationUri": "https://docs.openstack.org/nova"}}
    run = {"tool": tool, "results": results, "columnKind": "unicodeCodePoints"}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1) + "\n"


def _result(verdict: Verdict, finding: Finding) -> dict[str, Any]:
    key = ", ".join(f"{name}={value}" for name, value in finding.key.items())
    names = f" ({', '.join(finding.names)})" if finding.names else ""
    result: dict[str, Any] = {
        "ruleId": verdict.property,
        "level": "error" if fails(verdict) and not finding.names else "note",
        "message": {"text": f"{verdict.property} is {verdict.outcome.value} in {verdict.scenario}: {key}{names}"},
        "partialFingerprints": {"key": f"{verdict.property}/{verdict.scenario}/{key}"},
    }
    if finding.place:
        file, _, line = finding.place.rpartition(":")
        result["locations"] = [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"model/tables/{file}"},
                    "region": {"startLine": int(line)},
                },
                "logicalLocations": [{"fullyQualifiedName": finding.source}],
            }
        ]
    return result
