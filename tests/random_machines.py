"""Random small machines: the door of ``lifecycles/door`` with other programs, for tests that compare what is decided.

Programs only go forward, so that every process ends.  ``machines`` are plain ones: two requests that write the phase
and the lock.  ``rich_machines`` write, ask and promise whatever some property speaks of.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

from hypothesis import strategies as st

from model.lifecycle import Conjunction, Default, Lifecycle, Promise, Row, Scenario, Text
from model.program import FAILED, FINISHED, Call, Choose, Dirty, Entry, Instruction, Operand, Read, Save, Wait
from model.tables_reader import read_tables

DOOR = Path(__file__).parent / "lifecycles" / "door"
MACHINES = int(os.environ.get("MACHINES", "100"))
#: The variables of the door: what it is, what is being done, what is reported, whether it is there, what is true.
PHASE, LOCK, LIGHT, FRAME, LAMP, MOTOR = range(6)
THERE, GONE = 1, 2
WORDS = Text("", "")
REQUESTS = frozenset({"request"})

#: Draws the instruction of one point of a program of so many points.
Drawn = Callable[[st.DrawFn, int, int], Instruction]


@cache
def door() -> Lifecycle:
    return read_tables(DOOR)


@cache
def number(variable: int) -> st.SearchStrategy[int]:
    """A value of *variable*."""
    return st.integers(0, len(door().variables[variable].values) - 1)


@cache
def some(variable: int) -> st.SearchStrategy[frozenset[int]]:
    """Some values of *variable*, at least one."""
    values = range(len(door().variables[variable].values))
    sets = [frozenset(chosen) for size in values for chosen in combinations(values, size + 1)]
    return st.sampled_from(sets)


def present() -> Conjunction:
    (found,) = door().predicates["present"]
    return found


def failures(expect: frozenset[int] | None) -> list[str]:
    """The exceptions that a save may raise which compares the lock with *expect*."""
    lifecycle = door()
    compared = [] if expect is None else [lifecycle.refused, *(name for name, _ in lifecycle.special)]
    return [lifecycle.missing, *compared]


def plain_instruction(draw: st.DrawFn, point: int, size: int) -> Instruction:
    """One instruction over phase and lock; its targets lie ahead."""
    ahead = st.sampled_from([*range(point + 1, size), FINISHED, FAILED])
    common = (f"open/turn/p{point}", "open", "motor" if draw(st.booleans()) else "panel", False, None)
    match draw(st.integers(0, 4)):
        case 0 | 1:
            writes = tuple((variable, draw(number(variable))) for variable in (PHASE, LOCK) if draw(st.booleans()))
            expect = draw(st.none() | some(LOCK))
            raised = tuple((name, draw(ahead)) for name in failures(expect))
            return Save(*common, writes, expect, (), None, draw(ahead), raised)
        case 2:
            return Dirty(*common, ((PHASE, draw(number(PHASE))),), draw(ahead))
        case 3:
            return Call(*common, ((),), ((),), draw(ahead), (("error", draw(ahead)),))
        case _:
            condition = (((LOCK, draw(some(LOCK))),),)
            missing = ((door().missing, draw(ahead)),)
            return Read(
                *common, (), draw(st.booleans()), draw(st.booleans()), condition, draw(ahead), draw(ahead), missing
            )


def assembled(draw: st.DrawFn, drawn: Drawn, least: int, most: int) -> Lifecycle:
    """Two requests over at most *most* points, which start at the first one or as a message; a recovery that serves."""
    lifecycle = door()
    size = draw(st.integers(least, most))
    made = [drawn(draw, point, size) for point in range(size)]
    service = next(one for one in lifecycle.services if one.available)
    message = draw(st.integers(0, size - 1))
    made.append(Wait("open/press/cast", "open", service.name, False, None, service.available, message))
    starts = st.sampled_from([0, size])
    entries = tuple(
        Entry(row, row.split("/")[0], "request", ((*present(), (LOCK, draw(some(LOCK)))),), (), (), draw(starts))
        for row in ("open/guard", "remove/guard")
    )
    (recovery,) = (entry for entry in lifecycle.entries if entry.kind == "recovery")
    serve = next(one for one in lifecycle.instructions if isinstance(one, Call) and one.row.endswith("/serve"))
    rows = {one.row: replace(lifecycle.rows["open/turn/done"], id=one.row) for one in made}
    return replace(
        lifecycle,
        instructions=(*made, serve),
        entries=(*entries, replace(recovery, next=len(made))),
        rows={**lifecycle.rows, **rows},
    )


@st.composite
def machines(draw: st.DrawFn) -> Lifecycle:
    return assembled(draw, plain_instruction, 2, 6)


def with_sweep(draw: st.DrawFn, lifecycle: Lifecycle) -> Lifecycle:
    """*lifecycle* with a periodic task of one save."""
    expect = draw(st.none() | some(LOCK))
    written = {
        PHASE: draw(st.none() | number(PHASE)),
        LOCK: draw(st.none() | number(LOCK)),
        FRAME: draw(st.sampled_from([None, GONE])),
    }
    act = Save(
        "sweep/turn/act", "sweep", "motor", False, None,
        tuple((variable, value) for variable, value in written.items() if value is not None),
        expect, (), None, FINISHED, tuple((name, FAILED) for name in failures(expect)),
    )  # fmt: skip
    when = ((*present(), (LOCK, draw(some(LOCK)))),)
    sweep = Entry("sweep/guard", "sweep", "periodic", when, (), (), len(lifecycle.instructions))
    return with_operation(lifecycle, [sweep], [act])


def with_operation(lifecycle: Lifecycle, entries: list[Entry], made: Iterable[Instruction] = ()) -> Lifecycle:
    """*lifecycle* with one more operation, which *entries* start, and the instructions *made* behind the others."""
    added = tuple(made)
    name, kind = entries[0].operation, entries[0].kind
    rows = [replace(lifecycle.rows["remove/guard"], id=one.row, operation=name, kind=kind) for one in entries]
    rows += [replace(lifecycle.rows["remove/press/mark"], id=one.row, operation=name) for one in added]
    operation = replace(lifecycle.operations["remove"], name=name, kind=kind, undoes=(), restores=None)
    return replace(
        lifecycle,
        entries=(*lifecycle.entries, *entries),
        instructions=(*lifecycle.instructions, *added),
        operations={**lifecycle.operations, name: operation},
        rows={**lifecycle.rows, **{row.id: row for row in rows}},
    )


# -- machines that do everything --------------------------------------------------------------------------------------

EVERYTHING = REQUESTS | {"admin", "event", "periodic", "outside"}
ALONE = {
    one.name: one
    for one in (
        Scenario("sequential", WORDS, 1, REQUESTS, fail=True, crash=False, lose=False),
        Scenario("calm", WORDS, 1, REQUESTS, fail=False, crash=False, lose=False),
        Scenario("lost", WORDS, 1, REQUESTS, fail=True, crash=False, lose=True),
        Scenario("admin", WORDS, 1, REQUESTS | {"admin"}, fail=True, crash=False, lose=False),
        Scenario("watched", WORDS, 1, REQUESTS | {"periodic", "event"}, fail=True, crash=False, lose=False),
        Scenario("outside", WORDS, 1, EVERYTHING, fail=True, crash=False, lose=False),
        Scenario("crash", WORDS, 1, REQUESTS | {"recovery", "outside"}, fail=True, crash=True, lose=False),
        Scenario("patient", WORDS, 1, REQUESTS | {"recovery"}, fail=True, crash=True, lose=False, patient=True),
        Scenario("worst", WORDS, 1, EVERYTHING - {"admin"} | {"recovery"}, fail=True, crash=True, lose=False),
    )
}


def rich_instruction(draw: st.DrawFn, point: int, size: int) -> Instruction:
    """One instruction over all that a program can write or look at; what goes well mostly leads to the next one."""
    following = point + 1 if point + 1 < size else FINISHED
    ahead = st.sampled_from([*range(point + 1, size), FINISHED, FAILED])
    onward = st.sampled_from([following] * 6 + [FINISHED, FAILED])
    name = draw(st.sampled_from(["open", "open", "remove"]))
    killed = draw(ahead) if draw(st.integers(0, 7)) == 7 else None
    common = (f"{name}/turn/p{point}", name, draw(st.sampled_from(["motor", "motor", "panel"])), False, killed)
    match draw(st.integers(0, 9)):
        case chosen if chosen < 4 or (point == size - 1 and chosen < 8):
            return _rich_save(draw, common, onward, ahead, point, size)
        case 4:
            variable = draw(st.sampled_from([PHASE, LIGHT]))
            return Dirty(*common, ((variable, draw(number(variable))),), draw(onward))
        case 5 | 6:
            some_effects = st.sampled_from([(((LAMP, 1),),), (((LAMP, 0),),), ((),), (((LAMP, 0),), ((LAMP, 1),))])
            return Call(*common, draw(some_effects), draw(some_effects)[:1], draw(onward), (("error", draw(ahead)),))
        case 7:
            return Choose(*common, (("left", draw(onward)), ("right", draw(ahead))))
        case _:
            variable = draw(st.sampled_from([PHASE, LOCK, LIGHT, LAMP]))
            condition = (((variable, draw(some(variable))),),)
            missing = ((door().missing, draw(ahead)),)
            refreshes = draw(st.booleans())
            asks = variable == LAMP or draw(st.booleans())
            return Read(*common, (), refreshes, asks, condition, draw(onward), draw(onward), missing)


def _rich_save(
    draw: st.DrawFn,
    common: tuple[str, str, str, bool, int | None],
    onward: st.SearchStrategy[int],
    ahead: st.SearchStrategy[int],
    point: int,
    size: int,
) -> Save:
    """A save that mostly starts a task where the program starts, and mostly ends it where the program ends."""
    writes: dict[int, Operand] = {}
    last = point == size - 1
    if draw(st.booleans()):
        writes[PHASE] = draw(number(PHASE))
    if draw(st.integers(0, 3)):
        writes[LOCK] = 0 if last else draw(st.sampled_from([0, 0, 1, 2]))
    if draw(st.booleans()):
        writes[LIGHT] = draw(st.sampled_from([("variable", LAMP), ("variable", LAMP), 0, 1]))
    if draw(st.integers(0, 3 if last else 7)) == 3:
        writes[FRAME] = GONE
    expect = draw(some(LOCK)) if draw(st.integers(0, 2)) == 2 else None
    where, otherwise = (), None
    names = failures(expect)
    if draw(st.integers(0, 5)) == 5:
        asked = draw(st.sampled_from([LIGHT, LAMP]))
        where, otherwise = ((asked, draw(some(asked))),), door().refused
        names = list(dict.fromkeys([*names, otherwise]))
    raised = tuple((name, draw(ahead)) for name in names)
    return Save(*common, tuple(sorted(writes.items())), expect, where, otherwise, draw(onward), raised)


@st.composite
def rich_machines(draw: st.DrawFn) -> Lifecycle:
    """A random machine of which each property can be asked, in one of ``ALONE``."""
    lifecycle = with_sweep(draw, _marking(draw, assembled(draw, rich_instruction, 3, 4)))
    last = len(lifecycle.instructions) - 1
    points = st.sampled_from([*range(last), *[FINISHED] * (2 * last)])
    flipped = draw(number(LAMP))
    for name, kind, when, writes, to in (
        ("tell", "event", (*present(), (LAMP, draw(some(LAMP)))), (), draw(points)),
        ("flip", "outside", (*present(), (PHASE, draw(some(PHASE)))), ((LAMP, flipped),), FINISHED),
        ("force", "admin", (*present(), (LOCK, draw(some(LOCK)))), ((LOCK, draw(number(LOCK))),), draw(points)),
    ):
        entry = Entry(f"{name}/guard", name, kind, (when,), (), writes, to)
        lifecycle = with_operation(lifecycle, [entry])
    if draw(st.integers(0, 2)) == 0:
        again = Entry(
            "open/again", "open", "request", (((FRAME, frozenset({GONE})),),), (), ((FRAME, THERE),), FINISHED
        )
        lifecycle = replace(lifecycle, entries=(*lifecycle.entries, again))
    operations = dict(lifecycle.operations)
    kept = tuple(((PHASE, frozenset({value})),) for value in range(3))
    undoing = draw(st.sampled_from(["remove", "open"]))
    undone = tuple(name for name in ("open", "remove", "tell") if name != undoing and draw(st.integers(0, 3)))
    operations[undoing] = replace(operations[undoing], undoes=undone, restores=kept)
    return replace(
        lifecycle,
        operations=operations,
        predicates={**lifecycle.predicates, **_predicates(draw)},
        variables=tuple(
            replace(one, initial=draw(number(variable))) if variable in (PHASE, LIGHT, LAMP) else one
            for variable, one in enumerate(lifecycle.variables)
        ),
        promises=tuple(_promise(draw, name) for name in ("open", "remove", "open", "sweep", "recover")),
        scenarios=ALONE,
        defaults=tuple(
            Default(((LIGHT, frozenset({value})),), ((LAMP, draw(number(LAMP))), (FRAME, THERE))) for value in (0, 1)
        ),
        rows=_rows(draw, lifecycle),
    )


def _marking(draw: st.DrawFn, lifecycle: Lifecycle) -> Lifecycle:
    """*lifecycle* in which most requests set the lock before anything else, as most do.

    In some a request takes the door out, whatever is being done, and does nothing else.
    """
    made, entries = list(lifecycle.instructions), []
    taking_out = len(made) if draw(st.integers(0, 2)) == 2 else None
    if taking_out is not None:
        raised = tuple((name, FAILED) for name in failures(None))
        writes = ((LOCK, 0), (FRAME, GONE))
        made.append(Save("remove/out/gone", "remove", "motor", False, None, writes, None, (), None, FINISHED, raised))
    for entry in lifecycle.entries:
        opens = entry.operation == "open"
        if taking_out is not None and entry.operation == "remove":
            entries.append(replace(entry, when=(present(),), next=taking_out))
        elif entry.kind == "request" and draw(st.integers(0, 3)):
            expect = draw(st.none() | st.just(frozenset({0})))
            raised = tuple((name, FAILED) for name in failures(expect))
            writes = ((LOCK, 1 if opens else 2),)
            row = f"{entry.operation}/press/mark"
            made.append(Save(row, entry.operation, "panel", False, None, writes, expect, (), None, entry.next, raised))
            accepted = draw(st.sampled_from([frozenset({0}), frozenset({0, 1, 2})]))
            entries.append(replace(entry, when=((*present(), (LOCK, accepted)),), next=len(made) - 1))
        else:
            entries.append(entry)
    return replace(lifecycle, instructions=tuple(made), entries=tuple(entries))


def _predicates(draw: st.DrawFn) -> dict[str, tuple[Conjunction, ...]]:
    def phase_and(variable: int) -> tuple[Conjunction, ...]:
        value, told = draw(number(PHASE)), draw(number(variable))
        return (((PHASE, frozenset({value})), (variable, frozenset({told}))),)

    def phase() -> tuple[Conjunction, ...]:
        return (((PHASE, frozenset({draw(st.integers(0, 1))})),),)

    return {
        "deleted": phase(),
        "passing": phase(),
        "conflict": phase_and(LAMP),
        "inconsistent": phase_and(LIGHT),
    }


def _promise(draw: st.DrawFn, name: str) -> Promise:
    start, end = (draw(st.sampled_from([PHASE, LOCK, LIGHT, LAMP])) for _ in range(2))
    where = frozenset(ALONE) - {draw(st.sampled_from(sorted(ALONE)))}
    return Promise(name, ((start, draw(some(start))),), (((end, draw(some(end))),),), where)


def _rows(draw: st.DrawFn, lifecycle: Lifecycle) -> dict[str, Row]:
    """The rows of what is there, and of nothing else; some say that what they do is a failure."""
    like = lifecycle.rows["open/turn/done"]
    names = [one.row for one in lifecycle.instructions]
    failing = draw(st.sets(st.sampled_from(names), max_size=2))
    made = {
        name: replace(like, id=name, operation=name.split("/")[0], kind="failure" if name in failing else "step")
        for name in names
    }
    for entry in lifecycle.entries:
        made[entry.row] = replace(like, id=entry.row, operation=entry.operation, kind=entry.kind)
    return made
