"""The forms in which other programs read a report, judged by their schemas."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
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


def sarif(tables: Path = DOOR, given: Report | None = None) -> dict[str, Any]:
    (run,) = json.loads(report_sarif(given or report(), tables))["runs"]
    return dict(run)


def results() -> list[dict[str, Any]]:
    return list(sarif()["results"])


def uris(run: dict[str, Any]) -> set[str]:
    flows = [
        flow["locations"] for one in run["results"] for flow in one.get("codeFlows", [{}])[0].get("threadFlows", ())
    ]
    steps = [step["location"] for flow in flows for step in flow]
    every = [*(place for one in run["results"] for place in one["locations"]), *steps]
    return {place["physicalLocation"]["artifactLocation"]["uri"] for place in every}


def test_sarif_rules_are_the_properties() -> None:
    rules = sarif()["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [one.id for one in PROPERTIES]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results())


def test_sarif_has_what_code_scanning_requires() -> None:
    """The properties that GitHub's page "SARIF support for code scanning" marks as required; none may be empty."""
    driver = sarif()["tool"]["driver"]
    assert driver["name"] == "nova-lifecycle"
    for rule in driver["rules"]:
        assert rule["id"]
        assert rule["help"]["text"]
        for name in ("shortDescription", "fullDescription"):
            assert 0 < len(rule[name]["text"]) <= 1024
    for result in results():
        assert result["message"]["text"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert set(region) == {"startLine", "startColumn", "endLine", "endColumn"}
        assert 0 < region["startColumn"] < region["endColumn"]


def test_sarif_has_the_version_of_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.outputs.sarif.version", {"nova-lifecycle": "9.8.7"}.__getitem__)
    assert sarif()["tool"]["driver"]["version"] == "9.8.7"
    monkeypatch.setattr("checks.outputs.sarif.version", not_installed)
    assert "version" not in sarif()["tool"]["driver"]


def not_installed(name: str) -> str:
    raise PackageNotFoundError(name)


def test_sarif_names_no_page_of_nova() -> None:
    assert "informationUri" not in sarif()["tool"]["driver"]


def test_sarif_uris_are_relative_to_the_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = uris(sarif())
    assert found
    assert all(uri.startswith("tests/lifecycles/door/") and (ROOT / uri).is_file() for uri in found)


def test_sarif_uris_of_what_lies_elsewhere_are_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    found = uris(sarif())
    assert all(uri.startswith("file://") and Path(urlparse(uri).path).is_file() for uri in found)


def test_sarif_uris_name_the_file_behind_a_link(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a door").mkdir()
    shutil.copytree(DOOR, tmp_path / "a door", dirs_exist_ok=True)
    (tmp_path / "link").symlink_to(tmp_path / "a door")
    monkeypatch.chdir(tmp_path)
    assert all(uri.startswith("a%20door/") for uri in uris(sarif(tmp_path / "link")))


def test_sarif_results_stand_where_the_tables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line of each location holds the step that its logical location names, or the guard."""
    monkeypatch.chdir(ROOT)
    located = [one["locations"][0] for one in results() if "logicalLocations" in one["locations"][0]]
    assert located
    for location in located:
        physical = location["physicalLocation"]
        path, region = ROOT / physical["artifactLocation"]["uri"], physical["region"]
        line = path.read_text().splitlines()[region["startLine"] - 1]
        shown = line[region["startColumn"] - 1 : region["endColumn"] - 1]
        assert shown == line.strip()
        assert shown.startswith("- ")
        assert location["logicalLocations"][0]["fullyQualifiedName"].startswith("door.py:")


def test_sarif_fingerprints_are_unique_and_errors_are_what_fails() -> None:
    for name in ("key/v1", "primaryLocationLineHash"):
        prints = [result["partialFingerprints"][name] for result in results()]
        assert len(set(prints)) == len(prints)
    errors = {
        (result["ruleId"], result["partialFingerprints"]["key/v1"].split("/")[1])
        for result in results()
        if result["level"] == "error"
    }
    assert errors == {(verdict.property, verdict.scenario) for verdict in report().verdicts if fails(verdict)}


def test_sarif_fingerprints_stay_when_lines_move(tmp_path: Path) -> None:
    shutil.copytree(DOOR, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "operations" / "open.yaml"
    path.write_text("# a line more\n" + path.read_text())
    wrong = Expectations(Expected(verdicts={"rest": {"sequential": "holds"}}))
    moved = sarif(tmp_path, verify(read_tables(tmp_path), ["sequential", "crash"], expectations=wrong))["results"]
    assert [one["locations"] for one in moved] != [one["locations"] for one in results()]
    assert [one["partialFingerprints"] for one in moved] == [one["partialFingerprints"] for one in results()]


@pytest.mark.parametrize("expectations", [False, True])
def test_sarif_shows_what_fails_without_a_finding(tmp_path: Path, *, expectations: bool) -> None:
    shutil.copytree(DOOR, tmp_path, dirs_exist_ok=True)
    if expectations:
        (tmp_path / "expectations.yaml").write_text("verdicts:\n  rest: {default: holds}\n")
    apart = replace(report(), verdicts=(replace(report().verdicts[0], disagreement="z3 differs", findings=()),))
    assert apart.verdicts[0].property == "rest"
    (result,) = sarif(tmp_path, apart)["results"]
    assert result["level"] == "error"
    assert "z3 differs" in result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]
    file = tmp_path / ("expectations.yaml" if expectations else "scenarios.yaml")
    assert place["artifactLocation"]["uri"] == file.as_uri()
    line = file.read_text().splitlines()[place["region"]["startLine"] - 1].strip()
    assert line.startswith("rest:" if expectations else "sequential:")


def test_sarif_shows_a_finding_about_a_state_where_the_state_is() -> None:
    about = replace(report().verdicts[0].findings[0], place="", key={"door": "OPEN", "motion": "None"})
    run = sarif(DOOR, replace(report(), verdicts=(replace(report().verdicts[0], findings=(about,)),)))
    physical = run["results"][0]["locations"][0]["physicalLocation"]
    line = (DOOR / "states.yaml").read_text().splitlines()[physical["region"]["startLine"] - 1]
    assert physical["artifactLocation"]["uri"].endswith("/states.yaml")
    assert line.strip().startswith("OPEN:")


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
