"""One recorded step against the rows: which rows explain it, and what they allow if none does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checks.conformance.runs.vocabulary import NULL, Variable, Vocabulary
from checks.conformance.runs.writers import RowIndex, candidate_rows
from model.rows import WriteRow

Wire = str | None
NEAREST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded step, in wire values; ``dirty`` is what refused saves of the service left behind."""

    kind: str
    function: str
    service: str | None
    action: str | None
    old: tuple[Wire, ...] | None
    state: tuple[Wire, ...] | None
    named: tuple[tuple[str, Wire], ...]
    expected: tuple[Wire, ...] | None
    expects_held: bool
    dirty: tuple[tuple[str, Wire], ...] = ()


@dataclass(frozen=True, slots=True)
class Near:
    """A row that the step resembles, with everything in which they differ, in words."""

    row: str
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """``rows``: ids of those that explain the step; several when the recording cannot tell.

    ``flushed``: the step only completed an earlier refused save, on whatever occasion. ``reason`` is None
    when the step is explained; else it says what is wrong, and ``near`` what the tables would have allowed.
    """

    rows: tuple[str, ...] = ()
    flushed: bool = False
    reason: str | None = None
    near: tuple[Near, ...] = ()


def wire_of(variable: Variable, constant: str) -> Wire:
    """The wire value of *constant*; an unknown constant is its own wire value."""
    return None if constant == NULL else variable.wires.get(constant, constant)


def allows_value(variable: Variable, written: str, value: Wire) -> bool:
    """Whether what a row writes (a constant, several joined by ``|``, or ``$...``) can be *value*."""
    if written.startswith("$"):
        return value is None or value in variable.wires.values()
    return any(wire_of(variable, constant.strip()) == value for constant in written.split("|"))


def explain(step: Step, index: RowIndex, vocabulary: Vocabulary) -> Explanation:
    """Find the rows that explain *step*; linear in the rows of its function or service."""
    wrong = _contradicts_itself(step, vocabulary)
    if wrong:
        return Explanation(reason=wrong)
    groups = candidate_rows(index, step.function, step.service)
    differences: list[tuple[WriteRow, tuple[str, ...]]] = []
    for shared, rows in enumerate(groups):
        judged = [(row, _differences(step, row, vocabulary)) for row in rows]
        differences += judged
        fitting = [row for row, differs in judged if not differs]
        fitting = _by_action(fitting, vocabulary.actions.get(step.action or ""), required=bool(shared))
        fitting = _by_action(fitting, vocabulary.likely.get(step.action or ""), required=False)
        exact = [row for row in fitting if not _leftovers(step, row, vocabulary)]
        if fitting:
            return Explanation(rows=tuple(dict.fromkeys(row.id for row in exact or fitting)))
    if step.kind == "destroy" and vocabulary.destroyed is None:
        return Explanation()
    if step.named and step.expected is None and set(step.named) <= set(step.dirty):
        return Explanation(flushed=True)
    return _unexplained(step, differences, index, vocabulary)


def _contradicts_itself(step: Step, vocabulary: Vocabulary) -> str | None:
    """What in the step cannot have happened under any tables, or None."""
    for key, value in step.named:
        if not any(variable.key == key for variable in vocabulary.variables):
            return f"writes an unknown variable {key!r}={value!r}"
    if step.kind in {"create", "destroy", "write_fail"} or step.old is None:
        return None
    old = step.old[_position(vocabulary, vocabulary.compared)]
    holds = step.expected is None or old in step.expected
    if step.kind == "cas_fail":
        return f"was refused although {vocabulary.compared} was {old!r}" if holds else None
    if not holds:
        return f"took effect although {vocabulary.compared} was {old!r}"
    after = dict(step.named)
    should = tuple(after.get(v.key, value) for v, value in zip(vocabulary.variables, step.old, strict=True))
    return None if step.state == should else f"left {step.state} where its own fields say {should}"


