"""Applies the edits of a patch to tables as plain data, before they are validated.

Steps are found by name, wherever in the procedure they stand, so that a patch survives changes around them.  An edit
that finds nothing, or changes nothing, is a fault: the patch no longer says what it should.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from checks.bugs.patch import Edit, Patch
from model.errors import Fault, InputError, nearest
from model.schema import INSTRUCTIONS, Row
from model.vocabulary import in_release

Tables = dict[str, Any]


def apply(patch: Patch, tables: Tables, release: str | None = None) -> Tables:
    """The files of *tables* (name -> data) that *patch* changes, changed as *release* (the newest by default) has them.

    Raises InputError with every fault.
    """
    chosen = release or str(tables["record.yaml"]["newest"])
    changed: Tables = {}
    faults: list[Fault] = []
    for number, edit in enumerate(patch.edits):
        place = f"patches/{patch.id}.yaml, edit {number + 1}"
        name = _file(edit.row, tables)
        if name is None:
            faults.append(Fault(place, f"no table has {edit.row!r}", "name a row, a procedure, a guard or a set"))
            continue
        before = changed.get(name, tables[name])
        data = copy.deepcopy(before)
        fault = _edit(edit, data, place, chosen)
        if fault is None and data == before:
            fault = Fault(place, f"{edit.row!r} is so already", "mend the patch: it changes nothing")
        if fault is not None:
            faults.append(fault)
        changed[name] = data
    if faults:
        raise InputError(*faults)
    return changed


def _file(row: str, tables: Tables) -> str | None:
    """The file in which *row* stands."""
    first = row.split("/", maxsplit=1)[0]
    if first in ("policies", "sets"):
        return {"policies": "policies.yaml", "sets": "states.yaml"}[first]
    return next(
        (name for name, data in tables.items() if isinstance(data, dict) and data.get("operation") == first), None
    )


def _edit(edit: Edit, data: Any, place: str, release: str) -> Fault | None:
    first, *rest = edit.row.split("/")
    found: Any = None
    root: Any = data
    if first == "sets":
        found = data.get("sets", {}).get(rest[0])
    elif rest in ([], ["guard"]):
        found = next((one for one in data["guards"] if _exists(one, release)), None) if rest else data
    else:
        root = (data if first == "policies" else data.get("procedures", {})).get(rest[0])
        if root is None:
            return _missing(edit.row, place, list(data if first == "policies" else data.get("procedures", {})), rest[0])
        found = root if len(rest) == 1 else None
    steps: list[Any] = []
    if found is None and len(rest) > 1:
        named: dict[str, list[tuple[Any, list[Any]]]] = {}
        for step, among in _steps(root, release):
            for name in _name(step):
                named.setdefault(name, []).append((step, among))
        if rest[1] not in named:
            return _missing(edit.row, place, list(named))
        if len(named[rest[1]]) > 1:
            return Fault(
                place, f"several steps are {edit.row!r}", "put the kind of step before its name, as in try:NAME"
            )
        found, steps = named[rest[1]][0]
    if found is None:
        return _missing(edit.row, place, [])
    if edit.merge is not None:
        for key, value in edit.merge.items():
            if value is None:
                found.pop(key, None)
            else:
                found[key] = copy.deepcopy(value)
        return None
    if not any(step is found for step in steps):
        return Fault(place, f"{edit.row!r} is not a step", "only a step can be removed or replaced")
    at = next(number for number, step in enumerate(steps) if step is found)
    new = copy.deepcopy(edit.replace or edit.before or edit.after or [])
    steps[at : at + 1] = [*new, *([found] if edit.before else [])] if edit.after is None else [found, *new]
    return None


def _missing(row: str, place: str, known: list[str], wrong: str | None = None) -> Fault:
    near = nearest(wrong or row.rsplit("/", 1)[-1], known)
    return Fault(place, f"no row {row!r}", f"did you mean {near!r}?" if near else "mend the patch")


def _name(step: Any) -> Iterator[str]:
    """The names by which a patch may call *step*: ``NAME``, ``KIND:NAME``."""
    if isinstance(step, dict):
        for key in INSTRUCTIONS:
            if key in step:
                yield str(step[key])
                yield f"{key}:{step[key]}"


def _exists(part: dict[str, Any], release: str) -> bool:
    return in_release(Row(since=part.get("since"), until=part.get("until")), release)


def _steps(part: Any, release: str) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Every step below *part* that *release* has, with the list in which it stands."""
    if isinstance(part, list):
        for item in part:
            if isinstance(item, dict) and not _exists(item, release):
                continue
            if isinstance(item, dict) and any(True for _ in _name(item)):
                yield item, part
            yield from _steps(item, release)
    elif isinstance(part, dict):
        for value in part.values():
            yield from _steps(value, release)
