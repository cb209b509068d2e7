"""HTML: the picture's content as a table, for those who cannot see it and for those who search."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from render.clean import identifier, safe_href
from render.figure import Figure, Matrix, Sequence
from render.tables import tabulate

if TYPE_CHECKING:
    from render.figure import Picture
    from render.tables import Entry

MEDIA_TYPE = "text/html; charset=utf-8"
SUFFIX = ".html"
KINDS = (Figure, Matrix, Sequence)


def render(picture: Picture) -> bytes:
    """The content as a ``table`` element in UTF-8, to be put into a page."""
    table = tabulate(picture)
    heads = "".join(f'<th scope="col">{escape(text)}</th>' for text in table.headings)
    rows = "".join(
        f'<tr><th scope="row">{_field(row[0])}</th>{"".join(f"<td>{_field(entry)}</td>" for entry in row[1:])}</tr>\n'
        for row in table.rows
    )
    return (
        f'<table id="{identifier(picture.id, "table")}"><caption>{escape(table.caption)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n"
    ).encode()


def _field(entry: Entry) -> str:
    address = safe_href(entry.href)
    text = f"<bdi>{escape(entry.text)}</bdi>" if entry.text else ""
    return f'<a href="{escape(address)}">{text}</a>' if address and text else text
