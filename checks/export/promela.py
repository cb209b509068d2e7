"""The automaton of several processes as a Promela model, for Spin to count the same states and reach the same verdicts.

One Promela process a slot, one label a place, one ``atomic`` a move (Spin has room for only 2048 ``d_step`` in a
model): a stored state of Spin is a record and the place of each slot, in order.  Spin does not know that slots are
interchangeable, so it counts ordered configurations (:func:`checks.concurrency.exact.explore` with ``ordered``).
``flying``, ``marked`` and ``locked`` count slots by their places; they follow from the places and add no state.
Compile with ``-DSAFETY -DNOREDUCE`` and run with ``-E``: partial-order reduction would leave states out, and a
configuration in which nothing can be done is no error here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.concurrency.automaton import END, Automaton, Move, Place
from model.conditions import Assignments, When
from model.lifecycle import Condition, Lifecycle


class CannotExportError(ValueError):
    """Spin's processes cannot be killed by others, nor started without bound."""


def promela(automaton: Automaton, bound: int, values: Mapping[str, tuple[str, ...]], bad: Mapping[str, str]) -> str:
    """The model of *bound* slots; *values* names the values of each variable, *bad* gives Promela conditions by name.

    Each condition of *bad* is asserted to be false after every step (see :func:`configuration`).  CannotExportError
    when the automaton has crashes, or starts that need no slot.
    """
    if automaton.crashes or any(origin.unbounded and origin.to != END for origin in automaton.origins):
        raise CannotExportError("crashes, and starts beyond the bound, have no counterpart in this model")
    return "\n".join([*_head(automaton, values, bad), *_slot(automaton, bound), *_outside(automaton)]) + "\n"


def configuration(names: tuple[str, ...], conditions: Condition, *, idle: bool, marked: bool) -> str:
    """A condition on a configuration: on the record (over *names*), with nothing in flight, with a marked place."""
    record = " || ".join(f"({_test(names, when)})" for when in conditions) or "false"
    parts = [f"({record})"] + ["flying == 0"] * idle + ["marked > 0"] * marked
    return " && ".join(parts)


def conditions(
    names: tuple[str, ...], lifecycle: Lifecycle, condition: Condition, *, same: tuple[str, str] | None = None
) -> str:
    """*condition* of *lifecycle*, or that two variables have the same value, over the variables *names*."""
    if same is not None:
        return f"({_variable(same[0])} == {_variable(same[1])})"
    kept = [
        tuple((names.index(lifecycle.variables[variable].name), values) for variable, values in when)
        for when in condition
    ]
    return "(" + (" || ".join(f"({_test(names, when)})" for when in kept) or "false") + ")"


def _head(automaton: Automaton, values: Mapping[str, tuple[str, ...]], bad: Mapping[str, str]) -> Iterator[str]:
    yield "/* generated from the tables: do not edit */"
    for name in automaton.names:
        listed = ", ".join(f"{number} {_plain(value)}" for number, value in enumerate(values[name]))
        yield f"/* {_plain(name)}: {listed} */"
    for name, value in zip(automaton.names, automaton.initial, strict=True):
        yield f"byte {_variable(name)} = {value};"
        yield f"hidden byte old_{_variable(name)};"
    yield "byte flying, marked, locked;"
    for name, condition in bad.items():
        yield f"#define bad_{_plain(name).replace('-', '_')} ({condition})"
    asserts = " ".join(f"assert(!bad_{_plain(name).replace('-', '_')});" for name in bad)
    yield f"#define CHECK {asserts or 'skip;'}"


def _plain(text: str) -> str:
    """*text* without what could end a comment or a line."""
    return "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in text)


def _variable(name: str) -> str:
    return "x_" + _plain(name).replace("-", "_")


def _test(names: tuple[str, ...], when: When) -> str:
    """*when* as an expression."""
    parts = []
    for variable, allowed in when:
        name = _variable(names[variable])
        parts.append("(" + " || ".join(f"{name} == {value}" for value in sorted(allowed)) + ")")
    return " && ".join(parts) or "true"


def _writes(names: tuple[str, ...], assign: Assignments) -> Iterator[str]:
    """The assignments; a copied variable is read before any is written."""
    for _, value in assign:
        if value < 0:
            name = _variable(names[-1 - value])
            yield f"old_{name} = {name};"
    for variable, value in assign:
        copied = f"old_{_variable(names[-1 - value])}" if value < 0 else str(value)
        yield f"{_variable(names[variable])} = {copied};"


def _slot(automaton: Automaton, bound: int) -> Iterator[str]:
    yield f"active [{bound}] proctype slot() {{"
    yield "end_idle:"
    nothing = Place((), False, None, ())
    starts = [
        Move(origin.when, origin.assign, origin.to, False, origin.rows)
        for origin in automaton.origins
        if not origin.unbounded
    ]
    yield from _choice(automaton, nothing, starts, idle=True)
    for number, place in enumerate(automaton.places):
        yield f"end_P{number}:"
        yield from _choice(automaton, place, list(place.moves), idle=False)
    yield "}"


def _choice(automaton: Automaton, place: Place, moves: list[Move], *, idle: bool) -> Iterator[str]:
    if not moves:
        yield "  false;"
        return
    yield "  if"
    for move in moves:
        after = None if move.to == END else automaton.places[move.to]
        guard = _test(automaton.names, move.when) + (" && locked == 0" if move.acquires else "")
        body = list(_writes(automaton.names, move.assign))
        body += _counted("flying", before=not idle, after=after is not None)
        body += _counted("marked", before=bool(place.mark), after=after is not None and bool(after.mark))
        body += _counted("locked", before=place.holds, after=after is not None and after.holds)
        target = "end_idle" if move.to == END else f"end_P{move.to}"
        rows = ", ".join(map(_row, move.rows[:3]))
        yield f"  :: atomic {{ {guard} -> {' '.join(body)} CHECK }} goto {target}; /* {rows} */"
    yield "  fi;"


def _row(row: str) -> str:
    return "/".join(map(_plain, row.split("/")))


def _counted(name: str, *, before: bool, after: bool) -> list[str]:
    if before == after:
        return []
    return [f"{name}++;" if after else f"{name}--;"]


def _outside(automaton: Automaton) -> Iterator[str]:
    starts = [origin for origin in automaton.origins if origin.unbounded]
    if not starts:
        return
    yield "active proctype surroundings() {"
    yield "end_outside:"
    yield "  if"
    for origin in starts:
        body = " ".join(_writes(automaton.names, origin.assign))
        yield f"  :: atomic {{ {_test(automaton.names, origin.when)} -> {body} CHECK }} goto end_outside;"
    yield "  fi;"
    yield "}"
