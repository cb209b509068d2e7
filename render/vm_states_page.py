"""The page of required states and transitions, as reStructuredText that Nova's documentation could take as it is.

It has what Nova's own page has (a graph, what each command requires, what is possible in each state), from the tables.
Read back and compared with the tables it has no contradiction: a test does so.
"""

from __future__ import annotations

from collections.abc import Sequence

from checks.conformance.documentation.from_tables import documented_operations, names_of
from checks.conformance.documentation.said import DocumentedOperation
from model.lifecycle import Lifecycle

INTRODUCTION = """Made from the tables of {name} {release}: each command with the states
that its guard admits, and the states in which it ends when it succeeds.
"""
UNSET = "unset"
NOT_APPLICABLE = "N/A"


def vm_states_page(lifecycle: Lifecycle) -> str:
    """The whole page; the same lifecycle gives the same text."""
    known = documented_operations(lifecycle)
    operations = [one for one in known if one.moves]
    first = lifecycle.state_variables[0]
    order = [value.name for value in lifecycle.values[first]]
    names = names_of(lifecycle)
    living = [name for name in order if name not in names.gone]
    everywhere = {failed for failed in order if _is_failure(lifecycle, failed)} | set(names.gone)
    edges = sorted(
        {move for one in operations for move in one.moves if move[1] not in everywhere and move[0] != move[1]},
        key=lambda move: (order.index(move[0]), order.index(move[1])),
    )
    title = "Virtual machine states and transitions"
    parts = [
        f"{title}\n{'=' * len(title)}\n",
        INTRODUCTION.format(name=lifecycle.name, release=lifecycle.release),
        _section("Transitions"),
        _graph(order, edges, sorted(everywhere, key=order.index)),
        _section("Requirements for commands"),
        _table(
            ("Command", "Req'd VM States", "Req'd Task States", "Target State"),
            [
                (
                    one.name,
                    ", ".join(living if one.vm_states is None else _sorted(one.vm_states, order)),
                    _tasks(lifecycle, one),
                    ", ".join(_sorted({after for _, after in one.moves}, order)),
                )
                for one in operations
            ],
        ),
        _section("States and possible commands"),
        _table(
            ("VM State", "Commands"),
            [(name, ", ".join(one.name for one in known if _admits(one, name, living))) for name in living],
        ),
    ]
    return "\n".join(parts)


def _is_failure(lifecycle: Lifecycle, name: str) -> bool:
    number = lifecycle.variables[0].values.index(name)
    return any(dict(tests).get(0) == frozenset({number}) for tests in lifecycle.predicates["failed"])


def _admits(one: DocumentedOperation, name: str, living: Sequence[str]) -> bool:
    return name in living and (one.vm_states is None or name in one.vm_states)


def _sorted(names: set[str] | frozenset[str], order: Sequence[str]) -> list[str]:
    return sorted(names, key=order.index)


def _tasks(lifecycle: Lifecycle, one: DocumentedOperation) -> str:
    if one.task_states is None:
        return NOT_APPLICABLE
    order = [value.name for value in lifecycle.values[lifecycle.state_variables[1]]]
    return ", ".join(UNSET if name == order[0] else name for name in _sorted(one.task_states, order))


def _section(title: str) -> str:
    return f"{title}\n{'-' * len(title)}\n"


def _graph(order: Sequence[str], edges: Sequence[tuple[str, str]], everywhere: Sequence[str]) -> str:
    caption = f"All states are allowed to transition to {' and '.join(everywhere)}."
    lines = ['graph [ranksep="0.6", nodesep="0.5"];', f'label="{caption}";', "labelloc=bottom;"]
    lines += [f'{name.lower()} [label="{name}"]' for name in order]
    lines += [f"{source.lower()} -> {target.lower()}" for source, target in edges]
    body = "\n".join(f"    {line}" for line in lines)
    return f".. graphviz::\n\n  digraph states {{\n{body}\n  }}\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A list table: one that stays readable in a diff when a cell grows."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (heads, *rows):
        lines += [f"   {'* -' if not position else '  -'} {cell}".rstrip() for position, cell in enumerate(row)]
    return "\n".join(lines) + "\n"
