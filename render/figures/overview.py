"""The headline: the values of the first state variable at rest, and the operations that lead from one to another.

What leads to the same value from nearly everywhere (being deleted, failing) is drawn once, from a node that stands for
every state, and says in a note where it does not apply.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from render.figure import Edge, EdgeKind, Figure, Node, NodeKind
from render.figures.endings import scenario_name
from render.figures.leaps import GONE, NOWHERE, Leap, leaps
from render.figures.words import label_lines, listed, operation_link, state_kind, value_link

if TYPE_CHECKING:
    from model.lifecycle import Lifecycle

EVERY = "every"
_FEWEST = 5
_EXCEPTIONS = 2
_LABEL = 150.0


@dataclass(frozen=True, slots=True)
class _Common:
    """What leads to ``target`` from nearly every value: these operations, and failures if ``fails``."""

    target: str
    operations: tuple[str, ...]
    fails: bool
    leaps: tuple[Leap, ...]


def overview(lifecycle: Lifecycle) -> Figure:
    """The overview of the first state variable."""
    first = lifecycle.state_variables[0]
    final = [v.name for v in lifecycle.values[first] if v.group == "terminal"]
    known = [_ending(leap, final) for leap in leaps(lifecycle) if leap.source != leap.target]
    kinds = lifecycle.scenarios[scenario_name(lifecycle)].kinds
    known = [leap for leap in known if leap.taken or leap.source not in final]
    known = [leap for leap in known if lifecycle.operations[leap.operation].kind in kinds]
    common = _common(known)
    towards = {one.target for one in common}
    single = [leap for leap in known if leap.target not in towards]
    edges = [*_edges(lifecycle, single), *(_summary(lifecycle, one) for one in common)]
    used = {end for edge in edges for end in (edge.source, edge.target)}
    nodes = [node for node in _nodes(lifecycle) if node.id in used or node.id not in {NOWHERE, GONE, EVERY}]
    bars = _hubs(edges)
    near = {end for e in edges if set(bars[1:]) & {e.source, e.target} for end in (e.source, e.target)}
    if len(near & towards) > 1:
        bars = bars[:1]
    taken = f"one request at a time, every step may fail (scenario {scenario_name(lifecycle)!r})"
    return Figure(
        "vm-states",
        f"How {first} changes, from rest to rest",
        f"Each arrow is one run of an operation that begins and ends with nothing in flight; {taken}. "
        + " ".join(_notes(known, common)),
        tuple(nodes),
        tuple(edges),
        notes=_notes(known, common),
        bars=(bars[:1], (*bars[1:], *((EVERY,) if common else ()))),
    )


def _ending(leap: Leap, final: list[str]) -> Leap:
    """The leap with a record that is destroyed counted as the terminal value, where there is one."""
    if leap.target != GONE or not final:
        return leap
    return Leap(leap.source, final[0], leap.operation, leap.failed, leap.taken, leap.rows)


def _common(known: list[Leap]) -> list[_Common]:
    sources = {leap.source for leap in known} - {NOWHERE}
    found = []
    if len(sources) < _FEWEST:
        return []
    for target in dict.fromkeys(leap.target for leap in known):
        into = [leap for leap in known if leap.target == target and leap.source != NOWHERE]
        enough = len(sources - {target}) - _EXCEPTIONS
        clean = [leap for leap in into if not leap.failed]
        operations = tuple(
            name
            for name in sorted({leap.operation for leap in clean})
            if len({leap.source for leap in clean if leap.operation == name}) >= enough
        )
        fails = len({leap.source for leap in into if leap.failed}) >= enough
        if operations or fails:
            found.append(_Common(target, operations, fails, tuple(into)))
    return found


def _summary(lifecycle: Lifecycle, common: _Common) -> Edge:
    label = label_lines((*common.operations, *(("a failure",) if common.fails else ())), _LABEL)
    kind = _kind(lifecycle, common.operations[0]) if common.operations else EdgeKind.FAILURE
    rows = tuple(sorted({row for leap in common.leaps for row in leap.rows}))
    by_source: dict[str, list[str]] = {}
    for leap in common.leaps:
        by_source.setdefault(leap.source, []).append(leap.operation + (" (fails)" if leap.failed else ""))
    said = "\n".join(f"{source}: {', '.join(dict.fromkeys(names))}" for source, names in by_source.items())
    return Edge(EVERY, common.target, rows, label, kind, tooltip=said)


def _edges(lifecycle: Lifecycle, known: list[Leap]) -> list[Edge]:
    grouped: dict[tuple[str, str, bool, bool], list[Leap]] = {}
    for leap in known:
        grouped.setdefault((leap.source, leap.target, leap.failed, leap.taken), []).append(leap)
    return [edge_of(lifecycle, source, target, some) for (source, target, _, _), some in grouped.items()]


def edge_of(lifecycle: Lifecycle, source: str, target: str, some: list[Leap], width: float = _LABEL) -> Edge:
    """One edge for leaps of one kind between the same two values."""
    names = list(dict.fromkeys(leap.operation for leap in some))
    failed = some[0].failed
    kind = EdgeKind.FAILURE if failed else _kind(lifecycle, names[0])
    rows = tuple(sorted({row for leap in some for row in leap.rows}))
    said = [f"{leap.operation}: {', '.join(leap.rows)}" for leap in some]
    how = "by failing: " if failed else ""
    most = 4 if width <= _LABEL else 8
    label = label_lines([name + " fails" for name in names] if failed and len(names) < 4 else names, width, most)
    link = operation_link(names[0]) if len(names) == 1 else None
    return Edge(source, target, rows, label, kind, some[0].taken, link, how + "\n".join(said))


def _kind(lifecycle: Lifecycle, operation: str) -> EdgeKind:
    kind = lifecycle.operations[operation].kind
    return EdgeKind(kind) if kind in set(EdgeKind) else EdgeKind.EVENT


def _nodes(lifecycle: Lifecycle) -> list[Node]:
    first = lifecycle.state_variables[0]
    nodes = [Node(NOWHERE, ("not yet there",), NodeKind.NOTE)]
    nodes += [
        Node(
            value.name,
            (value.name,),
            state_kind(lifecycle, first, value.name),
            href=value_link(first, value.name),
            tooltip=value.meaning.en,
        )
        for value in lifecycle.values[first]
    ]
    nodes.append(Node(GONE, ("gone",), NodeKind.TERMINAL))
    nodes.append(Node(EVERY, ("every state",), NodeKind.NOTE))
    return nodes


def _hubs(edges: list[Edge]) -> tuple[str, ...]:
    """The node with most neighbours, and the one with most edges among those that do not touch it."""
    found: list[str] = []
    for _ in range(2):
        left = [e for e in edges if e.source != EVERY and not {e.source, e.target} & set(found)]
        near: dict[str, set[str]] = {}
        for edge in left:
            near.setdefault(edge.source, set()).add(edge.target)
            near.setdefault(edge.target, set()).add(edge.source)
        if not near:
            break
        found.append(min(near, key=lambda name: (-len(near[name]), name)))
    return tuple(found)


def _notes(known: list[Leap], common: list[_Common]) -> tuple[str, ...]:
    sources = list(dict.fromkeys(leap.source for leap in known if leap.source != NOWHERE))
    notes = []
    for one in common:
        others = [name for name in sources if name != one.target]
        for name in one.operations:
            missing = [s for s in others if not any(e.source == s and e.operation == name for e in one.leaps)]
            if missing:
                notes.append(f"From {listed(missing)}, {name} does not lead to {one.target}.")
        if one.fails:
            missing = [s for s in others if not any(e.source == s and e.failed for e in one.leaps)]
            if missing:
                notes.append(f"From {listed(missing)}, no failure leads to {one.target}.")
        rest = [leap for leap in one.leaps if not leap.failed and leap.operation not in one.operations]
        for name in dict.fromkeys(leap.operation for leap in rest):
            some = [leap.source for leap in rest if leap.operation == name]
            notes.append(f"From {listed(some)}, {name} may lead to {one.target}.")
    return tuple(notes)
