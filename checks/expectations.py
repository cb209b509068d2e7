"""The expected verdicts of a lifecycle, and the findings that are known: data beside the tables.

``expectations.yaml`` holds ``verdicts`` (property -> scenario -> holds or violated; ``default`` for the scenarios not
named) and ``findings``: a name, the property, scenarios, a pattern over the values of the key, words, Launchpad numbers
and the source; ``survivors``: mutants that nobody notices, and why; ``unrefuted``: properties that no mutant refutes,
and why.  A finding is never made from this file: it only names what an engine found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from checks.properties.catalogue import PROPERTIES
from checks.verdict import Known, Outcome, Verdict
from model.errors import Fault, InputError, nearest
from model.yaml_source import Document, read_document

#: Instead of a scenario: each that is not named, and the tables alone.
DEFAULT, OF_TABLES = "default", "tables"


class Pattern(BaseModel):
    """One entry of ``findings``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    properties: list[str]
    scenarios: list[str] = []
    when: dict[str, list[str]] = {}
    what: dict[str, str]
    launchpad: list[int] = []
    source: str = ""


class Survivor(BaseModel):
    """Mutants of the tables that nobody notices, and why: rows and changes by patterns (``*``); no changes: all."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rows: list[str]
    changes: list[str] = []
    reason: str


class Expected(BaseModel):
    """``expectations.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    verdicts: dict[str, dict[str, Annotated[str, Field(pattern="^(holds|violated|undecided)$")]]] = {}
    findings: list[Pattern] = []
    survivors: list[Survivor] = []
    unrefuted: dict[str, str] = {}
    #: every finding that is found must match an entry; set it where the list is meant to be complete
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Expectations:
    """Expected verdicts, and the patterns of known findings."""

    expected: Expected = field(default_factory=Expected)

    def verdict(self, property_id: str, scenario: str) -> Outcome | None:
        """What is expected of a property in a scenario; None when nothing is."""
        known = self.expected.verdicts.get(property_id, {})
        found = known.get(scenario, known.get(DEFAULT))
        return None if found is None else Outcome(found)

    def names(self, property_id: str, scenario: str, key: Mapping[str, str]) -> tuple[str, ...]:
        """The known findings that a violation with this *key* belongs to."""
        return tuple(pattern.name for pattern in self.patterns(property_id, scenario) if _matches(pattern.when, key))

    def patterns(self, property_id: str, scenario: str) -> tuple[Pattern, ...]:
        """The known findings of a property in a scenario."""
        return tuple(
            pattern
            for pattern in self.expected.findings
            if property_id in pattern.properties and (not pattern.scenarios or scenario in pattern.scenarios)
        )


def known(pattern: Pattern) -> Known:
    """*pattern* as the report shows it."""
    return Known(pattern.name, dict(pattern.what), tuple(pattern.launchpad), pattern.source)


def _matches(when: Mapping[str, list[str]], key: Mapping[str, str]) -> bool:
    return all(
        (key.get(variable) not in values[1:]) if values[:1] == ["not"] else (key.get(variable) in values)
        for variable, values in when.items()
    )


def read_expectations(folder: Path, scenarios: Collection[str]) -> Expectations:
    """The expectations beside the tables in *folder*, which have these *scenarios*; none when there is no such file.

    Raises InputError with all faults, among them each property and scenario that there is not: nothing would ever be
    compared with it.
    """
    path = folder / "expectations.yaml"
    if not path.exists():
        return Expectations()
    document = read_document(path, path.name)
    try:
        expected = Expected.model_validate(document.data)
    except ValidationError as error:
        faults = [
            Fault(document.place(tuple(problem["loc"])), str(problem["input"])[:60], problem["msg"].lower())
            for problem in error.errors(include_url=False)
        ]
        raise InputError(*faults) from None
    faults = list(_unknown(expected, document, scenarios))
    if faults:
        raise InputError(*faults)
    return Expectations(expected)


def _unknown(expected: Expected, document: Document, scenarios: Collection[str]) -> Iterator[Fault]:
    """Each name of a property or of a scenario that is none."""
    legal = {"property": [one.id for one in PROPERTIES], "scenario": [*scenarios, OF_TABLES]}
    said: list[tuple[str, str, tuple[str | int, ...]]] = []
    for one, outcomes in expected.verdicts.items():
        said.append(("property", one, ("verdicts", one)))
        said += [("scenario", name, ("verdicts", one, name)) for name in outcomes if name != DEFAULT]
    for number, pattern in enumerate(expected.findings):
        said += [("property", one, ("findings", number, "properties")) for one in pattern.properties]
        said += [("scenario", one, ("findings", number, "scenarios")) for one in pattern.scenarios]
    said += [("property", one, ("unrefuted", one)) for one in expected.unrefuted]
    for what, name, path in said:
        if name not in legal[what]:
            near = nearest(name, legal[what])
            hint = f"did you mean {near}? " if near else ""
            yield Fault(document.place(path), f"unknown {what} {name!r}", f"{hint}known: {', '.join(legal[what])}")


def compared(verdict: Verdict, expected: Expectations) -> Verdict:
    """*verdict* with the names of known findings, and with what differs from the expectations."""
    findings = tuple(
        replace(finding, names=expected.names(verdict.property, verdict.scenario, finding.key))
        for finding in verdict.findings
    )
    patterns = expected.patterns(verdict.property, verdict.scenario)
    found = {name for finding in findings for name in finding.names}
    unexpected = [f"{pattern.name} was expected and not found" for pattern in patterns if pattern.name not in found]
    if expected.expected.complete:
        unexpected += [
            "not expected: " + ", ".join(f"{name}={value}" for name, value in finding.key.items())
            for finding in findings
            if not finding.names
        ]
    return replace(
        verdict,
        expected=expected.verdict(verdict.property, verdict.scenario),
        findings=findings,
        known=tuple(known(pattern) for pattern in patterns if pattern.name in found),
        unexpected=tuple(unexpected),
    )
