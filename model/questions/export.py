"""The whole lifecycle as plain data with a version: graph and tables, in a fixed order."""

from __future__ import annotations

from typing import Any

from model.graph import node_attributes
from model.lifecycle import Lifecycle
from model.space import StateSpace, all_states
from model.state import state_name

#: Grows when a key changes its meaning or goes away; new keys do not count.
FORMAT = 1


def exported(lifecycle: Lifecycle, space: StateSpace) -> dict[str, Any]:
    """Everything: see ``docs/export.md`` for the keys."""
    return {
        "format": FORMAT,
        "lifecycle": lifecycle.name,
        "release": lifecycle.release,
        "scenario": space.scenario,
        "variables": {
            name: [
                {
                    "name": value.name,
                    "wire": value.wire,
                    "number": value.number,
                    "group": value.group,
                    "meaning": {"en": value.meaning.en, "zh": value.meaning.zh},
                    "source": value.source,
                }
                for value in lifecycle.values[name]
            ]
            for name in lifecycle.state_variables
        },
        "operations": [
            {
                "name": one.name,
                "kind": one.kind,
                "actor": one.actor,
                "action": one.action,
                "command": one.command,
                "family": one.family,
                "meaning": {"en": one.meaning.en, "zh": one.meaning.zh},
                "rows": list(one.rows),
            }
            for one in lifecycle.operations.values()
        ],
        "rows": [
            {
                "id": row.id,
                "operation": row.operation,
                "instruction": row.instruction,
                "kind": row.kind,
                "service": row.service,
                "source": row.source,
                "place": row.place,
                "expect": None if row.expect is None else sorted(row.expect),
                "writes": dict(row.writes),
                "condition": row.condition,
            }
            for row in lifecycle.rows.values()
        ],
        "nodes": [
            {"id": state_name(lifecycle, state), **node_attributes(lifecycle, space, state)}
            for state in all_states(lifecycle)
        ],
        "edges": [
            {
                "source": state_name(lifecycle, edge.source),
                "target": state_name(lifecycle, edge.target),
                "kind": edge.kind,
                "taken": edge.taken,
                "rows": list(edge.rows),
            }
            for edge in space.edges
        ],
    }
