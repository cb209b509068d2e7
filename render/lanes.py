"""Where everything in a sequence goes: a row for each step, a column for each lane, the variables at the right.

The line of what happens next runs in the left margin of a lane and turns in the gutter between two rows; boxes begin
right of that margin and keep out of the gutters, so that no line can cross a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from render.clean import clean, identifier
from render.drawing import Box, Drawing, Label, Line, Part
from render.figure import NodeKind
from render.legend import finish
from render.measure import text_width, wrap
from render.style import LINE_HEIGHT, MOST_WIDTH, NODES, TEXT_SIZE

if TYPE_CHECKING:
    from render.drawing import Shape
    from render.figure import Branch, Sequence, Step, Value

_MARGIN = 8.0
_HEAD = 34.0
_GUTTER = 24.0
_RAIL = 12.0
_INSET = 28.0
_INNER = 12.0
_LEAST_LANE = 96.0
_LEAST_WIDE = 60.0
_LAST = 130.0
_MOST_VALUES = 222.0
_INDENT = 30.0
_VALUES = "record after it"


@dataclass(frozen=True, slots=True)
class _Columns:
    left: dict[str, float]
    width: dict[str, float]
    values: float
    values_width: float
    total: float


@dataclass(frozen=True, slots=True)
class _Row:
    box: Box
    anchor: float


def lay_out_sequence(sequence: Sequence) -> Drawing:
    """The sequence as a drawing, in rows from above to below in the order of its steps."""
    columns = _columns(sequence)
    parts: list[Part] = []
    rows: dict[str, _Row] = {}
    y = _MARGIN + _HEAD
    previous: str | None = None
    for step in sequence.steps:
        after = step.follows if step.follows is not None else previous
        y += _GUTTER
        box = _box(step.lines, step.kind, columns.left[step.lane], _width(sequence, step, columns), y, 0.0)
        rows[step.id] = _Row(box, columns.left[step.lane] + _RAIL)
        if after is not None and after in rows:
            parts.append(_flow(sequence, after, step, rows))
        parts.append(_step_part(sequence, step, box, columns))
        beside = y + _values_height(step.values)
        y += box.height
        for branch in step.branches:
            y = max(y + 8, beside if branch.values else 0.0)
            branch_box, part = _branch_part(sequence, step, branch, y, box.y + box.height, columns)
            parts.append(part)
            beside = max(beside, y + _values_height(branch.values))
            y += branch_box.height
        y = max(y, beside)
        previous = step.id
    y += 14
    return finish(_framed(sequence, parts, columns, y), sequence)


def _columns(sequence: Sequence) -> _Columns:
    values_width = 0.0
    shown = [
        value for step in sequence.steps for value in (*step.values, *(v for b in step.branches for v in b.values))
    ]
    if shown:
        widths = [text_width(line, TEXT_SIZE, bold=value.changed) for value in shown for line in _said(value)]
        values_width = 8 + max(*widths, text_width(_VALUES, TEXT_SIZE, bold=True))
    room = MOST_WIDTH - 2 * _MARGIN - values_width
    if sequence.wide:
        return _wide_columns(sequence, room, values_width)
    # What the longest line wants, and the least that the title and the longest word leave.
    wanted, least = {}, {}
    for lane in sequence.lanes:
        own = [clean(line) for step in sequence.steps if step.lane == lane.id for line in step.lines]
        title = text_width(clean(lane.title), TEXT_SIZE, bold=True) + 16
        failing = [clean(line) for s in sequence.steps if s.lane == lane.id for b in s.branches for line in b.lines]
        words = max((text_width(word, TEXT_SIZE) for line in own for word in line.split()), default=0.0)
        inner = max((text_width(word, TEXT_SIZE) for line in failing for word in line.split()), default=0.0)
        words = max(words, inner + 20.0)
        longest = max((text_width(line, TEXT_SIZE) for line in own), default=0.0)
        least[lane.id] = max(_LEAST_LANE, title, min(words, 150.0) + _INSET + 2 * _INNER)
        wanted[lane.id] = max(least[lane.id], longest + _INSET + 2 * _INNER)
    spare = max(0.0, room - 6 - 4 * len(sequence.lanes) - sum(least.values()))
    asked = sum(wanted.values()) - sum(least.values())
    share = min(1.0, spare / asked) if asked else 0.0
    left, width, x = {}, {}, _MARGIN
    for lane in sequence.lanes:
        width[lane.id] = round(least[lane.id] + share * (wanted[lane.id] - least[lane.id]), 2)
        left[lane.id] = round(x, 2)
        x += width[lane.id] + 4
    return _Columns(left, width, x + 6, values_width, x + values_width + _MARGIN)


def _wide_columns(sequence: Sequence, room: float, values_width: float) -> _Columns:
    """Lanes as narrow as their titles allow but for the last, in which nothing can spill to the right."""
    titles = [max(_LEAST_WIDE, text_width(clean(lane.title), TEXT_SIZE, bold=True) + 24) for lane in sequence.lanes]
    room -= 4 * len(titles)
    spare = max(0.0, room - sum(titles) - _LAST)
    share = spare / max(1, len(titles))
    left, width, x = {}, {}, _MARGIN
    for number, lane in enumerate(sequence.lanes):
        last = number == len(titles) - 1
        width[lane.id] = round(titles[number] + share + (_LAST if last else 0.0), 2)
        left[lane.id] = round(x, 2)
        x += width[lane.id] + 4
    return _Columns(left, width, x + 6, values_width, x + values_width + _MARGIN)


def _width(sequence: Sequence, step: Step, columns: _Columns) -> float:
    """How wide a step may be: its lane, or in a wide picture up to the values."""
    own = columns.width[step.lane]
    if not sequence.wide:
        return own
    longest = max((text_width(clean(line), TEXT_SIZE) for line in step.lines), default=0.0)
    most = columns.values - 10 - columns.left[step.lane]
    return min(max(own, longest + _INSET + 2 * _INNER + 8), most)


def _box(lines: tuple[str, ...], kind: NodeKind, left: float, width: float, y: float, indent: float) -> Box:
    most = width - _INSET - 2 * _INNER - indent
    count = sum(len(wrap(clean(line), most, TEXT_SIZE)) for line in lines)
    return Box(
        left + _INSET / 2 + indent,
        y,
        round(width - _INSET + 8 - indent, 2),
        count * LINE_HEIGHT + 12,
        f"node {kind}",
        NODES[kind].shape,
    )


def _text(lines: tuple[str, ...], box: Box) -> tuple[Label, ...]:
    wrapped = [piece for line in lines for piece in wrap(clean(line), box.width - 2 * _INNER - 8, TEXT_SIZE)]
    return tuple(
        Label(
            round(box.x + _INNER + 2, 2), round(box.y + 6 + i * LINE_HEIGHT + 13.3, 2), line,
            text_width(line, TEXT_SIZE), TEXT_SIZE,
        )
        for i, line in enumerate(wrapped)
    )  # fmt: skip


def _step_part(sequence: Sequence, step: Step, box: Box, columns: _Columns) -> Part:
    shapes: tuple[Shape, ...] = (box, *_text(step.lines, box), *_values(step.values, box.y, columns))
    return Part(identifier(sequence.id, step.id), "step", shapes, step.href, step.tooltip)


def _branch_part(
    sequence: Sequence, step: Step, branch: Branch, y: float, bottom: float, columns: _Columns
) -> tuple[Box, Part]:
    # A branch has its row for itself: it may use the room of the lanes to the right.
    left = columns.left[step.lane]
    width = max(columns.values - 10 - left, columns.width[step.lane])
    wide = max((text_width(clean(line), TEXT_SIZE) for line in branch.lines), default=0.0)
    width = min(width, max(columns.width[step.lane], wide + _INSET + 2 * _INNER + 4 + _INDENT))
    box = _box(branch.lines, NodeKind.FAILURE, left, width, y, _INDENT)
    middle = y + box.height / 2
    rail = left + _INSET / 2 + 17
    line = Line(((rail, bottom), (rail, middle), (box.x - 8, middle)), "edge failure", (box.x, middle))
    shapes: tuple[Shape, ...] = (line, box, *_text(branch.lines, box), *_values(branch.values, y, columns))
    ends = (identifier(sequence.id, step.id), identifier(sequence.id, branch.id))
    return box, Part(identifier(sequence.id, branch.id), "branch", shapes, branch.href, branch.tooltip, ends)


def _flow(sequence: Sequence, after: str, step: Step, rows: dict[str, _Row]) -> Part:
    start, end = rows[after], rows[step.id]
    x1, x2 = start.anchor + 7, end.anchor + 7
    top, bottom = start.box.y + start.box.height, end.box.y
    turn = bottom - _GUTTER + 7
    points = ((x1, top), (x1, bottom - 9)) if x1 == x2 else ((x1, top), (x1, turn), (x2, turn), (x2, bottom - 9))
    line = Line(points, f"edge {step.edge}", (x2, bottom))
    ends = (identifier(sequence.id, after), identifier(sequence.id, step.id))
    return Part(identifier(sequence.id, "flow", step.id), "flow", (line,), None, "", ends)


def _values(values: tuple[Value, ...], y: float, columns: _Columns) -> tuple[Label, ...]:
    lines = [(line, value.changed) for value in values for line in _said(value)]
    return tuple(
        Label(
            columns.values, round(y + 6 + i * LINE_HEIGHT + 13.3, 2), line,
            text_width(line, TEXT_SIZE, bold=changed), TEXT_SIZE, look="text name" if changed else "text muted",
        )
        for i, (line, changed) in enumerate(lines)
    )  # fmt: skip


def _values_height(values: tuple[Value, ...]) -> float:
    return sum(len(_said(value)) for value in values) * LINE_HEIGHT + 12 if values else 0.0


def _said(value: Value) -> tuple[str, ...]:
    """A variable after a step, in lines; the mark says that the step has written it."""
    mark = "● " if value.changed else ""
    return wrap(f"{mark}{clean(value.variable)}: {clean(value.value)}", _MOST_VALUES, TEXT_SIZE, bold=value.changed)


def _framed(sequence: Sequence, parts: list[Part], columns: _Columns, bottom: float) -> Drawing:
    frames = []
    for lane in sequence.lanes:
        x, width = columns.left[lane.id], columns.width[lane.id]
        title = clean(lane.title)
        box = Box(x, _MARGIN, width, bottom - _MARGIN, "lane", "rounded", solid=False)
        long = text_width(title, TEXT_SIZE, bold=True)
        label = Label(x + width / 2, _MARGIN + 22, title, long, TEXT_SIZE, "middle", "text name")
        frames.append(Part(identifier(sequence.id, "lane", lane.id), "lane", (box, label)))
    if columns.values_width and sequence.variables:
        long = text_width(_VALUES, TEXT_SIZE, bold=True)
        label = Label(columns.values, _MARGIN + 22, _VALUES, long, TEXT_SIZE, look="text name")
        frames.append(Part(identifier(sequence.id, "values"), "lane", (label,)))
    title, description = clean(sequence.title), clean(sequence.description)
    return Drawing(identifier(sequence.id), title, description, round(columns.total, 2), bottom, (*frames, *parts))
