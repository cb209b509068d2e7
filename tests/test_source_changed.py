"""Deliberate changes of the real source of Nova are caught, each with its line (make conform)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from checks.conformance.source.compare import Conformance
from checks.conformance.source.conform import conform, format_conformance
from checks.conformance.source.diff import Change, diff
from checks.conformance.source.fetch import open_source
from checks.conformance.source.read import read_source
from checks.conformance.source.releases import facts_of
from model.load import load

pytestmark = pytest.mark.network

RELEASE = "34.0.0"
API, MANAGER = "nova/compute/api.py", "nova/compute/manager.py"
GUARD = "@check_instance_state(vm_state=[vm_states.ACTIVE])\n    def pause("
WIDER = "@check_instance_state(vm_state=[vm_states.ACTIVE, vm_states.STOPPED])\n    def pause("
COMPARED = "instance.save(expected_task_state=task_states.POWERING_ON)"
BRANCH = "        if instance.task_state == task_states.POWERING_OFF:\n"
WRITTEN = "        instance.vm_state = vm_states.PAUSED\n"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with a guard widened, an expected set dropped, a recovery branch removed and a written value changed."""
    root = tmp_path_factory.mktemp("changed") / "nova"
    shutil.copytree(open_source(RELEASE).root, root, copy_function=os.link)
    change(root / API, (GUARD, WIDER))
    text = (root / MANAGER).read_text(encoding="utf-8")
    begin = text.index(BRANCH)
    branch = text[begin : text.index("        if instance.task_state == task_states.POWERING_ON:\n", begin)]
    change(root / MANAGER, (COMPARED, "instance.save()"), (branch, ""), (WRITTEN, WRITTEN.replace("PAUSED", "STOPPED")))
    return root


def change(file: Path, *replacements: tuple[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for before, after in replacements:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    file.unlink()  # a link to the file in the cache, which stays as it is
    file.write_text(text, encoding="utf-8")


def line_of(file: Path, text: str, after: str = "") -> int:
    whole = file.read_text(encoding="utf-8")
    return whole.count("\n", 0, whole.index(text, whole.index(after))) + 1


@pytest.fixture(scope="module")
def result(copy: Path) -> Conformance:
    return conform(load(), facts_of(str(copy)))


def differing(result: Conformance, what: str) -> list[tuple[str, str]]:
    return [(item.source_place, item.source_says) for item in result.differing if item.what == what]


def test_a_widened_guard_is_caught_with_its_line(copy: Path, result: Conformance) -> None:
    line = line_of(copy / API, WIDER)
    ((place, says),) = differing(result, "guard")
    assert place == f"{API}:{line} (API.pause)"
    assert "(STOPPED, None)" in says


def test_a_dropped_expected_set_is_caught_with_its_line(copy: Path, result: Conformance) -> None:
    line = line_of(copy / MANAGER, "instance.save()", "    def start_instance(")
    found = dict(differing(result, "write"))
    assert "expecting nothing" in found[f"{MANAGER}:{line} (ComputeManager.start_instance)"]


def test_a_changed_value_is_caught_with_its_line(copy: Path, result: Conformance) -> None:
    line = line_of(copy / MANAGER, "instance.save(expected_task_state=task_states.PAUSING)")
    assert f"{MANAGER}:{line} (ComputeManager.pause_instance)" in dict(differing(result, "write"))


def test_a_removed_recovery_branch_is_caught_in_every_state_that_it_treated(result: Conformance) -> None:
    states = {item.table_place for item in result.differing if item.what == "recovery"}
    assert {state.split("/")[1] for state in states} == {"POWERING_OFF"}
    assert "ACTIVE/POWERING_OFF/RUNNING" in states
    assert all(place.startswith(f"{MANAGER}:") for place, _ in differing(result, "recovery"))


def test_the_removed_branch_has_the_line_where_it_stood(copy: Path) -> None:
    original = open_source(RELEASE)
    changes: list[Change] = diff(read_source(original), facts_of(str(copy)))
    (gone,) = [each for each in changes if each.kind == "recovery branch removed"]
    assert gone.place is not None
    assert gone.place.line == line_of(original.root / MANAGER, BRANCH)


def test_nothing_else_is_reported(result: Conformance) -> None:
    assert len([item for item in result.differing if item.what != "recovery"]) == 3
    assert (result.only_in_tables, result.only_in_source, result.unresolved) == ((), (), ())
    assert not result.complete


def test_both_sides_are_shown(result: Conformance) -> None:
    text = format_conformance(result)
    assert "the source: " in text
    assert "the tables: " in text
