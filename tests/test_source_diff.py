"""A deliberately changed source is caught, each change with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_nova import line_of, write_tree

from checks.conformance.source.diff import Change, diff
from checks.conformance.source.facts import SourceFacts
from checks.conformance.source.fetch import Tree
from checks.conformance.source.read import read_source

API = "nova/compute/api.py"
MANAGER = "nova/compute/manager.py"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> SourceFacts:
    return read_source(Tree(write_tree(tmp_path_factory.mktemp("original")), None))


def changed(original: SourceFacts, root: Path, *changes: tuple[str, str, str]) -> list[Change]:
    return diff(original, read_source(Tree(write_tree(root, *changes), None)))


def test_the_same_source_has_no_changes(original: SourceFacts, tmp_path: Path) -> None:
    assert changed(original, tmp_path) == []


def test_moving_lines_is_no_change(original: SourceFacts, tmp_path: Path) -> None:
    assert changed(original, tmp_path, (API, "class API:", "\n\n\nclass API:")) == []


def test_a_widened_guard(original: SourceFacts, tmp_path: Path) -> None:
    found = changed(original, tmp_path, (API, "[vm_states.ACTIVE],", "[vm_states.ACTIVE, vm_states.STOPPED],"))
    assert [(c.kind, c.subject, c.before, c.after) for c in found] == [
        ("guard widened", f"{API}:API.resize", "{ACTIVE}", "{ACTIVE, STOPPED}")
    ]


def test_a_narrowed_guard(original: SourceFacts, tmp_path: Path) -> None:
    found = changed(original, tmp_path, (API, "must_have_launched=False", "must_have_launched=True"))
    assert [(c.kind, c.subject) for c in found] == [("guard narrowed", f"{API}:API.resize")]


def test_a_dropped_expected_set(original: SourceFacts, tmp_path: Path) -> None:
    found = changed(original, tmp_path, (API, "instance.save(expected_task_state=[None])", "instance.save()"))
    assert [(c.kind, c.subject, c.before, c.after) for c in found] == [
        ("expected set changed", f"{API}:API.stop", "{None}", "nothing")
    ]


def test_a_removed_recovery_branch(original: SourceFacts, tmp_path: Path) -> None:
    branch = """        if instance.task_state == task_states.POWERING_OFF:
            self.stop_instance(context, instance)
            return
"""
    kinds = {c.kind for c in changed(original, tmp_path, (MANAGER, branch, ""))}
    assert kinds == {"recovery branch removed", "recovery changed"}


def test_an_added_task(original: SourceFacts, tmp_path: Path) -> None:
    found = changed(
        original,
        tmp_path,
        ("nova/objects/fields.py", "RESIZING = 'resizing'\n", "RESIZING = 'resizing'\n    PAUSING = 'pausing'\n"),
        (
            "nova/compute/task_states.py",
            "RESIZING = fields.InstanceTaskState.RESIZING\n",
            "RESIZING = fields.InstanceTaskState.RESIZING\nPAUSING = fields.InstanceTaskState.PAUSING\n",
        ),
    )
    assert [(c.kind, c.subject) for c in found] == [("task_state added", "task_state.PAUSING")]


def test_a_changed_synchronisation(original: SourceFacts, tmp_path: Path) -> None:
    found = changed(original, tmp_path, (MANAGER, "self.compute_api.force_stop(", "self.compute_api.stop("))
    assert [(c.kind, c.subject, c.before, c.after) for c in found] == [
        ("synchronisation changed", "STOPPED/RUNNING", "force_stop", "stop")
    ]


def test_a_changed_status(original: SourceFacts, tmp_path: Path) -> None:
    found = changed(original, tmp_path, ("nova/api/openstack/common.py", "'RESIZE'", "'RESIZING'"))
    assert [(c.kind, c.subject) for c in found] == [("status changed", "ACTIVE/RESIZING")]


def test_a_removed_decorator(original: SourceFacts, tmp_path: Path) -> None:
    found = changed(original, tmp_path, (MANAGER, "    @reverts_task_state\n    def stop", "    def stop"))
    assert [(c.kind, c.before) for c in found] == [("wrapper removed", "reverts_task_state")]


def test_a_change_has_its_line(original: SourceFacts, tmp_path: Path) -> None:
    found = changed(original, tmp_path, (API, "[vm_states.ACTIVE],", "[vm_states.ACTIVE, vm_states.STOPPED],"))
    assert found[0].place is not None
    assert (found[0].place.file, found[0].place.line) == (API, line_of(API, "vm_state=[vm_states.ACTIVE],"))


def test_a_removed_branch_has_the_line_where_it_stood(original: SourceFacts, tmp_path: Path) -> None:
    test = "if instance.task_state == task_states.POWERING_OFF:"
    branch = f"        {test}\n            self.stop_instance(context, instance)\n            return\n"
    found = [c for c in changed(original, tmp_path, (MANAGER, branch, "")) if c.kind == "recovery branch removed"]
    assert [c.place.line for c in found if c.place] == [line_of(MANAGER, test)]
