"""Tables on a terminal: columns as wide as what stands in them, and a last one that wraps."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

#: How wide a table is where nobody says, unless its columns need more, and how narrow its last column may become.
WIDTH, NARROWEST = 160, 24


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[str] = (), bold: Collection[int] = ()
) -> None:
    """Print *rows* under the names of *columns*; the last column wraps to the width of the terminal.

    The columns named in *right* end at the right; the rows numbered in *bold* stand out on a terminal.
    """
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [[_visible(cell) for cell in row] for row in rows]
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(columns):
        last = number == len(columns) - 1 and name not in right
        drawn.add_column(Text(name), justify="right" if name in right else "left", no_wrap=not last, overflow="fold")
    for number, row in enumerate(shown):
        drawn.add_row(*map(Text, row), style="bold" if number in bold else "")
    needed = [max(map(cell_len, [name, *(row[number] for row in shown)])) for number, name in enumerate(columns)]
    if columns[-1] not in right:
        needed[-1] = min(needed[-1], NARROWEST)
    width = None if sys.stdout.isatty() else max(WIDTH, sum(needed) + 2 * len(needed))
    Console(width=width, highlight=False).print(drawn)


def _visible(text: str) -> str:
    """*text* on one line, with what cannot be seen escaped."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
