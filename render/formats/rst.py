"""reStructuredText: the picture's content as a ``list-table``, for Sphinx."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from render.figure import Figure, Matrix, Sequence
from render.tables import tabulate

if TYPE_CHECKING:
    from render.figure import Picture

MEDIA_TYPE = "text/x-rst; charset=utf-8"
SUFFIX = ".rst"
KINDS = (Figure, Matrix, Sequence)

_MARKUP = re.compile(r"[^\w\s]|_")


def render(picture: Picture) -> bytes:
    """The content as a ``list-table`` directive in UTF-8."""
    table = tabulate(picture)
    lines = [f".. list-table:: {quoted(table.caption)}".rstrip(), "   :header-rows: 1", "   :stub-columns: 1", ""]
    for row in (table.headings, *(tuple(entry.text for entry in row) for row in table.rows)):
        for number, field in enumerate(row):
            lines.append(f"   {'* -' if number == 0 else '  -'} {quoted(field)}".rstrip())
    return "\n".join([*lines, ""]).encode()


def quoted(text: str) -> str:
    """A line of text in which nothing is markup: every sign has a backslash before it."""
    escaped = _MARKUP.sub(lambda match: "\\" + match[0], text)
    # A number or a letter with a sign behind it would open an enumeration; an escaped space shows nothing.
    return "\\ " + escaped if escaped[:1].isalnum() and re.match(r"\w+\\[.)]", escaped) else escaped
