"""What a check says: verdicts with their evidence, findings with their traces, as plain data.

Nothing here decides anything.  An engine fills these classes in, the checker re-checks their evidence, and every output
(text, JSON, JUnit, SARIF, pictures) is made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What an engine decided: the property holds, is violated, or is holding as far as the engine has looked."""

    HOLDS = "holds"
    VIOLATED = "violated"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine's decision: ``name`` (graph search, z3, closure, ...), its time, and in words what it did."""

    name: str
    outcome: Outcome
    seconds: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One variable that a step changed, by the names of its values."""

    variable: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step of a trace.

    ``process`` is the lane: the operation of the process that steps (empty for a crash), with ``#2`` behind it for the
    second process of that operation.  ``source`` is the place in the described source, ``place`` the place in the
    tables.  ``record`` is the whole record after the step, by names.
    """

    row: str
    kind: str
    process: str
    service: str
    source: str
    place: str
    changes: tuple[Change, ...]
    record: Mapping[str, str]
    exception: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """An execution from ``initial``; ``cycle`` is the step from which it repeats for ever.

    ``cycle`` equal to the number of steps means that it stays in its last configuration; None that it just ends there.
    """

    initial: Mapping[str, str]
    steps: tuple[TraceStep, ...]
    cycle: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a property is violated, found by an engine.

    ``key`` tells it from the other ways (``{"task_state": "X"}``), ``count`` is the number of configurations (or steps)
    that show it, ``trace`` the shortest execution to one.  ``names`` are the entries of the expectations that it
    belongs to (their words are in ``known``); empty when nobody expected it.
    """

    key: Mapping[str, str]
    count: int
    trace: Trace | None
    place: str
    source: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the expectations say about a finding: its name, words in each language, Launchpad numbers, source."""

    name: str
    what: Mapping[str, str]
    launchpad: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one property in one scenario.

    ``expected`` is None when the expectations do not speak of it.  ``exercised`` counts the configurations (or steps)
    in which the property's premise held; a verdict that holds with 0 is vacuous, and fails.  ``evidence`` is plain
    data: a certificate or a counterexample (``checks.checker`` says what each kind contains).  ``disagreement`` says on
    what the engines differ; ``unexpected`` lists what differs from the expectations, in words.
    """

    property: str
    scenario: str
    outcome: Outcome
    expected: Outcome | None
    engines: tuple[Engine, ...]
    exercised: int
    assumptions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    known: tuple[Known, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    disagreement: str = ""
    unexpected: tuple[str, ...] = ()
    checked: bool | None = None
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """How large one scenario's space is."""

    scenario: str
    configurations: int
    steps: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run decided."""

    lifecycle: str
    release: str
    digest: str
    verdicts: tuple[Verdict, ...]
    sizes: tuple[Size, ...]
    seconds: float


def fails(verdict: Verdict) -> bool:
    """Whether *verdict* makes the run fail: not as expected, engines apart, vacuous, or its evidence refuted."""
    return (
        bool(verdict.disagreement)
        or bool(verdict.unexpected)
        or verdict.checked is False
        or (verdict.expected is not None and verdict.expected is not verdict.outcome)
        or (verdict.outcome is Outcome.HOLDS and verdict.exercised == 0)
    )
