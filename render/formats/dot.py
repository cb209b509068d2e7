"""Graphviz's language, through the ``graphviz`` package: what the layout runs on, and an export of its own.

A label is a node of its own in the middle of its edge, so that the layout makes room for it, no line runs through it,
and nobody has to guess which line it belongs to.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import graphviz

from render.clean import clean, identifier, safe_href
from render.figure import Direction, Figure, merge_parallel
from render.measure import text_width
from render.style import EDGES, LINE_HEIGHT, NODES, PALETTE, TEXT_SIZE

if TYPE_CHECKING:
    from render.figure import Edge, Node, Picture

MEDIA_TYPE = "text/vnd.graphviz"
SUFFIX = ".dot"
KINDS = (Figure,)
LABEL_PADDING = 6.0

_SHAPES = {
    "rounded": {"shape": "box", "style": "rounded,filled"},
    "pill": {"shape": "box", "style": "rounded,filled,dashed"},
    "double": {"shape": "box", "style": "filled", "peripheries": "2"},
    "octagon": {"shape": "octagon", "style": "filled"},
    "plain": {"shape": "box", "style": "filled"},
}


def render(picture: Picture) -> bytes:
    """The source text of a figure for Graphviz, in UTF-8.

    Raises TypeError for a picture that is not a graph.
    """
    if not isinstance(picture, Figure):
        raise TypeError(f"Graphviz draws graphs, not a {type(picture).__name__}")
    return source(picture, Direction.DOWN if picture.direction is Direction.AUTO else picture.direction).encode()


def node_size(node: Node) -> tuple[float, float]:
    """Width and height of a node's box, in the unit of the text."""
    widest = max((text_width(clean(line), TEXT_SIZE, bold=True) for line in node.lines), default=0.0)
    return max(widest + 26.0, 56.0), len(node.lines) * LINE_HEIGHT + 16.0


def label_size(edge: Edge) -> tuple[float, float]:
    """Width and height that an edge's label needs."""
    widest = max(text_width(clean(line), TEXT_SIZE) for line in edge.label)
    return widest + 2 * LABEL_PADDING, len(edge.label) * LINE_HEIGHT + 4.0


def source(figure: Figure, direction: Direction, *, spacing: float = 1.0, inline: bool = True) -> str:
    """The source text of a figure with its ranks running in ``direction``; ``spacing`` widens the gaps.

    ``inline`` puts a label into its line (two edges and a node between them), otherwise it stands beside its line.
    """
    graph = graphviz.Digraph(
        identifier(figure.id),
        graph_attr={
            "rankdir": direction.value,
            "newrank": "true",
            "nodesep": f"{0.22 * spacing:.3f}",
            "ranksep": f"{0.30 * spacing:.3f}",
            "fontname": "Arimo",
            "fontsize": f"{TEXT_SIZE:g}",
            "bgcolor": "transparent",
            "tooltip": _text((figure.title,)),
        },
        node_attr={"fontname": "Arimo", "fontsize": f"{TEXT_SIZE:g}", "fixedsize": "true"},
        edge_attr={"fontname": "Arimo", "fontsize": f"{TEXT_SIZE:g}", "arrowsize": "0.8"},
    )
    for group in figure.groups:
        with graph.subgraph(name="cluster_" + identifier(group.id)) as frame:
            frame.attr(label=_text((group.title,)), labeljust="l", margin="12", color="gray50")
            for node in figure.nodes:
                if node.group == group.id:
                    _node(frame, node)
    for node in figure.nodes:
        if node.group is None:
            _node(graph, node)
    _ranks(graph, figure)
    order = _order(figure)
    for number, edge in enumerate(merge_parallel(figure.edges)):
        _edge(graph, edge, number, order, inline=inline)
    return str(graph.source)


