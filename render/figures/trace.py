"""Executions as pictures, one lane a process: a path between states, and the trace of a finding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from render.figure import Lane, NodeKind, Sequence, Step, Value

if TYPE_CHECKING:
    from checks.verdict import Trace
    from model.lifecycle import Lifecycle
    from model.paths import Path
    from model.state import State

OUTSIDE = "outside"
_TO = "\N{EN DASH}"
#: Kinds of steps of which several in a row may share a box.
_QUIET = frozenset({NodeKind.STEP, NodeKind.READ, NodeKind.CALL, NodeKind.SET})
_KINDS = {
    "guard": NodeKind.GUARD,
    "save": NodeKind.SAVE,
    "dirty": NodeKind.SET,
    "call": NodeKind.CALL,
    "cast": NodeKind.CAST,
    "run": NodeKind.CAST,
    "read": NodeKind.READ,
}


def path_picture(lifecycle: Lifecycle, path: Path, name: str = "path", title: str = "") -> Sequence:
    """A path with one lane for each operation on it, the state after each step that changes it."""
    lanes: dict[str, None] = {}
    steps: list[Step] = []
    before = path.start
    last: dict[str, str] = {}
    for number, step in enumerate(path.steps, start=1):
        lane = step.operation if step.operation in lifecycle.operations else OUTSIDE
        lanes.setdefault(lane)
        said = _said(lifecycle, step.row, step.exception)
        values = _state_values(lifecycle, before, step.state)
        steps.append(_step(lifecycle, number, lane, said, step.row, step.exception, values, last))
        before = step.state
        if step.idle:
            last.pop(lane, None)
    ends = [_named(lifecycle, state) for state in (path.start, before)]
    return Sequence(
        name,
        title or f"From {ends[0]} to {ends[1]}",
        f"{len(path.steps)} steps, one lane for each operation; the state stands at the right where a step changes it.",
        tuple(Lane(lane, lane) for lane in lanes),
        tuple(_folded(steps)),
        lifecycle.state_variables,
    )


def trace_picture(lifecycle: Lifecycle, trace: Trace, name: str = "trace", title: str = "") -> Sequence:
    """An execution of one or more processes with one lane for each process, from its initial record to its end."""
    lanes: dict[str, None] = {}
    steps: list[Step] = []
    last: dict[str, str] = {}
    for number, step in enumerate(trace.steps, start=1):
        lane = step.process or OUTSIDE
        lanes.setdefault(lane)
        said = _said(lifecycle, step.row, step.exception)
        if step.label:
            said.append(step.label.replace("_", " "))
        changed = {change.variable for change in step.changes}
        shown = [v for v in lifecycle.state_variables if v in step.record] if changed else []
        more = [v for v in step.record if v in changed and v not in shown]
        values = tuple(Value(v, step.record[v], v in changed) for v in (*shown, *more))
        steps.append(_step(lifecycle, number, lane, said, step.row, step.exception, values, last))
    notes = [
        f"Begins with {', '.join(f'{v} {trace.initial[v]}' for v in lifecycle.state_variables if v in trace.initial)}."
    ]
    if trace.cycle is not None:
        stays = trace.cycle >= len(trace.steps)
        notes.append("Then nothing changes any more." if stays else f"Then step {trace.cycle + 1} follows, for ever.")
    return Sequence(
        name,
        title or f"An execution of {len(trace.steps)} steps",
        "One lane for each process, time running down; the record stands at the right where a step changes it.",
        tuple(Lane(lane, lane) for lane in lanes),
        tuple(_folded(steps)),
        lifecycle.state_variables,
        tuple(notes),
    )


def _step(
    lifecycle: Lifecycle, number: int, lane: str, said: list[str], row: str, exception: str | None,
    values: tuple[Value, ...], last: dict[str, str],
) -> Step:  # fmt: skip
    known = lifecycle.rows.get(row)
    kind = NodeKind.STEP if known is None else _KINDS.get(known.instruction, NodeKind.STEP)
    follows = last.get(lane, "")
    last[lane] = f"step-{number}"
    tip = row if known is None else f"{row} ({known.source})"
    lines = (f"{number}  {said[0]}", *said[1:])
    shown = NodeKind.FAILURE if exception else kind
    return Step(f"step-{number}", lane, lines, shown, values, rows=(row,), follows=follows, tooltip=tip)


def _folded(steps: list[Step]) -> list[Step]:
    """The steps with those that one process takes in a row, and that change nothing that is shown, in one box."""
    made: list[Step] = []
    renamed: dict[str, str] = {}
    for step in steps:
        last = made[-1] if made else None
        quiet = step.kind in _QUIET and not step.values
        if last is not None and quiet and last.kind in _QUIET and not last.values and last.lane == step.lane:
            numbers = f"{last.lines[0].split('  ')[0].split(_TO)[0]}{_TO}{step.lines[0].split('  ')[0]}"
            words = [line.split("  ")[-1] for line in (*last.lines, *step.lines)]
            renamed[step.id] = last.id
            kind = NodeKind.CALL if NodeKind.CALL in (last.kind, step.kind) else last.kind
            made[-1] = replace(
                last,
                lines=(f"{numbers}  {', '.join(words)}",),
                kind=kind,
                rows=(*last.rows, *step.rows),
                tooltip=f"{last.tooltip}\n{step.tooltip}",
            )
            continue
        follows = step.follows
        made.append(replace(step, follows=None if follows is None else renamed.get(follows, follows)))
    return made


def _said(lifecycle: Lifecycle, row: str, exception: str | None) -> list[str]:
    known = lifecycle.rows.get(row)
    words = row.replace("/", " ") if known is None else known.step.replace("_", " ")
    if known is not None and known.instruction == "guard":
        words = "starts"
    return [words, *([f"fails: {exception}"] if exception else [])]


def _state_values(lifecycle: Lifecycle, before: State | None, after: State | None) -> tuple[Value, ...]:
    if after is None or after == before:
        return ()
    return tuple(
        Value(name, lifecycle.variables[n].values[after[n]], before is None or before[n] != after[n])
        for n, name in enumerate(lifecycle.state_variables)
    )


def _named(lifecycle: Lifecycle, state: State | None) -> str:
    from model.state import state_name

    return "nothing" if state is None else state_name(lifecycle, state)
