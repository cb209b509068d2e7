"""Where everything in a graph goes: Graphviz's layout of it, as a drawing, with the legend below."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from render.clean import clean, identifier
from render.drawing import Box, Drawing, Label, Line, Part
from render.engine import run_engine
from render.figure import Direction, Edge, Figure, merge_parallel
from render.formats.dot import node_size, source
from render.legend import finish
from render.measure import text_width
from render.overlaps import find_overlaps
from render.style import LINE_HEIGHT, MOST_WIDTH, NODES, TEXT_SIZE

if TYPE_CHECKING:
    import os

    from render.drawing import Shape

MARGIN = 8.0
_SPACINGS = (1.0, 1.6)


def lay_out(figure: Figure, dot: str | os.PathLike[str] | None = None) -> Drawing:
    """The first layout of a graph without overlaps and within the column's width, or the best of a few.

    Each is one run of Graphviz, a tenth of a second: fewest overlaps count most, then the width, then crossings.

    Deterministic: equal figures make equal drawings. Raises InputError when ``dot`` is not a Graphviz.
    """
    figure = replace(figure, edges=merge_parallel(figure.edges))
    ways = [Direction.DOWN, Direction.RIGHT] if figure.direction is Direction.AUTO else [figure.direction]
    best: tuple[tuple[int, int, int, float], Drawing] = ((sys.maxsize, 0, 0, 0.0), Drawing("", "", "", 0, 0, ()))
    for spacing in _SPACINGS:
        for inline in (True, False):
            for way in ways:
                drawing = _one_layout(figure, way, dot, spacing=spacing, inline=inline)
                badness = _badness(drawing)
                if badness < best[0]:
                    best = (badness, drawing)
                if best[0][:2] == (0, 0):
                    return finish(drawing, figure)
    return finish(best[1], figure)


def _badness(drawing: Drawing) -> tuple[int, int, int, float]:
    found = find_overlaps(drawing)
    too_wide = max(0.0, drawing.width - MOST_WIDTH)
    return (len(found.faults), round(too_wide / 20), len(found.crossings), drawing.width * drawing.height)


def _one_layout(
    figure: Figure, way: Direction, dot: str | os.PathLike[str] | None, *, spacing: float, inline: bool
) -> Drawing:
    placed = json.loads(run_engine(source(figure, way, spacing=spacing, inline=inline), "json0", dot))
    _, _, width, height = (float(number) for number in placed["bb"].split(","))
    objects = {item["name"]: item for item in placed.get("objects", ())}
    pieces = {item["id"]: item for item in placed.get("edges", ()) if "id" in item}

    def across(text: str) -> tuple[float, float]:
        x, y = (float(number) for number in text.split(","))
        return (round(x + MARGIN, 2), round(height - y + MARGIN, 2))

    parts: list[Part] = []
    for group in figure.groups:
        frame = objects.get("cluster_" + identifier(group.id))
        if frame is not None and "bb" in frame:
            parts.append(_group_part(figure, group.id, clean(group.title), frame["bb"], height))
    for number, edge in enumerate(figure.edges):
        parts.append(_edge_part(figure, edge, number, objects, pieces, across))
    for node in figure.nodes:
        x, y = across(objects[identifier(node.id)]["pos"])
        wide, high = node_size(node)
        lines = _centred(tuple(clean(line) for line in node.lines), (x, y), "text name")
        box = Box(
            round(x - wide / 2, 2), round(y - high / 2, 2), wide, high, f"node {node.kind}", NODES[node.kind].shape
        )
        parts.append(Part(identifier(figure.id, node.id), "node", (box, *lines), node.href, node.tooltip))
    return Drawing(
        identifier(figure.id),
        clean(figure.title),
        clean(figure.description),
        round(width + 2 * MARGIN, 2),
        round(height + 2 * MARGIN, 2),
        tuple(parts),
    )


def _group_part(figure: Figure, group: str, title: str, bounds: str, height: float) -> Part:
    left, bottom, right, top = (float(number) for number in bounds.split(","))
    x, y = round(left + MARGIN, 2), round(height - top + MARGIN, 2)
    frame = Box(x, y, round(right - left, 2), round(top - bottom, 2), "group", "rounded", solid=False)
    label = Label(x + 10, y + 17, title, text_width(title, TEXT_SIZE), TEXT_SIZE, look="text muted")
    return Part(identifier(figure.id, "group", group), "group", (frame, label))


def _edge_part(
    figure: Figure, edge: Edge, number: int, objects: dict[str, Any], pieces: dict[str, Any], across: Any
) -> Part:
    head = "filled" if edge.certain else "hollow"
    look = f"edge {edge.kind}"
    shapes: list[Shape] = []
    lines = tuple(clean(line) for line in edge.label)
    if f"e{number}" in pieces:
        piece = pieces[f"e{number}"]
        shapes.append(_line(piece["pos"], across, look, head))
        if lines:
            shapes.extend(_centred(lines, across(piece["lp"]), "text label"))
    else:
        first, second = pieces[f"e{number}a"], pieces[f"e{number}b"]
        # An edge that leads back was laid out from its target: its head belongs to the first piece.
        back = "s," in first["pos"]
        shapes.append(_line(first["pos"], across, look, head if back else ""))
        shapes.append(_line(second["pos"], across, look, "" if back else head))
        shapes.extend(_centred(lines, across(objects[f"label{number}"]["pos"]), "text label"))
    name = identifier(figure.id, "edge", edge.source, edge.target, edge.kind, "taken" if edge.certain else "allowed")
    ends = (identifier(figure.id, edge.source), identifier(figure.id, edge.target))
    return Part(name, "edge", tuple(shapes), edge.href, edge.tooltip, ends)


def _line(position: str, across: Any, look: str, head: str) -> Line:
    """A line from Graphviz's spline: optional arrow points, then a start and curves of three points each."""
    tip = None
    points = []
    for token in position.split():
        if token.startswith(("e,", "s,")):
            tip = across(token[2:])
        else:
            points.append(across(token))
    if " s," in f" {position}":
        points.reverse()
    return Line(tuple(points), look, tip, head, curved=True)


def _centred(lines: tuple[str, ...], middle: tuple[float, float], look: str) -> list[Label]:
    x, y = middle
    top = y - len(lines) * LINE_HEIGHT / 2
    bold = "name" in look
    return [
        Label(
            round(x, 2),
            round(top + number * LINE_HEIGHT + 0.72 * LINE_HEIGHT + 0.3, 2),
            line,
            round(text_width(line, TEXT_SIZE, bold=bold), 2),
            TEXT_SIZE,
            "middle",
            look,
        )
        for number, line in enumerate(lines)
    ]
