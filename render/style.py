"""The one style table: what each kind of node, edge and cell looks like, in light and in dark.

Shape, line pattern and mark carry the meaning; colour only repeats it. Hues are those of Okabe and Ito ("Color
Universal Design", 2008), darkened or lightened until text keeps 4.5:1 and lines 3:1 (WCAG 2.2, 1.4.3 and 1.4.11)
against every ground they are drawn on; a test computes that from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from render.figure import CellKind, EdgeKind, NodeKind

FONT = "Arimo, 'Liberation Sans', Arial, Helvetica, sans-serif"
TEXT_SIZE = 14.0
SMALL_SIZE = 14.0
TITLE_SIZE = 17.0
LINE_HEIGHT = 18.0
COLUMN_WIDTH = 700.0
LEAST_TEXT = 12.0
MOST_WIDTH = COLUMN_WIDTH * TEXT_SIZE / LEAST_TEXT
"""The widest drawing whose text is still 12 px high when it is shown 700 px wide."""


class Theme(StrEnum):
    """AUTO follows the reader's setting; the other two are fixed, for what cannot follow."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Colour:
    """One role of the palette in both themes."""

    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class NodeStyle:
    """Shape and line of a node kind. ``line`` and ``fill`` are names of the palette."""

    meaning: str
    shape: str
    line: str
    fill: str
    dash: str = ""
    width: float = 1.4


@dataclass(frozen=True, slots=True)
class EdgeStyle:
    """Line pattern of an edge kind."""

    meaning: str
    line: str
    dash: str = ""
    width: float = 1.6


@dataclass(frozen=True, slots=True)
class CellStyle:
    """Mark and fill of a cell kind; ``glyph`` stands for the mark where only characters can be written."""

    meaning: str
    mark: str
    glyph: str
    line: str
    fill: str


PALETTE = MappingProxyType(
    {
        "ground": Colour("#ffffff", "#14181d"),
        "surface": Colour("#f2f4f7", "#1f262e"),
        "frame": Colour("#8a94a0", "#6c7885"),
        "ink": Colour("#1b2026", "#e9edf2"),
        "muted": Colour("#56606b", "#a9b4c0"),
        "grey": Colour("#5d6773", "#a2adb9"),
        "grey-fill": Colour("#eceff3", "#2a323b"),
        "blue": Colour("#0a5fa3", "#74b9f5"),
        "blue-fill": Colour("#e2effa", "#17324a"),
        "vermillion": Colour("#b23c00", "#ff9d68"),
        "vermillion-fill": Colour("#fdeae0", "#482514"),
        "green": Colour("#00694d", "#55d0a8"),
        "green-fill": Colour("#def3eb", "#123b2f"),
        "purple": Colour("#8c3a6f", "#eda3cd"),
        "purple-fill": Colour("#f8e6f1", "#44223a"),
        "amber": Colour("#765800", "#e4c153"),
        "amber-fill": Colour("#fcf2cf", "#3c3212"),
    }
)

NODES = MappingProxyType(
    {
        NodeKind.STABLE: NodeStyle("stable: stays until something happens", "rounded", "blue", "blue-fill"),
        NodeKind.TRANSITIONAL: NodeStyle("transitional: work is under way", "pill", "amber", "amber-fill", "6 3"),
        NodeKind.TERMINAL: NodeStyle("terminal: nothing follows", "double", "grey", "grey-fill"),
        NodeKind.ERROR: NodeStyle(
            "error: needs help from outside", "octagon", "vermillion", "vermillion-fill", "", 2.0
        ),
        NodeKind.CURRENT: NodeStyle("this is the state the figure is about", "rounded", "ink", "blue-fill", "", 3.0),
        NodeKind.STEP: NodeStyle("step", "rectangle", "grey", "ground"),
        NodeKind.GUARD: NodeStyle("guard: tests the copy that was loaded", "hexagon", "blue", "blue-fill"),
        NodeKind.SAVE: NodeStyle("save: one compare-and-swap of the record", "bar", "green", "green-fill"),
        NodeKind.SET: NodeStyle("set: changes the local copy only", "rectangle", "green", "ground", "4 3"),
        NodeKind.READ: NodeStyle("read: loads the record again", "slanted", "green", "ground"),
        NodeKind.CALL: NodeStyle("call: another component, which may fail", "sides", "purple", "purple-fill"),
        NodeKind.CAST: NodeStyle("cast: hands over by message", "arrow", "amber", "amber-fill"),
        NodeKind.FAILURE: NodeStyle("failure: what follows from it", "octagon", "vermillion", "vermillion-fill", "6 3"),
        NodeKind.NOTE: NodeStyle("stands for none, or for all", "plain", "grey", "surface"),
    }
)

EDGES = MappingProxyType(
    {
        EdgeKind.REQUEST: EdgeStyle("request of a user", "blue"),
        EdgeKind.STEP: EdgeStyle("next step of what is under way", "grey"),
        EdgeKind.FAILURE: EdgeStyle("failure", "vermillion", "7 4"),
        EdgeKind.EVENT: EdgeStyle("event outside", "purple", "2 4", 2.0),
        EdgeKind.PERIODIC: EdgeStyle("periodic task", "amber", "11 4 2 4"),
        EdgeKind.RECOVERY: EdgeStyle("recovery after a restart", "green", "11 4 2 4 2 4"),
        EdgeKind.ADMIN: EdgeStyle("administrator", "ink", "", 3.2),
    }
)

UNCERTAIN = "hollow head: allowed by the abstraction, taken by no execution"

CELLS = MappingProxyType(
    {
        CellKind.YES: CellStyle("yes", "disc", "●", "blue", "blue-fill"),
        CellKind.PARTLY: CellStyle("on conditions", "half", "◐", "amber", "amber-fill"),
        CellKind.NO: CellStyle("no", "none", "·", "muted", "ground"),
        CellKind.CHANGED: CellStyle("changed", "triangle", "▲", "green", "green-fill"),
        CellKind.STUCK: CellStyle("stays for ever", "cross", "✗", "vermillion", "vermillion-fill"),
        CellKind.PLAIN: CellStyle("", "none", "", "ink", "ground"),
    }
)


def colour(role: str, theme: Theme) -> str:
    """How to write a role of the palette in a style sheet of a theme.

    Raises KeyError for a role that is not in the palette.
    """
    chosen = PALETTE[role]
    if theme is Theme.AUTO:
        return f"var(--{role})"
    return chosen.light if theme is Theme.LIGHT else chosen.dark
