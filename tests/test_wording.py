"""A table of a wrong shape is answered in this program's own words, at the place of what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from model import schema
from model.errors import Fault, InputError
from model.tables_reader import read_tables
from model.wording import shape_faults
from model.yaml_source import read_document

DOOR = Path(__file__).parent / "lifecycles" / "door"
#: Words by which pydantic speaks of Python, and not of a table.
FOREIGN = ("input should", "valid ", "instance of", "dictionary", "string", "pattern", "^", "dict[", "list[")
WRONG: tuple[Any, ...] = (3, -1, 10**30, "two", "", True, None, [], [[3]], {"x": 3}, [None], {"set": {"x": {}}})


def places(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of everything in *data*."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(found for key, value in inner for found in places(value, (*path, key)))]


def put(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """*data* with *value* at *path*."""
    if not path:
        return value
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return data


def shapes(model: type[BaseModel], file: Path) -> list[Fault]:
    """What is wrong with the shape of *file*."""
    document = read_document(file, file.name)
    try:
        model.model_validate(document.data)
    except ValidationError as error:
        return shape_faults(error, document)
    return []


def faults(tables: Path, name: str, old: str, new: str) -> list[str]:
    path = tables / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        read_tables(tables)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("number", ["0", "-1", "5", "99"])
def test_so_many_requests_at_once_are_refused(door_tables: Path, number: str) -> None:
    (found,) = faults(door_tables, "scenarios.yaml", "processes: 2", f"processes: {number}")
    lines = (door_tables / "scenarios.yaml").read_text().splitlines()
    line = next(at for at, text in enumerate(lines, 1) if f"processes: {number}" in text)
    words = "write a number from 1 to 4, or null for any number"
    assert found == f"scenarios.yaml:{line}: processes: {number}; {words}"


@pytest.mark.parametrize("number", ["1", "4", "null"])
def test_a_few_requests_at_once_or_any_number_are_read(door_tables: Path, number: str) -> None:
    path = door_tables / "scenarios.yaml"
    path.write_text(path.read_text().replace("processes: 2", f"processes: {number}", 1))
    wanted = None if number == "null" else int(number)
    assert wanted in {scenario.processes for scenario in read_tables(door_tables).scenarios.values()}


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("operations/open.yaml", "actor: user", "actor: visitor",
         "3: actor: 'visitor'; write user, admin, operator, compute, hypervisor or nova"),
        ("operations/open.yaml", 'source: "door.py:press"', "source: door",
         "15: source: 'door'; write the place in the source as file:Class.function"),
        ("operations/open.yaml", "set: {motion: OPENING}", "set: [3]",
         "18: set: [3]; write a mapping, each line KEY: VALUE"),
        ("operations/open.yaml", "kind: request", "kind: request\nsince: x",
         "3: since: 'x'; write a release as 34 or 34.0.0, in quotes"),
        ("operations/open.yaml", "      - call: lamp_on", "      - return: [3]\n      - call: lamp_on",
         "29: return: [3]; write text (in quotes, where it looks like a number or is empty)"),
        ("record.yaml", "stored: true", "stored: perhaps", "9: stored: 'perhaps'; write true or false"),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_told_at_its_place_with_what_is_legal(
    door_tables: Path, name: str, old: str, new: str, words: str
) -> None:
    assert f"{name}:{words}" in faults(door_tables, name, old, new)


def test_a_value_of_several_shapes_has_one_fault_with_all_of_them(door_tables: Path) -> None:
    path = door_tables / "operations" / "open.yaml"
    data = read_document(path, path.name).data
    path.write_text(json.dumps(put(data, ("guards", 0, "when"), 3)))
    with pytest.raises(InputError) as caught:
        read_tables(door_tables)
    (found,) = caught.value.faults
    assert found.remedy == "write a mapping, each line KEY: VALUE or a list, each item after a dash"


@pytest.mark.parametrize("name", ["states", "status", "record", "policies", "scenarios", "operations/open"])
def test_no_fault_speaks_of_python(tmp_path: Path, name: str) -> None:
    """Whatever stands wrongly at any place of a table, each word of the answer is ours."""
    model = schema.Operation if "/" in name else getattr(schema, name.capitalize())
    answered = 0
    for path in places(read_document(DOOR / f"{name}.yaml", name).data):
        for wrong in WRONG:
            file = tmp_path / "table.yaml"
            changed = put(read_document(DOOR / f"{name}.yaml", name).data, path, wrong)
            file.write_text(json.dumps(changed))
            for fault in shapes(model, file):
                said = f"{fault.found.split(':')[0]} {fault.remedy}".lower()
                assert [word for word in FOREIGN if word in said] == [], fault
                assert "docs/tables.md" not in fault.remedy, fault
                answered += 1
    assert answered > 50
