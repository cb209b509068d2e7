"""Tables on a terminal: columns as wide as what stands in them, and a last one that wraps."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from shutil import get_terminal_size

#: How wide a table is where nobody says, unless its columns need more, and how narrow its last column may become.
WIDTH, NARROWEST = 160, 24


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[str] = (),
    bold: Collection[int] = (),
    spare: Sequence[str] = (),
) -> None:
    """Print *rows* under the names of *columns*; the last column wraps to the width of the terminal.

    The columns named in *right* end at the right; the rows numbered in *bold* stand out on a terminal.  Nothing is cut:
    where a terminal is too narrow, columns of *spare* are left out, the first of them first, and a line says which; and
    lines that are too long even so are broken by the terminal.
    """
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [[_visible(cell) for cell in row] for row in rows]
    needed = [max(map(cell_len, [name, *(row[number] for row in shown)])) for number, name in enumerate(columns)]
    if columns[-1] not in right:
        needed[-1] = min(needed[-1], NARROWEST)
    room = get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    kept = _fitting(columns, needed, spare, room) if sys.stdout.isatty() else [*range(len(columns))]
    left_out = [name for number, name in enumerate(columns) if number not in kept]
    columns, needed = [columns[number] for number in kept], [needed[number] for number in kept]
    shown = [[row[number] for number in kept] for row in shown]
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(columns):
        last = number == len(columns) - 1 and name not in right
        drawn.add_column(Text(name), justify="right" if name in right else "left", no_wrap=not last, overflow="fold")
    for number, row in enumerate(shown):
        drawn.add_row(*map(Text, row), style="bold" if number in bold else "")
    console = Console(width=max(room, _width(needed)), highlight=False)
    console.print(drawn)
    if left_out:
        said = f"(the terminal is too narrow for: {', '.join(left_out)})"
        console.print(Text(said, style="dim"), soft_wrap=True)


def _width(needed: Collection[int]) -> int:
    return sum(needed) + 2 * len(needed)


def _fitting(columns: Sequence[str], needed: Sequence[int], spare: Sequence[str], room: int) -> list[int]:
    """The numbers of the *columns* to show: without as many of *spare* as it takes, and no more, to fit into *room*."""
    kept = [*range(len(columns))]
    dropped: list[int] = []
    for name in spare:
        if _width([needed[number] for number in kept]) > room:
            dropped.append(columns.index(name))
            kept.remove(dropped[-1])
    for number in reversed(dropped):
        if _width([needed[one] for one in (*kept, number)]) <= room:
            kept = sorted((*kept, number))
    return kept


def _visible(text: str) -> str:
    """*text* on one line, with what cannot be seen escaped."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
