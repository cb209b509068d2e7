"""What a step writes: names and values of the tables as operands over the record."""

from __future__ import annotations

from collections.abc import Mapping

from model.program import Writes
from model.vocabulary import Vocabulary
from model.yaml_source import Document, Path_


class Written:
    """Reads the ``set`` of guards, saves and calls; ``remembered`` are the names that may be copied."""

    def __init__(self, vocabulary: Vocabulary, remembered: Mapping[str, int | None]) -> None:
        self.vocabulary = vocabulary
        self.remembered = remembered

    def writes(
        self,
        wanted: Mapping[str, str | list[str]],
        document: Document,
        path: Path_,
        *,
        stored: bool | None,
        arguments: Mapping[str, str] | None = None,
    ) -> Writes:
        """*wanted* as operands, in the order of the record.

        ``stored``: only variables that the record stores, or only those it does not; ``arguments`` are put in.
        """
        made = []
        for name, text in wanted.items():
            if not isinstance(text, str):
                self.vocabulary.fault(document, (*path, name), "several values", "a save writes one")
                continue
            if not self.vocabulary.known(name, self.vocabulary.numbers, "variable", document, (*path, name)):
                continue
            variable = self.vocabulary.numbers[name]
            if stored is not None and self.vocabulary.variables[variable].stored != stored:
                remedy = "a call changes it" if stored else "a save writes it"
                self.vocabulary.fault(document, (*path, name), f"{name} cannot be written here", remedy)
                continue
            given = arguments.get(text[1:], text) if arguments and text.startswith("$") else text
            operand = self.vocabulary.operand(variable, given, self.remembered, document, (*path, name))
            if operand is not None:
                made.append((variable, operand))
        return tuple(sorted(made, key=lambda write: write[0]))

    def alternatives(
        self, wanted: Mapping[str, str | list[str]], document: Document, path: Path_
    ) -> tuple[Writes, ...]:
        """Every combination of the values that a call may leave."""
        combinations: list[dict[str, str]] = [{}]
        for name, texts in wanted.items():
            choices = [texts] if isinstance(texts, str) else texts
            combinations = [{**one, name: text} for one in combinations for text in choices]
        return tuple(self.writes(one, document, path, stored=False) for one in combinations)
