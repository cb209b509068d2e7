"""The lifecycle that patched tables define, and the part of it that a bug needs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from checks.bugs.edit import apply
from checks.bugs.patch import Condition, Patch
from model.content import table_files
from model.errors import Fault, InputError, nearest
from model.lifecycle import Conjunction, Lifecycle, Scenario
from model.tables_reader import read_tables
from model.yaml_source import read_document


def read_plain(folder: Path) -> dict[str, Any]:
    """Every table in *folder* as plain data, by its name.  Raises InputError."""
    return {
        name: read_document(path, name).data
        for path in table_files(folder)
        for name in [path.relative_to(folder).as_posix()]
    }


def patched(patch: Patch, folder: Path, plain: dict[str, Any], release: str | None = None) -> Lifecycle:
    """The lifecycle of the tables in *folder* (*plain*, as data) with *patch* applied.

    Raises InputError when the patch does not apply, or what it makes is no legal table; each fault names the patch.
    """
    changed = apply(patch, plain, release)
    with tempfile.TemporaryDirectory() as made:
        for path in table_files(folder):
            name = path.relative_to(folder).as_posix()
            target = Path(made, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            if name in changed:
                text = yaml.safe_dump(changed[name], allow_unicode=True, sort_keys=False)
                target.write_text(text, encoding="utf-8")
            else:
                target.symlink_to(path.resolve())
        try:
            return read_tables(Path(made), release)
        except InputError as error:
            raise InputError(
                *(Fault(f"patches/{patch.id}.yaml: {fault.place}", fault.found, fault.remedy) for fault in error.faults)
            ) from None


def narrowed(lifecycle: Lifecycle, operations: Iterable[str]) -> Lifecycle:
    """*lifecycle* in which only *operations* start; what they run of others is there.  Raises InputError."""
    wanted = set(operations)
    unknown = sorted(wanted - set(lifecycle.operations))
    faults = []
    for name in unknown:
        near = nearest(name, list(lifecycle.operations))
        faults.append(
            Fault("operations", f"no operation {name!r}", f"did you mean {near}?" if near else "mend the patch")
        )
    if faults:
        raise InputError(*faults)
    return replace(lifecycle, entries=tuple(entry for entry in lifecycle.entries if entry.operation in wanted))


def assumptions(lifecycle: Lifecycle, patch: Patch) -> Scenario:
    """The scenario of *patch*, for the operations that it is about.  Raises InputError."""
    scenario = lifecycle.scenarios.get(patch.scenario)
    if scenario is None:
        legal = ", ".join(lifecycle.scenarios)
        raise InputError(Fault(f"patches/{patch.id}.yaml", f"no scenario {patch.scenario!r}", f"legal: {legal}"))
    kinds = frozenset(lifecycle.operations[name].kind for name in patch.operations)
    return replace(scenario, processes=patch.requests, kinds=kinds, fail=patch.fail, forget=())


def conjunction(lifecycle: Lifecycle, condition: Condition, place: str) -> Conjunction:
    """*condition* by numbers; values may start with ``not``.  Raises InputError."""
    made = []
    for name, given in condition.items():
        names = [variable.name for variable in lifecycle.variables]
        if name not in names:
            raise InputError(Fault(place, f"no variable {name!r}", f"legal: {', '.join(names)}"))
        variable = lifecycle.variables[names.index(name)]
        negated = given[:1] == ["not"]
        values = given[1:] if negated else given
        for value in values:
            if value not in variable.values:
                near = nearest(value, list(variable.values))
                raise InputError(Fault(place, f"no {name} {value!r}", f"did you mean {near}?" if near else "mend it"))
        numbers = frozenset(number for number, value in enumerate(variable.values) if (value in values) != negated)
        made.append((names.index(name), numbers))
    return tuple(made)
