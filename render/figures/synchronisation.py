"""What one run of the synchronisation does, by what the record says and what the driver reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.state import state_name
from render.figure import Cell, CellKind, Header, Matrix
from render.figures.endings import synchronised, synchronising
from render.figures.words import listed, value_link

if TYPE_CHECKING:
    from model.lifecycle import Lifecycle
    from model.state import State
    from render.figures.endings import End, Ends

    Known = dict[tuple[State, int], Ends]


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
            (CellKind.CHANGED, f"{first} or {lifecycle.variables[truth].name} changes, if no step fails"),
        ),
        (
            f"Report only: {reported} becomes what the driver reports, nothing else changes.",
            f"Each of these alone, with nothing else in flight: {listed(synchronising(lifecycle))}.",
        ),
    )  # fmt: skip


def _cell(lifecycle: Lifecycle, known: Known, number: int, observed: int, seen: int) -> Cell:
    first, reporting = lifecycle.variables[0], lifecycle.variables[observed]
    found = [(state, end) for (state, driver), ends in known.items() if state[0] == number and driver == seen
             for end in ends]  # fmt: skip
    where = f"{first.name} {first.values[number]}, the driver reports {reporting.values[seen]}"
    said = [f"{where}: may end in {_names(lifecycle, [end for _, end in found if not end.failed])}"]
    failing = [end for _, end in found if end.failed]
    if failing:
        said.append(f"and, when a step fails, in {_names(lifecycle, failing)}")
    tooltip = "\n".join(said)
    link = value_link(first.name, first.values[number])
    calm = [(state, end.state) for state, end in found if not end.failed]
    others = ["gone" if end is None else first.values[end[0]] for _, end in calm if end is None or end[0] != number]
    if others:
        return Cell(CellKind.CHANGED, " or ".join(dict.fromkeys(others)), link, tooltip)
    # What is observed after the run is not what was reported before it: the run has changed the truth itself.
    made = [
        reporting.values[end[observed]] for state, end in calm if end and end[observed] not in (seen, state[observed])
    ]
    if made:
        return Cell(CellKind.CHANGED, f"made {' or '.join(dict.fromkeys(made))}", link, tooltip)
    moved = any(end is not None and end[observed] != state[observed] for state, end in calm)
    return Cell(CellKind.PLAIN, "report only", link, tooltip) if moved else Cell(CellKind.NO, "", link, tooltip)


def _names(lifecycle: Lifecycle, ends: list[End]) -> str:
    names = ("no record" if end.state is None else state_name(lifecycle, end.state) for end in ends)
    return listed(dict.fromkeys(names), "or")
