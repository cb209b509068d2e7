"""The steps of a program put in a row for drawing: writes each for itself, what lies between two writes together."""

from __future__ import annotations

from dataclasses import dataclass, field

from model.lifecycle import Lifecycle
from model.program import Call, Instruction, Save, Wait
from render.figures.analysis import Analysis


@dataclass(slots=True)
class Stage:
    """One box: its points in order, its lane, and whether it is a write of the state (or a comparison with it)."""

    points: list[int]
    lane: str
    instruction: Instruction
    major: bool
    before: set[int] = field(default_factory=set)
    after: set[int] = field(default_factory=set)
    ends: bool = False
    labels: set[str | None] = field(default_factory=set)


def stages(analysis: Analysis) -> list[Stage]:
    """The boxes of a program in an order in which each comes after what leads to it (but for loops).

    Steps between two writes that the same service takes one after another are one box. ``before`` and ``after`` are
    numbers of boxes in that order.
    """
    order = _sorted(analysis)
    made: list[Stage] = []
    for point in order:
        instruction = analysis.lifecycle.instructions[point]
        lane = lane_of(analysis.lifecycle, instruction)
        major = is_major(analysis.lifecycle, instruction)
        last = made[-1] if made else None
        if last and not major and not last.major and last.lane == lane and not _is_message(last, instruction):
            last.points.append(point)
            continue
        made.append(Stage([point], lane, instruction, major))
    _join(analysis, made)
    return [stage for stage in made if stage.points]


def _is_message(last: Stage, instruction: Instruction) -> bool:
    return isinstance(instruction, Wait) or isinstance(last.instruction, Wait)


def _join(analysis: Analysis, made: list[Stage]) -> None:
    number = {point: i for i, stage in enumerate(made) for point in stage.points}
    for flow in analysis.flows():
        here = number[flow.source]
        if flow.target < 0:
            made[here].ends = True
        elif number[flow.target] != here:
            made[here].after.add(number[flow.target])
            made[number[flow.target]].before.add(here)
            made[number[flow.target]].labels.add(flow.label)


def _sorted(analysis: Analysis) -> list[int]:
    """The points in reverse postorder of a depth-first search, the first choice first."""
    following: dict[int, list[int]] = {}
    for flow in analysis.flows():
        if flow.target >= 0:
            following.setdefault(flow.source, []).append(flow.target)
    done: list[int] = []
    seen: set[int] = set()
    roots = list(dict.fromkeys(p for p in (analysis.point(start.to) for start in analysis.starts) if p >= 0))
    for root in reversed(roots):
        stack = [(root, iter(reversed(following.get(root, []))))]
        if root in seen:
            continue
        seen.add(root)
        while stack:
            point, rest = stack[-1]
            after = next(rest, None)
            if after is None:
                stack.pop()
                done.append(point)
            elif after not in seen:
                seen.add(after)
                stack.append((after, iter(reversed(following.get(after, [])))))
    return done[::-1]


def lane_of(lifecycle: Lifecycle, instruction: Instruction) -> str:
    """Who acts: the service, or what is observed from outside when a call changes that."""
    if isinstance(instruction, Call):
        truths = set(lifecycle.observed.values())
        for effects in instruction.effects:
            for variable, _ in effects:
                if variable in truths:
                    return lifecycle.variables[variable].name
    return instruction.service


def is_major(lifecycle: Lifecycle, instruction: Instruction) -> bool:
    """Whether a step writes the state, destroys the record or makes it, or compares before it writes."""
    if not isinstance(instruction, Save):
        return False
    decisive = {v for name in ("present", "gone") for tests in lifecycle.predicates[name] for v, _ in tests}
    decisive |= set(range(len(lifecycle.state_variables)))
    return instruction.expect is not None or any(variable in decisive for variable, _ in instruction.writes)