def _node(graph: graphviz.Digraph, node: Node) -> None:
    look = NODES[node.kind]
    width, height = node_size(node)
    graph.node(
        identifier(node.id),
        label=_text(node.lines),
        width=f"{width / 72:.4f}",
        height=f"{height / 72:.4f}",
        color=PALETTE[look.line].light,
        fillcolor=PALETTE[look.fill].light,
        penwidth=f"{look.width:g}",
        **_SHAPES.get(look.shape, {"shape": "box", "style": "filled"}),
        **_link(node.href, node.tooltip),
    )


def _edge(graph: graphviz.Digraph, edge: Edge, number: int, order: dict[str, tuple[int, int]], *, inline: bool) -> None:
    look = EDGES[edge.kind]
    ends = [identifier(edge.source), identifier(edge.target)]
    attributes = {
        "id": f"e{number}",
        "color": PALETTE[look.line].light,
        "penwidth": f"{look.width:g}",
        "style": "dashed" if look.dash else "solid",
        **_link(edge.href, edge.tooltip),
    }
    head = "normal" if edge.certain else "empty"
    backward = order[edge.source] > order[edge.target]
    # Drawn along the ranks and with the head at the tail, an edge that leads back does not turn the ranks around.
    if backward:
        ends.reverse()
    flat = order[edge.source][0] == order[edge.target][0] and edge.source != edge.target
    straight = {"dir": "back", "arrowtail": head} if backward else {"arrowhead": head}
    if not edge.label or edge.source == edge.target or flat or not inline:
        if edge.label:
            width, height = label_size(edge)
            text = "".join(f"<BR/>{_html(line)}" for line in edge.label)[5:]
            attributes["label"] = (
                f'<<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="0" FIXEDSIZE="TRUE" WIDTH="{width:.0f}" '
                f'HEIGHT="{height:.0f}"><TR><TD>{text}</TD></TR></TABLE>>'
            )
        graph.edge(ends[0], ends[1], constraint="false" if flat else "true", **straight, **attributes)
        return
    width, height = label_size(edge)
    middle = f"label{number}"
    graph.node(
        middle,
        label=_text(edge.label),
        shape="none",
        width=f"{width / 72:.4f}",
        height=f"{height / 72:.4f}",
        **_link(edge.href, edge.tooltip),
    )
    first, second = ({**straight}, {"arrowhead": "none"}) if backward else ({"arrowhead": "none"}, {**straight})
    graph.edge(ends[0], middle, **{**attributes, "id": f"e{number}a"}, **first)
    graph.edge(middle, ends[1], **{**attributes, "id": f"e{number}b"}, **second)


def _html(text: str) -> str:
    """A line of text inside one of Graphviz's own HTML-like labels."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _text(lines: tuple[str, ...]) -> str:
    # Graphviz would read \\N and &lt; in a label, and the package would take <...> for markup.
    escaped = (clean(line).replace("\\", "\\\\").replace("&", "&amp;") for line in lines)
    text: str = graphviz.nohtml("\\n".join(escaped))
    return text


def _ranks(graph: graphviz.Digraph, figure: Figure) -> None:
    ranks: dict[int, list[str]] = {}
    for node in figure.nodes:
        if node.rank is not None:
            ranks.setdefault(node.rank, []).append(identifier(node.id))
    for rank in sorted(ranks):
        if len(ranks[rank]) > 1:
            with graph.subgraph() as row:
                row.attr(rank="same")
                for name in ranks[rank]:
                    row.node(name)
    for above, below in pairwise(sorted(ranks)):
        graph.edge(ranks[above][0], ranks[below][0], style="invis", weight="0", minlen="2")


def _order(figure: Figure) -> dict[str, tuple[int, int]]:
    """Where each node stands along the direction: by rank, then as it is listed."""
    last = max((node.rank for node in figure.nodes if node.rank is not None), default=0)
    return {
        node.id: (node.rank if node.rank is not None else last + 1 + place, place)
        for place, node in enumerate(figure.nodes)
    }


def _link(href: str | None, tooltip: str) -> dict[str, str]:
    link = {"tooltip": _text(tuple(tooltip.splitlines()))} if tooltip else {}
    address = safe_href(href)
    return {**link, "URL": _text((address,))} if address else link
