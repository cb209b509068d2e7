"""A family of operations: the values of the second state variable that it writes, and how they follow each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from render.figure import Direction, Edge, EdgeKind, Figure, Node, NodeKind
from render.figures.analysis import Analysis
from render.figures.chart import is_major
from render.figures.words import label_lines, operation_link, state_kind, value_link

if TYPE_CHECKING:
    from model.lifecycle import Lifecycle

_LABEL = 170.0


def family(lifecycle: Lifecycle, name: str) -> Figure:
    """How the operations of one family move the second state variable, as long as nothing fails."""
    about = sorted(one.name for one in lifecycle.operations.values() if one.family == name)
    second = lifecycle.state_variables[1]
    moves: dict[tuple[int, int], dict[str, set[str]]] = {}
    for operation in about:
        for (source, target), rows in _moves(lifecycle, operation).items():
            moves.setdefault((source, target), {}).setdefault(operation, set()).update(rows)
    used = sorted({number for pair in moves for number in pair})
    resting = {number for number in used if _rests(lifecycle, number)}
    rank = _ranks([pair for pair in moves if pair[1] not in resting], resting, used)
    nodes = tuple(_node(lifecycle, second, number, rank[number]) for number in sorted(used, key=lambda n: (rank[n], n)))
    edges = tuple(_edge(lifecycle, second, pair, by) for pair, by in sorted(moves.items()))
    return Figure(
        f"family-{name}",
        f"{second} in the family {name}",
        f"Operations: {', '.join(about)}. An arrow is a write of {second} by the operations that it names, as long as "
        "nothing fails.",
        nodes,
        edges,
        direction=Direction.DOWN,
        notes=() if nodes else (f"The operations of this family ({', '.join(about)}) write no {second}.",),
        bars=(tuple(value_name(lifecycle, second, number) for number in used if number in resting), ()),
    )


def value_name(lifecycle: Lifecycle, variable: str, number: int) -> str:
    """The name of a value."""
    return lifecycle.values[variable][number].name


def _moves(lifecycle: Lifecycle, operation: str) -> dict[tuple[int, int], set[str]]:
    """From which value of the second variable to which, and by which rows."""
    analysis = Analysis(lifecycle, operation)
    before: dict[int, frozenset[int]] = {}
    for control, sets in analysis.before.items():
        point = analysis.point(control)
        before[point] = before.get(point, frozenset()) | sets[1]
    found: dict[tuple[int, int], set[str]] = {}
    for flow in analysis.flows():
        instruction = lifecycle.instructions[flow.source]
        row = lifecycle.rows.get(instruction.row)
        if row is None or not is_major(lifecycle, instruction) or 1 not in _written(lifecycle, row.writes):
            continue
        allowed = getattr(instruction, "expect", None)
        sources = before[flow.source] if allowed is None else before[flow.source] & allowed
        if len(sources) > len(lifecycle.variables[1].values) / 2:
            sources = frozenset(number for number in sources if _rests(lifecycle, number)) or sources
        for source in sources:
            for target in flow.after[1]:
                if source != target and len(flow.after[1]) <= 2:
                    found.setdefault((source, target), set()).add(row.id)
    return found


def _written(lifecycle: Lifecycle, writes: tuple[tuple[str, str], ...]) -> set[int]:
    return {lifecycle.index(variable) for variable, _ in writes}


def _rests(lifecycle: Lifecycle, number: int) -> bool:
    return any(
        all(variable != 1 or number in values for variable, values in tests) for tests in lifecycle.predicates["rest"]
    )


def _ranks(pairs: list[tuple[int, int]], roots: set[int], used: list[int]) -> dict[int, int]:
    """How many steps each value is away from rest, at least."""
    rank = dict.fromkeys(roots, 0)
    layer = sorted(roots)
    while layer:
        following = []
        for source, target in pairs:
            if source in layer and target not in rank:
                rank[target] = rank[source] + 1
                following.append(target)
        layer = following
    return {number: rank.get(number, 1) for number in used}


def _node(lifecycle: Lifecycle, variable: str, number: int, rank: int) -> Node:
    value = lifecycle.values[variable][number]
    kind = state_kind(lifecycle, variable, value.name) if rank else NodeKind.STABLE
    return Node(
        value.name, (value.name,), kind, rank=rank, href=value_link(variable, value.name), tooltip=value.meaning.en
    )


def _edge(lifecycle: Lifecycle, variable: str, pair: tuple[int, int], by: dict[str, set[str]]) -> Edge:
    names = sorted(by)
    kinds = {lifecycle.operations[name].kind for name in names}
    starts = _rests(lifecycle, pair[0]) and kinds <= set(EdgeKind)
    kind = min((EdgeKind(one) for one in kinds), key=list(EdgeKind).index) if starts else EdgeKind.STEP
    rows = tuple(sorted({row for some in by.values() for row in some}))
    link = operation_link(names[0]) if len(names) == 1 else None
    source, target = (value_name(lifecycle, variable, number) for number in pair)
    return Edge(source, target, rows, label_lines(names, _LABEL), kind, href=link, tooltip="\n".join(rows))
