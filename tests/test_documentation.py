"""The reader of Nova's page on states, and its comparison with a model, on a page about a lamp."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checks.conformance.documentation import (
    Contradiction,
    DocumentedOperation,
    Names,
    Transition,
    compare_documentation,
    format_contradictions,
    read_page,
)
from model.errors import InputError

PAGE = Path(__file__).parent / "data" / "documentation" / "lamp-states.rst"
NAMES = Names(
    vm_states=frozenset({"DARK", "LIT", "HALF_LIT", "BROKEN"}),
    task_states=frozenset({"LIGHTING", "DIMMING"}),
    aliases={"Gloomy": "DARK"},
    everywhere=frozenset({"BROKEN"}),
)
UNSET = frozenset({"None"})
LIGHT = DocumentedOperation(
    "light", frozenset({"light"}), frozenset({"DARK"}), UNSET, frozenset({("DARK", "LIT")}), "lamp.py:light"
)
DIM = DocumentedOperation(
    "dim",
    frozenset({"dim", "turn off"}),
    frozenset({"LIT", "HALF_LIT"}),
    frozenset({"None", "LIGHTING"}),
    frozenset({("LIT", "DARK"), ("HALF_LIT", "DARK"), ("LIT", "BROKEN")}),
    "lamp.py:dim",
)


def contradictions(*operations: DocumentedOperation) -> tuple[Contradiction, ...]:
    return compare_documentation(PAGE, operations or (LIGHT, DIM), NAMES).contradictions


def line_of(text: str) -> int:
    """The first line of the page that begins with *text*, counted from 1."""
    lines = PAGE.read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if line.strip().startswith(text))


def test_the_page_is_read_in_its_own_words_with_its_lines() -> None:
    page = read_page(PAGE)
    assert [row.command for row in page.requirements] == ["light", "dim", "turn off", "sing"]
    assert page.requirements[1].vm_states == ("Lit", "Half Lit")
    assert page.requirements[1].task_states == ("Lighting", "Glowing", "unset")
    assert page.requirements[1].line == line_of("dim ")
    assert [row.vm_state for row in page.state_commands] == ["Dark", "Lit", "Dark"]
    assert page.transitions == (
        Transition(line_of("dark ->"), "DARK", "LIT"),
        Transition(line_of("lit -> dark"), "LIT", "DARK"),
        Transition(line_of("lit -> half"), "LIT", "HALF_LIT"),
    )
    assert page.graph_line == line_of(".. graphviz")
    assert page.statements == ((line_of("label="), "All states are allowed to transition to BROKEN."),)
    assert set(page.graph_states) == {"DARK", "LIT", "HALF_LIT"}


@pytest.mark.parametrize(
    ("begins", "says", "model"),
    [
        ("light ", "'Gloomy' is a vm_state", "no vm_state has this name; it is a word for DARK"),
        ("dim ", "GLOWING is a task_state", "no task_state has this name"),
        ("turn off", "vm_state in {LIT}", "vm_state in {HALF_LIT, LIT}"),
        ("turn off", "no task_state is required", "the guard admits only {LIGHTING, None}"),
        ("dim ", "target in {DARK}", "target in {BROKEN, DARK}"),
        ("sing", "'sing' is a command", "no operation has this name"),
        ("Dark   ", "'dim' is possible", "the guard refuses it"),
        ("Lit    ", "nothing of 'light'", "the guards admit it"),
        ("Dark          repair", "this row", "listed first in line 42: one row must hold all its commands"),
        ("lit -> half", "LIT -> HALF_LIT", "no operation makes this move"),
        (".. graphviz", "no HALF_LIT -> DARK", "an operation makes it"),
        ("Dark   ", "nothing of this state, nor of 'dim'", "the guards admit it"),
    ],
)
def test_each_contradiction_has_its_line_and_both_sides(begins: str, says: str, model: str) -> None:
    wide = replace(LIGHT, vm_states=frozenset({"DARK", "LIT"}))
    operations = (wide, DIM) if says == "nothing of 'light'" else (LIGHT, DIM)
    found = {(one.line, one.page_says, one.model_says) for one in contradictions(*operations)}
    assert (line_of(begins), says, model) in found


def test_what_the_page_says_right_is_not_listed() -> None:
    found = contradictions()
    assert not [one for one in found if one.subject == "light"]
    assert not [one for one in found if one.page_says in {"DARK -> LIT", "LIT -> DARK", "no LIT -> BROKEN"}]


def test_the_proof_is_the_source_of_the_operation() -> None:
    (wrong,) = [one for one in contradictions() if one.page_says == "'dim' is possible"]
    assert wrong.source == ("lamp.py:dim",)


def test_a_guard_that_tests_nothing_contradicts_any_requirement() -> None:
    free = replace(LIGHT, vm_states=None, task_states=None)
    found = {(one.subject, one.page_says, one.model_says) for one in contradictions(free, DIM)}
    assert ("light", "task_state in {None}", "the guard does not test it") in found
    assert ("light", "vm_state in {DARK}", "vm_state in {BROKEN, DARK, HALF_LIT, LIT}") in found


def test_no_command_is_expected_where_there_is_no_instance_any_more() -> None:
    free = replace(LIGHT, vm_states=None)
    gone = replace(NAMES, gone=frozenset({"BROKEN"}))
    found = compare_documentation(PAGE, (free, DIM), gone).contradictions
    assert "BROKEN" not in {one.subject for one in found}
    assert "BROKEN" in {one.subject for one in contradictions(free, DIM)}


def test_not_applicable_is_right_where_the_guard_tests_no_task() -> None:
    free = replace(DIM, task_states=None)
    assert not [one for one in contradictions(LIGHT, free) if one.page_says == "no task_state is required"]


def test_the_list_is_in_the_order_of_the_page_and_as_text() -> None:
    report = compare_documentation(PAGE, (LIGHT, DIM), NAMES)
    lines = [one.line for one in report.contradictions]
    assert lines == sorted(lines)
    assert f"{PAGE}:{line_of('sing')}: sing: says 'sing' is a command" in format_contradictions(report)
    assert report.compared == 16 + 4 + 3


def test_a_page_without_states_is_bad_input(tmp_path: Path) -> None:
    page = tmp_path / "page.rst"
    page.write_text("Nothing\n=======\n")
    with pytest.raises(InputError, match="says nothing about states"):
        read_page(page)
    with pytest.raises(InputError, match="cannot be read"):
        read_page(tmp_path / "absent.rst")


def test_a_broken_table_or_a_hostile_directive_does_no_harm(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden")
    page = tmp_path / "page.rst"
    page.write_text(f".. include:: {secret}\n\n.. raw:: html\n   :file: {secret}\n\n" + PAGE.read_text())
    assert len(read_page(page).requirements) == 4
