"""What one run of the synchronisation does, by what the record says and what the driver reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.state import state_name
from render.figure import Cell, CellKind, Header, Matrix
from render.figures.endings import synchronised
from render.figures.words import listed, value_link

if TYPE_CHECKING:
    from model.lifecycle import Lifecycle
    from model.state import State

    Known = dict[tuple[State, int], tuple[State | None, ...]]


def synchronisation(lifecycle: Lifecycle) -> Matrix:
    """Values of the first state variable against values that the driver may report, at rest.

    A cell names the values of the first variable in which the instance may end, and whether only the report changed.
    """
    first = lifecycle.state_variables[0]
    observed, truth = next(iter(lifecycle.observed.items()))
    reported = lifecycle.state_variables[observed]
    known = synchronised(lifecycle)
    seen = range(len(lifecycle.values[reported]))
    rows = [
        tuple(_cell(lifecycle, known, number, observed, report) for report in seen)
        for number in range(len(lifecycle.values[first]))
    ]
    return Matrix(
        "synchronisation",
        f"What synchronisation does, by {first} and by what the driver reports",
        f"Rows are values of {first}, columns what the driver reports for {lifecycle.variables[truth].name}; nothing "
        f"else is in flight, and the last {reported} known is the one that fits the report or another.",
        tuple(Header(v.name, v.name, value_link(first, v.name), v.meaning.en) for v in lifecycle.values[first]),
        tuple(Header(v.name, v.name, value_link(reported, v.name), v.meaning.en) for v in lifecycle.values[reported]),
        tuple(rows),
        (first, "the driver reports"),
        (
            (CellKind.NO, "nothing changes"),
            (CellKind.PLAIN, f"{reported} is brought up to date"),
            (CellKind.CHANGED, f"corrected: {first} becomes what is written"),
        ),
    )  # fmt: skip


def _cell(lifecycle: Lifecycle, known: Known, number: int, observed: int, seen: int) -> Cell:
    first = lifecycle.state_variables[0]
    name = lifecycle.variables[0].values[number]
    reported = lifecycle.variables[observed].values[seen]
    ends: dict[State | None, None] = {}
    moved = False
    for (state, driver), found in known.items():
        if state[0] == number and driver == seen:
            ends.update(dict.fromkeys(found))
            moved |= any(end is not None and end[observed] != state[observed] for end in found)
    others = [
        "gone" if end is None else lifecycle.variables[0].values[end[0]]
        for end in ends
        if end is None or end[0] != number
    ]
    link = value_link(first, name)
    full = listed(("no record" if end is None else state_name(lifecycle, end) for end in ends), "or")
    said = f"{first} {name}, the driver reports {reported}: may end in {full}"
    if others:
        return Cell(CellKind.CHANGED, " or ".join(dict.fromkeys(others)), link, said)
    return Cell(CellKind.PLAIN, "report only", link, said) if moved else Cell(CellKind.NO, "", link, said)
