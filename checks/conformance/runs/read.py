"""Recordings as streams of lines: plain or compressed, of any size, one line in memory at a time."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from model.errors import Fault, InputError

GZIP_MAGIC = b"\x1f\x8b"


def open_lines(path: str | Path) -> Iterator[bytes]:
    r"""Yield the lines of *path* as they are, decompressed when it begins as gzip does, whatever its name.

    A damaged or shortened compressed file ends the lines early with an empty marker line ``b"\x00"``, which
    no reader accepts: what came before it is still checked, and the break is reported with its number.

    Raises
    ------
    InputError
        The file is missing or cannot be opened.

    """
    place = str(path)
    try:
        with Path(path).open("rb") as file:
            if file.peek(2)[:2] != GZIP_MAGIC:
                yield from file
                return
            try:
                with gzip.GzipFile(fileobj=file) as expanded:
                    yield from expanded
            except (EOFError, zlib.error, gzip.BadGzipFile):
                yield b"\x00"
    except OSError as error:
        raise InputError(Fault(place, error.strerror or "cannot be read", "name a file that can be read")) from error


def placed_lines(paths: Iterable[str | Path]) -> Iterator[tuple[str, bytes]]:
    """Yield the lines of each of *paths* in turn, each with its place: the file and its number there, from 1.

    Raises InputError as :func:`open_lines` does.
    """
    for path in paths:
        for number, line in enumerate(open_lines(path), start=1):
            yield f"{path}:{number}", line


def read_line(line: bytes, place: str) -> dict[str, Any] | Fault:
    """Parse one recorded instance: the line's object, or the fault that makes it unusable.

    Only the outside is looked at here: replay looks at the steps, each once.
    """
    if line == b"\x00":
        return Fault(place, "the compressed data ends in the middle", "copy the file again")
    try:
        run = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Fault(place, f"not JSON ({error})", "one JSON object a line is expected")
    if not isinstance(run, dict) or not isinstance(run.get("steps"), list):
        return Fault(place, "no object with a list of steps", "see the format of recorded runs")
    return run
