"""What a picture says, as plain data, made once; everything that draws or writes one reads only this.

There are three kinds of picture: a :class:`Figure` is a graph (states, and what leads from one to another), a
:class:`Matrix` crosses two lists, and a :class:`Sequence` lets time run downwards through lanes. None of them says
where anything is placed or which colour it has: placing is computed, and looks come from :mod:`render.style`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

MOST_NODES = 25
MOST_EDGES = 40


class Direction(StrEnum):
    """Which way the ranks of a figure run."""

    RIGHT = "LR"
    DOWN = "TB"
    AUTO = "auto"


class NodeKind(StrEnum):
    """What a node, or a step in a lane, stands for."""

    STABLE = "stable"
    TRANSITIONAL = "transitional"
    TERMINAL = "terminal"
    ERROR = "error"
    CURRENT = "current"
    STEP = "step"
    GUARD = "guard"
    SAVE = "save"
    SET = "set"
    READ = "read"
    CALL = "call"
    CAST = "cast"
    FAILURE = "failure"
    NOTE = "note"


class EdgeKind(StrEnum):
    """What makes an edge happen."""

    REQUEST = "request"
    STEP = "step"
    FAILURE = "failure"
    EVENT = "event"
    PERIODIC = "periodic"
    RECOVERY = "recovery"
    ADMIN = "admin"


class CellKind(StrEnum):
    """What a cell of a matrix says."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    CHANGED = "changed"
    STUCK = "stuck"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Node:
    """One box. ``rank`` orders boxes along the direction (equal ranks stand side by side); None leaves it free."""

    id: str
    lines: tuple[str, ...]
    kind: NodeKind = NodeKind.STABLE
    group: str | None = None
    rank: int | None = None
    href: str | None = None
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """One arrow, for all of the table ``rows`` that induce it.

    ``certain`` is True when some execution takes the edge, False when only the abstraction allows it.
    """

    source: str
    target: str
    rows: tuple[str, ...]
    label: tuple[str, ...] = ()
    kind: EdgeKind = EdgeKind.STEP
    certain: bool = True
    href: str | None = None
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A frame around the nodes that name it."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A graph. The order of ``nodes`` and ``groups`` is the order of reading; ``notes`` stand under the legend.

    ``bars`` are ids of the nodes that most edges join, to be drawn as upright bars at the left and at the right of all
    others (two at one side should join no more than one node in common, for they stand above each other); without any,
    the figure is laid out in ranks.
    """

    id: str
    title: str
    description: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    groups: tuple[Group, ...] = ()
    direction: Direction = Direction.AUTO
    notes: tuple[str, ...] = ()
    bars: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


@dataclass(frozen=True, slots=True)
class Header:
    """The heading of a row or a column of a matrix."""

    id: str
    text: str
    href: str | None = None
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a row meets a column. ``text`` is drawn (keep it short), ``tooltip`` says the same in full."""

    kind: CellKind = CellKind.PLAIN
    text: str = ""
    href: str | None = None
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A table of cells: ``cells[i][j]`` is where row i meets column j. ``corner`` names rows and columns."""

    id: str
    title: str
    description: str
    rows: tuple[Header, ...]
    columns: tuple[Header, ...]
    cells: tuple[tuple[Cell, ...], ...]
    corner: tuple[str, str] = ("", "")
    meanings: tuple[tuple[CellKind, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """Who acts: a service in the picture of an operation, a process in that of a trace."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Value:
    """A variable after a step; what did not change is drawn dimmed."""

    variable: str
    value: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """What happens when a step fails: the cause, what follows from it, and the variables in the end."""

    id: str
    lines: tuple[str, ...]
    values: tuple[Value, ...] = ()
    href: str | None = None
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lane, its variables after it, and the ways in which it fails.

    ``rows`` are the table rows behind it. ``follows`` is the id of the step it comes after; None means the step just
    above, which is what an operation wants, whereas a trace of several processes continues each lane by itself; the
    empty string means none.
    """

    id: str
    lane: str
    lines: tuple[str, ...]
    kind: NodeKind = NodeKind.STEP
    values: tuple[Value, ...] = ()
    branches: tuple[Branch, ...] = ()
    rows: tuple[str, ...] = ()
    follows: str | None = None
    edge: EdgeKind = EdgeKind.STEP
    href: str | None = None
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Steps in lanes, time running down. ``variables`` heads the values that steps leave behind.

    In a ``wide`` one, which has one thread of control, a step may use the room of the lanes at its right.
    """

    id: str
    title: str
    description: str
    lanes: tuple[Lane, ...]
    steps: tuple[Step, ...]
    variables: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    wide: bool = False


