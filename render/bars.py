"""Where everything goes in a graph with hubs: the hubs as upright bars, the other nodes in a column between them.

A graph in which two nodes have most of the edges is a tangle in any layered layout. Here each edge of a hub is one
horizontal line with a row for itself and its label above it, so that nothing can overlap; the few edges between other
nodes run in lanes at the right of the column. The order of the column is searched for (:mod:`render.order`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from render.clean import clean, identifier
from render.drawing import Box, Drawing, Label, Line, Part
from render.figure import merge_parallel
from render.legend import finish
from render.measure import text_width, wrap
from render.order import Item, arrange
from render.style import LINE_HEIGHT, NODES, TEXT_SIZE

if TYPE_CHECKING:
    from render.drawing import Shape
    from render.figure import Edge, Figure, Node

_MARGIN = 8.0
_GAP = 12.0
_BELOW = 12.0
_LANE = 14.0
_HEAD = 9.0
_PLAIN = 20.0


@dataclass(slots=True)
class _Row:
    """One item of the column: a node, or an edge from bar to bar; where it is, and where its lines are."""

    node: Node | None
    left: list[Edge] = field(default_factory=list)
    right: list[Edge] = field(default_factory=list)
    out: list[Edge] = field(default_factory=list)
    through: Edge | None = None
    enters: bool = False
    top: float = 0.0
    height: float = 0.0


def lay_out_bars(figure: Figure) -> Drawing:
    """The figure as a drawing; deterministic, and without asking Graphviz."""
    figure = replace(figure, edges=merge_parallel(figure.edges))
    rows = _rows(figure)
    rows = [rows[i] for i in arrange([_item(figure, rows, row) for row in rows], figure.bars)]
    deep = _depths(figure)
    y = _MARGIN
    for row in rows:
        row.top, row.height = y, _height(row, deep)
        y += row.height + _GAP
    return finish(_Placed(figure, rows, deep).drawing(y - _GAP + _MARGIN), figure)


def _depths(figure: Figure) -> dict[Edge, float]:
    """How much room each edge takes: its label, its line, and what its bar needs for a name if that is more."""
    deep = {edge: len(edge.label) * LINE_HEIGHT + 4 + _BELOW for edge in figure.edges}
    for node in figure.nodes:
        if node.id in figure.bars[0] + figure.bars[1]:
            own = [edge for edge in figure.edges if node.id in (edge.source, edge.target)]
            lacking = _least(node) + _BELOW - sum(deep[edge] for edge in own)
            if own and lacking > 0:
                deep[own[0]] += lacking
    return deep


def _least(node: Node) -> float:
    """The least height of a bar that shows its name."""
    return len(bar_lines(node)) * LINE_HEIGHT + 12.0


def _rows(figure: Figure) -> list[_Row]:
    lefts, rights = figure.bars
    bars = {*lefts, *rights}
    rows = {node.id: _Row(node) for node in figure.nodes if node.id not in bars}
    through = []
    for edge in figure.edges:
        ends = (edge.source, edge.target)
        inner = [end for end in ends if end not in bars]
        if not inner:
            through.append(_Row(None, through=edge))
        elif len(inner) == 2:
            rows[edge.source].out.append(edge)
            rows[edge.target].enters = True
        else:
            hub = ends[0] if ends[1] == inner[0] else ends[1]
            (rows[inner[0]].left if hub in lefts else rows[inner[0]].right).append(edge)
    for row in rows.values():
        name = row.node.id if row.node else ""
        row.left.sort(key=lambda edge: _place(edge, name, lefts))
        row.right.sort(key=lambda edge: _place(edge, name, rights))
    return [*rows.values(), *through]


def _place(edge: Edge, node: str, bars: tuple[str, ...]) -> tuple[int, bool]:
    hub = edge.source if edge.target == node else edge.target
    return (bars.index(hub), edge.source == node)


def _item(figure: Figure, rows: list[_Row], row: _Row) -> Item:
    names = [other.node.id if other.node else "" for other in rows]

    def hubs(edges: list[Edge]) -> tuple[str, ...]:
        return tuple(e.source if row.node and e.target == row.node.id else e.target for e in edges)

    lefts, rights = figure.bars
    if row.through is not None:
        ends = (row.through.source, row.through.target)
        return Item(tuple(e for e in ends if e in lefts), tuple(e for e in ends if e in rights), ())
    return Item(hubs(row.left), hubs(row.right), tuple(names.index(edge.target) for edge in row.out))


def _height(row: _Row, deep: dict[Edge, float]) -> float:
    if row.through is not None:
        return deep[row.through]
    assert row.node is not None
    right = sum(deep[edge] for edge in (*row.right, *row.out)) + (_PLAIN if row.enters else 0.0)
    return max(len(row.node.lines) * LINE_HEIGHT + 16.0, sum(deep[edge] for edge in row.left), right)


def _widest(edges: list[Edge]) -> float:
    return max((text_width(clean(line), TEXT_SIZE) for edge in edges for line in edge.label), default=0.0)


def bar_lines(node: Node) -> tuple[str, ...]:
    """A bar's name, broken where a name may be broken, so that the bar is narrow."""
    return tuple(piece for line in node.lines for piece in wrap(clean(line), 104.0, TEXT_SIZE, bold=True))


