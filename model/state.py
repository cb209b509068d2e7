"""States as people write them: ``ACTIVE/None/RUNNING``, with ``*`` for any value, in any case, or by wire name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from model.errors import Fault, InputError, nearest
from model.lifecycle import Lifecycle, Record

#: The value numbers of the state variables, in their order.
State = tuple[int, ...]
#: For each state variable the value numbers that a pattern admits, in the order of the tables.
Pattern = tuple[tuple[int, ...], ...]

ANY = "*"


def state_of(lifecycle: Lifecycle, record: Record) -> State:
    """The state that *record* is in."""
    return record[: len(lifecycle.state_variables)]


def state_name(lifecycle: Lifecycle, state: State) -> str:
    """*state* as it is written."""
    return "/".join(variable.values[number] for variable, number in zip(lifecycle.variables, state, strict=False))


def parse_pattern(lifecycle: Lifecycle, text: str, place: str = "STATE") -> Pattern:
    """The states that *text* means.

    Parts are separated by ``/`` in the order of the state variables; a part that is left out at the end, or ``*``,
    is any value.  A part is a constant or a wire name, in any case.

    Raises
    ------
    InputError
        With a fault for each part that is no value, which names the nearest one.

    """
    parts = text.strip().split("/")
    names = lifecycle.state_variables
    if len(parts) > len(names) or not text.strip():
        raise InputError(Fault(place, f"{text!r} is not a state", "write it as " + "/".join(names)))
    faults: list[Fault] = []
    pattern: list[tuple[int, ...]] = []
    for position, name in enumerate(names):
        part = parts[position].strip() if position < len(parts) else ANY
        table = lifecycle.values[name]
        if part in (ANY, "") or is_forgotten(lifecycle, name):
            pattern.append(tuple(range(len(table))))
            continue
        number = value_number(lifecycle, name, part)
        if number is None:
            legal = [value.name for value in table]
            near = nearest(part.replace("-", "_"), legal)
            other = _elsewhere(lifecycle, name, part)
            hint = f"{part} is a {other}; " if other else f"did you mean {near}? " if near else ""
            faults.append(Fault(place, f"no {name} {part!r}", f"{hint}see: nova-lifecycle states"))
            continue
        pattern.append((number,))
    if faults:
        raise InputError(*faults)
    return tuple(pattern)


def parse_state(lifecycle: Lifecycle, text: str, place: str = "STATE") -> State:
    """The one state that *text* means; InputError when it leaves a part open."""
    pattern = parse_pattern(lifecycle, text, place)
    open_parts = [name for name, values in zip(lifecycle.state_variables, pattern, strict=True) if len(values) != 1]
    if open_parts:
        remedy = "give all of " + "/".join(lifecycle.state_variables)
        raise InputError(Fault(place, f"{text!r} leaves {', '.join(open_parts)} open", remedy))
    return tuple(values[0] for values in pattern)


def value_number(lifecycle: Lifecycle, variable: str, text: str) -> int | None:
    """The number of the value of *variable* that *text* names (constant or wire name, in any case)."""
    folded = text.casefold()
    for number, value in enumerate(lifecycle.values[variable]):
        if folded in (value.name.casefold(), (value.wire or "none").casefold()):
            return number
    return None


def states(pattern: Pattern) -> Iterator[State]:
    """Every state that *pattern* admits, in the order of the tables."""
    return product(*pattern)


def matches(pattern: Pattern, state: State) -> bool:
    """Whether *state* is one that *pattern* admits."""
    return all(number in values for number, values in zip(state, pattern, strict=False))


def is_forgotten(lifecycle: Lifecycle, variable: str) -> bool:
    """Whether *lifecycle* is one that has forgotten *variable* (:mod:`model.forget`)."""
    return [value.name for value in lifecycle.values[variable]] == [ANY]


def seen_by(view: Lifecycle, state: State) -> State:
    """*state* as *view* sees it: what it has forgotten has its only value."""
    return tuple(
        0 if is_forgotten(view, name) else number for name, number in zip(view.state_variables, state, strict=True)
    )


def _elsewhere(lifecycle: Lifecycle, variable: str, text: str) -> str | None:
    """The other variable that has a value called *text*, if one has."""
    for other in lifecycle.state_variables:
        if other != variable and value_number(lifecycle, other, text) is not None:
            return other
    return None
