"""What people read: pictures and pages, made from plain descriptions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.lifecycle import Lifecycle


def write_figures(
    lifecycle: Lifecycle, folder: Path, formats: Iterable[str] = ("svg",), *, workers: int | None = None
) -> tuple[Path, ...]:
    """Write every figure of a lifecycle: see :func:`render.write.write_figures`."""
    from render import write

    return write.write_figures(lifecycle, folder, formats, workers=workers)
