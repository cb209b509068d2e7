"""The state space as GraphML, which Gephi, yEd and networkx read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx


def graphml(graph: nx.MultiDiGraph) -> str:
    """*graph* as GraphML; lists become words separated by spaces, for GraphML knows only scalars."""
    import networkx as nx

    flat = nx.MultiDiGraph(**graph.graph)
    for node, attributes in graph.nodes(data=True):
        flat.add_node(node, **{key: "" if value is None else value for key, value in attributes.items()})
    for source, target, attributes in graph.edges(data=True):
        flat.add_edge(
            source,
            target,
            **{key: " ".join(value) if isinstance(value, tuple) else value for key, value in attributes.items()},
        )
    return "\n".join(nx.generate_graphml(flat)) + "\n"
