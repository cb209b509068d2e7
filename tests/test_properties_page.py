"""docs/properties.md is what the definitions make of it, and says everything of each property."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from checks.expectations import Expectations, Expected, Pattern
from checks.properties.assumptions import ASSUMPTIONS
from checks.properties.catalogue import PROPERTIES
from checks.properties.page import by_rows, properties_page, told_apart_by
from checks.run import by_default, run
from model.load import load
from model.tables_reader import read_tables

ROOT = Path(__file__).parent.parent
SEVERAL = ("concurrent-2", "unbounded")
DOOR = Path(__file__).parent / "lifecycles" / "door"


def test_the_page_is_fresh() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        from refresh_properties import PAGE, refreshed
    finally:
        sys.path.pop(0)
    assert PAGE.read_text(encoding="utf-8") == refreshed(), "run docs/refresh_properties.py"


def test_the_page_says_everything_of_each_property() -> None:
    text = (ROOT / "docs" / "properties.md").read_text(encoding="utf-8")
    for one in PROPERTIES:
        assert f"## {one.id}\n" in text
        assert one.formal in text
        assert one.statement.zh in text
        assert all(f"`{name}`" in text for name in one.assumptions)
    assert all(one.statement in text for one in ASSUMPTIONS.values())


def test_the_page_holds_expectations_and_findings() -> None:
    pattern = Pattern(name="K-1", properties=["rest"], scenarios=["calm"], what={"en": "keeps it"}, launchpad=[17])
    expected = Expectations(Expected(verdicts={"rest": {"calm": "violated"}}, findings=[pattern]))
    page = properties_page(read_tables(DOOR), expected)
    assert "| [rest](#rest) | violated |" in page
    assert "| K-1 | calm | keeps it | [17](https://bugs.launchpad.net/bugs/17) | `` |" in page
    assert "[recovers](#recovers) |  |" in page, "calm has no crash"
    assert "## reconciles" not in page, "nothing happens outside"


def test_the_page_tells_violations_apart_as_findings_are() -> None:
    """What a property's findings are told apart by is what the page says, and each word of it tells some apart."""
    lifecycle = load()
    told = {one.id: told_apart_by(lifecycle, one) for one in PROPERTIES}
    rows = {one.id for one in PROPERTIES if by_rows(lifecycle, one)}
    seen: dict[str, set[str]] = {}
    for verdict in json.loads((ROOT / "output" / "verdicts.json").read_text())["verdicts"]:
        for finding in verdict["findings"]:
            keys = set(finding["key"])
            assert (
                keys == {"row"}
                if verdict["scenario"] in SEVERAL and verdict["property"] in rows
                else (keys <= set(told[verdict["property"]]))
            )
            seen.setdefault(verdict["property"], set()).update(keys)
    # No row is dead, no guard passes what its own first save refuses; and `spares` is asked with several alone.
    apart = {"alive": {"row"}, "guards-agree": {"save"}, "spares": {"vm_state", "task_state"}}
    unseen = {name: set(words) - seen[name] for name, words in told.items() if name in seen and name != "consistent"}
    assert {name: words for name, words in unseen.items() if words} == apart
    text = (ROOT / "docs" / "properties.md").read_text(encoding="utf-8")
    assert all(f"told apart by: {', '.join(f'`{name}`' for name in words)}" in text for words in told.values())
    assert text.count("by the `row` that is taken") == len(rows)


def test_the_page_leaves_out_what_a_lifecycle_does_not_have() -> None:
    (one,) = [each for each in PROPERTIES if each.id == "delivers"]
    assert told_apart_by(read_tables(DOOR), one) == ("operation", "position", "motion", "light", "lamp")
    assert told_apart_by(read_tables(DOOR.parent / "volume"), one) == ("operation", "attach_status", "status")


def test_the_page_claims_nothing_that_a_verdict_denies() -> None:
    text = (ROOT / "docs" / "properties.md").read_text(encoding="utf-8")
    for claim in ("No reachable", "No fair execution", "vice versa"):
        assert claim not in text


def test_the_matrix_shows_each_verdict_that_a_run_compares() -> None:
    door = read_tables(DOOR)
    every = Expectations(Expected(verdicts={one.id: {"default": "holds", "pair": "undecided"} for one in PROPERTIES}))
    rows = [line.strip("| ").split(" | ") for line in properties_page(door, every).splitlines() if "](#" in line]
    header = ["sequential", "calm", "crash", "pair", "lost", "tables"]
    cells = [(row[0].split("](#")[1].rstrip(")"), zip(header, row[1:], strict=False)) for row in rows]
    shown = {(name, scenario, cell.strip()) for name, given in cells for scenario, cell in given if cell.strip()}
    assert by_default(door) == tuple(header[:-1])
    report = run(door, every)
    assert shown == {(one.property, one.scenario, one.expected) for one in report.verdicts if one.expected}
