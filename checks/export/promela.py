"""The automaton of several processes as a Promela model, for Spin to count the same states and reach the same verdicts.

One Promela process a slot, one label a place, one ``atomic`` a move (Spin has room for only 2048 ``d_step`` in a
model): a stored state of Spin is a record and the place of each slot, in order.  Spin does not know that slots are
interchangeable, so it counts ordered configurations (:func:`checks.concurrency.exact.explore` with ``ordered``).
A crash moves all slots at once: it is handed on from slot to slot by rendezvous, which does not end an ``atomic``.
``flying``, ``marked``, ``locked`` and ``busy`` count slots by their places; they follow from the places and add no
state.  Compile with ``-DSAFETY -DNOREDUCE`` and run with ``-E``: partial-order reduction would leave states out, and a
configuration in which nothing can be done is no error here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.concurrency.automaton import END, Automaton, Origin, Place
from model.conditions import Assignments, When
from model.lifecycle import Condition, Lifecycle

#: A slot with no process.
IDLE = Place((), False, None, ())


def promela(
    automaton: Automaton,
    bound: int,
    values: Mapping[str, tuple[str, ...]],
    bad: Mapping[str, str],
    slots: int | None = None,
) -> str:
    """The model of *bound* processes; *values* names each variable's values, *bad* gives Promela conditions by name.

    Each condition of *bad* is asserted to be false after every step (see :func:`configuration`).  *slots* (*bound* by
    default) must leave room for the starts that are unbounded: that one finds none is asserted not to happen.
    """
    room = slots or bound
    model = [*_head(automaton, values, bad, room), *_slot(automaton, bound, room), *_services(automaton, room)]
    return "\n".join([*model, *_crowd(automaton, room)]) + "\n"


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


def _head(
    automaton: Automaton, values: Mapping[str, tuple[str, ...]], bad: Mapping[str, str], slots: int
) -> Iterator[str]:
    yield "/* generated from the tables: do not edit */"
    for name in automaton.names:
        listed = ", ".join(f"{number} {_plain(value)}" for number, value in enumerate(values[name]))
        yield f"/* {_plain(name)}: {listed} */"
    for name, value in zip(automaton.names, automaton.initial, strict=True):
        yield f"byte {_variable(name)} = {value};"
        yield f"hidden byte old_{_variable(name)};"
    yield "byte flying, marked, locked, busy;"
    for name, condition in bad.items():
        yield f"#define bad_{_plain(name).replace('-', '_')} ({condition})"
    asserts = " ".join(f"assert(!bad_{_plain(name).replace('-', '_')});" for name in bad)
    yield f"#define CHECK {asserts or 'skip;'}"
    if automaton.crashes:
        yield f"chan relay[{slots + 1}] = [0] of {{byte}};"


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


def _slot(automaton: Automaton, bound: int, slots: int) -> Iterator[str]:
    yield f"active [{slots}] proctype slot() {{"
    yield "end_idle:"
    starts = [
        _move(automaton, IDLE, origin.when, origin.assign, origin.to, origin.rows, _refusals(origin, bound, slots))
        for origin in automaton.origins
    ]
    yield from _choice([*starts, *_deaths(automaton, IDLE, END)])
    for number, place in enumerate(automaton.places):
        yield f"end_P{number}:"
        moves = [
            _move(automaton, place, move.when, move.assign, move.to, move.rows, ["locked == 0"] * move.acquires)
            for move in place.moves
        ]
        yield from _choice([*moves, *_deaths(automaton, place, number)])
    yield "}"


def _refusals(origin: Origin, bound: int, slots: int) -> list[str]:
    """What else lets a process start."""
    room = [f"flying < {bound}"] * (slots > bound and not origin.unbounded)
    return room + ["busy == 0"] * origin.patient


def _choice(options: list[str]) -> Iterator[str]:
    if not options:
        yield "  false;"
        return
    yield "  if"
    yield from options
    yield "  fi;"


def _move(
    automaton: Automaton, place: Place, when: When, assign: Assignments, to: int, rows: tuple[str, ...], also: list[str]
) -> str:
    guard = " && ".join([_test(automaton.names, when), *also])
    body = " ".join([*_writes(automaton.names, assign), *_moved(automaton, place, to)])
    listed = ", ".join(map(_row, rows[:3]))
    return f"  :: atomic {{ {guard} -> {body} CHECK }} goto {_label(to)}; /* {listed} */"


def _deaths(automaton: Automaton, place: Place, number: int) -> Iterator[str]:
    """What each crash does to a slot that stands at *place*: on to an heir, or nothing."""
    for index, crash in enumerate(automaton.crashes):
        for heir in place.heirs if place.service == crash.service else (number,):
            body = " ".join(_moved(automaton, place, heir))
            yield f"  :: atomic {{ relay[_pid]?{index} -> {body} relay[_pid + 1]!{index} }} goto {_label(heir)};"


def _label(to: int) -> str:
    return "end_idle" if to == END else f"end_P{to}"


def _moved(automaton: Automaton, before: Place, to: int) -> list[str]:
    """The counts of slots, after one has gone from *before*."""
    after = IDLE if to == END else automaton.places[to]
    return [
        *_counted("flying", before=before is not IDLE, after=after is not IDLE),
        *_counted("marked", before=bool(before.mark), after=bool(after.mark)),
        *_counted("locked", before=before.holds, after=after.holds),
        *_counted("busy", before=before.busy, after=after.busy),
    ]


def _row(row: str) -> str:
    return "/".join(map(_plain, row.split("/")))


def _counted(name: str, *, before: bool, after: bool) -> list[str]:
    if before == after:
        return []
    return [f"{name}++;" if after else f"{name}--;"]


def _services(automaton: Automaton, slots: int) -> Iterator[str]:
    """The process that lets services die, and the one to which the last slot hands a crash on."""
    if not automaton.crashes:
        return
    yield "active proctype services() {"
    yield "end_services:"
    yield "  if"
    for index, crash in enumerate(automaton.crashes):
        body = " ".join(_writes(automaton.names, crash.assign))
        test = _test(automaton.names, crash.when)
        yield f"  :: atomic {{ {test} -> {body} relay[0]!{index} }} goto end_services; /* {_plain(crash.service)} */"
    yield "  fi;"
    yield "}"
    yield "active proctype over() {"
    yield "end_over:"
    yield f"  atomic {{ relay[{slots}]?_ -> CHECK }} goto end_over;"
    yield "}"


def _crowd(automaton: Automaton, slots: int) -> Iterator[str]:
    """The process that says when a start that is unbounded finds no slot."""
    starts = [origin for origin in automaton.origins if origin.unbounded]
    if not starts:
        return
    yield "active proctype crowd() {"
    yield "end_crowd:"
    yield "  if"
    for origin in starts:
        guard = " && ".join([_test(automaton.names, origin.when), *["busy == 0"] * origin.patient])
        yield f"  :: atomic {{ flying == {slots} && {guard} -> assert(false) }} goto end_crowd;"
    yield "  fi;"
    yield "}"
