"""Runs a program with the recorder attached."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from checks.conformance.recorder.join import Recording, join_events, read_events, write_recording
from model.errors import Fault, InputError

ATTACH = Path(__file__).parent / "attach"
FOLDER_VARIABLE = "NOVA_LIFECYCLE_RECORD"


def record(argv: Sequence[str], out: str | Path) -> Recording:
    """Run the command *argv* and write what its Python processes did to instances to *out*.

    The recorder travels in the environment (``PYTHONPATH``), so it reaches every Python process that the
    command starts, in any virtual environment, and Nova needs no change. Output and input of the command are
    its own.

    Parameters
    ----------
    argv
        The command with its arguments, as a shell would have split it.
    out
        Where the recording goes, one line per instance; compressed when the name ends in ``.gz``.

    Returns
    -------
    Recording
        ``status`` is the command's own exit status (negative: the signal that ended it).

    Raises
    ------
    InputError
        The command is empty or cannot be started, or *out* cannot be written.

    """
    if not argv:
        raise InputError(Fault("COMMAND", "nothing to run", "give a command after --"))
    target = Path(out)
    if not target.parent.is_dir():
        raise InputError(Fault(str(target), "its folder does not exist", "name a file in an existing folder"))
    with tempfile.TemporaryDirectory(prefix="nova-lifecycle-") as name:
        folder = Path(name)
        try:
            done = subprocess.run(list(argv), env=_environment(folder), check=False)  # noqa: S603
        except OSError as error:
            place, found = f"COMMAND {argv[0]}", error.strerror or "cannot be started"
            raise InputError(Fault(place, found, "give a program that can be run")) from error
        faults = tuple(path.read_text(errors="replace") for path in sorted(folder.glob("*.faults")))
        try:
            instances, steps = write_recording(join_events(read_events(folder)), target)
        except OSError as error:
            raise InputError(Fault(str(target), error.strerror or "cannot be written", "name another file")) from error
    return Recording(done.returncode, instances, steps, faults)


def _environment(folder: Path) -> dict[str, str]:
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(ATTACH.resolve()), *([before] if before else [])])
    return {**os.environ, "PYTHONPATH": path, FOLDER_VARIABLE: str(folder)}
