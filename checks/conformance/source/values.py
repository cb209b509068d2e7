"""What an expression of Nova's source can stand for, as far as the states are concerned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from checks.conformance.source.tree import Definition

VARIABLES = ("vm_state", "task_state", "power_state")


@dataclass(frozen=True, slots=True)
class State:
    """A state's constant."""

    variable: str
    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """None, a truth value, a string or a number written in the source."""

    value: str | int | float | bool | bytes | complex | None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list, tuple or set."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A dict; later items win."""

    items: tuple[tuple[Value, Value], ...]

    def get(self, key: Value) -> Value | None:
        """The value of *key*, None when it has none."""
        return next((value for name, value in reversed(self.items) if name == key), None)

    def with_item(self, key: Value, value: Value) -> Mapping:
        """The same dict with *key* set."""
        return Mapping((*(item for item in self.items if item[0] != key), (key, value)))


@dataclass(frozen=True, slots=True)
class Runtime:
    """A value that exists only while Nova runs and has a name of its own, such as what the driver reports."""

    name: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """Whatever a caller passes to the function *owner*; known at each call."""

    name: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """An object that may hold the state variables, by the key under which its changed fields are kept."""

    key: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """A record just made, with the state variables that it was given (``*`` for those of a parameter)."""

    fields: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Callable:
    """A function as a value, with the names that it closes over."""

    definition: Definition
    closure: tuple[tuple[str, Value], ...] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """An expression that could not be determined; its text."""

    text: str


Value: TypeAlias = "State | Literal | Sequence | Mapping | Runtime | Parameter | Record | Fresh | Callable | Unknown"


def atom(value: Value) -> str | None:
    """*value* as facts name it: a state's constant, None, or ``$name`` (``$?text`` when undetermined)."""
    match value:
        case State(_, name):
            return name
        case Literal(None):
            return None
        case Runtime(name) | Parameter(name, _):
            return f"${name}"
        case Unknown(text):
            return f"$?{text}"
        case Literal(other):
            return f"$?{other!r}"
        case Record(key):
            return f"$?{key}"
    return f"$?{type(value).__name__.lower()}"


def truth(value: Value) -> bool | None:
    """Whether *value* counts as true, None when that is not known."""
    match value:
        case Literal(given):
            return bool(given)
        case State("vm_state" | "task_state") | Runtime("vm_state") | Callable():
            # No vm_state or task is empty: each is a non-empty string.  A power state may be 0.
            return True
        case Sequence(items):
            return bool(items)
    return None
