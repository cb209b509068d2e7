"""Executions of several processes: as plain data, which the checker replays, and as traces, which people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from checks.concurrency.confirm import ENDS, LaneStep
from checks.traces import named
from checks.verdict import Change, Trace, TraceStep
from model.lifecycle import Lifecycle
from model.program import Wait
from model.semantics import Semantics


def plain(
    semantics: Semantics, key: Mapping[str, str], taken: Sequence[LaneStep], *, stays: bool = False
) -> dict[str, Any]:
    """The execution *taken*: after each step the record and what is in flight; *stays* when it may stay at its end."""
    inflight: list[int] = []
    steps: list[list[Any]] = []
    for step in taken:
        if step.lane is None:
            inflight = _survivors(semantics, inflight, step.row.partition("/")[2])
        elif step.control >= 0:
            inflight.remove(step.control)
        if step.to not in ENDS:
            inflight.append(step.to)
        standing = [semantics.controls[number] for number in sorted(inflight)]
        steps.append([step.row, list(step.after), [[one.point, one.memory, one.dirty] for one in standing]])
    cycle = len(steps) if stays else None
    return {"key": dict(key), "start": [list(taken[0].before), []], "steps": steps, "cycle": cycle}


def _survivors(semantics: Semantics, inflight: Iterable[int], service: str) -> list[int]:
    """What is left of *inflight* when *service* dies: messages, what runs elsewhere, and who hears of it."""
    left: list[int] = []
    for control in inflight:
        instruction = semantics.instruction(control)
        dies = instruction is not None and instruction.service == service and not isinstance(instruction, Wait)
        left.append(semantics.killed(control) if dies else control)
    return [control for control in left if control not in ENDS]


def trace_of(lifecycle: Lifecycle, steps: Iterable[LaneStep]) -> Trace:
    """The trace of an execution: a lane is called by the operation that started it, with ``#2`` for its second."""
    listed = tuple(steps)
    lanes: dict[int, str] = {}
    used: Counter[str] = Counter()
    made: list[TraceStep] = []
    for step in listed:
        row = lifecycle.rows.get(step.row)
        if step.lane is not None and (step.control < 0 or step.lane not in lanes):
            operation = row.operation if row is not None else step.row
            used[operation] += 1
            lanes[step.lane] = operation if used[operation] == 1 else f"{operation}#{used[operation]}"
        before, after = named(lifecycle, step.before), named(lifecycle, step.after)
        changes = tuple(Change(name, before[name], after[name]) for name in after if before[name] != after[name])
        made.append(
            TraceStep(
                step.row, row.kind if row is not None and step.exception is None else "failure",
                "" if step.lane is None else lanes[step.lane],
                "" if row is None else row.service, "" if row is None else row.source, "" if row is None else row.place,
                changes, after, step.exception, step.label,
            )
        )  # fmt: skip
    return Trace(named(lifecycle, listed[0].before), tuple(made))
