"""The expected verdicts of a lifecycle, and the findings that are known: data beside the tables.

``expectations.yaml`` holds ``verdicts`` (property -> scenario -> holds or violated; ``default`` for the scenarios not
named) and ``findings``: a name, the property, scenarios, a pattern over the values of the key, words, Launchpad numbers
and the source; ``counts``: how many findings there are (property -> scenario -> ``findings``, and each name);
``survivors``: mutants that nobody notices, and why; ``unrefuted``: properties that no mutant refutes, and why.  A
finding is never made from this file: it only names what an engine found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from checks.properties.catalogue import PROPERTIES
from checks.verdict import Finding, Known, Outcome, Verdict
from model.errors import Fault, InputError, nearest
from model.yaml_source import Document, read_document

#: Instead of a scenario: each that is not named, and the tables alone.
DEFAULT, OF_TABLES = "default", "tables"
#: Among the names of ``counts``: all findings, of which one may have several names.
ALL = "findings"


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
    counts: dict[str, dict[str, dict[str, PositiveInt]]] = {}
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
        return tuple(pattern.name for pattern in self.patterns(property_id, scenario) if matches(pattern.when, key))

    def counts(self, property_id: str, scenario: str) -> Mapping[str, int]:
        """How many findings there are, and how many of each name; empty when that is not said."""
        return self.expected.counts.get(property_id, {}).get(scenario, {})

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


def matches(when: Mapping[str, list[str]], key: Mapping[str, str]) -> bool:
    """Whether *key* has the values that *when* lists: of each variable one, or after ``not`` none of them."""
    return all(
        (key.get(variable) not in values[1:]) if values[:1] == ["not"] else (key.get(variable) in values)
        for variable, values in when.items()
    )


def listed_values(pattern: Pattern) -> Iterator[tuple[str, str]]:
    """Each variable and value that *pattern* lists as one that a finding has."""
    for variable, values in pattern.when.items():
        if values[:1] != ["not"]:
            yield from ((variable, value) for value in values)


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
    faults = list(_unknown(expected, document, scenarios)) or list(_uncounted(Expectations(expected), document))
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
    for one, numbers in expected.counts.items():
        said.append(("property", one, ("counts", one)))
        said += [("scenario", name, ("counts", one, name)) for name in numbers]
    for number, pattern in enumerate(expected.findings):
        said += [("property", one, ("findings", number, "properties")) for one in pattern.properties]
        said += [("scenario", one, ("findings", number, "scenarios")) for one in pattern.scenarios]
    said += [("property", one, ("unrefuted", one)) for one in expected.unrefuted]
    for what, name, path in said:
        if name not in legal[what]:
            near = nearest(name, legal[what])
            hint = f"did you mean {near}? " if near else ""
            yield Fault(document.place(path), f"unknown {what} {name!r}", f"{hint}known: {', '.join(legal[what])}")


def _uncounted(expectations: Expectations, document: Document) -> Iterator[Fault]:
    """Each count of what is no known finding of its property and scenario, and each of these that is not counted."""
    for one, scenarios in expectations.expected.counts.items():
        for scenario, numbers in scenarios.items():
            place = document.place(("counts", one, scenario))
            legal = {ALL, *(pattern.name for pattern in expectations.patterns(one, scenario))}
            for name in sorted(numbers.keys() - legal):
                yield Fault(place, f"counts {name!r}, which is none of {one} in {scenario}", "name it in findings")
            for name in sorted(legal - numbers.keys()):
                yield Fault(place, f"does not count {name!r}", f"say how many of {one} in {scenario} are to be found")


def compared(verdict: Verdict, expected: Expectations) -> Verdict:
    """*verdict* with the names of known findings, and with what differs from the expectations beside what it says."""
    findings = tuple(
        replace(finding, names=expected.names(verdict.property, verdict.scenario, finding.key))
        for finding in verdict.findings
    )
    patterns = expected.patterns(verdict.property, verdict.scenario)
    found = {name for finding in findings for name in finding.names}
    unexpected = [f"{pattern.name} was expected and not found" for pattern in patterns if pattern.name not in found]
    unexpected += _miscounted(findings, patterns, expected.counts(verdict.property, verdict.scenario))
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
        unexpected=(*verdict.unexpected, *unexpected),
    )


def _miscounted(findings: Sequence[Finding], patterns: Sequence[Pattern], counts: Mapping[str, int]) -> Iterator[str]:
    """In one sentence how many *findings* there are where *counts* says otherwise: of each name, more or fewer."""
    found = Counter(name for finding in findings for name in dict.fromkeys(finding.names))
    if not counts or (found == Counter(counts) - Counter({ALL: counts[ALL]}) and len(findings) == counts[ALL]):
        return
    said = []
    for name in [one for one in counts if one != ALL and found[one] != counts[one]]:
        words = f"{name} {found[name]} instead of {counts[name]}"
        lacking = _lacking([one for one in patterns if one.name == name], findings)
        said.append(words + (f" (none has {', '.join(lacking)})" if lacking and found[name] < counts[name] else ""))
    yield f"{counts[ALL]} findings expected, {len(findings)} found" + (": " if said else "") + "; ".join(said)


def _lacking(patterns: Sequence[Pattern], findings: Sequence[Finding]) -> list[str]:
    """The values that *patterns* list and none of the *findings* that match has."""
    return [
        f"{variable}={value}"
        for pattern in patterns
        for variable, value in listed_values(pattern)
        if not any(one.key.get(variable) == value and matches(pattern.when, one.key) for one in findings)
    ]
