"""The Graphviz that lays out: the embedded one, or the one that the user names."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from model.errors import Fault, InputError

EMBEDDED = "graphviz-pure"
_PATIENCE = 60.0


def find_engine(dot: str | os.PathLike[str] | None = None) -> str:
    """The path of the program to run: ``dot`` if given, else the embedded one beside this Python, else on PATH.

    Raises InputError when ``dot`` is not a program, or the embedded one is not installed.
    """
    if dot is not None:
        found = shutil.which(os.fspath(dot))
        if found is None:
            raise InputError(Fault("--dot", f"{os.fspath(dot)!r} is not a program", "name Graphviz's dot, or leave it"))
        return found
    beside = shutil.which(EMBEDDED, path=str(Path(sys.executable).parent))
    found = beside or shutil.which(EMBEDDED)
    if found is None:
        remedy = f"install it (pip install {EMBEDDED}) or give --dot"
        raise InputError(Fault("--dot", f"the layout engine {EMBEDDED} is not installed", remedy))
    return found


def run_engine(source: str, output: str, dot: str | os.PathLike[str] | None = None) -> bytes:
    """What Graphviz makes of a source text in an output format of its own, such as ``json0`` or ``svg``.

    Raises InputError when the program cannot be run or refuses the text: then it is not a Graphviz.
    """
    command = [find_engine(dot), "-Kdot", f"-T{output}"]
    try:
        done = subprocess.run(  # noqa: S603 - the program is ours or the one that the user named
            command, input=source.encode(), capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(Fault("--dot", f"{command[0]!r} does not run: {error}", "name Graphviz's dot")) from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode} and no output"
        raise InputError(Fault("--dot", f"{command[0]!r} answers: {said}", "name Graphviz's dot"))
    return done.stdout
