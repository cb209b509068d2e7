"""The values that variables may have at each place: all that executions show, and not everything."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from checks.values import Values
from model.explore import Space, explore
from model.lifecycle import Lifecycle
from model.semantics import Semantics
from model.tables_reader import read_tables

LIFECYCLES = Path(__file__).parent / "lifecycles"
CASES = [
    (name, scenario)
    for name in ("door", "lamp", "volume")
    for scenario in ("sequential", "crash", "outside", "lost")
    if scenario in read_tables(LIFECYCLES / name).scenarios
]


def _points(semantics: Semantics, controls: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(semantics.controls[control].point for control in controls))


def _everything_is_possible(space: Space, values: Values) -> None:
    """Each configuration of *space* has a place, and each step is one between places."""
    loose = values.loose
    numbers = [
        values.number(loose.kept(record), _points(space.semantics, controls), loose.sets(record))
        for record, controls in space.configurations
    ]
    assert min(numbers) >= 0
    steps = set(values.steps.tolist())
    taken = {
        numbers[number] * len(values.numbers) + numbers[to]
        for number, leaving in enumerate(space.edges)
        for _, to in leaving
    }
    assert taken <= steps


@pytest.mark.parametrize(("name", "scenario"), CASES)
def test_what_executions_show_is_possible(name: str, scenario: str) -> None:
    """Whatever is loose: one variable, two, or all but the first."""
    lifecycle = read_tables(LIFECYCLES / name)
    semantics = Semantics(lifecycle)
    space = explore(semantics, lifecycle.scenarios[scenario], limit=5000)
    assert not space.truncated
    variables = range(1, len(lifecycle.variables))
    for loose in [*combinations(variables, 1), *combinations(variables, 2), tuple(variables)]:
        _everything_is_possible(space, Values(semantics, lifecycle.scenarios[scenario], loose))


@pytest.mark.parametrize(("name", "scenario"), CASES)
def test_with_nothing_loose_exactly_that_is_possible(name: str, scenario: str) -> None:
    """The places are those of the configurations, and so are the steps."""
    lifecycle = read_tables(LIFECYCLES / name)
    semantics = Semantics(lifecycle)
    space = explore(semantics, lifecycle.scenarios[scenario])
    values = Values(semantics, lifecycle.scenarios[scenario], ())
    shown = {(record, _points(semantics, controls)) for record, controls in space.configurations}
    assert set(values.numbers) == shown
    taken = {
        (
            values.numbers[record, _points(semantics, controls)],
            values.numbers[space.configurations[to][0], _points(semantics, space.configurations[to][1])],
        )
        for (record, controls), leaving in zip(space.configurations, space.edges, strict=True)
        for _, to in leaving
    }
    assert {divmod(step, len(values.numbers)) for step in values.steps.tolist()} == taken


def test_nova_shows_only_what_is_possible(nova: Lifecycle) -> None:
    """Every configuration with one request at a time, by the sets of what the other scenarios forget."""
    semantics = Semantics(nova)
    loose = [nova.index(name) for name in nova.scenarios["crash"].forget]
    values = Values(semantics, nova.scenarios["sequential"], loose)
    _everything_is_possible(explore(semantics, nova.scenarios["sequential"]), values)


def test_what_no_execution_can_show_is_not_possible(nova: Lifecycle) -> None:
    """A suspended guest was ACTIVE (nova/compute/api.py:API.suspend): it resumes to nothing else."""
    semantics = Semantics(nova)
    loose = [nova.index(name) for name in nova.scenarios["crash"].forget]
    values = Values(semantics, nova.scenarios["sequential"], loose)
    row = next(row for row in nova.rows if row.endswith("resume_instance/resumed"))
    (point,) = [number for number, one in enumerate(nova.instructions) if one.row == row]
    remembered = nova.index("old_vm_state")
    legal = nova.variables[remembered].values
    resuming = [record for record, points in values.numbers if points == (point,)]
    found = {
        value
        for record in resuming
        for number, value in enumerate(legal)
        if values.number(record, (point,), 1 << values.loose.first[remembered] + number) >= 0
    }
    assert found == {"ACTIVE"}
