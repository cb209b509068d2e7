"""A lifecycle as plain data: what the tables say after they were read, checked and flattened.

Everything here is frozen, can be pickled and compared, and needs neither pydantic nor networkx.  The classes have no
slots: reading a cached lifecycle back is three times faster so, and a query waits for it.  Variables and their
values are numbered in the order of the tables; a *record* is the tuple of value numbers in the order of the variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.program import Entry, Instruction

Record = tuple[int, ...]
#: variable number -> the value numbers that it may have; all must hold
Conjunction = tuple[tuple[int, frozenset[int]], ...]
#: one of the conjunctions must hold; the empty tuple is false, ``((),)`` is true
Condition = tuple[Conjunction, ...]


@dataclass(frozen=True)
class Text:
    """One line in each language."""

    en: str
    zh: str


@dataclass(frozen=True)
class Value:
    """One value of a state variable: constant, wire name, number, group, meaning, source, releases."""

    name: str
    wire: str | None
    number: int | None
    group: str
    meaning: Text
    source: str
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True)
class Variable:
    """A variable of the record; ``values`` are its constants in order, ``stored`` says whether a save writes it."""

    name: str
    values: tuple[str, ...]
    initial: int
    stored: bool


@dataclass(frozen=True)
class Service:
    """A service: when it takes messages, and what its crash does to the record (None: it does not crash)."""

    name: str
    available: Conjunction
    crash_when: Conjunction | None
    crash_set: tuple[tuple[int, int], ...]
    meaning: Text


@dataclass(frozen=True)
class Row:
    """One row of the tables: where it stands, what it cites, and what it writes.

    ``id`` is ``operation/procedure/step`` (``policies/NAME/step`` for a shared failure idiom, ``operation/guard`` for a
    guard); ``kind`` is that of an edge: request, step, failure, event, periodic, recovery, admin, outside.
    ``writes`` are pairs of variable and constant, or ``$name`` for a value that is copied when it is written.
    """

    id: str
    operation: str
    procedure: str
    step: str
    instruction: str
    kind: str
    service: str
    source: str
    place: str
    expect: frozenset[str] | None = None
    writes: tuple[tuple[str, str], ...] = ()
    condition: str | None = None
    note: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True)
class Guard:
    """An API guard (or the query of a periodic task): when a process may start, and the checks beyond the record."""

    row: str
    when: Condition
    checks: tuple[str, ...]
    condition: str | None
    source: str


@dataclass(frozen=True)
class Operation:
    """What the tables say of one operation besides its program."""

    name: str
    kind: str
    actor: str
    action: str | None
    command: str | None
    meaning: Text
    family: str
    guards: tuple[Guard, ...]
    rows: tuple[str, ...]
    place: str
    undoes: tuple[str, ...] = ()
    restores: Condition | None = None


@dataclass(frozen=True)
class Promise:
    """What a run of ``operation`` that starts in ``start``, and in which nothing fails, leaves: one of ``end``.

    ``scenarios``: where it is asked.
    """

    operation: str
    start: Conjunction
    end: Condition
    scenarios: frozenset[str] = frozenset()


@dataclass(frozen=True)
class NamedSet:
    """A set of values that the source names (``ALLOW_REBOOT``)."""

    name: str
    variable: str
    values: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Scenario:
    """A named set of assumptions: see :mod:`model.schema`."""

    name: str
    meaning: Text
    processes: int | None
    kinds: frozenset[str]
    fail: bool
    crash: bool
    lose: bool
    patient: bool = False
    forget: tuple[str, ...] = ()


@dataclass(frozen=True)
class Default:
    """One rule for the other variables of a state of which nothing else is known."""

    when: Conjunction
    set: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Lifecycle:
    """The whole model of one release."""

    name: str
    release: str
    releases: tuple[str, ...]
    vocabulary_only: bool
    digest: str
    state_variables: tuple[str, ...]
    variables: tuple[Variable, ...]
    values: Mapping[str, tuple[Value, ...]]
    sets: tuple[NamedSet, ...]
    status: Mapping[tuple[str, str], str]
    predicates: Mapping[str, Condition]
    services: tuple[Service, ...]
    operations: Mapping[str, Operation]
    rows: Mapping[str, Row]
    entries: tuple[Entry, ...]
    instructions: tuple[Instruction, ...]
    scenarios: Mapping[str, Scenario]
    defaults: tuple[Default, ...]
    compare_variable: int
    refused: str
    special: tuple[tuple[str, Conjunction], ...]
    missing: str
    exceptions: Mapping[str, str | None] = field(default_factory=dict)
    observed: Mapping[int, int] = field(default_factory=dict)
    source_address: str | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    #: of each operation the first that a scenario asks, and whose start fits, is the one that it makes there
    promises: tuple[Promise, ...] = ()

    def index(self, variable: str) -> int:
        """The number of *variable*; KeyError when there is none."""
        for number, candidate in enumerate(self.variables):
            if candidate.name == variable:
                return number
        raise KeyError(variable)

    @property
    def initial(self) -> Record:
        """The record before anything has happened."""
        return tuple(variable.initial for variable in self.variables)


def holds(condition: Condition, record: Record) -> bool:
    """Whether *record* satisfies *condition*."""
    return any(all(record[variable] in values for variable, values in conjunction) for conjunction in condition)


def may_be_present(lifecycle: Lifecycle, conjunction: Conjunction) -> bool:
    """Whether *conjunction* can hold for an instance that is there."""
    tests = dict(conjunction)
    return any(
        all(variable not in tests or tests[variable] & values for variable, values in present)
        for present in lifecycle.predicates["present"]
    )
