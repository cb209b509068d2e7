"""Expectations of what is never asked are refused: nothing would ever be compared with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from checks.expectations import DEFAULT, Expectations, Expected
from model.errors import Fault, InputError
from model.yaml_source import read_document

Said = tuple[tuple[str | int, ...], str, str]


def refuse_never_asked(folder: Path, expectations: Expectations, asked: Mapping[str, Collection[str]]) -> None:
    """Raises InputError with each expectation, of those read from *folder*, that concerns nothing that is *asked*.

    A known finding may name several properties and scenarios, and not every one of these properties be asked in every
    one of the scenarios; but each must be asked in one of them, and each of the scenarios ask one.
    """
    said = list(_never(expectations.expected, asked))
    if said:
        document = read_document(folder / "expectations.yaml", "expectations.yaml")
        raise InputError(*(Fault(document.place(path), found, remedy) for path, found, remedy in said))


def _never(expected: Expected, asked: Mapping[str, Collection[str]]) -> Iterator[Said]:
    where = {one: [name for name, ids in asked.items() if one in ids] for ids in asked.values() for one in ids}

    def remedy(one: str) -> str:
        return f"take it out; it is asked in: {', '.join(where.get(one, [])) or 'none of these scenarios'}"

    for one, outcomes in expected.verdicts.items():
        for name in outcomes:
            if name == DEFAULT and not set(where.get(one, ())) - outcomes.keys():
                yield ("verdicts", one, name), f"{one} is asked in no other scenario", remedy(one)
            elif name != DEFAULT and name not in where.get(one, ()):
                yield ("verdicts", one, name), f"{one} is never asked in {name}", remedy(one)
    for one, scenarios in expected.counts.items():
        for name in scenarios:
            if name not in where.get(one, ()):
                yield ("counts", one, name), f"{one} is never asked in {name}", remedy(one)
    for number, pattern in enumerate(expected.findings):
        names = pattern.scenarios or list(asked)
        for one in pattern.properties:
            if not set(where.get(one, ())) & set(names):
                found = f"{one} is never asked in {', '.join(names)}"
                yield ("findings", number, "properties"), f"{pattern.name}: {found}", remedy(one)
        for name in pattern.scenarios:
            if not set(pattern.properties) & set(asked[name]):
                found = f"{', '.join(pattern.properties)} is never asked in {name}"
                yield ("findings", number, "scenarios"), f"{pattern.name}: {found}", remedy(pattern.properties[0])
