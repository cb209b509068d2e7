"""How a recording spells the variables and their values: from a table's constants to wire names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NULL = "None"
"""The constant by which the tables name the absence of a value."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the record: name in the tables, key in a recording, each constant's wire value.

    The wire value of :data:`NULL` is None, whether or not ``wires`` lists it.
    """

    name: str
    key: str
    wires: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What replay has to know of a lifecycle beside its rows.

    ``variables`` stand in the order of a recorded state. ``compared`` names the variable that a
    compare-and-swap tests (a row's ``expect``), ``held`` the one that a row's ``vm_state`` restricts.
    ``destroyed`` names the variable of the tables that says that the record is gone: a row that writes it
    explains a recorded destroy; without it, destroys are counted and not judged. ``actions`` maps a recorded
    request to the operations that it can start; it narrows which operation a shared writer worked for. An
    action that it does not list narrows nothing. ``likely`` does so among rows that explain a step, and never takes
    the last of them away: a request can start more than the operation of its name.
    """

    variables: tuple[Variable, ...]
    compared: str
    held: str
    destroyed: str | None = None
    actions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    likely: Mapping[str, frozenset[str]] = field(default_factory=dict)
