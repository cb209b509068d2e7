"""Layouts that ask nobody: graphs with bars, and lanes, have no overlap whatever they hold."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from render.figure import Branch, Edge, EdgeKind, Figure, Lane, Node, NodeKind, Sequence, Step, Value, inconsistencies
from render.order import Item, arrange
from render.overlaps import find_overlaps
from render.place import place

WORDS = st.text("abcdefgh_-", min_size=1, max_size=14)


@st.composite
def barred(draw: st.DrawFn) -> Figure:
    """A graph of up to three bars and seven other nodes."""
    count = draw(st.integers(1, 7))
    names = [f"n{i}" for i in range(count)]
    lefts = ("left",)
    rights = tuple(f"right{i}" for i in range(draw(st.integers(0, 1))))
    nodes = [Node(name, (draw(WORDS),)) for name in (*names, *lefts, *rights)]
    pairs = [pair for pair in product((*names, *lefts, *rights), repeat=2) if pair[0] != pair[1]]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=12, unique=True))
    edges = [
        Edge(source, target, ("row",), tuple(draw(st.lists(WORDS, max_size=3))), draw(st.sampled_from(EdgeKind)))
        for source, target in chosen
    ]
    return Figure("f", "f", "f", tuple(nodes), tuple(edges), bars=(lefts, rights))


@settings(max_examples=60, deadline=None)
@given(figure=barred())
def test_a_graph_with_bars_has_no_overlap(figure: Figure) -> None:
    assert inconsistencies(figure) == ()
    assert find_overlaps(place(figure)).faults == ()


def test_bars_stand_above_each_other() -> None:
    nodes = tuple(Node(name, (name,)) for name in ("a", "b", "c", "hub", "upper", "lower"))
    pairs = (("c", "lower"), ("b", "lower"), ("a", "upper"), ("b", "upper"), ("hub", "a"))
    edges = tuple(Edge(source, target, ("row",), ("label",)) for source, target in pairs)
    drawing = place(Figure("f", "f", "f", nodes, edges, bars=(("hub",), ("upper", "lower"))))
    assert find_overlaps(drawing).faults == ()
    assert find_overlaps(drawing).crossings == ()


@st.composite
def operation(draw: st.DrawFn) -> Sequence:
    """A sequence of up to eight steps in up to four lanes."""
    lanes = [f"lane{i}" for i in range(draw(st.integers(1, 4)))]
    steps = []
    for number in range(draw(st.integers(1, 8))):
        values = tuple(Value(name, draw(WORDS), draw(st.booleans())) for name in ("one", "two"))
        branches = tuple(
            Branch(f"b{number}-{i}", (draw(st.text("ab c", max_size=90)),)) for i in range(draw(st.integers(0, 2)))
        )
        lines = tuple(draw(st.lists(st.text("abc_ ", max_size=60), min_size=1, max_size=3)))
        kind = draw(st.sampled_from([NodeKind.SAVE, NodeKind.CALL, NodeKind.CAST]))
        shown = values if draw(st.booleans()) else ()
        steps.append(Step(f"s{number}", draw(st.sampled_from(lanes)), lines, kind, shown, branches))
    return Sequence("o", "o", "o", tuple(Lane(x, x) for x in lanes), tuple(steps), ("one", "two"), wide=True)


@settings(max_examples=60, deadline=None)
@given(picture=operation())
def test_an_operation_has_no_overlap(picture: Sequence) -> None:
    assert find_overlaps(place(picture)).faults == ()


def test_the_order_avoids_what_can_be_avoided() -> None:
    # Lanes from the first to the last would cross what the two between send to the right.
    items = [Item(("l",), (), (3,)), Item((), ("r",), ()), Item((), ("r",), ()), Item(("l",), (), ())]
    order = arrange(items, (("l",), ("r",)))
    assert abs(order.index(0) - order.index(3)) == 1
    # The items of the upper bar come before those of the lower one.
    items = [Item((), ("low",), ()), Item((), ("high",), ()), Item((), ("low",), ()), Item((), ("high",), ())]
    order = arrange(items, ((), ("high", "low")))
    assert {order.index(1), order.index(3)} == {0, 1}
