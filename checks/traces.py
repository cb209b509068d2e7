"""From steps of the explorer to traces that people and programs can read, and their text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.verdict import Change, Trace, TraceStep
from model.explore import Space, Step
from model.lifecycle import Lifecycle, Record, Row
from model.semantics import END_FAILED, END_FINISHED


def named(lifecycle: Lifecycle, record: Record) -> dict[str, str]:
    """*record* by the names of its variables and values."""
    return {
        variable.name: variable.values[number] for variable, number in zip(lifecycle.variables, record, strict=True)
    }


def trace(space: Space, start: int, path: Sequence[tuple[Step, int]], cycle: int | None = None) -> Trace:
    """The trace that takes *path* from configuration *start* of *space*."""
    lifecycle = space.semantics.lifecycle
    record, controls = space.configurations[start]
    first = named(lifecycle, record)
    lanes = dict.fromkeys(controls, "")
    made: list[TraceStep] = []
    before = first
    for step, to in path:
        record, after = space.configurations[to]
        now = named(lifecycle, record)
        row = lifecycle.rows.get(step.row)
        lane = lanes.get(step.process, "") if step.process >= 0 else (row.operation if row is not None else "")
        left = {control: lanes[control] for control in after if control in lanes}
        if step.after not in (END_FINISHED, END_FAILED):
            left[step.after] = lane
        lanes = {control: left.get(control, lane) for control in after}
        changes = tuple(Change(name, before[name], now[name]) for name in now if before[name] != now[name])
        made.append(TraceStep(step.row, step.kind, lane, *_cited(row), changes, now, step.exception, step.label))
        before = now
    return Trace(first, tuple(made), cycle)


def _cited(row: Row | None) -> tuple[str, str, str]:
    """The service, the source and the place of *row*; a crash or a loss has none."""
    return ("", "", "") if row is None else (row.service, row.source, row.place)


def lines(one: Trace, width: int = 48) -> Iterator[str]:
    """*one* as text: a step a line, with what changed; what did not change is left out.

    Where more than one process is in flight, each step is headed by the process that takes it.
    """
    shown = ", ".join(f"{name}={value}" for name, value in one.initial.items())
    yield f"start: {shown}"
    lanes = [step.process for step in one.steps]
    wide = max(map(len, lanes), default=0) if _at_once(lanes) else 0
    for number, step in enumerate(one.steps):
        if one.cycle == number:
            yield "  -- from here on for ever --"
        changed = ", ".join(f"{change.variable}: {change.before} -> {change.after}" for change in step.changes)
        failed = f" [{step.exception}]" if step.exception else ""
        chosen = f" ({step.label})" if step.label else ""
        place = f"  {step.source}" if step.source else ""
        lane = f"{step.process or '-':{wide}} " if wide else ""
        yield f"{number + 1:3} {lane}{step.service:9} {step.row + chosen + failed:{width}} {changed or '.'}{place}"
    if one.cycle == len(one.steps):
        yield "  -- and stays so for ever --"


def _at_once(lanes: Sequence[str]) -> bool:
    """Whether one of the processes *lanes* steps between two steps of another."""
    last = {lane: number for number, lane in enumerate(lanes) if lane}
    running = -1, ""
    for number, lane in enumerate(lanes):
        if lane and lane != running[1] and running[0] > number:
            return True
        if lane:
            running = max(running, (last[lane], lane))
    return False
