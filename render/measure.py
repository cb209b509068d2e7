"""How wide a text is, so that boxes can be made to fit it without asking anybody.

Advance widths of Arimo, to which Arial, Helvetica and Liberation Sans are equal by design, so that the measure is right
wherever one of the four is installed. Everything outside the table is taken as one em when it is wide (Chinese, most
symbols) and 0.7 em otherwise, which is too much rather than too little.
"""

from __future__ import annotations

from functools import lru_cache
from unicodedata import combining, east_asian_width

# Thousandths of an em, for the characters U+0020 to U+007E in order (Arimo Regular).
_ASCII = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
)  # fmt: skip
_BOLD = 1.075


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of one line of text in the unit of ``size``; an upper estimate where the font has no such glyph."""
    ems = sum(_em(character) for character in text)
    return ems / 1000 * size * (_BOLD if bold else 1.0)


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> tuple[str, ...]:
    """The text in lines no wider than ``width``.

    Broken at spaces, in a longer word after ``_``, ``-``, ``/`` or ``.``, and failing these anywhere. At least one
    line, possibly empty. Nothing is added, and only the spaces at which a line ends are lost. A single character
    wider than ``width`` makes a line that is too wide.
    """
    lines = [""]
    for word in text.split():
        for number, piece in enumerate(_pieces(word, width, size, bold=bold)):
            glue = " " if number == 0 and lines[-1] else ""
            longer = lines[-1] + glue + piece
            if not lines[-1] or (number == 0 and text_width(longer, size, bold=bold) <= width):
                lines[-1] = longer
            else:
                lines.append(piece)
    return tuple(lines)


def _pieces(word: str, width: float, size: float, *, bold: bool) -> list[str]:
    pieces = []
    while text_width(word, size, bold=bold) > width and len(word) > 1:
        fits = next((n for n in range(len(word), 1, -1) if text_width(word[:n], size, bold=bold) <= width), 1)
        after_mark = max(word.rfind(mark, 0, fits) for mark in "_-/.") + 1
        cut = after_mark if after_mark > 1 else fits
        pieces.append(word[:cut])
        word = word[cut:]
    return [*pieces, word]


def _em(character: str) -> int:
    code = ord(character)
    if 32 <= code <= 126:
        return _ASCII[code - 32]
    if combining(character):
        return 0
    return 1000 if east_asian_width(character) in "WFA" or code > 0x2000 else 700
