"""Three at once, by choices of operations; and a scenario as Spin's model."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from checks.concurrency.choices import Chooser
from checks.concurrency.seen import Seen, violations
from checks.properties.catalogue import properties
from checks.run import by_default
from cli.commands.export import command
from model.load import TABLES
from model.semantics import Semantics
from model.tables_reader import read_tables


@pytest.fixture(scope="module")
def chooser() -> Chooser:
    lifecycle = read_tables(TABLES)
    wanted = [one for one in properties(lifecycle) if one.id in ("rest", "exclusive", "stable")]
    return Chooser(Semantics(lifecycle), lifecycle.scenarios["concurrent-3"], wanted)


def test_what_is_met_at_a_glance_is_what_the_search_for_paths_meets(chooser: Chooser) -> None:
    last = len(chooser.operations)
    for choice in ((0, last // 2, last - 1), (1, 2, 3)):
        met = chooser.look([choice], 3).met
        for one, keys in zip(chooser.wanted, met, strict=True):
            seen = Seen(chooser.semantics.lifecycle, chooser.explored(choice, 3), one, chooser.formula)
            names = [dict(seen.named(key)) for key in keys]
            searched = [dict(shown.key) for shown in violations([seen])[0]]
            assert sorted(map(str, names)) == sorted(map(str, searched))


def test_an_execution_of_a_choice_ends_in_the_way_that_was_asked_for(chooser: Chooser) -> None:
    rest = chooser.wanted[0]
    met: dict[tuple[int, ...], tuple[int, ...]] = {}
    for first in range(0, len(chooser.operations) - 2, 6):
        met.update(chooser.look([(first, first + 1, first + 2)], 3).met[0])
    found = [chooser.execution(rest, key, choice, 3)[1] for key, choice in sorted(met.items())]
    confirmed = [each for each in found if each is not None]
    assert confirmed
    lifecycle = chooser.semantics.lifecycle
    for violation in confirmed:
        assert violation.steps is not None
        after = violation.steps[-1].after
        for name, value in violation.key.items():
            variable = lifecycle.variables[lifecycle.index(name)]
            assert variable.values[after[lifecycle.index(name)]] == value
        for step, following in zip(violation.steps, violation.steps[1:], strict=False):
            assert step.after == following.before


def test_three_at_once_only_when_asked_for() -> None:
    names = by_default(read_tables(TABLES))
    assert "concurrent-3" not in names
    assert not {"crash-2", "lost-2"} & set(names)
    assert {"sequential", "crash", "lost", "concurrent-2", "unbounded"} <= set(names)


def test_a_scenario_as_a_promela_model(tmp_path: Path) -> None:
    target = tmp_path / "nova.pml"
    words = ["--format", "promela", "--scenario", "concurrent-2", "--property", "rest", "-k", "3", "-o", str(target)]
    assert CliRunner().invoke(command, words, catch_exceptions=False).exit_code == 0
    model = target.read_text(encoding="utf-8")
    assert "active [3] proctype slot()" in model
    assert "#define CHECK assert(!bad_rest);" in model


def test_a_crash_is_handed_on_from_slot_to_slot() -> None:
    words = ["--format", "promela", "--scenario", "crash"]
    said = CliRunner().invoke(command, words, catch_exceptions=False)
    assert said.exit_code == 0
    assert "chan relay[" in said.output
    assert "active proctype services()" in said.output
