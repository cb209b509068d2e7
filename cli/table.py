"""Tables on a terminal: columns as wide as what stands in them, and a last one that wraps."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterator, Sequence
from unicodedata import combining, east_asian_width

import click

#: Between two columns.
GAP = "  "
#: How wide a table is where nobody says, and how narrow its last column may become.
WIDTH, NARROWEST = 160, 24


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[str] = (), bold: Collection[int] = ()
) -> None:
    """Print *rows* under the names of *columns*; the last column wraps to the width of the terminal.

    The columns named in *right* end at the right; the rows numbered in *bold* stand out on a terminal.
    Takes time linear in what is printed.
    """
    shown = [[_visible(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(cells(row[number]) for row in shown) for number in range(len(columns) - 1)]
    whole = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    room = max(NARROWEST, whole - sum(widths) - len(GAP) * len(widths))
    at_right = [name in right for name in columns]
    if at_right[-1]:
        room = max(cells(row[-1]) for row in shown)
    lines = (
        click.style(line, bold=True) if number < 0 or number in bold else line
        for number, row in enumerate(shown, -1)
        for line in _lines(row, [*widths, room], at_right)
    )
    click.echo("\n".join(lines))


def _lines(row: Sequence[str], widths: Sequence[int], at_right: Sequence[bool]) -> Iterator[str]:
    """The lines of one row: what of its last cell does not fit stands below."""
    begin = [_filled(cell, width, left=not end) for cell, width, end in zip(row[:-1], widths, at_right, strict=False)]
    for number, part in enumerate(_wrapped(row[-1], widths[-1])):
        before = begin if number == 0 else [" " * width for width in widths[:-1]]
        yield GAP.join([*before, _filled(part, widths[-1], left=not at_right[-1])]).rstrip()


def _filled(cell: str, width: int, *, left: bool) -> str:
    room = " " * (width - cells(cell))
    return cell + room if left else room + cell


def _wrapped(text: str, width: int) -> Iterator[str]:
    """*text* in pieces of at most *width*, broken between words, and within what is too long for a line."""
    if cells(text) <= width:
        yield text
        return
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if cells(longer) <= width:
            line = longer
            continue
        if line:
            yield line
        line = ""
        for sign in word:
            if cells(line + sign) > width:
                yield line
                line = ""
            line += sign
    yield line


def cells(text: str) -> int:
    """How many cells of a terminal *text* takes: Chinese signs take two, combining ones none (UAX #11)."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _visible(text: str) -> str:
    """*text* on one line, with what cannot be seen escaped."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
