"""Whatever happens to the text of a table: a lifecycle comes of it, or an InputError, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.errors import Fault, InputError
from model.lifecycle import Lifecycle
from model.tables_reader import read_tables
from model.yaml_source import read_document

DOOR = Path(__file__).parent / "lifecycles" / "door"
FILES = sorted(path.relative_to(DOOR).as_posix() for path in DOOR.rglob("*.yaml"))
TEXTS = {name: (DOOR / name).read_text() for name in FILES}

Place = tuple[str | int, ...]


def places(data: Any, path: Place = ()) -> list[Place]:
    """The paths of everything in *data*."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(found for key, value in inner for found in places(value, (*path, key)))]


PLACES = [(name, place) for name in FILES for place in places(read_document(DOOR / name, name).data)]
NAMES = sorted({str(place[-1]) for _, place in PLACES if place})
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 10**20), st.floats(), st.text(max_size=8), st.sampled_from(NAMES),
    st.sampled_from(["*", "@", "@nothing", "$", "$nothing", "/", "not", "None", "default", "017", "1:30", ""]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=4,
)


def changed(data: Any, path: Place, change: str, value: Any) -> Any:
    """*data* with what stands at *path* replaced, deleted, doubled, or put into a list."""
    if not path:
        return value if change == "replace" else [data]
    inner: Any = data
    last: Any = path[-1]
    for key in path[:-1]:
        inner = inner[key]
    if change == "replace":
        inner[last] = value
    elif change == "delete":
        del inner[last]
    elif change == "wrap":
        inner[last] = [inner[last]]
    elif isinstance(inner, list):
        inner.append(inner[last])
    else:
        inner[str(value)] = inner[last]
    return data


def read_or_refused(folder: Path) -> None:
    """Read the tables in *folder*; a refusal must name places, anything else is raised."""
    faults: tuple[Fault, ...] | None = None
    try:
        assert isinstance(read_tables(folder), Lifecycle)
    except InputError as error:
        faults = error.faults
    if faults is not None:
        assert faults
        assert all(fault.place and fault.found for fault in faults)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=st.sampled_from(PLACES),
    change=st.sampled_from(["replace", "replace", "delete", "wrap", "double"]),
    value=VALUES,
)
def test_a_table_that_is_changed_anywhere_is_read_or_refused(
    tmp_path: Path, where: tuple[str, Place], change: str, value: Any
) -> None:
    name, place = where
    folder = tmp_path / "tables"
    if not folder.exists():
        shutil.copytree(DOOR, folder)
    try:
        made = changed(read_document(DOOR / name, name).data, place, change, value)
        (folder / name).write_text(yaml.safe_dump(made, allow_unicode=True, sort_keys=False), errors="replace")
        read_or_refused(folder)
    finally:
        (folder / name).write_text(TEXTS[name])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), start=st.integers(0, 4000), length=st.integers(0, 40), put=st.text(max_size=6))
def test_a_table_whose_text_is_torn_is_read_or_refused(
    tmp_path: Path, name: str, start: int, length: int, put: str
) -> None:
    folder = tmp_path / "tables"
    if not folder.exists():
        shutil.copytree(DOOR, folder)
    text = TEXTS[name]
    start %= len(text)
    try:
        (folder / name).write_text(text[:start] + put + text[start + length :], errors="replace")
        read_or_refused(folder)
    finally:
        (folder / name).write_text(text)
