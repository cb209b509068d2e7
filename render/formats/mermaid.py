"""Mermaid: a graph or a sequence in the language that GitHub draws."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from render.clean import clean
from render.figure import Direction, EdgeKind, Figure, Matrix, NodeKind, Sequence, merge_parallel

if TYPE_CHECKING:
    from render.figure import Picture

MEDIA_TYPE = "text/vnd.mermaid; charset=utf-8"
SUFFIX = ".mmd"
KINDS = (Figure, Sequence)

_SAFE = re.compile(r"[A-Za-z0-9 _.,:/()=+*'-]|[^\W_]")
_OPEN = {
    NodeKind.TRANSITIONAL: ("([", "])"),
    NodeKind.TERMINAL: ("[[", "]]"),
    NodeKind.ERROR: ("{{", "}}"),
    NodeKind.GUARD: ("{{", "}}"),
}
_ARROWS = {EdgeKind.FAILURE: "-.->", EdgeKind.EVENT: "-.->", EdgeKind.ADMIN: "==>"}


def render(picture: Picture) -> bytes:
    """A flowchart or a sequence diagram in UTF-8.

    Raises TypeError for a matrix, which Mermaid has no diagram for.
    """
    if isinstance(picture, Matrix):
        raise TypeError("Mermaid has no diagram for a matrix")
    return ("\n".join(_graph(picture) if isinstance(picture, Figure) else _sequence(picture)) + "\n").encode()


def quoted(text: str) -> str:
    """A line of text for Mermaid, every sign that could end or open something as a character entity of its own."""
    return "".join(c if _SAFE.fullmatch(c) else f"#{ord(c)};" for c in clean(text))


def _graph(figure: Figure) -> list[str]:
    numbers = {node.id: f"n{i}" for i, node in enumerate(figure.nodes)}
    lines = [
        f"flowchart {'LR' if figure.direction is Direction.RIGHT else 'TB'}",
        f"  accTitle: {quoted(figure.title)}",
    ]
    for group in (None, *figure.groups):
        members = [node for node in figure.nodes if node.group == (group.id if group else None)]
        if group and members:
            lines.append(f'  subgraph g{figure.groups.index(group)}["{quoted(group.title)}"]')
        for node in members:
            before, behind = _OPEN.get(node.kind, ("[", "]"))
            lines.append(f'  {numbers[node.id]}{before}"{"<br/>".join(quoted(line) for line in node.lines)}"{behind}')
        if group and members:
            lines.append("  end")
    for edge in merge_parallel(figure.edges):
        label = "<br/>".join(quoted(line) for line in edge.label)
        shown = f'|"{label}"|' if label else ""
        lines.append(f"  {numbers[edge.source]} {_ARROWS.get(edge.kind, '-->')}{shown} {numbers[edge.target]}")
    return lines


def _sequence(sequence: Sequence) -> list[str]:
    numbers = {lane.id: f"p{i}" for i, lane in enumerate(sequence.lanes)}
    lines = ["sequenceDiagram", f"  accTitle: {quoted(sequence.title)}"]
    lines += [f"  participant {numbers[lane.id]} as {quoted(lane.title)}" for lane in sequence.lanes]
    before: str | None = None
    for step in sequence.steps:
        here = numbers[step.lane]
        said = "<br/>".join(quoted(line) for line in step.lines)
        lines.append(f"  {before or here}->>{here}: {said}")
        if step.values:
            after = "<br/>".join(quoted(f"{value.variable} = {value.value}") for value in step.values)
            lines.append(f"  Note over {here}: {after}")
        lines += [f"  Note right of {here}: {'<br/>'.join(quoted(line) for line in b.lines)}" for b in step.branches]
        before = here
    return lines
