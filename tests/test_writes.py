"""Every write of the three state variables in Nova's source is a row of the tables: same place, same expected set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model.lifecycle import Lifecycle, Row

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"
COUNT = 169

#: The functions whose write no row cites, each with the reason.
EXCEPTIONS = {
    "set_vm_state_and_notify": "writes what its caller says; the rows cite the callers",
    "_instance_update": "writes what its caller says; the rows cite the callers",
    "_set_instance_obj_error_state": "writes ERROR for its caller; the rows cite the callers",
}
#: Rows that say one case of a computed write apart, each with the reason.
CASES = {"resume/resume_instance/resumed_active": "the default where no old vm_state is remembered"}
#: What the source computes -> how the tables say it. Any other computed value may have any name.
DRIVER = {"$driver": "$guest"}


@pytest.fixture(scope="module")
def facts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DATA / "writes.json").read_text(encoding="utf-8"))
    return found


def said(fact: dict[str, Any]) -> str:
    expect = fact["expected_task_state"]
    where = f"{fact['file']}:{fact['line']} {fact['function']}"
    return f"{'/'.join(fact['operations'])}: {where} expects {expect} writes {fact['sets']}"


def same_value(wanted: str | None, written: str) -> bool:
    """Whether a row writes what the source writes; a computed value only has to be computed."""
    if wanted is None:
        return written == "None"
    if wanted in DRIVER:
        return written.startswith("$")
    return written.startswith("$") if wanted.startswith("$") else written == wanted


def represents(nova: Lifecycle, row: Row, fact: dict[str, Any]) -> bool:
    """Whether *row* cites the function of *fact*, and expects and writes the same."""
    file, _, name = row.source.partition(":")
    if row.instruction != "save" or (file, name.rpartition(".")[2]) != (fact["file"], fact["function"]):
        return False
    expected = fact["expected_task_state"]
    wanted = None if expected is None else frozenset("None" if task is None else task for task in expected)
    written = {variable: value for variable, value in row.writes if variable in nova.state_variables}
    return (
        row.expect == wanted
        and written.keys() == fact["sets"].keys()
        and all(same_value(value, written[variable]) for variable, value in fact["sets"].items())
    )


def test_every_write_of_the_source_is_represented(nova: Lifecycle, facts: list[dict[str, Any]]) -> None:
    assert len(facts) == COUNT
    missing = [
        said(fact)
        for fact in facts
        if fact["function"] not in EXCEPTIONS and not any(represents(nova, row, fact) for row in nova.rows.values())
    ]
    assert not missing, f"{len(missing)} of {COUNT} writes are not represented:\n" + "\n".join(missing)


def test_exceptions_are_needed(nova: Lifecycle, facts: list[dict[str, Any]]) -> None:
    for function in EXCEPTIONS:
        excepted = [fact for fact in facts if fact["function"] == function]
        assert excepted, function
        assert not any(represents(nova, row, fact) for fact in excepted for row in nova.rows.values()), function


def test_cases_are_rows(nova: Lifecycle) -> None:
    assert CASES.keys() <= nova.rows.keys()


def test_rows_write_only_what_the_source_writes(nova: Lifecycle, facts: list[dict[str, Any]]) -> None:
    """A row that writes a state variable is one of the recorded writes: none is made up."""
    made_up = [
        f"{row.id} ({row.source}) expects {sorted(row.expect) if row.expect is not None else None} "
        f"writes {dict(row.writes)}"
        for row in nova.rows.values()
        if row.instruction == "save"
        and row.id not in CASES
        and any(variable in nova.state_variables for variable, _ in row.writes)
        and not any(represents(nova, row, fact) for fact in facts)
    ]
    assert not made_up, f"{len(made_up)} rows are in no recorded write:\n" + "\n".join(made_up)
