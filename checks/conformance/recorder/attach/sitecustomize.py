"""Found first on the path of a recorded program: attaches the recorder, then yields to the program's own.

Python imports one ``sitecustomize`` at start. This one runs in the recorded program's own interpreter, so nothing
but the standard library and its neighbour may be imported here.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path


def yield_to_next() -> None:
    """Run the ``sitecustomize`` that would have run without the recorder, if there is one."""
    here = Path(__file__).resolve().parent
    path = [entry for entry in sys.path if Path(entry or os.curdir).resolve() != here]
    spec = PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "sitecustomize":
    if os.environ.get("NOVA_LIFECYCLE_RECORD"):
        import lifecycle_recorder  # type: ignore[import-not-found,unused-ignore]

        lifecycle_recorder.attach()
    yield_to_next()
