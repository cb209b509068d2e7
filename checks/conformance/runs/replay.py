"""Replay of recorded runs against the rows of the tables, as a stream.

Real recordings repeat themselves, so each distinct step is explained once and then looked up by everything
that decides its explanation. What remains per step is one parse and one look-up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.conformance.runs.explain import Explanation, Step, Wire, explain
from checks.conformance.runs.read import placed_lines, read_line
from checks.conformance.runs.report import RunsReport, UnexplainedWrite
from checks.conformance.runs.vocabulary import Vocabulary
from checks.conformance.runs.writers import RowIndex, index_rows
from model.errors import Fault, nearest
from model.rows import WriteRow

FAULTS_KEPT = 100
KINDS = ("create", "write", "destroy", "cas_fail", "write_fail")
Key = tuple[Any, ...]


@dataclass(slots=True)
class _Seen:
    """One distinct step, its explanation, and how often it came: looked up once per recorded step."""

    step: Step
    explanation: Explanation
    place: str
    count: int = 0
    lines: int = 0


@dataclass(slots=True)
class _Tally:
    """Everything that grows during a replay: bounded by the number of distinct steps, not by the stream."""

    index: RowIndex
    vocabulary: Vocabulary
    expected_key: str
    held_key: str
    seen: dict[Key, _Seen] = field(default_factory=dict)
    lines: int = 0
    set_up: int = 0
    broken: int = 0
    faults: list[Fault] = field(default_factory=list)


def replay(rows: Iterable[WriteRow], vocabulary: Vocabulary, stream: Iterable[bytes]) -> RunsReport:
    """Judge every step of a recording.

    Parameters
    ----------
    rows
        All rows that write the record, in the order in which the report shall list them.
    vocabulary
        How the recording spells variables and values.
    stream
        The recording's lines, one JSON object each; consumed once, one line in memory at a time.

    Returns
    -------
    RunsReport
        Broken lines are in it as faults with their numbers; the other lines are judged all the same. Time is
        linear in the stream; memory is linear in the number of distinct steps.

    """
    return _replay(tuple(rows), vocabulary, ((f"line {number}", line) for number, line in enumerate(stream, start=1)))


def replay_files(rows: Iterable[WriteRow], vocabulary: Vocabulary, paths: Sequence[str | Path]) -> RunsReport:
    """Replay several recordings as one; places name file and line. Compressed ones are read as they are.

    Raises
    ------
    InputError
        A file cannot be opened.

    """
    lines = placed_lines(paths)
    return _replay(tuple(rows), vocabulary, lines)


def _replay(rows: tuple[WriteRow, ...], vocabulary: Vocabulary, lines: Iterator[tuple[str, bytes]]) -> RunsReport:
    tally = _Tally(index_rows(rows), vocabulary, f"expected_{vocabulary.compared}", f"expected_{vocabulary.held}")
    for place, line in lines:
        if not line.strip():
            continue
        tally.lines += 1
        run = read_line(line, place)
        fault = run if isinstance(run, Fault) else _replay_run(tally, run, place)
        if fault is not None:
            tally.broken += 1
            if len(tally.faults) < FAULTS_KEPT:
                tally.faults.append(fault)
    return _report(tally, rows)


def _replay_run(tally: _Tally, run: dict[str, Any], place: str) -> Fault | None:
    """Judge one recorded instance; a fault is returned at the first step that cannot be read."""
    previous: list[Wire] | None = None
    alive = known = blamed = False
    left: dict[str | None, dict[str, Wire]] = {}
    seen, expected_key, held_key = tally.seen, tally.expected_key, tally.held_key
    for position, step in enumerate(run["steps"], start=1):
        try:
            kind, old, state, named = step["kind"], step["old"], step["state"], step["set"] or {}
            if step.get("by_test"):
                tally.set_up += 1
            else:
                service, expected = step.get("service"), step.get(expected_key)
                dirty = left.get(service)
                broken = _break(kind, old, previous, alive=alive) if known else None
                key: Key = (
                    kind,
                    step["func"],
                    service,
                    step.get("action"),
                    broken,
                    None if old is None else tuple(old),
                    None if state is None else tuple(state),
                    tuple(named.items()),
                    None if expected is None else tuple(expected),
                    step.get(held_key) is not None,
                    tuple(dirty.items()) if dirty else (),
                )
                found = seen.get(key)
                if found is None:
                    fault = _fault_in(key, tally.vocabulary, f"{place} step {position}")
                    if fault is not None:
                        return fault
                    found = seen[key] = _judge(key, tally, f"{place} step {position}")
                found.count += 1
                if not blamed and found.explanation.reason is not None:
                    blamed = True
                    found.lines += 1
                if kind in REFUSED:
                    left.setdefault(service, {}).update(named)
                elif dirty and kind == "write":
                    left[service] = {name: value for name, value in dirty.items() if name not in named}
        except (TypeError, AttributeError, KeyError) as error:
            return Fault(
                f"{place} step {position}",
                f"not a recorded step ({error!r})",
                "see the format of recorded runs",
            )
        if kind not in REFUSED:
            alive, known, previous = kind != "destroy", True, state
    return None


REFUSED = frozenset({"cas_fail", "write_fail"})


BREAKS = {
    "gap": "the record changed between two recorded writes",
    "dead": "the record had been destroyed before",
    "twin": "the record existed already",
}


def _break(kind: str, old: list[Wire] | None, previous: list[Wire] | None, *, alive: bool) -> str | None:
    """How a step cannot follow the one before it in the same recording, or None."""
    if kind == "create":
        return "twin" if alive else None
    if not alive:
        return "dead" if kind not in REFUSED else None
    return "gap" if old != previous and old is not None else None


def _judge(key: Key, tally: _Tally, place: str) -> _Seen:
    kind, function, service, action, broken, old, state, named, expected, expects_held, dirty = key
    step = Step(kind, function, service, action, old, state, named, expected, expects_held, dirty)
    if broken:
        return _Seen(step, Explanation(reason=BREAKS[broken]), place)
    return _Seen(step, explain(step, tally.index, tally.vocabulary), place)


def _fault_in(key: Key, vocabulary: Vocabulary, place: str) -> Fault | None:
    """A value that the vocabulary does not know, or a kind that the format does not have."""
    kind, _, _, _, _, old, state, named, expected, _, _ = key
    if kind not in KINDS:
        return Fault(place, f"kind {kind!r}", f"one of {', '.join(KINDS)}")
    by_key = {variable.key: variable for variable in vocabulary.variables}
    values = [(by_key[name], value) for name, value in named if name in by_key]
    for state_of in (old, state):
        if state_of is not None:
            if len(state_of) != len(vocabulary.variables):
                return Fault(place, f"a state of {len(state_of)} values", f"{len(vocabulary.variables)} are expected")
            values += zip(vocabulary.variables, state_of, strict=True)
    compared = next(variable for variable in vocabulary.variables if variable.name == vocabulary.compared)
    values += [(compared, value) for value in expected or ()]
    for variable, value in values:
        legal = [wire for wire in variable.wires.values() if wire is not None]
        if value is not None and value not in legal:
            near = nearest(str(value), legal)
            return Fault(place, f"unknown {variable.name} {value!r}", f"did you mean {near!r}?" if near else "")
    return None


def _report(tally: _Tally, rows: tuple[WriteRow, ...]) -> RunsReport:
    alone: Counter[str] = Counter()
    shared: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    unexplained: list[UnexplainedWrite] = []
    for found in tally.seen.values():
        step, explanation, count = found.step, found.explanation, found.count
        if explanation.reason is not None:
            unexplained.append(UnexplainedWrite(found.place, step, explanation, count, found.lines))
            continue
        unjudged = not explanation.rows and not explanation.flushed
        kinds["unjudged" if unjudged else "explained"] += count
        kinds["flushed"] += count if explanation.flushed else 0
        kinds[step.kind] += 0 if unjudged else count
        for row in explanation.rows:
            (alone if len(explanation.rows) == 1 else shared)[row] += count
    judged = kinds["explained"] + sum(write.occurrences for write in unexplained)
    return RunsReport(
        lines=tally.lines,
        judged=judged,
        explained=kinds["explained"],
        refused=kinds["cas_fail"],
        failed=kinds["write_fail"],
        destroyed=kinds["destroy"],
        flushed=kinds["flushed"],
        set_up=tally.set_up,
        unjudged=kinds["unjudged"],
        unexplained=tuple(sorted(unexplained, key=lambda write: (-write.lines, -write.occurrences, write.place))),
        observed={row.id: alone[row.id] for row in rows if row.id in alone},
        ambiguous={row.id: shared[row.id] for row in rows if row.id in shared and row.id not in alone},
        never_observed=tuple(row.id for row in rows if row.id not in alone and row.id not in shared),
        broken_lines=tally.broken,
        faults=tuple(tally.faults),
    )
