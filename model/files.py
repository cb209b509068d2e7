"""Writing files whole: a file is there complete, or as it was before."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from model.errors import Fault, InputError


def write_text(path: Path, text: str) -> None:
    """Write *text* to *path*: see :func:`write_bytes`."""
    write_bytes(path, text.encode())


def folder_at(path: Path) -> Path:
    """The folder *path*, made where it is not there.  Raises InputError where it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(Fault(str(path), error.strerror or str(error), "give a place that can be written")) from None
    return path


def places_for(*paths: Path | None) -> None:
    """Raise InputError, before any work is done, for each of *paths* that cannot be written.

    It is a folder, or would stand in none, or in one that takes no files.
    """
    faults = []
    for path in paths:
        if path is None:
            continue
        if path.is_dir():
            faults.append(Fault(str(path), "is a folder", "give a file to write"))
        elif not path.parent.is_dir():
            faults.append(Fault(str(path), "no such folder to put it in", "give a file to write"))
        elif not path.exists() and not os.access(path.parent, os.W_OK):
            faults.append(Fault(str(path), "its folder takes no files", "give a place that can be written"))
    if faults:
        raise InputError(*faults)


def write_bytes(path: Path, content: bytes) -> None:
    """Write *content* to *path* by way of a temporary file beside it.  Raises InputError where it cannot be written.

    A link stays and its target is written; a device or a pipe is written as it is, for it cannot be replaced.
    """
    try:
        path = path.resolve()
        if path.exists() and not (path.is_file() or path.is_dir()):
            path.write_bytes(content)
            return
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except (OSError, RuntimeError) as error:  # before Python 3.13 a loop of links is a RuntimeError
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(Fault(str(path), reason, "give a place that can be written")) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise InputError(Fault(str(path), error.strerror or str(error), "give a place that can be written")) from None
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
