"""One value of the first state variable: where one run of each operation, begun there at rest, may lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from render.figure import Edge, EdgeKind, Figure, Node, NodeKind
from render.figures.leaps import GONE, Leap, leaps
from render.figures.overview import edge_of
from render.figures.words import state_kind, value_link

if TYPE_CHECKING:
    from model.lifecycle import Lifecycle

_LABEL = 420.0
_STAYS = "stays"


def neighbours(lifecycle: Lifecycle, value: str) -> Figure:
    """What can happen from one value: the values that runs begun there lead to, by kind of operation and by failure."""
    first = lifecycle.state_variables[0]
    (meaning,) = (one.meaning.en for one in lifecycle.values[first] if one.name == value)
    known = [leap for leap in leaps(lifecycle) if leap.source == value]
    targets = [one for one in dict.fromkeys(leap.target for leap in known) if one != value]
    here = Node(value, (value,), NodeKind.CURRENT, href=value_link(first, value), tooltip=meaning)
    nodes = [here, *(_node(lifecycle, name) for name in targets)]
    edges = [edge for name in targets for edge in _edges(lifecycle, value, name, known)]
    staying = [leap for leap in known if leap.target == value]
    if staying:
        nodes.append(Node(_STAYS, (value, "as before"), state_kind(lifecycle, first, value), href=here.href))
        edges += [_renamed(edge) for edge in _edges(lifecycle, value, value, staying)]
    return Figure(
        f"state-{value}",
        f"What can happen from {first} {value}",
        f"{meaning} Each arrow is one run that begins with nothing in flight and ends so.",
        tuple(nodes),
        tuple(edges),
        notes=() if edges else ("Nothing leads from here.",),
        bars=((value,), ()),
    )


def _node(lifecycle: Lifecycle, name: str) -> Node:
    first = lifecycle.state_variables[0]
    if name == GONE:
        return Node(GONE, ("gone",), NodeKind.TERMINAL, tooltip="the record is destroyed")
    (meaning,) = (one.meaning.en for one in lifecycle.values[first] if one.name == name)
    return Node(name, (name,), state_kind(lifecycle, first, name), href=value_link(first, name), tooltip=meaning)


def _edges(lifecycle: Lifecycle, value: str, target: str, known: list[Leap]) -> list[Edge]:
    """The edges to one target: one for each kind of operation that gets there, one for those that do by failing."""
    grouped: dict[tuple[bool, bool, str], list[Leap]] = {}
    for leap in known:
        if leap.target == target:
            kind = "" if leap.failed else lifecycle.operations[leap.operation].kind
            grouped.setdefault((leap.failed, not leap.taken, kind), []).append(leap)
    order = ["", *EdgeKind]
    groups = sorted(grouped, key=lambda group: (*group[:2], order.index(group[2]) if group[2] in order else len(order)))
    return [edge_of(lifecycle, value, target, grouped[group], _LABEL) for group in groups]


def _renamed(edge: Edge) -> Edge:
    kind = edge.kind if edge.kind is not EdgeKind.STEP else EdgeKind.EVENT
    return Edge(edge.source, _STAYS, edge.rows, edge.label, kind, edge.certain, edge.href, edge.tooltip)
