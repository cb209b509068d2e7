"""Where everything in a matrix goes: a grid whose columns are as wide as their widest text allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from render.clean import clean, identifier
from render.drawing import Box, Drawing, Label, Line, Part
from render.legend import finish
from render.measure import text_width, wrap
from render.style import CELLS, LINE_HEIGHT, MOST_WIDTH, TEXT_SIZE

if TYPE_CHECKING:
    from render.drawing import Shape
    from render.figure import CellKind, Matrix

_MARGIN = 8.0
_PAD = 6.0
_MARK = 12.0
_MOST_ROW_HEADER = 240.0
_LEAST_COLUMN = 30.0


def lay_out_matrix(matrix: Matrix) -> Drawing:
    """The matrix as a drawing, column headings turned upwards when they are wider than their columns."""
    name = identifier(matrix.id)
    row_texts = [wrap(clean(row.text), _MOST_ROW_HEADER, TEXT_SIZE) for row in matrix.rows]
    corner = [clean(text) for text in matrix.corner]
    shown = [line for lines in row_texts for line in lines] + [corner[0]]
    first = max((text_width(line, TEXT_SIZE) for line in shown), default=0.0) + 2 * _PAD
    count = max(1, len(matrix.columns))
    room = (MOST_WIDTH - 2 * _MARGIN - first) / count
    widths = [_column_width(matrix, j, room) for j in range(len(matrix.columns))]
    turned = any(
        text_width(clean(column.text), TEXT_SIZE, bold=True) + 2 * _PAD > width
        for column, width in zip(matrix.columns, widths, strict=True)
    )
    longest = max((text_width(clean(c.text), TEXT_SIZE, bold=True) for c in matrix.columns), default=0.0)
    head = (longest if turned else LINE_HEIGHT) + 2 * _PAD + (LINE_HEIGHT if corner[1] else 0)
    parts = list(_headings(matrix, name, corner, first, widths, head, turned=turned))
    y = _MARGIN + head
    for i, row in enumerate(matrix.rows):
        texts = [wrap(clean(cell.text), widths[j] - 2 * _PAD, TEXT_SIZE) for j, cell in enumerate(matrix.cells[i])]
        lines = max(
            [len(row_texts[i]), *(_lines_needed(cell.kind, t) for cell, t in zip(matrix.cells[i], texts, strict=True))]
        )
        high = lines * LINE_HEIGHT + 8
        labels = _stack(row_texts[i], _MARGIN + _PAD, y, high, "start", "text")
        parts.append(Part(identifier(matrix.id, "row", row.id), "row", labels, row.href, row.tooltip))
        x = _MARGIN + first
        for j, cell in enumerate(matrix.cells[i]):
            box = Box(x, y, widths[j], high, f"cell {cell.kind}")
            mark, labels = _contents(cell.kind, texts[j], x, y, widths[j], high)
            part_id = identifier(matrix.id, row.id, matrix.columns[j].id)
            parts.append(Part(part_id, "cell", (box, *mark, *labels), cell.href, cell.tooltip))
            x += widths[j]
        y += high
    width = _MARGIN * 2 + first + sum(widths)
    drawing = Drawing(name, clean(matrix.title), clean(matrix.description), round(width, 2), round(y, 2), tuple(parts))
    return finish(drawing, matrix)


def _column_width(matrix: Matrix, j: int, room: float) -> float:
    longest = max((text_width(clean(row[j].text), TEXT_SIZE) for row in matrix.cells), default=0.0)
    widest_word = max(
        (text_width(word, TEXT_SIZE) for row in matrix.cells for word in clean(row[j].text).split()), default=0.0
    )
    heading = text_width(clean(matrix.columns[j].text), TEXT_SIZE, bold=True)
    wanted = max(longest, heading) + 2 * _PAD
    return round(max(_LEAST_COLUMN, widest_word + 2 * _PAD, min(wanted, room)), 2)


def _headings(
    matrix: Matrix, name: str, corner: list[str], first: float, widths: list[float], head: float, *, turned: bool
) -> list[Part]:
    parts = []
    bottom = _MARGIN + head
    if corner[0]:
        label = Label(
            _MARGIN + _PAD, bottom - _PAD, corner[0], text_width(corner[0], TEXT_SIZE), TEXT_SIZE, look="text muted"
        )
        parts.append(Part(f"{name}--rows", "heading", (label,)))
    if corner[1]:
        x = _MARGIN + first
        label = Label(x, _MARGIN + 13, corner[1], text_width(corner[1], TEXT_SIZE), TEXT_SIZE, look="text muted")
        parts.append(Part(f"{name}--columns", "heading", (label,)))
    x = _MARGIN + first
    for column, width in zip(matrix.columns, widths, strict=True):
        text = clean(column.text)
        long = text_width(text, TEXT_SIZE, bold=True)
        if turned:
            label = Label(x + width / 2 + 5, bottom - _PAD, text, long, TEXT_SIZE, "start", "text name", turned=True)
        else:
            label = Label(x + width / 2, bottom - _PAD, text, long, TEXT_SIZE, "middle", "text name")
        parts.append(Part(identifier(matrix.id, "column", column.id), "column", (label,), column.href, column.tooltip))
        x += width
    parts.append(Part(f"{name}--line", "rule", (Line(((_MARGIN, bottom), (x, bottom)), "rule"),)))
    return parts


def _lines_needed(kind: CellKind, lines: tuple[str, ...]) -> int:
    text = len(lines) if lines != ("",) else 0
    return max(1, text + (1 if text and CELLS[kind].mark != "none" else 0))


def _contents(
    kind: CellKind, lines: tuple[str, ...], x: float, y: float, width: float, high: float
) -> tuple[tuple[Shape, ...], tuple[Label, ...]]:
    marked = CELLS[kind].mark != "none"
    empty = lines == ("",)
    mark: tuple[Shape, ...] = ()
    if marked:
        top = y + (high - _MARK) / 2 if empty else y + 7
        mark = (Box(x + (width - _MARK) / 2, top, _MARK, _MARK, f"mark {kind}", "mark", solid=False),)
    if empty:
        return mark, ()
    shift = LINE_HEIGHT if marked else 0.0
    return mark, _stack(lines, x + width / 2, y + shift, high - shift, "middle", "text")


def _stack(lines: tuple[str, ...], x: float, y: float, high: float, anchor: str, look: str) -> tuple[Label, ...]:
    top = y + (high - len(lines) * LINE_HEIGHT) / 2
    return tuple(
        Label(
            round(x, 2),
            round(top + i * LINE_HEIGHT + 13.3, 2),
            line,
            text_width(line, TEXT_SIZE),
            TEXT_SIZE,
            anchor,
            look,
        )
        for i, line in enumerate(lines)
    )
