"""SVG: any picture, following the reader's light or dark setting, without a size of its own."""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from render.clean import clean_lines, safe_href
from render.drawing import Box, Label, Line
from render.figure import CellKind, Figure, Matrix, Sequence
from render.outline import MARKS, OUTLINES, number, polygon
from render.place import place
from render.sheet import SCOPE, style_sheet
from render.style import CELLS, PALETTE, TEXT_SIZE, Theme

if TYPE_CHECKING:
    import os

    from render.drawing import Drawing, Part, Shape
    from render.figure import Picture

MEDIA_TYPE = "image/svg+xml"
SUFFIX = ".svg"
KINDS = (Figure, Matrix, Sequence)


def render(
    picture: Picture, *, theme: Theme = Theme.AUTO, dot: str | os.PathLike[str] | None = None, page: str = ""
) -> bytes:
    """The picture as a complete SVG file, in UTF-8; ``page`` is the address of the page in which its links point.

    Raises InputError when ``dot`` is not a Graphviz.
    """
    return (write(place(picture, dot), theme=theme, page=page) + "\n").encode()


def write(drawing: Drawing, *, theme: Theme = Theme.AUTO, sheet: bool = True, page: str = "") -> str:
    """A drawing as an ``svg`` element.

    Without ``sheet`` it is for a page that holds the style sheet once for all its pictures. A fixed ``theme`` paints
    the ground as well.
    """
    links = any(safe_href(part.href) for part in drawing.parts)
    title, description = f"{drawing.id}--title", f"{drawing.id}--description"
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "id": drawing.id,
            "class": SCOPE,
            "viewBox": f"0 0 {number(drawing.width)} {number(drawing.height)}",
            # A picture with links must not be an img, whose contents are hidden from a screen reader.
            "role": "group" if links else "img",
            "aria-labelledby": f"{title} {description}",
            "style": f"max-width:{number(drawing.width)}px",
        },
    )
    ET.SubElement(root, "title", {"id": title}).text = drawing.title
    ET.SubElement(root, "desc", {"id": description}).text = drawing.description
    if sheet:
        ET.SubElement(root, "style").text = style_sheet(theme)
    if theme is not Theme.AUTO:
        ground = PALETTE["ground"].light if theme is Theme.LIGHT else PALETTE["ground"].dark
        size = {"width": number(drawing.width), "height": number(drawing.height)}
        ET.SubElement(root, "rect", {**size, "fill": ground})
    for part in drawing.parts:
        _part(root, part, page)
    return ET.tostring(root, encoding="unicode")


def _part(root: ET.Element, part: Part, page: str) -> None:
    group = ET.SubElement(root, "g", {"id": part.id, "class": f"part {part.role}"})
    said = clean_lines(part.tooltip)
    if said:
        ET.SubElement(group, "title").text = said
    within = part.href is not None and part.href.startswith("#")
    address = safe_href(f"{page}{part.href}" if within else part.href)
    if address:
        shown = " ".join(shape.text for shape in part.shapes if isinstance(shape, Label))
        name = said.replace("\n", ", ") or shown
        group = ET.SubElement(group, "a", {"href": address, **({"aria-label": name} if name else {})})
    for shape in part.shapes:
        _shape(group, shape)


def _shape(group: ET.Element, shape: Shape) -> None:
    if isinstance(shape, Label):
        attributes = {"class": shape.look, "x": number(shape.x), "y": number(shape.y)}
        if shape.anchor != "start":
            attributes["text-anchor"] = shape.anchor
        if shape.size != TEXT_SIZE:
            attributes["style"] = f"font-size:{number(shape.size)}px"
        if shape.turned:
            attributes["transform"] = f"rotate(-90 {number(shape.x)} {number(shape.y)})"
        ET.SubElement(group, "text", attributes).text = shape.text
    elif isinstance(shape, Box):
        outline = OUTLINES.get(shape.shape)
        if outline is None:
            outline = MARKS.get(CELLS[CellKind(shape.look.split()[-1])].mark)
        if outline is not None:
            path = outline(shape.x, shape.y, shape.width, shape.height)
            ET.SubElement(group, "path", {"class": shape.look, "d": path})
    else:
        _line(group, shape)


def _line(group: ET.Element, line: Line) -> None:
    first, *rest = (f"{number(x)} {number(y)}" for x, y in line.points)
    ET.SubElement(group, "path", {"class": line.look, "d": f"M{first}{'C' if line.curved else 'L'}{' '.join(rest)}"})
    if line.tip is None or not line.head:
        return
    (x, y), (tip_x, tip_y) = line.points[-1], line.tip
    length = hypot(tip_x - x, tip_y - y) or 1.0
    across_x, across_y = -(tip_y - y) / length * 4.2, (tip_x - x) / length * 4.2
    head = polygon((tip_x, tip_y), (x + across_x, y + across_y), (x - across_x, y - across_y))
    look = line.look.replace("edge", f"head {line.head}")
    ET.SubElement(group, "path", {"class": look, "d": head})
