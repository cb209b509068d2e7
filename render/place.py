"""Which layout places which kind of picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from render.figure import Figure, Matrix

if TYPE_CHECKING:
    import os

    from render.drawing import Drawing
    from render.figure import Picture


def place(picture: Picture, dot: str | os.PathLike[str] | None = None) -> Drawing:
    """The picture with every part in its place.

    ``dot`` names another Graphviz than the embedded one; then it lays out even what has bars.

    Raises InputError when ``dot`` is not a Graphviz.
    """
    # Each layout is imported only when it is wanted: a command draws one picture and should start at once.
    if isinstance(picture, Figure):
        if any(picture.bars) and dot is None:
            from render.bars import lay_out_bars

            return lay_out_bars(picture)
        from render.layout import lay_out

        return lay_out(picture, dot)
    if isinstance(picture, Matrix):
        from render.grid import lay_out_matrix

        return lay_out_matrix(picture)
    from render.lanes import lay_out_sequence

    return lay_out_sequence(picture)
