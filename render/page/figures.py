"""The figures of the page, as text that the script turns into elements when one is to be seen."""

from __future__ import annotations

import re
from typing import Any

from model.lifecycle import Lifecycle
from render.figures import build, catalogue
from render.formats import html, svg
from render.page.packing import pack
from render.place import place

# The page shows one view at a time and links to sections, not to parts of figures.
_PART = re.compile(r'<g id="[^"]*"')
# The page's policy forbids style attributes: the script sets what they say.
_STYLE = re.compile(r' style="([^"]*)"')


def drawn(lifecycle: Lifecycle) -> dict[str, Any]:
    """The titles of all figures by id, and their drawings (SVG without a style sheet) and tables (HTML), packed.

    What the figure of an operation says stands beside it on the page: it has no table of its own.
    """
    titles: dict[str, str] = {}
    drawings: dict[str, str] = {}
    tables: dict[str, str] = {}
    for name in catalogue(lifecycle):
        picture = build(lifecycle, name)
        titles[name] = picture.title
        drawings[name] = _STYLE.sub(r' data-style="\1"', _PART.sub("<g", svg.write(place(picture), sheet=False)))
        if not name.startswith("operation-"):
            tables[name] = html.render(picture).decode()
    words, packed = pack({f"svg {name}": text for name, text in drawings.items()} | {
        f"html {name}": text for name, text in tables.items()
    })  # fmt: skip
    return {
        "titles": titles,
        "words": words,
        "drawings": {name: packed[f"svg {name}"] for name in drawings},
        "tables": {name: packed[f"html {name}"] for name in tables},
    }
