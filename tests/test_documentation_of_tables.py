"""What Nova's tables say to a page about states; and Nova's own page, from its sdist, held against them."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.conformance.documentation import (
    DocumentedOperation,
    compare_documentation,
    documented_operations,
    names_of,
    read_page,
)
from checks.conformance.source.fetch import open_source
from model.load import load

RELEASE = "34.0.0"


@pytest.fixture(scope="module")
def operations() -> dict[str, DocumentedOperation]:
    return {operation.name: operation for operation in documented_operations(load())}


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("create", {("BUILDING", "ACTIVE")}),
        ("stop", {("ACTIVE", "STOPPED"), ("ERROR", "STOPPED")}),
        ("unrescue", {("RESCUED", "ACTIVE")}),
        ("confirm-resize", {("RESIZED", "ACTIVE"), ("RESIZED", "STOPPED")}),
        ("rebuild", {("ACTIVE", "ACTIVE"), ("STOPPED", "STOPPED"), ("ERROR", "ACTIVE")}),
    ],
)
def test_moves_are_those_of_a_request_that_succeeds(
    operations: dict[str, DocumentedOperation], name: str, moves: set[tuple[str, str]]
) -> None:
    assert operations[name].moves == moves


def test_a_guard_is_told_by_what_it_tests(operations: dict[str, DocumentedOperation]) -> None:
    assert operations["pause"].vm_states == frozenset({"ACTIVE"})
    assert operations["pause"].task_states == frozenset({"None"})
    assert (operations["delete"].vm_states, operations["delete"].task_states) == (None, None)
    assert operations["create"].vm_states == frozenset()
    assert operations["soft-reboot"].commands == {"soft-reboot", "reboot"}
    assert operations["pause"].source == "nova/compute/api.py:API.pause"


def test_statuses_are_other_words_for_states() -> None:
    names = names_of(load())
    assert names.aliases["SHUTOFF"] == "STOPPED"
    assert "ACTIVE" not in names.aliases
    assert names.gone == {"DELETED"}


@pytest.mark.network
def test_the_page_of_nova_contradicts_the_tables_where_it_is_known_to(
    operations: dict[str, DocumentedOperation], tmp_path: Path
) -> None:
    path = open_source(RELEASE, cache=tmp_path).root / "doc" / "source" / "reference" / "vm-states.rst"
    page = read_page(path)
    assert (len(page.requirements), len(page.state_commands), len(page.transitions)) == (20, 10, 28)
    found = compare_documentation(path, operations.values(), names_of(load())).contradictions
    told = {(one.line, one.subject, one.page_says, one.model_says) for one in found}
    assert (82, "pause", "vm_state in {ACTIVE, RESCUED, STOPPED}", "vm_state in {ACTIVE}") in told
    assert (107, "confirm resize", "vm_state in {ACTIVE, STOPPED}", "vm_state in {RESIZED}") in told
    assert (124, "RESCUED", "'pause' is possible", "the guard refuses it") in told
    assert (10, "graph", "no ERROR -> STOPPED", "an operation makes it") in told
    assert not [one for one in found if one.subject == "graph" and "->" in one.page_says and "no " not in one.page_says]
    assert all(one.source for one in found if one.model_says.startswith(("vm_state in", "the guard")))
