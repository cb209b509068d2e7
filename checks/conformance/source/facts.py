"""What Nova's source says about the life of an instance, as plain, sorted, JSON-able data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from types import UnionType
from typing import TypeAlias, Union, get_args, get_origin, get_type_hints

StateName: TypeAlias = "str | None"
"""The name of a state's constant, None for no task, or ``$name`` for a value known only while Nova runs."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a function; closures are named ``Class.outer.inner``, a module's own code ``<module>``."""

    file: str
    function: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} ({self.function})"

    @property
    def citation(self) -> str:
        """How the tables cite it: without the line, which moves with every commit."""
        return f"{self.file}:{self.function}"


@dataclass(frozen=True, slots=True)
class Constant:
    """A state's constant with its wire value, or a named set of them (then ``members`` holds its elements)."""

    name: str
    value: str | int | None
    members: tuple[StateName, ...] | None
    place: Place


@dataclass(frozen=True, slots=True)
class Guard:
    """What must hold of the instance that the API loaded, or (``rejects``) what must not.

    ``vm_states`` and ``task_states`` are None when anything is accepted (or nothing rejected).  ``condition`` is
    the decorator, or the test that a function makes itself.
    """

    place: Place
    rejects: bool
    vm_states: tuple[StateName, ...] | None
    task_states: tuple[StateName, ...] | None
    must_have_launched: bool
    checks_lock: bool
    checks_host: bool
    checks_host_is_up: bool
    condition: str


@dataclass(frozen=True, slots=True)
class Need:
    """What must hold of the record beside its states: ``variable`` has one of ``values``.

    ``variable`` is host (``SET``), compute (the service of that host: ``UP``, ``DOWN``) or migration (its status, in
    Nova's words); of a query also vm_state and task_state.  ``vm_states`` are those of which it is asked, None: all.
    ``condition`` is the decorator, lookup, test or query that stands at ``place`` and asks it.
    """

    place: Place
    variable: str
    values: tuple[str, ...]
    vm_states: tuple[StateName, ...] | None
    condition: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A function that judges instances before anything is written, and all that it needs of them, in its order.

    On the variables in ``decides`` it decides alone; of others it may be that something else narrows them further.
    ``word`` is the argument (``action == 'create share'``) with which it judges so, None: whatever it is given.
    """

    place: Place
    needs: tuple[Need, ...]
    decides: tuple[str, ...] = ("host", "compute", "migration")
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One save of the state variables, with the values that one path through the source gives them.

    ``places`` goes from the outermost call that decides the values to the save itself; ``expected`` is None when
    the save does not compare.  ``generic`` marks a helper seen on its own, whose arguments decide what it writes.
    ``kind`` is ``save``, ``insert`` (the record is created) or ``check`` (compares and writes none of the three).
    """

    places: tuple[Place, ...]
    kind: str
    expected: tuple[StateName, ...] | None
    expected_vm: tuple[StateName, ...] | None
    sets: Mapping[str, StateName]
    generic: bool

    @property
    def place(self) -> Place:
        """Where the values are decided."""
        return self.places[0]

    @property
    def save(self) -> Place:
        """Where they reach the database."""
        return self.places[-1]


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A decorator, context manager or lock of a method, with its arguments: it decides what a failure does."""

    place: Place
    name: str
    arguments: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of start-up recovery, in order: when it is taken, what it calls and writes, whether it stops."""

    place: Place
    order: int
    condition: str
    calls: tuple[str, ...]
    writes: tuple[Mapping[str, StateName], ...]
    stops: bool


@dataclass(frozen=True, slots=True)
class Recovery:
    """What start-up recovery does, in order, to a (vm_state, task_state, power_state): each way that it can go."""

    vm_state: str
    task_state: StateName
    power_state: str
    outcomes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Synchronisation:
    """The API calls that power synchronisation makes for a vm_state and the power state that the driver reports."""

    vm_state: str
    power_state: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """The public status of a (vm_state, task_state)."""

    vm_state: str
    task_state: StateName
    status: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A place whose meaning the readers could not determine, and why: it is listed, never guessed."""

    place: Place
    what: str


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Everything read from one source tree; every sequence is sorted by place, recovery by order.

    ``functions`` are all those of the files that mention a state variable, so that a citation can be looked up.
    """

    version: str | None
    functions: tuple[Place, ...]
    constants: tuple[Constant, ...]
    guards: tuple[Guard, ...]
    writes: tuple[Write, ...]
    wrappers: tuple[Wrapper, ...]
    recovery: tuple[Branch, ...]
    recovered: tuple[Recovery, ...]
    synchronisation: tuple[Synchronisation, ...]
    status: tuple[Status, ...]
    unresolved: tuple[Unresolved, ...]
    asked: tuple[Asked, ...] = ()


def as_json(value: object) -> object:
    """*value* (facts, or any part of them) as what :mod:`json` can write."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [as_json(item) for item in value]
    return value


def from_json(data: object) -> SourceFacts:
    """The facts that :func:`as_json` wrote."""
    found = _built(SourceFacts, data)
    assert isinstance(found, SourceFacts)
    return found


def _built(kind: object, data: object) -> object:
    if isinstance(kind, type) and is_dataclass(kind):
        assert isinstance(data, dict)
        hints = get_type_hints(kind)
        return kind(**{field.name: _built(hints[field.name], data[field.name]) for field in fields(kind)})
    if get_origin(kind) is tuple and isinstance(data, list):
        return tuple(_built(get_args(kind)[0], item) for item in data)
    if get_origin(kind) in (Union, UnionType) and data is not None:
        return _built(next(option for option in get_args(kind) if _fits(option, data)), data)
    return data


def _fits(kind: object, data: object) -> bool:
    return (get_origin(kind) is tuple) == isinstance(data, list) and kind is not type(None)
