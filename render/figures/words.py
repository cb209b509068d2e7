"""How figures name things and where they link: one place, so that pictures and page agree on anchors."""

from __future__ import annotations

from collections.abc import Iterable

from model.lifecycle import Lifecycle
from render.clean import identifier
from render.figure import NodeKind
from render.measure import wrap
from render.style import TEXT_SIZE


def operation_link(name: str) -> str:
    """The address of an operation's section in the reference page."""
    return "#" + identifier("operation", name)


def value_link(variable: str, value: str) -> str:
    """The address of the section of a value of a state variable in the reference page."""
    return "#" + identifier(variable, value)


def either(names: Iterable[str], most: int = 3) -> str:
    """The names joined by "or"; more than ``most`` are counted instead."""
    listed = list(names)
    if len(listed) > most:
        return f"{len(listed)} values"
    return " or ".join(listed)


def listed(names: Iterable[str], word: str = "and") -> str:
    """The names as a list in a sentence; empty for none."""
    *before, last = list(names) or [""]
    return f"{', '.join(before)} {word} {last}" if before else last


def label_lines(names: Iterable[str], width: float, most: int = 4) -> tuple[str, ...]:
    """Names separated by commas in lines no wider than ``width``; what does not fit ``most`` lines is counted."""
    given = list(names)
    for shown in range(len(given), 0, -1):
        rest = len(given) - shown
        tail = f" + {rest} more" if rest else ""
        lines = wrap(", ".join(given[:shown]) + tail, width, TEXT_SIZE)
        if len(lines) <= most:
            return lines
    return wrap(f"{len(given)} operations", width, TEXT_SIZE)


def state_kind(lifecycle: Lifecycle, variable: str, value: str) -> NodeKind:
    """How a value of a state variable is drawn: by its group, and as an error where the tables say it failed."""
    number = lifecycle.index(variable)
    (found,) = (one for one in lifecycle.values[variable] if one.name == value)
    position = lifecycle.values[variable].index(found)
    failed = any(
        tests == number and values == {position} for conjunction in lifecycle.predicates.get("failed", ())
        for tests, values in conjunction if len(conjunction) == 1
    )  # fmt: skip
    return NodeKind.ERROR if failed else NodeKind(found.group)
