"""What is wrong with a drawing, counted from its geometry: overlaps, lines through labels or boxes, crossings."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, TypeVar

from render.drawing import Box, Label, Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from render.drawing import Drawing, Part

S = TypeVar("S", Box, Label, Line)
Point = tuple[float, float]
Area = tuple[float, float, float, float]

# Touching is not overlapping: this much (in units of which a line of text is 14) is forgiven.
_SLACK = 0.75
_PIECES = 6


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The faults of a drawing, each as the ids of the two parts (or of the part and the drawing) concerned.

    ``crossings`` are not faults by themselves: a graph that is not planar has some.
    """

    boxes: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    lines_on_labels: tuple[tuple[str, str], ...]
    lines_on_boxes: tuple[tuple[str, str], ...]
    outside: tuple[tuple[str, str], ...]
    crossings: tuple[tuple[str, str], ...]

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """All that must not be: everything but the crossings."""
        return self.boxes + self.labels + self.lines_on_labels + self.lines_on_boxes + self.outside


def find_overlaps(drawing: Drawing) -> Overlaps:
    """Every overlap in a drawing, in the order of painting.

    Boxes that are only a background are not counted, but nothing may lie on the border of a group's frame. A label may
    lie on a box of its own part, a line may end at the parts that it joins. Quadratic in the number of shapes.
    """
    boxes = [(part, _box_area(shape)) for part, shape in _shapes(drawing, Box) if shape.solid]
    labels = [(part, label_area(shape)) for part, shape in _shapes(drawing, Label)]
    lines = [(part, flattened(shape)) for part, shape in _shapes(drawing, Line)]
    whole = (0.0, 0.0, drawing.width, drawing.height)
    frames = [(part, _box_area(shape)) for part, shape in _shapes(drawing, Box) if shape.look == "group"]
    return Overlaps(
        boxes=tuple((a.id, b.id) for (a, x), (b, y) in combinations(boxes, 2) if a.id != b.id and _meet(x, y))
        # Inside a frame or outside, but not on its border.
        + tuple((a.id, b.id) for a, x in frames for b, y in boxes + labels if _meet(x, y) and not _within(y, x)),
        labels=tuple((a.id, b.id) for (a, x), (b, y) in combinations(labels, 2) if _meet(x, y))
        + tuple((a.id, b.id) for a, x in labels for b, y in boxes if a.id != b.id and _meet(x, y)),
        lines_on_labels=tuple(
            (a.id, b.id) for a, path in lines for b, area in labels if _runs_through(path, _shrunk(area))
        ),
        lines_on_boxes=tuple(
            (a.id, b.id)
            for a, path in lines
            for b, area in boxes
            if a.id != b.id and b.id not in (a.ends or ()) and _runs_through(path, _shrunk(area))
        ),
        outside=tuple((part.id, drawing.id) for part, area in boxes + labels if not _within(area, whole)),
        crossings=tuple(_crossings(lines)),
    )


def label_area(label: Label) -> Area:
    """The rectangle that a label's text covers: left, top, right, bottom."""
    before = {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor] * label.width
    rise, fall = 0.74 * label.size, 0.22 * label.size
    if label.turned:
        return (label.x - rise, label.y + before - label.width, label.x + fall, label.y + before)
    return (label.x - before, label.y - rise, label.x - before + label.width, label.y + fall)


def flattened(line: Line) -> list[Point]:
    """The line as straight pieces: its curves in six each."""
    tip = [] if line.tip is None else [line.tip]
    if not line.curved:
        return [*line.points, *tip]
    path = [line.points[0]]
    for start in range(0, len(line.points) - 3, 3):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = line.points[start : start + 4]
        for step in range(1, _PIECES + 1):
            t = step / _PIECES
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            path.append((a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3))
    return path + tip


def _shapes(drawing: Drawing, kind: type[S]) -> Iterator[tuple[Part, S]]:
    for part in drawing.parts:
        for shape in part.shapes:
            if isinstance(shape, kind):
                yield part, shape


def _box_area(box: Box) -> Area:
    return (box.x, box.y, box.x + box.width, box.y + box.height)


def _meet(a: Area, b: Area) -> bool:
    return a[0] + _SLACK < b[2] and b[0] + _SLACK < a[2] and a[1] + _SLACK < b[3] and b[1] + _SLACK < a[3]


def _within(area: Area, whole: Area) -> bool:
    left, top, right, bottom = whole
    return (
        area[0] >= left - _SLACK
        and area[1] >= top - _SLACK
        and area[2] <= right + _SLACK
        and area[3] <= bottom + _SLACK
    )


def _shrunk(area: Area) -> Area:
    return (area[0] + _SLACK, area[1] + _SLACK, area[2] - _SLACK, area[3] - _SLACK)


def _runs_through(path: list[Point], area: Area) -> bool:
    left, top, right, bottom = area
    for (x1, y1), (x2, y2) in pairwise(path):
        if (x1 < left and x2 < left) or (x1 > right and x2 > right):
            continue
        if (y1 < top and y2 < top) or (y1 > bottom and y2 > bottom):
            continue
        if _cuts((x1, y1), (x2, y2), area):
            return True
    return False


def _cuts(p: Point, q: Point, area: Area) -> bool:
    # Liang and Barsky, "A New Concept and Method for Line Clipping", 1984.
    enter, leave = 0.0, 1.0
    dx, dy = q[0] - p[0], q[1] - p[1]
    for delta, distance in ((-dx, p[0] - area[0]), (dx, area[2] - p[0]), (-dy, p[1] - area[1]), (dy, area[3] - p[1])):
        if delta == 0:
            if distance < 0:
                return False
        elif delta < 0:
            enter = max(enter, distance / delta)
        else:
            leave = min(leave, distance / delta)
    return enter < leave


def _crossings(lines: list[tuple[Part, list[Point]]]) -> Iterator[tuple[str, str]]:
    framed = [(part, _frame(path), [(_frame([p, q]), p, q) for p, q in pairwise(path)]) for part, path in lines]
    for (a, frame, pieces), (b, other_frame, others) in combinations(framed, 2):
        if a.id == b.id or not _touch(frame, other_frame):
            continue
        near = [piece for piece in pieces if _touch(piece[0], other_frame)]
        facing = [piece for piece in others if _touch(piece[0], frame)]
        if any(_touch(x, y) and _cross(p, q, r, s) for x, p, q in near for y, r, s in facing):
            yield a.id, b.id


def _frame(path: list[Point]) -> Area:
    across, down = [x for x, _ in path], [y for _, y in path]
    return (min(across), min(down), max(across), max(down))


def _touch(a: Area, b: Area) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def _cross(p: Point, q: Point, r: Point, s: Point) -> bool:
    return _side(p, q, r) * _side(p, q, s) < 0 and _side(r, s, p) * _side(r, s, q) < 0


def _side(p: Point, q: Point, r: Point) -> float:
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
