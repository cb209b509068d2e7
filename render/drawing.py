"""A picture whose every part has its place: what layouts make, and what SVG and the count of overlaps read.

Units are those of the text (14 to a line of text); x runs to the right and y down.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A shape of the style table, by its outer frame; ``look`` is its class in the style sheet."""

    x: float
    y: float
    width: float
    height: float
    look: str
    shape: str = "rectangle"
    solid: bool = True
    """False for what is only a background, on which other parts may lie."""


@dataclass(frozen=True, slots=True)
class Label:
    """One line of text. (x, y) is its anchor on the baseline; anchor is ``start``, ``middle`` or ``end``."""

    x: float
    y: float
    text: str
    width: float
    size: float
    anchor: str = "start"
    look: str = "text"
    turned: bool = False
    """Whether it is written upwards, turned by a quarter about its anchor."""


@dataclass(frozen=True, slots=True)
class Line:
    """A path: a start, and cubic curves of three points each when ``curved``, straight pieces otherwise.

    A ``head`` (``filled`` or ``hollow``) reaches from the last point to ``tip``.
    """

    points: tuple[tuple[float, float], ...]
    look: str
    tip: tuple[float, float] | None = None
    head: str = "filled"
    curved: bool = False


Shape = Box | Label | Line


@dataclass(frozen=True, slots=True)
class Part:
    """Shapes that are one thing for the reader: one id, one link, one tooltip."""

    id: str
    role: str
    shapes: tuple[Shape, ...]
    href: str | None = None
    tooltip: str = ""
    ends: tuple[str, str] | None = None
    """For an edge, the ids of the parts that it joins."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture with every place fixed. ``parts`` are in the order of painting."""

    id: str
    title: str
    description: str
    width: float
    height: float
    parts: tuple[Part, ...]


def moved(shape: Shape, dx: float, dy: float) -> Shape:
    """The same shape at another place."""
    if isinstance(shape, Box):
        return Box(shape.x + dx, shape.y + dy, shape.width, shape.height, shape.look, shape.shape, shape.solid)
    if isinstance(shape, Label):
        return Label(
            shape.x + dx, shape.y + dy, shape.text, shape.width, shape.size, shape.anchor, shape.look, shape.turned
        )
    points = tuple((x + dx, y + dy) for x, y in shape.points)
    tip = None if shape.tip is None else (shape.tip[0] + dx, shape.tip[1] + dy)
    return Line(points, shape.look, tip, shape.head, shape.curved)
