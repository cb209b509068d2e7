"""A Sphinx directive that draws a figure of the lifecycle: ``.. nova-lifecycle:: operation resize``.

HTML gets the picture itself, which follows the reader's light or dark setting; every other builder gets its content as
a table. Switch it on with ``extensions = ["render.sphinx_directive"]`` in ``conf.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.addnodes import only
from sphinx.util.docutils import SphinxDirective

from model.errors import InputError
from model.load import load
from render.figures import build
from render.registry import render_picture

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class LifecycleDirective(SphinxDirective):
    """The figure whose id is the argument's words joined by ``-``.

    Options: ``tables`` (a folder, beside the source), ``release``, ``page`` (address of the reference page, for links).
    """

    required_arguments = 1
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {
        "tables": directives.path,
        "release": directives.unchanged,
        "page": directives.uri,
    }

    def run(self) -> list[nodes.Node]:
        """The picture for HTML and its table for others; a warning at the directive's line for a wrong argument."""
        name = "-".join(" ".join(self.arguments).split())
        given = self.options.get("tables")
        folder = Path(self.env.relfn2path(given)[1]) if given else None
        try:
            picture = build(load(folder, self.options.get("release")), name)
        except InputError as error:
            text = "; ".join(f"{fault.found}: {fault.remedy}" for fault in error.faults)
            raise self.error(f"nova-lifecycle: {text}") from error
        drawn = render_picture(picture, "svg", page=self.options.get("page", "")).decode()
        shown = only(expr="html")
        shown += nodes.raw("", drawn, format="html")
        table = only(expr="not html")
        table += self.parse_text_to_nodes(render_picture(picture, "rst").decode())
        return [shown, table]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("nova-lifecycle", LifecycleDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
