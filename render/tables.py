"""The content of a picture as tables of text: what is read where nothing can be drawn, and by screen readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from render.clean import clean
from render.figure import Figure, Matrix, merge_parallel
from render.style import CELLS

if TYPE_CHECKING:
    from render.figure import Picture, Sequence, Value


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of a table, and where it leads."""

    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A caption, headings, and rows of as many fields; the first field of a row is its heading."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]


def tabulate(picture: Picture) -> Table:
    """All that a picture says, as one table, in the picture's order; every text is cleaned."""
    if isinstance(picture, Figure):
        return _edges(picture)
    if isinstance(picture, Matrix):
        return _cells(picture)
    return _steps(picture)


def _edges(figure: Figure) -> Table:
    names = {node.id: Entry(clean(" ".join(node.lines)), node.href) for node in figure.nodes}
    rows = []
    for edge in merge_parallel(figure.edges):
        label = clean(", ".join(edge.label))
        taken = "taken" if edge.certain else "only allowed by the abstraction"
        induced = clean(", ".join(edge.rows))
        rows.append(
            (
                names[edge.source],
                names[edge.target],
                Entry(label, edge.href),
                Entry(edge.kind),
                Entry(taken),
                Entry(induced),
            )
        )
    used = {end for edge in figure.edges for end in (edge.source, edge.target)}
    rows += [(names[node.id], *(Entry(""),) * 5) for node in figure.nodes if node.id not in used]
    return Table(clean(figure.title), ("from", "to", "by", "kind", "certainty", "rows"), tuple(rows))


def _cells(matrix: Matrix) -> Table:
    meanings = dict(matrix.meanings)
    rows = []
    for header, cells in zip(matrix.rows, matrix.cells, strict=True):
        fields = [Entry(clean(header.text), header.href)]
        for cell in cells:
            meaning = meanings.get(cell.kind, CELLS[cell.kind].meaning)
            fields.append(Entry(clean(cell.tooltip or cell.text or meaning), cell.href))
        rows.append(tuple(fields))
    corner = clean(" / ".join(text for text in matrix.corner if text))
    return Table(clean(matrix.title), (corner, *(clean(column.text) for column in matrix.columns)), tuple(rows))


def _steps(sequence: Sequence) -> Table:
    lanes = {lane.id: clean(lane.title) for lane in sequence.lanes}
    rows = []
    for number, step in enumerate(sequence.steps, start=1):
        rows.append(
            (
                Entry(str(number)),
                Entry(lanes[step.lane]),
                Entry(step.kind),
                Entry(clean("; ".join(step.lines)), step.href),
                *_values(sequence, step.values),
            )
        )
        for branch in step.branches:
            text = Entry(clean("; ".join(branch.lines)), branch.href)
            rows.append(
                (
                    Entry(f"{number}!"),
                    Entry(lanes[step.lane]),
                    Entry("failure"),
                    text,
                    *_values(sequence, branch.values),
                )
            )
    headings = ("step", "by", "kind", "what", *(clean(variable) for variable in sequence.variables))
    return Table(clean(sequence.title), headings, tuple(rows))


def _values(sequence: Sequence, values: tuple[Value, ...]) -> list[Entry]:
    known = {value.variable: value for value in values}
    return [
        Entry("" if v not in known else clean(known[v].value) + (" *" if known[v].changed else ""))
        for v in sequence.variables
    ]
