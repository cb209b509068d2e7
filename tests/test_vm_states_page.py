"""The page that Nova could merge says nothing that the tables contradict."""

from __future__ import annotations

from pathlib import Path

from checks.conformance.documentation import compare_documentation, documented_operations, names_of
from model.lifecycle import Lifecycle
from render.vm_states_page import vm_states_page


def test_read_back_it_has_no_contradiction(nova: Lifecycle, tmp_path: Path) -> None:
    page = tmp_path / "vm-states.rst"
    page.write_text(vm_states_page(nova))
    report = compare_documentation(page, documented_operations(nova), names_of(nova))
    assert report.compared > 100
    assert report.contradictions == ()


def test_a_wrong_word_in_it_would_be_told(nova: Lifecycle, tmp_path: Path) -> None:
    page = tmp_path / "vm-states.rst"
    text = vm_states_page(nova)
    assert "     - SOFT_DELETED\n" in text
    page.write_text(text.replace("     - SOFT_DELETED\n", "     - SHELVED\n", 1))
    assert compare_documentation(page, documented_operations(nova), names_of(nova)).contradictions
