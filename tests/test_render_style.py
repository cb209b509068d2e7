"""The style table: complete, and legible in both themes; the measure of text agrees with the layout engine's."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.engine import run_engine
from render.figure import CellKind, EdgeKind, NodeKind
from render.measure import text_width, wrap
from render.style import CELLS, EDGES, NODES, PALETTE


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2, "contrast ratio")."""

    def luminance(colour: str) -> float:
        channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_lines_stand_out(theme: str) -> None:
    def shade(role: str) -> str:
        return str(getattr(PALETTE[role], theme))

    fills = {node.fill for node in NODES.values()} | {cell.fill for cell in CELLS.values()} | {"ground", "surface"}
    for fill in fills:
        assert contrast(shade("ink"), shade(fill)) >= 4.5, fill
    for ground in ("ground", "surface"):
        assert contrast(shade("muted"), shade(ground)) >= 4.5
        assert contrast(shade("frame"), shade("ground")) >= 3
        for style in (*NODES.values(), *EDGES.values()):
            assert contrast(shade(style.line), shade(ground)) >= 3, style
    for drawn in (*NODES.values(), *CELLS.values()):
        assert contrast(shade(drawn.line), shade(drawn.fill)) >= 3, drawn


def test_every_kind_has_a_style_told_apart_without_colour() -> None:
    assert set(NODES) == set(NodeKind)
    assert set(EDGES) == set(EdgeKind)
    assert set(CELLS) == set(CellKind)
    assert len({(node.shape, node.dash, node.width) for node in NODES.values()}) == len(NODES)
    assert len({(edge.dash, edge.width) for edge in EDGES.values()}) >= len(EDGES) - 1


def test_widths_are_those_of_the_engine() -> None:
    for text in ("resize_migrating", "Unexpected (x) -> 0x1f", "ACTIVE, None"):
        drawn = json.loads(run_engine(f'digraph{{a[fontname=Arimo fontsize=100 label="{text}"]}}', "json"))
        (width,) = (op["width"] for op in drawn["objects"][0]["_ldraw_"] if op["op"] == "T")
        assert text_width(text, 100) == pytest.approx(width, rel=0.01)


@given(text=st.text(max_size=80), width=st.floats(20, 300))
def test_wrapping_loses_nothing_and_fits(text: str, width: float) -> None:
    lines = wrap(text, width, 14)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(text_width(line, 14) <= width for line in lines if len(line) > 1)
