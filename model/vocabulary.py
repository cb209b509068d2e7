"""Names to numbers: looks up variables, values, sets and conditions, and collects what is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from model import schema
from model.errors import Fault, nearest
from model.lifecycle import Condition, Conjunction, NamedSet, Variable
from model.program import Operand, Remember, Tests
from model.yaml_source import Document, Path_


def in_release(row: schema.Row, release: str) -> bool:
    """Whether *row* exists in *release* (``since`` and ``until`` are both inclusive)."""
    return (row.since is None or _key(row.since) <= _key(release)) and (
        row.until is None or _key(release) <= _key(row.until)
    )


def _key(release: str) -> tuple[int, ...]:
    """Releases in order: before 12 they were named by year (2015.1), which sorts before every number."""
    parts = tuple(int(part) for part in release.split("."))
    return (0, *parts) if parts[0] > 2000 else (1, *parts)


class Vocabulary:
    """The names that the tables may use; every failed look-up becomes a fault with its place."""

    def __init__(self, variables: tuple[Variable, ...], sets: tuple[NamedSet, ...], faults: list[Fault]) -> None:
        self.variables = variables
        self.numbers = {variable.name: number for number, variable in enumerate(variables)}
        self.sets = {named.name: named for named in sets}
        self.faults = faults

    def fault(self, document: Document, path: Path_, found: str, remedy: str) -> None:
        """Note a fault at *path* of *document*."""
        self.faults.append(Fault(document.place(path), found, remedy))

    def known(self, name: str, legal: Iterable[str], what: str, document: Document, path: Path_) -> bool:
        """Whether *name* is one of *legal*; if not, note the fault with the nearest legal name."""
        names = tuple(legal)
        if name in names:
            return True
        near = nearest(name, names)
        hint = f"did you mean {near}? " if near else ""
        shown = ", ".join(names) if len(names) <= 15 else ", ".join(names[:15]) + ", ..."
        self.fault(document, path, f"unknown {what} {name!r}", f"{hint}legal: {shown}")
        return False

    def value(self, variable: int, name: str, document: Document, path: Path_) -> int | None:
        """The number of value *name* of *variable*, or None after noting the fault."""
        values = self.variables[variable].values
        if self.known(name, values, self.variables[variable].name, document, path):
            return values.index(name)
        return None

    def values(self, variable: int, names: list[str], document: Document, path: Path_) -> frozenset[int]:
        """The numbers of *names*: values, ``@SET``, or ``not`` first for all others."""
        negated = bool(names) and names[0] == "not"
        numbers: set[int] = set()
        for position, name in enumerate(names):
            place = (*path, position)
            if negated and position == 0:
                continue
            if name.startswith("@"):
                if self.known(name[1:], self.sets, "set", document, place):
                    numbers |= {self.variables[variable].values.index(v) for v in self.sets[name[1:]].values}
                continue
            number = self.value(variable, name, document, place)
            if number is not None:
                if number in numbers:
                    self.fault(document, place, f"{name} stands twice", "name it once")
                numbers.add(number)
        every = frozenset(range(len(self.variables[variable].values)))
        return every - numbers if negated else frozenset(numbers)

    def tests(
        self,
        conjunction: Mapping[str, list[str]],
        remembered: Mapping[str, int | None],
        document: Document,
        path: Path_,
    ) -> Tests:
        """*conjunction* in numbers; ``$name`` tests what the process remembers."""
        made: list[tuple[int, frozenset[int]] | tuple[str, frozenset[str]]] = []
        for name, names in conjunction.items():
            place = (*path, name)
            if name.startswith("$"):
                if self.known(name[1:], remembered, "remembered name", document, place):
                    source = remembered[name[1:]]
                    if source is None:
                        made.append((name, frozenset(names)))
                    else:
                        numbers = self.values(source, names, document, place)
                        made.append((name, frozenset(self.variables[source].values[number] for number in numbers)))
            elif self.known(name, self.numbers, "variable", document, place):
                made.append((self.numbers[name], self.values(self.numbers[name], names, document, place)))
        return tuple(sorted(made, key=lambda test: (isinstance(test[0], str), str(test[0]).zfill(3))))

    def conjunction(self, conjunction: Mapping[str, list[str]], document: Document, path: Path_) -> Conjunction:
        """*conjunction* over the record alone."""
        return tuple(
            (variable, values)  # type: ignore[misc]
            for variable, values in self.tests(conjunction, {}, document, path)
            if isinstance(variable, int)
        )

    def condition(
        self, condition: schema.Condition, remembered: Mapping[str, int | None], document: Document, path: Path_
    ) -> tuple[Tests, ...]:
        """*condition* in numbers, as alternatives."""
        if isinstance(condition, list):
            return tuple(
                self.tests(one, remembered, document, (*path, position)) for position, one in enumerate(condition)
            )
        return (self.tests(condition, remembered, document, path),)

    def predicate(self, condition: schema.Condition, document: Document, path: Path_) -> Condition:
        """*condition* over the record alone, as alternatives."""
        return self.condition(condition, {}, document, path)  # type: ignore[return-value]

    def operand(
        self, variable: int, text: str, remembered: Mapping[str, int | None], document: Document, path: Path_
    ) -> Operand | None:
        """What is written into *variable*: a value, ``$variable`` or ``$remembered``."""
        if not text.startswith("$"):
            return self.value(variable, text, document, path)
        name = text[1:]
        if name in self.numbers:
            return ("variable", self.numbers[name])
        if self.known(name, (*remembered, *self.numbers), "variable or remembered name", document, path):
            return ("memory", name)
        return None

    def remember(
        self,
        wanted: Mapping[str, str | Mapping[str, list[str]]],
        remembered: dict[str, int | None],
        document: Document,
        path: Path_,
    ) -> Remember:
        """What is remembered; the names become legal from here on."""
        made: list[tuple[str, int | str | Tests]] = []
        for name, what in wanted.items():
            if isinstance(what, str):
                if self.known(what, self.numbers, "variable", document, (*path, name)):
                    made.append((name, self.numbers[what]))
                    remembered[name] = self.numbers[what]
            else:
                made.append((name, self.tests(what, remembered, document, (*path, name))))
                remembered[name] = None
        return tuple(made)
