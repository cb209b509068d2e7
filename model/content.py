"""Which files make up a set of tables, and what they contain as one digest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

#: A table is a few hundred lines; what is larger than this is not a table.
LARGEST = 4 * 1024 * 1024


def table_files(folder: Path) -> list[Path]:
    """Every table below *folder*, sorted by name; vocabularies of other releases are read on their own."""
    return sorted(
        path
        for path in folder.rglob("*.yaml")
        if "vocabulary" not in path.relative_to(folder).parts[:-1] and path.name != "expectations.yaml"
    )


def content_digest(folder: Path) -> str:
    """A hash of the names and contents of all files below *folder*; what is too large to be a table counts by its size.

    Raises OSError when a file cannot be read.
    """
    made = hashlib.sha256()
    for path in sorted(folder.rglob("*.yaml")):
        made.update(os.fsencode(path.relative_to(folder).as_posix()) + b"\0")
        if path.is_file():
            size = path.stat().st_size
            made.update(path.read_bytes() if size <= LARGEST else str(size).encode())
        made.update(b"\0")
    return made.hexdigest()
