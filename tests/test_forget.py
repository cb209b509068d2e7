"""Forgetting keeps every run: each step is, with the variables left out, a step of the smaller lifecycle."""

from __future__ import annotations

import pytest

from model.explore import Space, explore
from model.forget import FORGOTTEN, assumed, forget
from model.lifecycle import Lifecycle, Record
from model.semantics import Semantics
from model.state import parse_pattern, seen_by


def seen(record: Record, gone: set[int]) -> Record:
    return tuple(0 if number in gone else value for number, value in enumerate(record))


def shown(space: Space, gone: set[int]) -> set[tuple[Record, str, Record]]:
    """The steps of *space*, without what is forgotten and without where processes stand."""
    return {
        (seen(space.configurations[number][0], gone), step.row, seen(space.configurations[target][0], gone))
        for number, leaving in enumerate(space.edges)
        for step, target in leaving
    }


@pytest.mark.parametrize("names", [["lamp"], ["light", "lamp"], ["light"]])
@pytest.mark.parametrize("scenario", ["sequential", "crash", "pair", "lost"])
def test_every_step_of_the_door_remains(door: Lifecycle, names: list[str], scenario: str) -> None:
    gone = {door.index(name) for name in names}
    full = explore(Semantics(door), door.scenarios[scenario])
    small = explore(Semantics(forget(door, names)), door.scenarios[scenario])
    assert shown(full, gone) <= shown(small, gone)
    if "light" in names:  # a copy of what is forgotten may be any value: only forgetting the copy too makes it smaller
        assert len(small.configurations) <= len(full.configurations)


def test_every_step_of_nova_remains(nova: Lifecycle) -> None:
    names = nova.scenarios["crash"].forget
    assert names
    gone = {nova.index(name) for name in names}
    full = explore(Semantics(nova), nova.scenarios["sequential"])
    small = explore(Semantics(forget(nova, names)), nova.scenarios["sequential"])
    assert shown(full, gone) <= shown(small, gone)


def test_a_test_of_what_is_forgotten_may_go_either_way(nova: Lifecycle) -> None:
    """What branches on the guest does both; what does not mention it is left alone."""
    small = forget(nova, ["guest"])
    guest = nova.index("guest")
    assert small.variables[guest].values == (FORGOTTEN,)
    changed = [
        point for point in range(len(nova.instructions)) if nova.instructions[point] != small.instructions[point]
    ]
    assert changed
    assert len(small.instructions) > len(nova.instructions)


def test_nothing_forgotten_is_nothing_changed(nova: Lifecycle) -> None:
    assert forget(nova, []) is nova
    assert assumed(nova, "sequential") is nova


def test_a_state_is_seen_without_what_is_forgotten(door: Lifecycle) -> None:
    view = forget(door, ["light"])
    assert parse_pattern(view, "open/none/whatever") == ((1,), (0,), (0,))
    assert seen_by(view, (1, 0, 1)) == (1, 0, 0)
