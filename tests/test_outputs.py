"""The forms in which other programs read a report, judged by their schemas."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from checks.expectations import Expectations, Expected
from checks.outputs.as_json import FORMAT, report_json
from checks.outputs.files import report_files
from checks.outputs.junit import report_junit
from checks.outputs.sarif import report_sarif
from checks.properties.catalogue import PROPERTIES
from checks.verdict import Report, fails
from checks.verify import verify
from model.tables_reader import read_tables

ROOT = Path(__file__).parent.parent
DOOR = Path(__file__).parent / "lifecycles" / "door"
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())


@cache
def report() -> Report:
    wrong = Expectations(Expected(verdicts={"rest": {"sequential": "holds"}}))
    return verify(read_tables(DOOR), ["sequential", "crash"], expectations=wrong)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["format"] == {"const": FORMAT}


@pytest.mark.parametrize("evidence", [False, True])
def test_json_is_as_its_schema_says(*, evidence: bool) -> None:
    plain = json.loads(report_json(report(), evidence=evidence))
    jsonschema.validate(plain, SCHEMA)
    assert plain["fails"]


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"verdicts": [{"property": "rest"}]},
        {"sizes": [{"scenario": "x", "configurations": -1, "steps": 0, "seconds": 0}]},
        {"extra": 1},
    ],
)
def test_the_schema_refuses_what_is_not_a_report(change: dict[str, Any]) -> None:
    plain = json.loads(report_json(report())) | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain, SCHEMA)


def test_documentation_names_every_key() -> None:
    text = (ROOT / "docs" / "report.md").read_text()
    plain = json.loads(report_json(report()))
    finding = next(one for verdict in plain["verdicts"] for one in verdict["findings"] if one["trace"])
    for part in (plain, plain["verdicts"][0], finding, finding["trace"]):
        assert [key for key in part if f"`{key}`" not in text] == []


def test_junit_has_a_case_for_each_verdict_and_a_failure_for_each_that_fails() -> None:
    suite = ET.fromstring(report_junit(report()))  # noqa: S314 - it is our own
    cases = suite.findall("testcase")
    assert [(case.get("classname"), case.get("name")) for case in cases] == [
        (verdict.scenario, verdict.property) for verdict in report().verdicts
    ]
    failing = [verdict for verdict in report().verdicts if fails(verdict)]
    assert suite.get("failures") == str(len(failing)) == str(len(suite.findall("testcase/failure")))
    (first,) = suite.findall("testcase[@name='rest'][@classname='sequential']/failure")
    assert "violated, expected holds" in (first.get("message") or "")
    assert "start: " in (first.text or "")


def results() -> list[dict[str, Any]]:
    (run,) = json.loads(report_sarif(report()))["runs"]
    return list(run["results"])


def test_sarif_rules_are_the_properties() -> None:
    (run,) = json.loads(report_sarif(report()))["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == [one.id for one in PROPERTIES]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])


def test_sarif_results_stand_where_the_tables_say() -> None:
    """The line of each location holds the step that its logical location names, or the guard."""
    located = [result for result in results() if "locations" in result]
    assert located
    for result in located:
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        path = DOOR / Path(physical["artifactLocation"]["uri"]).relative_to("model/tables")
        line = path.read_text().splitlines()[physical["region"]["startLine"] - 1]
        assert line.lstrip().startswith("- ")
        assert location["logicalLocations"][0]["fullyQualifiedName"].startswith("door.py:")


def test_sarif_fingerprints_are_unique_and_errors_are_what_fails() -> None:
    prints = [result["partialFingerprints"]["key/v1"] for result in results()]
    assert len(set(prints)) == len(prints)
    errors = {
        (result["ruleId"], result["partialFingerprints"]["key/v1"].split("/")[1])
        for result in results()
        if result["level"] == "error"
    }
    assert errors == {(verdict.property, verdict.scenario) for verdict in report().verdicts if fails(verdict)}


def test_sarif_shows_what_fails_without_a_finding() -> None:
    apart = replace(report(), verdicts=(replace(report().verdicts[0], disagreement="z3 differs", findings=()),))
    (run,) = json.loads(report_sarif(apart))["runs"]
    (result,) = run["results"]
    assert result["level"] == "error"
    assert "z3 differs" in result["message"]["text"]


def test_files_do_not_depend_on_time() -> None:
    first = report_files(report())
    slower = replace(
        report(),
        seconds=99.0,
        verdicts=tuple(
            replace(one, engines=tuple(replace(engine, seconds=9.0) for engine in one.engines))
            for one in report().verdicts
        ),
    )
    assert report_files(slower) == first
    assert "seconds" not in first["verdicts.json"]


def test_evidence_files_hold_all_evidence() -> None:
    files = report_files(report())
    for verdict in report().verdicts:
        found = json.loads(files[f"evidence/{verdict.property}-{verdict.scenario}.json"])
        assert found["kind"] == verdict.evidence["kind"]
        assert len(found.get("traces", ())) == len(verdict.evidence.get("traces", ()))
