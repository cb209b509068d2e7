"""Where a line of the tables stands, as a SARIF location that GitHub code scanning can show."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote


class Places:
    """The lines of the tables in *folder*.

    A uri is relative to the working directory, the root of the repository where a check runs, and a file uri where the
    tables lie elsewhere.  Symbolic links are resolved: code scanning shows nothing behind one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._lines = cache(self._read)

    def at(self, place: str, source: str = "") -> dict[str, Any]:
        """The location of *place* (``operations/stop.yaml:12``), from the first letter of its line to the last.

        *source* is its place in what the tables describe.  A line that cannot be read is given without columns.
        """
        file, _, number = place.rpartition(":")
        line = int(number)
        lines = self._lines(file)
        region = {"startLine": line}
        if line <= len(lines):
            text = lines[line - 1].rstrip()
            region |= {"startColumn": len(text) - len(text.lstrip()) + 1, "endLine": line, "endColumn": len(text) + 1}
        made: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": self._uri(file)}, "region": region}}
        if source:
            made["logicalLocations"] = [{"fullyQualifiedName": source}]
        return made

    def about(self, file: str, word: str) -> str | None:
        """The place of the first line of *file* that begins with the key *word*; None when there is none."""
        for number, line in enumerate(self._lines(file), 1):
            if line.lstrip().startswith(f"{word}:"):
                return f"{file}:{number}"
        return None

    def _read(self, file: str) -> tuple[str, ...]:
        try:
            return tuple((self._folder / file).read_text(encoding="utf-8").splitlines())
        except OSError:
            return ()

    def _uri(self, file: str) -> str:
        path = (self._folder / file).resolve()
        here = Path.cwd().resolve()
        return quote(path.relative_to(here).as_posix()) if path.is_relative_to(here) else path.as_uri()
