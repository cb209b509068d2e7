"""A report as SARIF 2.1.0: a result for each finding, at its place in the tables, with its trace as a code flow.

It has what GitHub code scanning requires ("SARIF support for code scanning" in GitHub's documentation): both
descriptions and a help of every rule, a location and the one fingerprint that it looks at of every result.
"""

from __future__ import annotations

import json
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from checks.outputs.junit import reason
from checks.outputs.places import Places
from checks.properties.catalogue import PROPERTIES
from checks.properties.definition import Property
from checks.properties.page import asks, sentence
from checks.verdict import Finding, Report, Verdict, fails

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
TOOL = "nova-lifecycle"


def report_sarif(report: Report, tables: Path) -> str:
    """*report* on the lifecycle in the folder *tables* as SARIF; what is expected is a note, what fails it an error.

    The rules are the properties, by their ids.  A verdict that fails without a new finding (a disagreement, an expected
    finding that did not come) is a result where the tables say what is expected, or else name the scenario.
    """
    places = Places(tables)
    numbers = {one.id: number for number, one in enumerate(PROPERTIES)}
    results = []
    for verdict in report.verdicts:
        found = [_result(places, verdict, finding) for finding in verdict.findings]
        if fails(verdict) and not any(result["level"] == "error" for result in found):
            found.append(_without_finding(places, verdict))
        results += [{"ruleIndex": numbers[verdict.property], **result} for result in found]
    driver = {"name": TOOL, **_version(), "rules": [_rule(one) for one in PROPERTIES]}
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1) + "\n"


def _version() -> dict[str, str]:
    """The version of this program; what runs from a folder, and is not installed, has none."""
    try:
        return {"version": version(TOOL)}
    except PackageNotFoundError:
        return {}


def _rule(one: Property) -> dict[str, Any]:
    full = f"{sentence(one)} {asks(one.form)}"
    return {
        "id": one.id,
        "shortDescription": {"text": one.statement.en},
        "fullDescription": {"text": full},
        "help": {"text": f"{full} {one.formal}", "markdown": f"{full}\n\n    {one.formal}\n"},
    }


def _result(places: Places, verdict: Verdict, finding: Finding) -> dict[str, Any]:
    key = ", ".join(f"{name}={value}" for name, value in finding.key.items())
    names = f" ({', '.join(finding.names)})" if finding.names else ""
    place = finding.place or _of_values(places, finding) or _of_verdict(places, verdict)
    result: dict[str, Any] = {
        "ruleId": verdict.property,
        "level": "error" if fails(verdict) and not finding.names else "note",
        "message": {"text": f"{verdict.property} is {verdict.outcome.value} in {verdict.scenario}: {key}{names}"},
        "locations": [places.at(place, finding.source)],
        "partialFingerprints": _fingerprints(f"{verdict.property}/{verdict.scenario}/{key}"),
    }
    locations = []
    for step in finding.trace.steps if finding.trace is not None else ():
        if step.place:
            shown = ", ".join(f"{change.variable}: {change.before} -> {change.after}" for change in step.changes)
            location = places.at(step.place, step.source)
            location["message"] = {"text": f"{step.row}: {shown}" if shown else step.row}
            locations.append({"location": location})
    if locations:
        result["codeFlows"] = [{"threadFlows": [{"locations": locations}]}]
    return result


def _without_finding(places: Places, verdict: Verdict) -> dict[str, Any]:
    return {
        "ruleId": verdict.property,
        "level": "error",
        "message": {"text": f"{verdict.property} in {verdict.scenario}: {reason(verdict)}"},
        "locations": [places.at(_of_verdict(places, verdict))],
        "partialFingerprints": _fingerprints(f"{verdict.property}/{verdict.scenario}"),
    }


def _fingerprints(key: str) -> dict[str, str]:
    """What stays the same while lines move: *key*, and its digest under the only name that code scanning looks at."""
    return {"key/v1": key, "primaryLocationLineHash": f"{sha256(key.encode()).hexdigest()[:16]}:1"}


def _of_values(places: Places, finding: Finding) -> str | None:
    """The place of the first value of the key of *finding* that is a state's, for one about a state and no step."""
    found = (places.about("states.yaml", value) for value in finding.key.values())
    return next((place for place in found if place is not None), None)


def _of_verdict(places: Places, verdict: Verdict) -> str:
    """The place of what is expected of *verdict*, or else of its scenario."""
    return (
        places.about("expectations.yaml", verdict.property)
        or places.about("scenarios.yaml", verdict.scenario)
        or "scenarios.yaml:1"
    )
