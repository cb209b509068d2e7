"""The names that anything in the tables may remember, and the variable whose value each keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from model import schema

Remembered = Mapping[str, str | schema.Conjunction]


def remembered(operations: Iterable[schema.Operation], numbers: Mapping[str, int]) -> dict[str, int | None]:
    """Name -> the number of the variable that it remembers, or None for YES or NO.

    All names of all *operations*: values of a procedure may come from whoever runs it.
    """
    found: dict[str, int | None] = {}
    for one in _everything(operations):
        for name, what in one.items():
            found[name] = numbers.get(what) if isinstance(what, str) else None
    return found


def _everything(operations: Iterable[schema.Operation]) -> Iterator[Remembered]:
    for operation in operations:
        for guard in operation.guards:
            yield guard.remember
        for procedure in operation.procedures.values():
            yield from _in_steps(procedure.steps)
            yield from _in_handlers(procedure.policies)


def _in_steps(steps: Sequence[schema.Step]) -> Iterator[Remembered]:
    for step in steps:
        match step:
            case schema.ReadStep():
                yield step.remember
                yield from _in_steps(step.then)
                yield from _in_steps(step.else_)
            case schema.ChooseStep():
                for branch in step.between.values():
                    yield from _in_steps(branch)
            case schema.TryStep():
                yield from _in_steps(step.steps)
                yield from _in_handlers(step.policies)
            case _:
                pass


def _in_handlers(uses: Sequence[schema.PolicyUse]) -> Iterator[Remembered]:
    for use in uses:
        for handler in use.handlers:
            yield from _in_steps(handler.steps)
