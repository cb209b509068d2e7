"""Writing files whole: a file is there complete, or as it was before."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from model.errors import Fault, InputError


def write_text(path: Path, text: str) -> None:
    """Write *text* to *path*: see :func:`write_bytes`."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write *content* to *path* by way of a temporary file beside it.  Raises InputError where it cannot be written."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InputError(Fault(str(path), error.strerror or str(error), "give a place that can be written")) from None
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
