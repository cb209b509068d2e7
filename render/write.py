"""All figures as files, by as many processes as there are processors."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from checks.workers import workers as processes
from model.errors import Fault, InputError
from model.files import write_bytes
from model.lifecycle import Lifecycle
from render.figures import build, catalogue
from render.registry import find_format, render_picture

#: Where the links of a figure in ``output/figures`` lead.
PAGE = "../index.html"
_MOST_WORKERS = 4
#: What tells a figure of ours from a file that somebody else put there; it stands in the first line of the file.
OURS, HEAD = b'class="lifecycle-picture"', 300


def write_figures(
    lifecycle: Lifecycle,
    folder: Path,
    formats: Iterable[str] = ("svg",),
    *,
    workers: int | None = None,
) -> tuple[Path, ...]:
    """Write every figure of a lifecycle into a folder, in each of the formats that can show it; the paths, sorted.

    The folder is made when it is not there; drawings (SVG) of an earlier run that there are no more are removed, and
    no file that is not ours. Equal lifecycles make equal files.

    ``workers`` is the number of processes (by default the processors, at most four).

    Raises InputError for an unknown format, or when the folder cannot be written.
    """
    modules = {name: find_format(name) for name in formats}
    names = list(catalogue(lifecycle))
    # What is computed once and kept (leaps) serves figures that are written by one process.
    shared = [name for name in names if name == "vm-states" or name.startswith("state-")]
    others = [name for name in names if name not in shared]
    count = workers or min(_MOST_WORKERS, os.cpu_count() or 1)
    parts = [shared, *(others[start::count] for start in range(count))]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if count == 1:
            written = [path for part in parts for path in _write(lifecycle, part, folder, tuple(modules))]
        else:
            with processes(count) as pool:
                made = [pool.submit(_write, lifecycle, part, folder, tuple(modules)) for part in parts]
                written = [path for one in made for path in one.result()]
        suffixes = {module.SUFFIX for module in modules.values()}
        for path in folder.iterdir():
            if path.suffix in suffixes and path not in written and OURS in path.read_bytes()[:HEAD]:
                path.unlink()
    except OSError as error:
        remedy = "give a folder that can be written"
        raise InputError(Fault(str(folder), error.strerror or str(error), remedy)) from None
    return tuple(sorted(written))


def _write(lifecycle: Lifecycle, names: list[str], folder: Path, formats: tuple[str, ...]) -> list[Path]:
    written = []
    for name in names:
        picture = build(lifecycle, name)
        for form in formats:
            module = find_format(form)
            if isinstance(picture, module.KINDS):
                path = folder / f"{name}{module.SUFFIX}"
                write_bytes(path, render_picture(picture, form, page=PAGE))
                written.append(path)
    return written
