"""PNG: the SVG of a fixed theme, drawn by resvg with the font that comes with this package, so equal everywhere."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from model.errors import Fault, InputError
from render.figure import Figure, Matrix, Sequence
from render.formats import svg
from render.style import Theme

if TYPE_CHECKING:
    import os

    from render.figure import Picture

MEDIA_TYPE = "image/png"
SUFFIX = ".png"
KINDS = (Figure, Matrix, Sequence)


def render(
    picture: Picture, *, theme: Theme = Theme.LIGHT, dot: str | os.PathLike[str] | None = None, zoom: float = 2.0
) -> bytes:
    """The picture as PNG, ``zoom`` pixels to a unit; AUTO, which a bitmap cannot follow, is taken as LIGHT.

    Raises InputError when resvg is not installed, or ``dot`` is not a Graphviz.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise InputError(
            Fault("--format", "png needs resvg-py, which is not installed", "pip install resvg-py")
        ) from error
    text = svg.render(picture, theme=Theme.LIGHT if theme is Theme.AUTO else theme, dot=dot).decode()
    with as_file(files("render") / "fonts" / "Arimo-Regular.ttf") as font:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=text, skip_system_fonts=True, font_files=[str(font)], font_family="Arimo", zoom=zoom
            )
        )