def _differences(step: Step, row: WriteRow, vocabulary: Vocabulary) -> tuple[str, ...]:
    """In what *row* does not allow *step*; empty when it explains it."""
    if step.kind == "destroy":
        gone = vocabulary.destroyed is not None and vocabulary.destroyed in row.writes
        return () if gone else ("does not destroy the record",)
    values = _attempted(step, vocabulary)
    differs: list[str] = []
    expect = _expected(row, vocabulary)
    if expect != (None if step.expected is None else frozenset(step.expected)):
        differs.append(f"expects {_show_set(row.expect)}")
    if step.expects_held:
        differs.append(f"does not compare {vocabulary.held}")
    dirty = dict(step.dirty)
    for variable in vocabulary.variables:
        written = row.writes.get(variable.name)
        if written is None:
            foreign = step.kind != "create" and variable.key in values
            if foreign and (variable.key not in dirty or dirty[variable.key] != values[variable.key]):
                differs.append(f"does not write {variable.name}")
        elif variable.key not in values or not allows_value(variable, written, values[variable.key]):
            differs.append(f"writes {variable.name}={written}")
    if row.vm_state is not None and step.old is not None and step.kind != "create":
        position = _position(vocabulary, vocabulary.held)
        held = vocabulary.variables[position]
        if step.old[position] not in {wire_of(held, constant) for constant in row.vm_state}:
            differs.append(f"occurs only with {held.name} in {_show_set(row.vm_state)}")
    return tuple(differs)


def _attempted(step: Step, vocabulary: Vocabulary) -> Mapping[str, Wire]:
    if step.kind == "create" and step.state is not None:
        return {variable.key: value for variable, value in zip(vocabulary.variables, step.state, strict=True)}
    return dict(step.named)


def _leftovers(step: Step, row: WriteRow, vocabulary: Vocabulary) -> bool:
    """Whether the step wrote more than the row does, which only an earlier refused save can explain."""
    own = {variable.key for variable in vocabulary.variables if variable.name in row.writes}
    return step.kind != "create" and any(key not in own for key, _ in step.named)


def _by_action(rows: list[WriteRow], operations: frozenset[str] | None, *, required: bool) -> list[WriteRow]:
    """Narrow *rows* to the *operations* of the recorded request; unless *required*, only if some remain."""
    if operations is None:
        return rows
    narrowed = [row for row in rows if row.operation in operations]
    return narrowed if narrowed or required else rows


def _unexplained(
    step: Step, differences: list[tuple[WriteRow, tuple[str, ...]]], index: RowIndex, vocabulary: Vocabulary
) -> Explanation:
    if differences:
        nearest = sorted(differences, key=lambda pair: (len(pair[1]), pair[0].id))[:NEAREST_SHOWN]
        near = tuple(Near(row.id, differs or ("belongs to another request",)) for row, differs in nearest)
        return Explanation(reason="no row of this function allows it", near=near)
    elsewhere = [
        Near(row.id, (f"written by {row.source}",))
        for rows in index.by_function.values()
        for row in rows
        if not _differences(step, row, vocabulary)
    ]
    reason = "no row cites this function"
    return Explanation(reason=reason, near=tuple(sorted(elsewhere, key=lambda near: near.row)[:NEAREST_SHOWN]))


def _expected(row: WriteRow, vocabulary: Vocabulary) -> frozenset[Wire] | None:
    compared = vocabulary.variables[_position(vocabulary, vocabulary.compared)]
    return None if row.expect is None else frozenset(wire_of(compared, constant) for constant in row.expect)


def _position(vocabulary: Vocabulary, name: str) -> int:
    return next(at for at, variable in enumerate(vocabulary.variables) if variable.name == name)


def _show_set(constants: frozenset[str] | None) -> str:
    return "nothing" if constants is None else "{" + ", ".join(sorted(constants)) + "}"
