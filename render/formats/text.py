"""Plain text: the picture's content as a table of aligned columns."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

from render.figure import Figure, Matrix, Sequence
from render.tables import tabulate

if TYPE_CHECKING:
    from render.figure import Picture

MEDIA_TYPE = "text/plain; charset=utf-8"
SUFFIX = ".txt"
KINDS = (Figure, Matrix, Sequence)


def render(picture: Picture) -> bytes:
    """The content as a table in UTF-8, under the title; a wide character counts as two columns."""
    table = tabulate(picture)
    grid = [table.headings, *(tuple(entry.text for entry in row) for row in table.rows)]
    widths = [max(columns(row[i]) for row in grid) for i in range(len(table.headings))]
    lines = ["  ".join(pad(field, width) for field, width in zip(row, widths, strict=True)).rstrip() for row in grid]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([table.caption, "", *lines, ""]).encode()


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, width: int) -> str:
    """The text with spaces after it, up to ``width`` columns."""
    return text + " " * (width - columns(text))
