"""A bad table is refused with all of its faults, each with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.content import LARGEST
from model.errors import InputError
from model.tables_reader import read_tables


def faults(tables: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_tables(tables)
    return [str(fault) for fault in caught.value.faults]


def replace(tables: Path, name: str, old: str, new: str) -> None:
    path = tables / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_missing_folder(tmp_path: Path) -> None:
    assert "no such folder" in faults(tmp_path / "nowhere")[0]


def test_a_missing_file(door_tables: Path) -> None:
    (door_tables / "policies.yaml").unlink()
    assert any("policies.yaml: the file is missing" in fault for fault in faults(door_tables))


def test_invalid_yaml_names_its_line(door_tables: Path) -> None:
    (door_tables / "operations" / "open.yaml").write_text("operation: open\nkind: [request\n")
    assert faults(door_tables)[0].startswith("operations/open.yaml:")
    assert "invalid YAML" in faults(door_tables)[0]


def test_an_empty_file(door_tables: Path) -> None:
    (door_tables / "status.yaml").write_text("")
    assert "status.yaml: the file is empty; a table says something" in faults(door_tables)


def test_a_binary_file(door_tables: Path) -> None:
    (door_tables / "states.yaml").write_bytes(bytes(range(256)))
    assert any("states.yaml: not text" in fault for fault in faults(door_tables))


def test_a_huge_file(door_tables: Path) -> None:
    with (door_tables / "states.yaml").open("ab") as stream:
        stream.truncate(100 * 1024 * 1024)
    found = faults(door_tables)
    assert any("104,857,600 bytes" in fault and f"{LARGEST:,}" in fault for fault in found)


def test_an_unknown_state_is_answered_with_the_nearest(door_tables: Path) -> None:
    replace(door_tables, "operations/open.yaml", "set: {motion: OPENING}", "set: {motion: OPENNING}")
    found = faults(door_tables)
    place, words = "operations/open.yaml:18", "did you mean OPENING? legal: None, OPENING, REMOVING"
    assert found == [f"{place}: unknown motion 'OPENNING'; {words}"]


def test_a_step_that_nothing_leads_to(door_tables: Path) -> None:
    replace(door_tables, "operations/open.yaml", "        to: turn\n", "        to: turn\n      - return: late\n")
    assert any("open.yaml:23: a step that nothing leads to" in fault for fault in faults(door_tables))


def test_a_procedure_that_nothing_leads_to(door_tables: Path) -> None:
    replace(door_tables, "operations/open.yaml", "program: press", "program: turn")
    assert any("nothing leads to procedure 'press'" in fault for fault in faults(door_tables))


def test_a_cast_to_nowhere(door_tables: Path) -> None:
    replace(door_tables, "operations/open.yaml", "to: turn", "to: turm")
    found = faults(door_tables)
    assert any("unknown procedure of open 'turm'; did you mean turn?" in fault for fault in found)


def test_an_operation_that_stands_twice(door_tables: Path) -> None:
    text = (door_tables / "operations" / "open.yaml").read_text()
    (door_tables / "operations" / "open2.yaml").write_text(text)
    assert any("operation 'open' stands twice" in fault for fault in faults(door_tables))


def test_a_row_that_stands_twice(door_tables: Path) -> None:
    replace(door_tables, "operations/open.yaml", "      - call: lamp_on", "      - call: done")
    assert any("row 'open/turn/done' stands twice" in fault for fault in faults(door_tables))


def test_a_key_that_stands_twice(door_tables: Path) -> None:
    replace(door_tables, "operations/open.yaml", "actor: user", "actor: user\nactor: nova")
    assert any("'actor' stands twice" in fault for fault in faults(door_tables))


def test_a_row_without_a_source(door_tables: Path) -> None:
    replace(door_tables, "operations/open.yaml", '        expect: [None]\n        source: "door.py:press"\n', "")
    found = faults(door_tables)
    assert any("open.yaml:17: 'source' is missing" in fault for fault in found)


def test_a_wrong_type(door_tables: Path) -> None:
    replace(door_tables, "record.yaml", "stored: true", "stored: perhaps")
    assert any(fault.startswith("record.yaml:9: stored: 'perhaps'") for fault in faults(door_tables))


def test_a_call_cannot_write_the_record(door_tables: Path) -> None:
    replace(door_tables, "operations/open.yaml", "set: {lamp: LIT}", "set: {light: LIT}")
    assert any("light cannot be written here; a save writes it" in fault for fault in faults(door_tables))


def test_all_faults_of_all_files_are_told_at_once(door_tables: Path) -> None:
    replace(door_tables, "operations/open.yaml", "actor: user", "actor: visitor")
    replace(door_tables, "operations/remove.yaml", "kind: request", "kind: wish")
    (door_tables / "status.yaml").write_text("")
    places = {fault.split(":")[0] for fault in faults(door_tables)}
    assert places == {"operations/open.yaml", "operations/remove.yaml", "status.yaml"}


def test_two_wire_names_that_are_the_same(door_tables: Path) -> None:
    replace(door_tables, "states.yaml", "wire: open,", "wire: shut,")
    assert any("wire name 'shut' stands twice" in fault for fault in faults(door_tables))


def test_procedures_that_run_each_other_without_end(door_tables: Path) -> None:
    again = "      - run: again\n        procedure: turn\n"
    replace(door_tables, "operations/open.yaml", "      - call: lamp_on", f"{again}      - call: lamp_on")
    assert any("run each other without end" in fault for fault in faults(door_tables))


def test_an_unknown_release(door_tables: Path) -> None:
    with pytest.raises(InputError, match="unknown release '3'; known: 1, 2"):
        read_tables(door_tables, "3")


def test_rows_of_other_releases_are_left_out(door_tables: Path) -> None:
    new = "      - call: lamp_on\n"
    replace(door_tables, "operations/open.yaml", new, f"{new}        since: '2'\n")
    assert "open/turn/lamp_on" in read_tables(door_tables, "2").rows
    assert "open/turn/lamp_on" not in read_tables(door_tables, "1").rows