Picture = Figure | Matrix | Sequence


def merge_parallel(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """The edges with those of equal source, target, kind and certainty made one that lists all rows and labels.

    The order is that of the first of each; labels and rows keep their order and lose repetitions.
    """
    merged: dict[tuple[str, str, EdgeKind, bool], Edge] = {}
    for edge in edges:
        key = (edge.source, edge.target, edge.kind, edge.certain)
        seen = merged.get(key)
        if seen is None:
            merged[key] = replace(edge, rows=_distinct(edge.rows), label=_distinct(edge.label))
            continue
        merged[key] = replace(
            seen,
            rows=_distinct(seen.rows + edge.rows),
            label=_distinct(seen.label + edge.label),
            href=seen.href if seen.href == edge.href else None,
            tooltip="\n".join(_distinct((seen.tooltip, edge.tooltip))).strip(),
        )
    return tuple(merged.values())


def inconsistencies(picture: Picture) -> tuple[str, ...]:
    """What is wrong with a picture's own references: empty when every id is unique and every reference resolves.

    A picture is made by this program, so that an inconsistency is a defect of a builder and not an input error.
    """
    if isinstance(picture, Figure):
        nodes = [node.id for node in picture.nodes]
        groups = [group.id for group in picture.groups]
        ends = [end for edge in picture.edges for end in (edge.source, edge.target)]
        framed = [node.group for node in picture.nodes if node.group is not None]
        barred = [name for side in picture.bars for name in side]
        return (
            *_repeated("node", nodes),
            *_repeated("group", groups),
            *_dangling("edge", ends, nodes),
            *_dangling("node", framed, groups),
            *_dangling("bar", barred, nodes),
            *_repeated("bar", barred),
        )
    if isinstance(picture, Matrix):
        wrong = [] if len(picture.cells) == len(picture.rows) else [f"{len(picture.cells)} rows of cells"]
        wrong += [f"row {i} has {len(r)} cells" for i, r in enumerate(picture.cells) if len(r) != len(picture.columns)]
        rows = _repeated("row", [row.id for row in picture.rows])
        return (*wrong, *rows, *_repeated("column", [column.id for column in picture.columns]))
    steps = [step.id for step in picture.steps]
    branches = [branch.id for step in picture.steps for branch in step.branches]
    lanes = [lane.id for lane in picture.lanes]
    return (
        *_repeated("lane", lanes),
        *_repeated("step or branch", steps + branches),
        *_dangling("step", [step.lane for step in picture.steps], lanes),
        *_dangling("step", [step.follows for step in picture.steps if step.follows], steps),
    )


def is_legible(figure: Figure) -> bool:
    """Whether a figure keeps to at most 25 nodes and 40 edges."""
    return len(figure.nodes) <= MOST_NODES and len(figure.edges) <= MOST_EDGES


def _distinct(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _repeated(what: str, names: list[str]) -> list[str]:
    return [f"{what} {name!r} is there twice" for name in dict.fromkeys(names) if names.count(name) > 1]


def _dangling(what: str, names: list[str], known: list[str]) -> list[str]:
    return [f"{what} refers to {name!r}, which is not there" for name in dict.fromkeys(names) if name not in known]
