"""What operations promise to leave behind, with every value that is kept from the start written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from model import schema
from model.conditions import meet
from model.lifecycle import Conjunction, Promise, Scenario
from model.program import Entry, Tests
from model.vocabulary import Vocabulary, in_release
from model.yaml_source import Document, Path_


def read_promises(
    operation: schema.Operation,
    document: Document,
    entries: Iterable[Entry],
    scenarios: Mapping[str, Scenario],
    vocabulary: Vocabulary,
    release: str,
) -> Iterator[Promise]:
    """The promises of *operation* in the order of its table.

    A promise that speaks of the start (``$variable``) becomes one for each value that the variable may have there;
    of these, what no guard of the operation admits is left out.  A promise of which no guard admits anything says what
    the operation leaves alone, and is kept whole.
    """
    alone = [name for name, one in scenarios.items() if one.processes == 1 and operation.kind in one.kinds]
    guards = [tests for entry in entries if entry.operation == operation.operation for tests in entry.when]
    for position, promise in enumerate(operation.leaves):
        if not in_release(promise, release):
            continue
        path: Path_ = ("leaves", position)
        base = vocabulary.conjunction(promise.from_, document, (*path, "from"))
        ends = promise.to if isinstance(promise.to, list) else [promise.to]
        for number, name in enumerate(promise.scenarios):
            vocabulary.known(name, scenarios, "scenario", document, (*path, "scenarios", number))
        admitted = _admits(guards, base)
        where = frozenset(promise.scenarios or alone[:1])
        kept = _kept(ends, vocabulary, document, (*path, "to"))
        if kept is None:
            continue
        names = [vocabulary.variables[variable].values for variable in kept]
        for values in product(*(range(len(one)) for one in names)):
            then_was = tuple((variable, frozenset({value})) for variable, value in zip(kept, values, strict=True))
            start = meet(base, then_was)
            if start is None or (admitted and not _admits(guards, start)):
                continue
            then = {
                f"${vocabulary.variables[variable].name}": one[value]
                for variable, one, value in zip(kept, names, values, strict=True)
            }
            end = [_written_out(one, then) for one in ends]
            yield Promise(operation.operation, start, vocabulary.predicate(end, document, (*path, "to")), where)


def _kept(
    ends: Sequence[schema.Conjunction], vocabulary: Vocabulary, document: Document, path: Path_
) -> list[int] | None:
    """The variables of which *ends* name the value at the start; None when one of them is not known."""
    named = dict.fromkeys(value[1:] for one in ends for values in one.values() for value in values if value[:1] == "$")
    if not all(vocabulary.known(name, vocabulary.numbers, "variable", document, path) for name in named):
        return None
    return [vocabulary.numbers[name] for name in named]


def _written_out(end: schema.Conjunction, then: Mapping[str, str]) -> schema.Conjunction:
    """*end* with what was there at the start in the place of its name, once."""
    return {
        variable: list(dict.fromkeys(then.get(value, value) for value in values)) for variable, values in end.items()
    }


def _admits(guards: Iterable[Tests], start: Conjunction) -> bool:
    """Whether one of *guards* passes for some record like *start*."""
    return any(meet(start, _of_record(tests)) is not None for tests in guards)


def _of_record(tests: Tests) -> Conjunction:
    return tuple((variable, values) for variable, values in tests if isinstance(variable, int))  # type: ignore[misc]
