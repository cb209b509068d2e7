"""The state space as a networkx graph, for those who want to ask their own questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.forget import assumed
from model.lifecycle import Lifecycle
from model.space import StateSpace, all_states, build_space
from model.state import State, state_name

if TYPE_CHECKING:
    import networkx as nx


def state_graph(lifecycle: Lifecycle, scenario: str = "sequential") -> nx.MultiDiGraph:
    """A MultiDiGraph over *all* states of *lifecycle*, reachable or not.

    Nodes are named as states are written (``ACTIVE/None/RUNNING``) and carry ``reachable``, ``resting``, ``status`` and
    ``group``.  Edges carry ``rows`` (the ids of the rows that induce them), ``operations``, ``kind``, ``actors`` and
    ``taken`` (whether some execution of *scenario* takes them, or only the abstraction allows them).

    Complexity: linear in the states and edges.
    """
    import networkx as nx

    space = build_space(lifecycle, scenario)
    lifecycle = assumed(lifecycle, scenario)
    graph = nx.MultiDiGraph(lifecycle=lifecycle.name, release=lifecycle.release, scenario=scenario)
    for state in all_states(lifecycle):
        graph.add_node(state_name(lifecycle, state), **node_attributes(lifecycle, space, state))
    for edge in space.edges:
        rows = [lifecycle.rows[row] for row in edge.rows if row in lifecycle.rows]
        graph.add_edge(
            state_name(lifecycle, edge.source),
            state_name(lifecycle, edge.target),
            rows=edge.rows,
            operations=tuple(sorted({row.operation for row in rows})),
            kind=edge.kind,
            actors=tuple(sorted({row.service for row in rows})),
            taken=edge.taken,
        )
    return graph


def node_attributes(lifecycle: Lifecycle, space: StateSpace, state: State) -> dict[str, object]:
    """What a node carries."""
    names = [lifecycle.variables[position].values[number] for position, number in enumerate(state)]
    groups = [
        lifecycle.values[name][number].group for name, number in zip(lifecycle.state_variables, state, strict=True)
    ]
    return {
        "reachable": state in space.reached,
        "resting": state in space.resting,
        "status": lifecycle.status.get((names[0], names[1])),
        "group": "transitional" if groups[1] == "transitional" else groups[0],
    }
