"""The corpus of bugs: patches apply and are refused, and what is found depends on the bug."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from pydantic import ValidationError

from checks.bugs.corpus import as_expected, corpus, examine, examine_all
from checks.bugs.edit import apply
from checks.bugs.page import page
from checks.bugs.patch import FOLDER, Edit, Patch, read_inexpressible, read_patches
from checks.bugs.patched import conjunction, narrowed, patched, read_plain
from checks.bugs.violations import violations
from checks.expectations import read_expectations
from cli.commands.bugs import command, summary
from model.errors import InputError
from model.lifecycle import Lifecycle
from model.load import TABLES

ROOT = Path(__file__).parent.parent
FIXED = read_patches()
OPEN = read_patches(FOLDER / "open")


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return read_plain(TABLES)


def bug(name: str) -> Patch:
    return corpus([name])[0]


def test_the_corpus_is_whole() -> None:
    left_out = read_inexpressible()
    assert len(FIXED) + len(left_out) == 72
    assert len(OPEN) == 13
    names = [one.id for one in (*FIXED, *OPEN)] + [one.id for one in left_out]
    assert len(set(names)) == len(names)


def test_fixed_bugs_have_edits_and_open_ones_have_none() -> None:
    assert all(patch.edits for patch in FIXED)
    assert not any(patch.edits for patch in OPEN)


def test_a_bug_asks_for_a_property_of_the_catalogue_or_makes_its_own_demand(nova: Lifecycle) -> None:
    from checks.properties.catalogue import PROPERTIES

    known = {one.id for one in PROPERTIES}
    for patch in (*FIXED, *OPEN):
        assert patch.property in known, patch.id
        assert patch.scenario in nova.scenarios, patch.id
        assert patch.finding or patch.demand, patch.id


@pytest.mark.parametrize("patch", FIXED, ids=lambda patch: patch.id)
def test_every_patch_applies(patch: Patch, plain: dict[str, Any]) -> None:
    changed = apply(patch, plain)
    assert changed
    assert all(data != plain[name] for name, data in changed.items())


@pytest.mark.parametrize("name", ["B001", "B012", "B029", "B065", "B086", "B091", "B115", "B123", "B135"])
def test_a_bug_is_found_with_it_and_not_without(name: str) -> None:
    result = examine(bug(name))
    assert result.found
    assert result.without == 0
    assert result.refuted == ()


@pytest.mark.parametrize("name", ["O-SD1", "O-RECLAIM", "O-GUARD", "O-TIMEOUT", "O-UNSHELVE"])
def test_an_open_bug_is_found_as_it_is(name: str) -> None:
    result = examine(bug(name))
    assert result.is_open
    assert result.found
    assert result.refuted == ()


def test_the_trace_of_a_bug_ends_where_the_bug_is() -> None:
    result = examine(bug("B001"))
    assert result.trace is not None
    assert result.steps == len(result.trace.steps)
    assert any(step.kind == "crash" for step in result.trace.steps)
    last = result.trace.steps[-1].record
    assert (last["vm_state"], last["task_state"], last["compute"]) == ("ACTIVE", "POWERING_OFF", "UP")


def test_what_the_bug_does_not_do_is_not_found() -> None:
    elsewhere = bug("B001").model_copy(update={"finding": {"task_state": ["MIGRATING"]}})
    assert not examine(elsewhere).found


def test_a_finding_that_is_there_without_the_bug_does_not_count() -> None:
    # a failing power-off takes a stop back with the guest as it was, with this edit and without
    harmless = [Edit(row="stop/force_stop/request", merge={"note": "no difference"})]
    patch = bug("O-SHELVE").model_copy(update={"edits": harmless, "operations": ["shelve", "stop"]})
    result = examine(patch)
    assert not result.found
    assert result.without > 0
    assert not as_expected(result)


def test_every_value_that_is_asked_for_must_be_found() -> None:
    patch = bug("O-UNSHELVE")
    more = patch.model_copy(update={"finding": {**patch.finding, "vm_state": ["SHELVED_OFFLOADED", "ERROR", "PAUSED"]}})
    assert examine(patch).found
    assert not examine(more).found


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (Edit(row="stop/stop_instance/stoped", remove=True), "did you mean 'stopped'?"),
        (Edit(row="stop/stop_instence/stopped", remove=True), "did you mean 'stop_instance'?"),
        (Edit(row="halt/guard", merge={"when": {}}), "no table has 'halt/guard'"),
        (Edit(row="stop/stop_instance/stopped", merge={"expect": ["POWERING_OFF"]}), "is so already"),
        (Edit(row="stop/stop_instance", remove=True), "is not a step"),
        (Edit(row="rebuild/rebuild_instance/rebuild", remove=True), "several steps are"),
        (Edit(row="sets/NO_SUCH", merge={"values": []}), "no row"),
    ],
)
def test_an_edit_that_does_not_apply_is_a_fault(edit: Edit, said: str, plain: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        apply(bug("B001").model_copy(update={"edits": [edit]}), plain)
    assert said in str(caught.value)
    assert "patches/B001.yaml, edit 1" in str(caught.value)


def test_all_faults_are_told_at_once(plain: dict[str, Any]) -> None:
    edits = [Edit(row="halt", remove=True), Edit(row="stop/nothing/here", remove=True)]
    with pytest.raises(InputError) as caught:
        apply(bug("B001").model_copy(update={"edits": edits}), plain)
    assert len(caught.value.faults) == 2


def test_a_patch_that_makes_no_legal_table_is_a_fault(plain: dict[str, Any]) -> None:
    edit = Edit(row="stop/stop_instance/stopped", merge={"set": {"vm_state": "HALTED"}})
    with pytest.raises(InputError) as caught:
        patched(bug("B001").model_copy(update={"edits": [edit]}), TABLES, plain)
    assert "patches/B001.yaml: operations/stop.yaml" in str(caught.value)


def test_steps_can_be_put_before_and_after_and_instead(plain: dict[str, Any]) -> None:
    step = {"call": "new", "fails": []}

    def names(edit: Edit) -> list[str]:
        data = apply(bug("B001").model_copy(update={"edits": [edit]}), plain)["operations/stop.yaml"]
        return [next(iter(one.values())) for one in data["procedures"]["force_stop"]["steps"]]

    row = "stop/force_stop/request"
    assert names(Edit(row=row, before=[step])) == ["new", "request", "cast"]
    assert names(Edit(row=row, after=[step])) == ["request", "new", "cast"]
    assert names(Edit(row=row, replace=[step])) == ["new", "cast"]
    assert names(Edit(row=row, remove=True)) == ["cast"]


def test_applying_leaves_the_tables_as_they_were(plain: dict[str, Any]) -> None:
    before = yaml.safe_dump(plain, allow_unicode=True)
    apply(bug("B001"), plain)
    assert yaml.safe_dump(plain, allow_unicode=True) == before


def test_the_rows_of_the_release_are_edited() -> None:
    tables = {
        "record.yaml": {"newest": "2"},
        "operations/x.yaml": {
            "operation": "x",
            "guards": [],
            "procedures": {
                "go": {"steps": [{"save": "end", "until": "1", "set": {}}, {"save": "end", "since": "2", "set": {}}]}
            },
        },
    }
    patch = bug("B001").model_copy(update={"edits": [Edit(row="x/go/end", merge={"note": "here"})]})
    newest, older = apply(patch, tables), apply(patch, tables, "1")
    steps = newest["operations/x.yaml"]["procedures"]["go"]["steps"]
    assert [step.get("note") for step in steps] == [None, "here"]
    steps = older["operations/x.yaml"]["procedures"]["go"]["steps"]
    assert [step.get("note") for step in steps] == ["here", None]


def test_an_edit_says_one_thing() -> None:
    with pytest.raises(ValidationError):
        Edit(row="stop", remove=True, merge={})


def test_a_faulty_patch_file_is_answered_with_its_lines(tmp_path: Path) -> None:
    text = yaml.safe_dump(bug("B001").model_dump(exclude_defaults=True))
    (tmp_path / "B001.yaml").write_text(text + "colour: blue\n")
    (tmp_path / "B002.yaml").write_text(text)
    (tmp_path / "B003.yaml").write_text("id: [\n")
    with pytest.raises(InputError) as caught:
        read_patches(tmp_path)
    said = str(caught.value)
    assert "B001.yaml:" in said
    assert "the file is that of B002" in said
    assert "invalid YAML" in said


def test_only_the_operations_of_the_bug_start(nova: Lifecycle) -> None:
    small = narrowed(nova, ["stop"])
    assert {entry.operation for entry in small.entries} == {"stop"}
    with pytest.raises(InputError, match="did you mean start"):
        narrowed(nova, ["stat"])


def test_conditions_name_their_faults(nova: Lifecycle) -> None:
    with pytest.raises(InputError, match="no variable 'vm_stat'"):
        conjunction(nova, {"vm_stat": ["ACTIVE"]}, "here")
    with pytest.raises(InputError, match="did you mean ACTIVE"):
        conjunction(nova, {"vm_state": ["ACTIV"]}, "here")
    ((variable, values),) = conjunction(nova, {"vm_state": ["not", "ACTIVE"]}, "here")
    names = nova.variables[variable].values
    assert {names[value] for value in values} == set(names) - {"ACTIVE"}


def test_unknown_property_and_scenario_are_faults(nova: Lifecycle) -> None:
    with pytest.raises(InputError, match="no property 'peace'"):
        violations(nova, bug("O-SHELVE").model_copy(update={"property": "peace"}))
    with pytest.raises(InputError, match="no scenario 'war'"):
        violations(nova, bug("O-SHELVE").model_copy(update={"scenario": "war"}))


def test_the_page_tells_of_every_bug() -> None:
    text = (ROOT / "docs" / "bugs.md").read_text()
    told = [(one.id, one.title) for one in (*FIXED, *OPEN)]
    for name, title in told + [(one.id, one.title) for one in read_inexpressible()]:
        assert f"| {name} |" in text
        assert title in text
    assert "**no**" not in text
    assert f"Of {len(FIXED) + 2} bugs" in text


@pytest.mark.parametrize("name", ["B001", "B092", "B116", "B129", "O-RESTORE", "O-GUARD"])
def test_the_page_is_what_is_found(name: str) -> None:
    (row,) = [line for line in page([examine(bug(name))], []).splitlines() if line.startswith(f"| {name} |")]
    assert row in (ROOT / "docs" / "bugs.md").read_text().splitlines()


def test_the_faults_of_all_patches_come_back_from_the_workers(door_tables: Path) -> None:
    with pytest.raises(InputError) as caught:
        list(examine_all(corpus(["B001", "O-SHELVE"]), door_tables, workers=2))
    assert any("no operation 'shelve'" in str(fault) for fault in caught.value.faults)
    assert len(caught.value.faults) > 1


def test_workers_answer_in_order() -> None:
    names = ["O-SHELVE", "O-RESTORE", "O-UNSHELVE"]
    assert [result.id for result in examine_all(corpus(names), workers=2)] == names


def test_the_page_says_what_was_not_found() -> None:
    elsewhere = bug("B001").model_copy(update={"finding": {"task_state": ["MIGRATING"]}})
    result = examine(elsewhere)
    assert "**no**" in page([result], [])
    assert summary([result], 0).startswith("0 of 1 bugs")


def test_the_command_shows_the_trace_of_one_bug() -> None:
    answer = CliRunner().invoke(command, ["B001"], standalone_mode=False)
    assert answer.return_value == 0
    assert "found, not without" in answer.output
    assert "crash/compute" in answer.output
    assert "Launchpad 1304333" in answer.output


def test_the_command_answers_as_json() -> None:
    import json

    answer = CliRunner().invoke(command, ["B001", "--json"], standalone_mode=False)
    (result,) = json.loads(answer.output)["bugs"]
    assert result["id"] == "B001"
    assert result["found"] is True
    assert result["trace"]["steps"]


def test_an_unknown_bug_is_a_fault() -> None:
    with pytest.raises(InputError, match="no bug 'B999'"):
        corpus(["B999"])


def test_every_open_bug_is_one_that_verify_must_find(nova: Lifecycle) -> None:
    """By an entry of the expectations: what is expected and not found fails the run."""
    named = {pattern.name for pattern in read_expectations(TABLES, nova.scenarios).expected.findings}
    assert len(OPEN) == 13
    assert {patch.id for patch in OPEN} <= named
