"""What became of each mutant, kept in a file from run to run: one JSON object a line.

A result holds as long as the tables say the same.  What a change of the tables' words, sources or expectations leaves
alone is not asked again; nor is a mutant that some property noticed without asking for a promise, when only promises
(``leaves``) are new.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from checks.mutation.mutants import Mutant
from checks.mutation.notice import Notice, Result
from checks.past import remembers
from checks.properties.catalogue import formulas, properties
from checks.properties.definition import OfTables
from model.errors import Fault, InputError
from model.lifecycle import Lifecycle


class Kept:
    """The results of *lifecycle* that the file at *path* holds; there need not be one yet.

    They are those of mutants tried in *scenarios*, and then *together*, with several requests at once.
    """

    def __init__(
        self, path: Path, lifecycle: Lifecycle, scenarios: Sequence[str], together: Sequence[str] = ()
    ) -> None:
        self.path = path
        bare = replace(lifecycle, promises=())
        self._of = {
            "steps": _digest(bare, scenarios),
            "tables": _digest(lifecycle, scenarios),
            "together": _digest(bare, together),
        }
        self._promised = {
            one.id
            for one in properties(lifecycle)
            if not isinstance(one.form, OfTables) and remembers(formulas(one)).promises
        }

    def results(self) -> Iterator[Result]:
        """What is known; of two results of a mutant the later one holds.

        Raises InputError where the file cannot be used, or a line of it says something else.  A last line that a run
        could not finish is taken away.
        """
        for number, line in enumerate(self._lines(), 1):
            try:
                of, result = _read(json.loads(line))
                lasts = of["tables"] == self._of["tables"] or (of["steps"] == self._of["steps"] and self._lasts(result))
                lasts = lasts and (not result.together or of["together"] == self._of["together"])
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                place = f"{self.path}:{number}"
                raise InputError(Fault(place, "not a result of mutate", "remove the line, or the file")) from None
            if lasts:
                yield result

    def add(self, result: Result) -> None:
        """Keep *result*.  Raises InputError where it cannot be written."""
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"of": self._of, **asdict(result)}) + "\n")
        except OSError as error:
            raise self._unusable(error) from None

    def _lines(self) -> list[str]:
        try:
            with self.path.open("a+", encoding="utf-8") as file:
                file.seek(0)
                text = file.read()
                whole = text[: text.rfind("\n") + 1] if text.startswith("{") else text
                if whole != text:
                    file.truncate(len(whole.encode()))
        except (OSError, UnicodeDecodeError) as error:
            raise self._unusable(error) from None
        return whole.splitlines()

    def _unusable(self, error: Exception) -> InputError:
        found = getattr(error, "strerror", None) or "not text"
        return InputError(Fault(str(self.path), found, "name a file that mutate can keep"))

    def _lasts(self, result: Result) -> bool:
        return bool(result.broken) or any(notice.property not in self._promised for notice in result.notices)


def _read(plain: Mapping[str, Any]) -> tuple[Mapping[str, str], Result]:
    result = Result(
        Mutant(**plain["mutant"]),
        tuple(Notice(**notice) for notice in plain["notices"]),
        tuple(plain["fewer"]),
        tuple(plain["other"]),
        plain["broken"],
        tuple(plain["together"]),
    )
    return plain["of"], result


def _digest(lifecycle: Lifecycle, scenarios: Sequence[str]) -> str:
    """A digest of what decides the steps and what is asked of them, and of nothing that only says or cites."""
    what = (
        lifecycle.variables, lifecycle.state_variables, lifecycle.predicates, lifecycle.services, lifecycle.entries,
        lifecycle.instructions, lifecycle.defaults, lifecycle.compare_variable, lifecycle.refused, lifecycle.special,
        lifecycle.missing, lifecycle.exceptions, lifecycle.observed, lifecycle.promises,
        {name: (row.kind, row.service) for name, row in lifecycle.rows.items()},
        {name: (one.kind, one.undoes, one.restores) for name, one in lifecycle.operations.items()},
        [lifecycle.scenarios[name] for name in scenarios],
    )  # fmt: skip
    return hashlib.sha256(json.dumps(_plain(what)).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """*value* as lists and texts, the same in every run: sets and mappings in order."""
    if is_dataclass(value):
        return [type(value).__name__, *(_plain(getattr(value, field.name)) for field in fields(value))]
    if isinstance(value, Mapping):
        return sorted(([_plain(key), _plain(item)] for key, item in value.items()), key=repr)
    if isinstance(value, frozenset):
        return sorted(map(_plain, value), key=repr)
    return list(map(_plain, value)) if isinstance(value, list | tuple) else value