class _Placed:
    """The columns of one figure, and its parts."""

    def __init__(self, figure: Figure, rows: list[_Row], deep: dict[Edge, float]) -> None:
        self.figure, self.rows, self.deep = figure, rows, deep
        self.nodes = {node.id: node for node in figure.nodes}
        lefts, rights = figure.bars
        self.bar_width = [max((self._bar_width(name) for name in side), default=0.0) for side in (lefts, rights)]
        inner = [text_width(clean(line), TEXT_SIZE, bold=True) for r in rows if r.node for line in r.node.lines]
        self.width = max(inner, default=40.0) + 26.0
        self.targets = list(dict.fromkeys(edge.target for row in rows for edge in row.out))
        self.lane = self._lanes()
        left = _widest([edge for row in rows for edge in row.left]) + 34.0 if lefts else 0.0
        named = [edge for row in rows for edge in (*row.right, *row.out)]
        self.labels = _widest(named) + 30.0 if named else 0.0
        self.lanes = (max(self.lane.values()) + 1) * _LANE + 4.0 if self.lane else 0.0
        self.x = _MARGIN + self.bar_width[0] + left
        # An edge from bar to bar has its label in the middle of all columns.
        through = _widest([row.through for row in rows if row.through is not None])
        self.width = max(self.width, through + 34.0 - left - self.labels - self.lanes)
        self.end = self.x + self.width + self.labels + self.lanes + (10.0 if rights else 0.0)
        self.total = self.end + self.bar_width[1] + _MARGIN
        self.span: dict[str, list[float]] = {}
        self.enter: dict[str, float] = {}

    def _bar_width(self, name: str) -> float:
        lines = bar_lines(self.nodes[name])
        return max(44.0, max(text_width(line, TEXT_SIZE, bold=True) for line in lines) + 20.0)

    def _lanes(self) -> dict[str, int]:
        """For each target the lane of the edges that lead to it: short ones inside, and one lane for several apart."""
        at = {row.node.id: i for i, row in enumerate(self.rows) if row.node}
        spans = {}
        for target in self.targets:
            ends = [at[target], *(at[e.source] for row in self.rows for e in row.out if e.target == target)]
            spans[target] = (min(ends), max(ends))
        made: dict[str, int] = {}
        for target in sorted(spans, key=lambda name: (spans[name][1] - spans[name][0], spans[name], name)):
            low, high = spans[target]
            taken = {made[other] for other in made if spans[other][0] <= high and low <= spans[other][1]}
            # Inner lanes belong to what lies within: a span must not be inside of one that it contains.
            least = max((made[o] + 1 for o in made if low <= spans[o][0] and spans[o][1] <= high), default=0)
            made[target] = next(lane for lane in range(least, len(spans) + least + 1) if lane not in taken)
        return made

    def drawing(self, height: float) -> Drawing:
        edges: list[Part] = []
        boxes: list[Part] = []
        for row in self.rows:
            if row.node is not None and row.enters:
                ports = self._ports(row)
                above = sum(_PLAIN if edge is None else self.deep[edge] for edge in ports[: ports.index(None)])
                self.enter[row.node.id] = self._right_top(row) + above + _PLAIN / 2
        for row in self.rows:
            if row.through is not None:
                y = row.top + row.height - _BELOW
                edges.append(self._straight(row.through, y, None))
                continue
            assert row.node is not None
            boxes.append(self._node(row.node, row.top, row.height))
            y = row.top + (row.height - sum(self.deep[edge] for edge in row.left)) / 2
            for edge in row.left:
                y += self.deep[edge]
                edges.append(self._straight(edge, y - _BELOW, row.node.id))
            y = self._right_top(row)
            for port in self._ports(row):
                y += _PLAIN if port is None else self.deep[port]
                if port in row.out:
                    edges.append(self._laned(port, y - _BELOW))
                elif port is not None:
                    edges.append(self._straight(port, y - _BELOW, row.node.id))
        bars = [self._bar(name, side) for side in (0, 1) for name in self.figure.bars[side]]
        height = max([height, *(shape.y + shape.height + _MARGIN for bar in bars for shape in bar.shapes[:1]
                                if isinstance(shape, Box))])  # fmt: skip
        figure = self.figure
        name, title, said = identifier(figure.id), clean(figure.title), clean(figure.description)
        return Drawing(name, title, said, round(self.total, 2), round(height, 2), (*edges, *boxes, *bars))

    def _ports(self, row: _Row) -> list[Edge | None]:
        """What leaves or enters a node at its right, from above to below; None is where its own lane enters.

        Lanes that run up lie above the straight lines, those that run down below them; of two that run the same way
        the outer one is nearer to the straight lines. So no lane crosses a line of its own node.
        """
        assert row.node is not None
        at = {other.node.id: i for i, other in enumerate(self.rows) if other.node}
        here = at[row.node.id]
        ports: list[tuple[tuple[int, int], Edge | None]] = [((1, 0), edge) for edge in row.right]
        ports += [(self._port(here, [at[edge.target]], edge.target), edge) for edge in row.out]
        if row.enters:
            sources = [at[e.source] for other in self.rows for e in other.out if e.target == row.node.id]
            ports.append((self._port(here, sources, row.node.id), None))
        return [edge for _, edge in sorted(ports, key=lambda port: port[0])]

    def _port(self, here: int, others: list[int], target: str) -> tuple[int, int]:
        lane = self.lane[target]
        up = sum(other < here for other in others) > len(others) / 2
        return (0, lane) if up else (2, -lane)

    def _right_top(self, row: _Row) -> float:
        used = sum(self.deep[edge] for edge in (*row.right, *row.out)) + (_PLAIN if row.enters else 0.0)
        return row.top + (row.height - used) / 2

    def _straight(self, edge: Edge, y: float, inner: str | None) -> Part:
        """A horizontal edge from or to a bar at height ``y``; ``inner`` is the end that is no bar."""
        lefts, rights = self.figure.bars
        here, there = self.x, self.x + self.width
        inside = _MARGIN + self.bar_width[0]
        if inner is None:
            start, stop, centre = inside, self.end, (inside + self.end) / 2
            forward = edge.source in lefts
        elif edge.source in lefts or edge.target in lefts:
            start, stop, centre = inside, here, (inside + here) / 2
            forward = edge.target == inner
        else:
            start, stop, centre = there, self.end, there + self.labels / 2
            forward = edge.source == inner
        for name in (edge.source, edge.target):
            if name in lefts or name in rights:
                top = y - self.deep[edge] + _BELOW + 4
                span = self.span.setdefault(name, [top, y])
                span[0], span[1] = min(span[0], top), max(span[1], y)
        begin, end = (start, stop) if forward else (stop, start)
        back = -_HEAD if end > begin else _HEAD
        line = Line(
            ((_two(begin), _two(y)), (_two(end + back), _two(y))),
            f"edge {edge.kind}",
            (_two(end), _two(y)),
            _head(edge),
        )
        return self._part(edge, (line, *self._label(edge, centre, y)))

    def _laned(self, edge: Edge, y: float) -> Part:
        """An edge between two nodes of the column, by the lane of its target."""
        right = self.x + self.width
        lane = _two(right + self.labels + 2 + self.lane[edge.target] * _LANE)
        enter = _two(self.enter[edge.target])
        points = ((_two(right), _two(y)), (lane, _two(y)), (lane, enter), (_two(right + _HEAD), enter))
        line = Line(points, f"edge {edge.kind}", (_two(right), enter), _head(edge))
        return self._part(edge, (line, *self._label(edge, right + self.labels / 2, y)))

    def _label(self, edge: Edge, centre: float, y: float) -> list[Label]:
        made = []
        for number, line in enumerate(clean(text) for text in edge.label):
            base = y - 6 - (len(edge.label) - 1 - number) * LINE_HEIGHT
            width = round(text_width(line, TEXT_SIZE), 2)
            made.append(Label(_two(centre), _two(base), line, width, TEXT_SIZE, "middle", "text label"))
        return made

    def _part(self, edge: Edge, shapes: tuple[Shape, ...]) -> Part:
        figure = self.figure
        taken = "taken" if edge.certain else "allowed"
        name = identifier(figure.id, "edge", edge.source, edge.target, edge.kind, taken)
        ends = (identifier(figure.id, edge.source), identifier(figure.id, edge.target))
        return Part(name, "edge", shapes, edge.href, edge.tooltip, ends)

    def _node(self, node: Node, top: float, height: float) -> Part:
        box = Box(_two(self.x), _two(top), _two(self.width), _two(height), f"node {node.kind}", NODES[node.kind].shape)
        lines = tuple(clean(line) for line in node.lines)
        labels = _centred(lines, self.x + self.width / 2, top + height / 2)
        return Part(identifier(self.figure.id, node.id), "node", (box, *labels), node.href, node.tooltip)

    def _bar(self, name: str, side: int) -> Part:
        node = self.nodes[name]
        lines = bar_lines(node)
        top, bottom = self.span.get(name, [_MARGIN, _MARGIN + _least(node)])
        top, bottom = max(_MARGIN, top + 2), bottom + 5
        x = _MARGIN if side == 0 else self.end
        wide = self.bar_width[side]
        box = Box(_two(x), _two(top), _two(wide), _two(bottom - top), f"node {node.kind}", NODES[node.kind].shape)
        labels = _centred(lines, x + wide / 2, (top + bottom) / 2)
        return Part(identifier(self.figure.id, name), "node", (box, *labels), node.href, node.tooltip)


def _centred(lines: tuple[str, ...], x: float, y: float) -> list[Label]:
    top = y - len(lines) * LINE_HEIGHT / 2
    made = []
    for number, line in enumerate(lines):
        base = top + number * LINE_HEIGHT + 0.72 * LINE_HEIGHT + 0.3
        width = round(text_width(line, TEXT_SIZE, bold=True), 2)
        made.append(Label(_two(x), _two(base), line, width, TEXT_SIZE, "middle", "text name"))
    return made


def _head(edge: Edge) -> str:
    return "filled" if edge.certain else "hollow"


def _two(value: float) -> float:
    return round(value, 2)
