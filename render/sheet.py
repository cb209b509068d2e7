"""The style sheet of drawings, written from the style table."""

from __future__ import annotations

from render.style import CELLS, EDGES, FONT, NODES, PALETTE, TEXT_SIZE, Theme, colour

SCOPE = "lifecycle-picture"


def style_sheet(theme: Theme = Theme.AUTO) -> str:
    """The CSS that a drawing needs; AUTO keeps the palette in custom properties that follow the reader's setting.

    A page may set the properties itself, on an ancestor with ``data-theme`` ``light`` or ``dark``.
    """
    return (_palette() if theme is Theme.AUTO else "") + "".join(
        f".{SCOPE} {selector}{{{declarations}}}\n" for selector, declarations in _rules(theme)
    )


def _palette() -> str:
    light = "".join(f"--{role}:{both.light};" for role, both in PALETTE.items())
    dark = "".join(f"--{role}:{both.dark};" for role, both in PALETTE.items())
    return (
        f".{SCOPE}{{{light}}}\n"
        f"@media (prefers-color-scheme:dark){{.{SCOPE}{{{dark}}}}}\n"
        f"[data-theme=light] .{SCOPE}{{{light}}}\n"
        f"[data-theme=dark] .{SCOPE}{{{dark}}}\n"
    )


def _rules(theme: Theme) -> list[tuple[str, str]]:
    def paint(role: str) -> str:
        return colour(role, theme)

    # No bold face goes with the fixed themes, which are for making bitmaps: there a thin stroke makes text bold.
    bold = "font-weight:bold" if theme is Theme.AUTO else f"stroke:{paint('ink')};stroke-width:.4px"
    rules = [
        ("text", f"font-family:{FONT};font-size:{TEXT_SIZE:g}px;fill:{paint('ink')};unicode-bidi:isolate"),
        ("text.name", bold),
        ("text.muted", f"fill:{paint('muted')};stroke:none"),
        ("path", "fill:none;stroke-linejoin:round"),
        ("path.group", f"fill:{paint('surface')};stroke:{paint('frame')};stroke-width:1"),
        ("path.lane", f"fill:{paint('surface')}"),
        ("path.band", f"fill:{paint('surface')}"),
        ("path.rule", f"stroke:{paint('frame')};stroke-width:1"),
        ("path.cell", f"stroke:{paint('frame')};stroke-width:.8"),
    ]
    for kind, node in NODES.items():
        dash = f";stroke-dasharray:{node.dash}" if node.dash else ""
        rules.append(
            (
                f"path.node.{kind}",
                f"fill:{paint(node.fill)};stroke:{paint(node.line)};stroke-width:{node.width:g}{dash}",
            )
        )
    for edge_kind, edge in EDGES.items():
        dash = f";stroke-dasharray:{edge.dash}" if edge.dash else ""
        rules += [
            (f"path.edge.{edge_kind}", f"stroke:{paint(edge.line)};stroke-width:{edge.width:g}{dash}"),
            (f"path.head.{edge_kind}", f"stroke:{paint(edge.line)};stroke-width:1.4"),
            (f"path.head.filled.{edge_kind}", f"fill:{paint(edge.line)}"),
        ]
    for cell_kind, cell in CELLS.items():
        rules += [
            (f"path.cell.{cell_kind}", f"fill:{paint(cell.fill)}"),
            (f"path.mark.{cell_kind}", f"stroke:{paint(cell.line)};stroke-width:1.8"),
        ]
        if cell.mark in {"disc", "half", "triangle"}:
            rules.append((f"path.mark.{cell_kind}", f"fill:{paint(cell.line)}"))
    if theme is Theme.AUTO:
        rules += [
            ("a:hover path.edge", "stroke-width:3.4"),
            ("a:hover text", "text-decoration:underline"),
            ("a:focus-visible", f"outline:2px solid {paint('ink')};outline-offset:2px"),
        ]
    return rules
