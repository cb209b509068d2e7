"""The rows of the tables as they are met: each once, with where it stands and what it cites."""

from __future__ import annotations

from collections.abc import Mapping

from model import schema
from model.context import Context, Sources
from model.lifecycle import Row
from model.vocabulary import Vocabulary
from model.yaml_source import Document, Path_


class Register:
    """All rows of one release, by id; a row that stands at two places is a fault."""

    def __init__(self, sources: Sources, vocabulary: Vocabulary) -> None:
        self.sources = sources
        self.vocabulary = vocabulary
        self.rows: dict[str, Row] = {}
        self._places: dict[str, tuple[str, Path_]] = {}

    def enter(self, row: Row, document: Document, path: Path_, *, shared: bool = False) -> None:
        """Enter *row*; the same id at two places is a duplicate."""
        place = (document.name, path)
        if self._places.setdefault(row.id, place) != place and not shared:
            other = self._places[row.id]
            self.vocabulary.fault(
                document, path, f"row {row.id!r} stands twice", f"give it another name than in {other[0]}"
            )
        self.rows.setdefault(row.id, row)

    def step(
        self,
        step: schema.StepRow,
        name: str,
        instruction: str,
        context: Context,
        document: Document,
        path: Path_,
        *,
        writes: Mapping[str, str | list[str]] | None = None,
        expect: frozenset[str] | None = None,
    ) -> str:
        """Enter the row of *step*, called *name*, in *context*; its id."""
        row = f"{context.operation}/{context.procedure}/{name}"
        source = step.source
        if source is None:
            if context.operation == "policies":
                source = self.sources.policies[context.procedure].source
            else:
                body, _ = self.sources.operations[context.operation]
                source = body.procedures[context.procedure].source
        self.enter(
            Row(
                row, context.operation, context.procedure, name, instruction,
                "failure" if context.failure else "step", context.written or context.service, source,
                document.place(path), expect,
                tuple(plain(writes or {})), step.condition, step.note, step.since, step.until,
            ),
            document,
            path,
        )  # fmt: skip
        return row


def plain(writes: Mapping[str, str | list[str]]) -> list[tuple[str, str]]:
    """*writes* as a row tells them, by name."""
    return [(name, text if isinstance(text, str) else "|".join(text)) for name, text in sorted(writes.items())]
