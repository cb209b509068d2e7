"""The whole state graph for other programs, as Graphviz or Mermaid text: too large to be read as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.errors import Fault, InputError
from model.state import state_name
from render.figure import Edge, EdgeKind, Figure, Node, NodeKind, merge_parallel
from render.registry import render_picture

if TYPE_CHECKING:
    from model.lifecycle import Lifecycle
    from model.space import Edge as SpaceEdge
    from model.space import StateSpace
    from model.state import State

FORMS = ("dot", "mermaid")


def whole_graph(lifecycle: Lifecycle, space: StateSpace, form: str, *, everything: bool = False) -> str:
    """Every state that some execution reaches, and every edge that some execution takes, as text in ``form``.

    ``form`` is ``dot`` or ``mermaid``. With ``everything`` also the states that no execution reaches and the edges that
    only the abstraction allows. Nodes and edges are sorted as states are; equal input gives equal text.

    Raises InputError for another form.
    """
    if form not in FORMS:
        raise InputError(Fault("--format", f"no form {form!r} of the whole graph", f"one of {', '.join(FORMS)}"))
    edges = [edge for edge in space.edges if everything or edge.taken]
    states = set(space.reached)
    if everything:
        states |= {end for edge in edges for end in (edge.source, edge.target)}
    edges = [edge for edge in edges if edge.source in states and edge.target in states]
    nodes = tuple(_node(lifecycle, space, state) for state in sorted(states))
    made = merge_parallel(tuple(_edge(lifecycle, edge) for edge in edges))
    title = f"States of {lifecycle.name} {lifecycle.release}, scenario {space.scenario}"
    return render_picture(Figure("states", title, title, nodes, made), form).decode()


def _node(lifecycle: Lifecycle, space: StateSpace, state: State) -> Node:
    groups = [
        lifecycle.values[name][number].group for name, number in zip(lifecycle.state_variables, state, strict=True)
    ]
    kind = NodeKind.TRANSITIONAL if "transitional" in groups[:2] else NodeKind(groups[0])
    name = state_name(lifecycle, state)
    return Node(name, (name,), kind, tooltip="" if state in space.reached else "no execution reaches it")


def _edge(lifecycle: Lifecycle, edge: SpaceEdge) -> Edge:
    operations = sorted({lifecycle.rows[row].operation for row in edge.rows if row in lifecycle.rows})
    kind = EdgeKind(edge.kind) if edge.kind in set(EdgeKind) else EdgeKind.EVENT
    source, target = state_name(lifecycle, edge.source), state_name(lifecycle, edge.target)
    label = (", ".join(operations),) if operations else ()
    return Edge(source, target, edge.rows, label, kind, edge.taken, tooltip="\n".join(edge.rows))
