"""What becomes of each task when the service that worked on it starts again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.lifecycle import holds
from render.figure import Cell, CellKind, Header, Matrix
from render.figures.endings import restarted
from render.figures.words import listed, value_link

if TYPE_CHECKING:
    from model.lifecycle import Lifecycle

#: Values of the first two variables.
Pair = tuple[int, int]
#: Such values -> how it may end: the values after it, or None for no record at all; and whether only by failing.
Ends = dict[Pair, dict[Pair | None, bool]]


def restarting(lifecycle: Lifecycle) -> Matrix:
    """Values of the second state variable against those of the first: what start-up recovery leaves.

    Only pairs that some execution reaches; every value of the further variables with which it does is counted.
    """
    first, second = lifecycle.state_variables[:2]
    found = _pairs(lifecycle)
    tasks = [number for number in range(len(lifecycle.values[second])) if any(pair[1] == number for pair in found)]
    values = [number for number in range(len(lifecycle.values[first])) if any(pair[0] == number for pair in found)]
    return Matrix(
        "restart",
        f"What becomes of each {second} after a restart",
        f"Rows are values of {second}, columns values of {first}, where some execution reaches both; nothing is in "
        "flight any more when recovery looks at the record.",
        tuple(_header(lifecycle, second, number) for number in tasks),
        tuple(_header(lifecycle, first, number) for number in values),
        tuple(tuple(_cell(lifecycle, number, task, found.get((number, task))) for number in values) for task in tasks),
        (second, first),
        (
            (CellKind.YES, f"ends at rest, {first} as before"),
            (CellKind.CHANGED, f"ends at rest, {first} may change"),
            (CellKind.PARTLY, f"{second} may stay"),
            (CellKind.STUCK, f"{second} stays: nothing takes it up"),
        ),
        ("The marks tell what recovery does when none of its steps fails.",),
    )


def _header(lifecycle: Lifecycle, variable: str, number: int) -> Header:
    value = lifecycle.values[variable][number]
    return Header(value.name, value.name, value_link(variable, value.name), value.meaning.en)


def _pairs(lifecycle: Lifecycle) -> Ends:
    found: Ends = {}
    for state, ends in restarted(lifecycle).items():
        known = found.setdefault((state[0], state[1]), {})
        for end in ends:
            pair = None if end.state is None else (end.state[0], end.state[1])
            known[pair] = known.get(pair, True) and end.failed
    return found


def _cell(lifecycle: Lifecycle, number: int, task: int, ends: dict[Pair | None, bool] | None) -> Cell:
    first, second = lifecycle.variables[:2]
    where = f"{first.values[number]}/{second.values[task]}"
    if ends is None:
        return Cell(CellKind.PLAIN, "", None, f"{where}: no execution reaches it")
    calm = [end for end, failed in ends.items() if not failed]
    said = [f"{where}: ends in {_names(lifecycle, calm)}"] if calm else [where]
    if any(ends.values()):
        said.append(f"when a step fails: {_names(lifecycle, [end for end, failed in ends.items() if failed])}")
    return Cell(_kind(lifecycle, number, calm or list(ends)), "", value_link(second.name, second.values[task]),
                "\n".join(said))  # fmt: skip


def _kind(lifecycle: Lifecycle, number: int, ends: list[Pair | None]) -> CellKind:
    resting = [end is None or _rests(lifecycle, end) for end in ends]
    if not all(resting):
        return CellKind.PARTLY if any(resting) else CellKind.STUCK
    changed = any(end is None or end[0] != number for end in ends)
    return CellKind.CHANGED if changed else CellKind.YES


def _names(lifecycle: Lifecycle, ends: list[Pair | None]) -> str:
    first, second = lifecycle.variables[:2]
    return listed(
        ("no record" if end is None else f"{first.values[end[0]]}/{second.values[end[1]]}" for end in ends), "or"
    )


def _rests(lifecycle: Lifecycle, pair: tuple[int, int]) -> bool:
    record = (*pair, *lifecycle.initial[2:])
    return holds(lifecycle.predicates["rest"], record)
