"""The legend, made from the style table for what a picture uses, and the notes; both stand below the picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from render.clean import clean, identifier
from render.drawing import Box, Drawing, Label, Line, Part, moved
from render.figure import EdgeKind, Figure, Matrix, NodeKind
from render.measure import text_width, wrap
from render.style import CELLS, EDGES, LINE_HEIGHT, MOST_WIDTH, NODES, TEXT_SIZE, UNCERTAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from render.drawing import Shape
    from render.figure import Picture

_ROW = 26.0
_SAMPLE = 36.0
_GAP = 22.0
_LEAST_WIDTH = 460.0


def finish(drawing: Drawing, picture: Picture) -> Drawing:
    """The drawing with its legend and its notes below it, and widened if that is what they need."""
    width = max(drawing.width, _LEAST_WIDTH)
    shift = (width - drawing.width) / 2
    parts = [replace(part, shapes=tuple(_moved(shape, shift) for shape in part.shapes)) for part in drawing.parts]
    top = drawing.height + 10
    entries = list(_entries(picture))
    if entries:
        parts.append(_part(drawing.id, "rule", (Line(((8.0, top), (width - 8, top)), "rule"),)))
        top += 6
    x = 10.0
    for name, sample, meaning in entries:
        length = text_width(meaning, TEXT_SIZE)
        if x > 10.0 and x + _SAMPLE + 8 + length > width - 8:
            x, top = 10.0, top + _ROW
        label = Label(x + _SAMPLE + 8, top + 18, meaning, length, TEXT_SIZE, look="text muted")
        parts.append(_part(drawing.id, f"legend {name}", (*_placed(sample, x, top + 13), label)))
        x += _SAMPLE + 8 + length + _GAP
    top += _ROW if entries else 0
    for number, note in enumerate(picture.notes):
        lines = wrap(clean(note), min(width, MOST_WIDTH) - 20, TEXT_SIZE)
        shapes = tuple(
            Label(10, top + 16 + i * LINE_HEIGHT, line, text_width(line, TEXT_SIZE), TEXT_SIZE, look="text muted")
            for i, line in enumerate(lines)
        )
        parts.append(_part(drawing.id, f"note {number}", shapes))
        top += len(lines) * LINE_HEIGHT + 4
    return replace(drawing, width=round(width, 2), height=round(top + 6, 2), parts=tuple(parts))


def _entries(picture: Picture) -> Iterator[tuple[str, Box | Line | str, str]]:
    """Name, sample and meaning of each kind that the picture uses, in the order of the style table."""
    if isinstance(picture, Matrix):
        used_cells = {cell.kind for row in picture.cells for cell in row}
        meanings = dict(picture.meanings)
        for cell_kind, cell_look in CELLS.items():
            meaning = meanings.get(cell_kind, cell_look.meaning)
            if cell_kind in used_cells and meaning:
                yield cell_kind, cell_kind.value, clean(meaning)
        return
    nodes, edges, unsure = _used(picture)
    for node_kind, node_look in NODES.items():
        if node_kind in nodes:
            yield node_kind, Box(0, -8, _SAMPLE, 16, f"node {node_kind}", node_look.shape), node_look.meaning
    for edge_kind, edge_look in EDGES.items():
        if edge_kind in edges:
            line = Line(((0, 0), (_SAMPLE - 9, 0)), f"edge {edge_kind}", (_SAMPLE, 0))
            yield f"edge {edge_kind}", line, edge_look.meaning
    if unsure:
        kind = next(kind for kind in EDGES if kind in edges)
        yield "allowed", Line(((0, 0), (_SAMPLE - 9, 0)), f"edge {kind}", (_SAMPLE, 0), "hollow"), UNCERTAIN


def _used(picture: Picture) -> tuple[set[NodeKind], set[EdgeKind], bool]:
    if isinstance(picture, Figure):
        return (
            {node.kind for node in picture.nodes},
            {edge.kind for edge in picture.edges},
            any(not edge.certain for edge in picture.edges),
        )
    if isinstance(picture, Matrix):
        return set(), set(), False
    nodes = {step.kind for step in picture.steps}
    failing = any(step.branches for step in picture.steps)
    return nodes | ({NodeKind.FAILURE} if failing else set()), set(), False


def _placed(sample: Box | Line | str, x: float, y: float) -> tuple[Shape, ...]:
    if isinstance(sample, str):
        return (Box(x + 8, y - 9, 18, 18, f"cell {sample}"), Box(x + 11, y - 6, 12, 12, f"mark {sample}", "mark"))
    return (moved(sample, x, y),)


def _moved(shape: Shape, dx: float) -> Shape:
    return moved(shape, dx, 0) if dx else shape


def _part(drawing: str, name: str, shapes: tuple[Shape, ...]) -> Part:
    return Part(drawing + "--" + identifier(name), "legend", shapes)
