"""Pictures of an invented lifecycle: nothing overlaps, nothing that a name holds does harm, bytes are stable."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import InputError
from render.drawing import Box, Drawing, Label, Line, Part
from render.engine import run_engine
from render.figure import (
    Branch,
    Cell,
    CellKind,
    Edge,
    EdgeKind,
    Figure,
    Group,
    Header,
    Lane,
    Matrix,
    Node,
    NodeKind,
    Picture,
    Sequence,
    Step,
    Value,
    inconsistencies,
    merge_parallel,
)
from render.formats import dot
from render.overlaps import find_overlaps
from render.place import place
from render.registry import find_format, format_names, render_picture
from render.style import PALETTE
from render.tables import tabulate

ROOT = Path(__file__).resolve().parent.parent


def door(name: str = "door", word: str = "open") -> Figure:
    """A door that may jam, with ``word`` wherever a name stands."""
    nodes = (
        Node("shut", (word, "shut"), group="use", rank=0, href="#shut"),
        Node("ajar", (word,), NodeKind.TRANSITIONAL, group="use", rank=1, tooltip=word),
        Node("jammed", ("jammed",), NodeKind.ERROR, rank=2),
        Node("gone", (word,), NodeKind.TERMINAL, rank=3),
    )
    edges = (
        Edge("shut", "ajar", (word,), (word,), EdgeKind.REQUEST, href=word),
        Edge("ajar", "shut", ("close",), ("close",), EdgeKind.REQUEST),
        Edge("ajar", "jammed", ("warp",), (word,), EdgeKind.FAILURE),
        Edge("jammed", "shut", ("oil",), ("oil",), EdgeKind.RECOVERY, certain=False),
        Edge("jammed", "gone", ("saw",), (), EdgeKind.ADMIN),
        Edge("shut", "shut", ("knock",), ("knock",), EdgeKind.EVENT),
    )
    return Figure(name, word, word, nodes, edges, (Group("use", word),), notes=(word,))


def star(word: str = "open") -> Figure:
    """The same door with bars: one at the left, and one at the right."""
    return replace(door(word=word), groups=(), nodes=tuple(replace(node, group=None) for node in door(word=word).nodes),
                   edges=tuple(edge for edge in door(word=word).edges if edge.source != edge.target),
                   bars=(("shut",), ("jammed",)))  # fmt: skip


def chart(word: str = "yes") -> Matrix:
    """Whether a door may be opened, by weather."""
    cells = tuple(tuple(Cell(kind, word, word, word) for kind in CellKind) for _ in range(2))
    rows = (Header("dry", word), Header("wet", "wet"))
    return Matrix("chart", word, word, rows, tuple(Header(kind, kind) for kind in CellKind), cells, ("weather", word))


def story(word: str = "push") -> Sequence:
    """Somebody opens a door."""
    before, after = (Value("door", "shut"),), (Value("door", word, changed=True),)
    steps = (
        Step("ask", "guest", (word,)),
        Step("look", "host", (word,), NodeKind.GUARD, branches=(Branch("no", (word,), before),)),
        Step("act", "host", (word, "door = open"), NodeKind.SAVE, after, rows=("row",), href="#act"),
        Step("enter", "guest", ("enter",), NodeKind.CALL),
    )
    return Sequence("story", word, word, (Lane("guest", word), Lane("host", "host")), steps, ("door",))


PICTURES: tuple[Picture, ...] = (door(), star(), chart(), story())
HOSTILE = st.one_of(
    st.sampled_from(["<script>alert(1)</script>", '"]; evil', "a\nb", "javascript:alert(1)", "\u202egnp", "x" * 900]),
    st.text(max_size=30),
)


@pytest.mark.parametrize("picture", PICTURES, ids=["door", "star", "chart", "story"])
def test_nothing_overlaps(picture: Picture) -> None:
    assert inconsistencies(picture) == ()
    assert find_overlaps(place(picture)).faults == ()


def test_overlaps_are_counted() -> None:
    a = Part("a", "node", (Box(0, 0, 20, 20, "node step"), Label(2, 14, "abc", 16, 14)))
    b = Part("b", "node", (Box(15, 15, 20, 20, "node step"),))
    line = Part("c", "edge", (Line(((-5, 10), (60, 10)), "edge step"),))
    other = Part("d", "edge", (Line(((50, 0), (50, 20)), "edge step"),))
    found = find_overlaps(Drawing("x", "", "", 70, 30, (a, b, line, other)))
    assert found.boxes == (("a", "b"),)
    assert found.lines_on_labels == (("c", "a"),)
    assert found.lines_on_boxes == (("c", "a"),)
    assert found.outside == (("b", "x"),)
    assert found.crossings == (("c", "d"),)


def test_nothing_may_lie_on_the_border_of_a_group() -> None:
    frame = Part("frame", "group", (Box(0, 0, 50, 50, "group", solid=False),))
    inside = Part("inside", "node", (Box(5, 5, 20, 20, "node step"),))
    across = Part("across", "node", (Box(40, 30, 30, 10, "node step"),))
    assert find_overlaps(Drawing("x", "", "", 80, 60, (frame, inside, across))).boxes == (("frame", "across"),)


def test_parallel_edges_are_one_with_all_their_rows() -> None:
    twice = (Edge("a", "b", ("r1",), ("x",)), Edge("a", "b", ("r2", "r1"), ("y",)), Edge("b", "a", ("r3",)))
    assert merge_parallel(twice) == (Edge("a", "b", ("r1", "r2"), ("x", "y")), Edge("b", "a", ("r3",)))


@settings(max_examples=30, deadline=None)
@given(word=HOSTILE)
def test_hostile_names_do_no_harm(word: str) -> None:
    for picture in (star(word), chart(word), story(word)):
        root = ET.fromstring(render_picture(picture, "svg"))  # noqa: S314 - what we just wrote
        names = [element.tag.rpartition("}")[2] for element in root.iter()]
        assert set(names) <= {"svg", "title", "desc", "style", "g", "a", "path", "text"}
        addresses = [element.get("href", "") for element in root.iter()]
        assert not any(address.lower().startswith(("javascript", "data", "vbscript")) for address in addresses)
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        table = ET.fromstring(render_picture(picture, "html"))  # noqa: S314 - what we just wrote
        assert "script" not in {element.tag for element in table.iter()}
        render_picture(picture, "text")


@settings(max_examples=6, deadline=None)
@given(word=HOSTILE)
def test_hostile_names_do_no_harm_to_graphviz(word: str) -> None:
    lines = run_engine(dot.render(door(word=word)).decode(), "plain").decode().splitlines()
    assert {line.split()[1] for line in lines if line.startswith("node ")} >= {"shut", "ajar", "jammed", "gone"}
    drawn = ET.fromstring(render_picture(door(word=word), "svg"))  # noqa: S314 - what we just wrote
    assert "script" not in {element.tag.rpartition("}")[2] for element in drawn.iter()}


@settings(max_examples=15, deadline=None)
@given(word=HOSTILE)
def test_hostile_names_are_text_to_docutils(word: str) -> None:
    for picture in (door(word=word), chart(word), story(word)):
        source = render_picture(picture, "rst").decode()
        document = publish_doctree(source, settings_overrides={"halt_level": 2, "report_level": 5})
        (table,) = document.findall(nodes.table)
        assert {type(node) for node in document.findall()} <= {
            nodes.document, nodes.table, nodes.title, nodes.tgroup, nodes.colspec, nodes.thead, nodes.tbody, nodes.row,
            nodes.entry, nodes.paragraph, nodes.Text,
        }  # fmt: skip
        entries = [entry.astext() for entry in table.findall(nodes.entry)]
        expected = tabulate(picture)
        fields = [*expected.headings, *(entry.text for row in expected.rows for entry in row)]
        assert [" ".join(text.split()) for text in entries] == [" ".join(text.split()) for text in fields]


# Mermaid's own grammar for the lines that are written (flowchart and sequence diagram, version 11), as far as names go.
_TEXT = r"(?:[^\W_]|[ _.,:/()=+*'-]|#[0-9]+;|<br/>)*"
_FLOWCHART = re.compile(
    rf"flowchart (?:LR|TB)|  accTitle: {_TEXT}|  subgraph g\d+\[\"{_TEXT}\"\]|  end"
    rf"|  n\d+(?:\[|\(\[|\[\[|\{{\{{)\"{_TEXT}\"(?:\]|\]\)|\]\]|\}}\}})"
    rf"|  n\d+ (?:-->|-\.->|==>)(?:\|\"{_TEXT}\"\|)? n\d+"
)
_SEQUENCE = re.compile(
    rf"sequenceDiagram|  accTitle: {_TEXT}|  participant p\d+ as {_TEXT}"
    rf"|  p\d+->>p\d+: {_TEXT}|  Note (?:over|right of) p\d+: {_TEXT}"
)


@settings(max_examples=60, deadline=None)
@given(word=HOSTILE)
def test_hostile_names_are_text_to_mermaid(word: str) -> None:
    for picture, grammar in ((door(word=word), _FLOWCHART), (story(word), _SEQUENCE)):
        lines = render_picture(picture, "mermaid").decode().removesuffix("\n").split("\n")
        assert [line for line in lines if not grammar.fullmatch(line)] == []
    assert len(render_picture(door(word=word), "mermaid").splitlines()) == len(
        render_picture(door(), "mermaid").splitlines()
    )


def test_the_same_bytes_whatever_the_hash_seed() -> None:
    program = (
        "import sys; sys.path[:0] = ['tests', '.']; from test_render_pictures import door; "
        "from render.registry import render_picture\n"
        "for name in ('dot', 'svg', 'mermaid', 'text', 'rst', 'html'): "
        "sys.stdout.buffer.write(render_picture(door(), name))"
    )
    written = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "4711")
    }
    assert len(written) == 1


def test_png_is_a_bitmap_of_the_drawing() -> None:
    written = render_picture(story(), "png", zoom=1.0)
    drawing = place(story())
    assert written.startswith(b"\x89PNG\r\n\x1a\n")
    assert abs(int.from_bytes(written[16:20], "big") - drawing.width) <= 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_fixed_theme_paints_its_own_ground(theme: str) -> None:
    ground = getattr(PALETTE["ground"], theme)
    assert f'fill="{ground}"' in render_picture(story(), "svg", theme=theme).decode()
    assert "prefers-color-scheme" not in render_picture(story(), "svg", theme=theme).decode()


def test_formats_are_refused_with_what_there_is() -> None:
    assert format_names() == ("dot", "html", "mermaid", "png", "rst", "svg", "text")
    with pytest.raises(InputError, match="did you mean 'svg'"):
        find_format("svgg")
    with pytest.raises(InputError, match="mermaid cannot show a matrix"):
        render_picture(chart(), "mermaid")


def test_another_engine_must_be_a_graphviz() -> None:
    with pytest.raises(InputError, match="not a program"):
        run_engine("digraph {}", "json0", "no-such-program")
    with pytest.raises(InputError):
        run_engine("digraph {}", "json0", sys.executable)
