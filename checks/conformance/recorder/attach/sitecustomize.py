"""Found first on the path of a recorded program: attaches the recorder, then yields to its own.

Python imports one ``sitecustomize`` at start. This one runs in the recorded program's own interpreter, so
nothing but the standard library and its neighbour may be imported here.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _yield_to_next() -> None:
    """Run the ``sitecustomize`` that would have run without the recorder, if there is one."""
    path = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != _HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if os.environ.get("NOVA_LIFECYCLE_RECORD"):
    import lifecycle_recorder

    lifecycle_recorder.attach()

_yield_to_next()
