"""A report as SARIF 2.1.0: a result for each finding, at its place in the tables, with its trace as a code flow."""

from __future__ import annotations

import json
from typing import Any

from checks.outputs.junit import reason
from checks.properties.catalogue import PROPERTIES
from checks.verdict import Finding, Report, Verdict, fails

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def report_sarif(report: Report) -> str:
    """*report* as SARIF; what is expected is a note, what makes the run fail an error.

    The rules are the properties, by their ids.  A verdict that fails without a new finding (a disagreement, an expected
    finding that did not come) is a result without a location.
    """
    rules = [
        {
            "id": one.id,
            "shortDescription": {"text": one.statement.en},
            "help": {"text": one.formal},
        }
        for one in PROPERTIES
    ]
    numbers = {one.id: number for number, one in enumerate(PROPERTIES)}
    results = []
    for verdict in report.verdicts:
        found = [_result(verdict, finding) for finding in verdict.findings]
        if fails(verdict) and not any(result["level"] == "error" for result in found):
            found.append(_without_place(verdict))
        results += [{"ruleIndex": numbers[verdict.property], **result} for result in found]
    driver = {"name": "nova-lifecycle", "rules": rules, "informationUri": "https://docs.openstack.org/nova"}
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1) + "\n"


def _result(verdict: Verdict, finding: Finding) -> dict[str, Any]:
    key = ", ".join(f"{name}={value}" for name, value in finding.key.items())
    names = f" ({', '.join(finding.names)})" if finding.names else ""
    text = f"{verdict.property} is {verdict.outcome.value} in {verdict.scenario}: {key}{names}"
    result: dict[str, Any] = {
        "ruleId": verdict.property,
        "level": "error" if fails(verdict) and not finding.names else "note",
        "message": {"text": text},
        "partialFingerprints": {"key/v1": f"{verdict.property}/{verdict.scenario}/{key}"},
    }
    if finding.place:
        file, _, line = finding.place.rpartition(":")
        result["locations"] = [_location(f"model/tables/{file}", int(line), finding.source)]
    if finding.trace is not None:
        steps = [step for step in finding.trace.steps if step.place]
        locations = []
        for step in steps:
            file, _, line = step.place.rpartition(":")
            shown = ", ".join(f"{change.variable}: {change.before} -> {change.after}" for change in step.changes)
            location = _location(f"model/tables/{file}", int(line), step.source)
            location["message"] = {"text": f"{step.row}: {shown}" if shown else step.row}
            locations.append({"location": location})
        if locations:
            result["codeFlows"] = [{"threadFlows": [{"locations": locations}]}]
    return result


def _location(uri: str, line: int, source: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}},
    }
    if source:
        made["logicalLocations"] = [{"fullyQualifiedName": source}]
    return made


def _without_place(verdict: Verdict) -> dict[str, Any]:
    return {
        "ruleId": verdict.property,
        "level": "error",
        "message": {"text": f"{verdict.property} in {verdict.scenario}: {reason(verdict)}"},
        "partialFingerprints": {"key/v1": f"{verdict.property}/{verdict.scenario}"},
    }
