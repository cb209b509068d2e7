"""A second look at what two requests at once leave unconfirmed: it changes no verdict, and leaves less open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from definitions import Definitions, Key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_machines import DOOR, MACHINES
from test_concurrency_random import ASKED, SCENARIOS, busy_machines, most, plain_product, ways

from checks.checker import Checker
from checks.concurrency.decide import Decision, decide_together
from checks.concurrency.evidence import plain
from checks.concurrency.stays import decide_leaving
from checks.properties.catalogue import asked, properties
from checks.properties.definition import Always, Property
from cli.main import main
from model.lifecycle import Lifecycle, Scenario, Variable
from model.program import Call, Instruction, Read, Save
from model.semantics import Semantics

PHASE, LAMP, WAS = 0, 4, 6


@st.composite
def remembering_machines(draw: st.DrawFn) -> Lifecycle:
    """A random machine that remembers its phase, and tests what it remembers and what its lamp does.

    These are the variables that the first look at two requests at once forgets: what they rule out is met there.
    """
    lifecycle: Lifecycle = draw(busy_machines())
    values = lifecycle.variables[PHASE].values
    was = Variable("was", values, draw(st.integers(0, len(values) - 1)), stored=True)
    made = tuple(_remembering(draw, one) if "/p" in one.row else one for one in lifecycle.instructions)
    entries = tuple(
        replace(entry, when=tuple((*tests, (WAS, draw(_some(3)))) for tests in entry.when))
        if entry.kind == "request" and draw(st.booleans())
        else entry
        for entry in lifecycle.entries
    )
    return replace(lifecycle, variables=(*lifecycle.variables, was), instructions=made, entries=entries)


def _some(size: int) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(0, size - 1), min_size=1)


def _remembering(draw: st.DrawFn, one: Instruction) -> Instruction:
    """The instruction *one* with the lamp or with what is remembered in it."""
    match one:
        case Save(writes=writes):
            written = dict(writes)
            if PHASE in written and draw(st.booleans()):
                written[PHASE] = ("variable", WAS)
            elif draw(st.booleans()):
                written[WAS] = ("variable", PHASE)
            return replace(one, writes=tuple(sorted(written.items())))
        case Call():
            return replace(one, effects=(((LAMP, draw(st.integers(0, 1))),),))
        case Read():
            variable, size = draw(st.sampled_from([(LAMP, 2), (WAS, 3)]))
            return replace(one, condition=(((variable, draw(_some(size))),),), asks=variable == LAMP)
        case _:
            return one


def decisions(semantics: Semantics, scenario: Scenario, *, closely: bool) -> list[tuple[Property, Decision]]:
    """Every property that is asked of two requests at once, as it is decided."""
    wanted = [one for one in properties(semantics.lifecycle) if one.id in ASKED and asked(one, scenario)]
    of_steps = [one for one in wanted if isinstance(one.form, Always)]
    decided = dict(zip(of_steps, decide_together(semantics, scenario, of_steps, 2, closely=closely), strict=True))
    rest = next(decision for one, decision in decided.items() if one.id == "rest")
    return [
        (one, decided[one] if one in decided else decide_leaving(semantics, scenario, one, 2, rest)) for one in wanted
    ]


def named(keys: Mapping[str, str]) -> Key:
    return tuple(sorted(keys.items()))


@given(remembering_machines(), st.sampled_from(sorted(SCENARIOS)))
@settings(max_examples=MACHINES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_looking_twice_changes_no_verdict_and_leaves_less_open(lifecycle: Lifecycle, name: str) -> None:
    scenario = SCENARIOS[name]
    definitions = Definitions(lifecycle, plain_product(lifecycle, scenario))
    semantics, checker = Semantics(lifecycle), Checker(Semantics(lifecycle), scenario)
    once, twice = (decisions(semantics, scenario, closely=closely) for closely in (False, True))
    for (one, first), (_, second) in zip(once, twice, strict=True):
        real = ways(definitions, one.id)
        found, confirmed = ({named(each.key) for each in decision.violations} for decision in (first, second))
        open_, still = (set(map(named, decision.unconfirmed)) for decision in (first, second))
        assert second.holds is first.holds or first.holds is None
        assert second.holds in (None, not real)
        assert found <= confirmed <= most(definitions, one.id)
        assert still <= open_
        assert not real.intersection(map(named, second.impossible))
        assert real <= confirmed | still
        for each in second.violations:
            assert each.steps is not None
            trace = plain(semantics, each.key, each.steps, stays=not isinstance(one.form, Always))
            assert checker.faults_of_trace(trace, one) == []


#: A door that remembers where it was, never writes it, and would stay in its task if it had been open.
REMEMBERS = """\
  was:
    values: ["@position"]
    initial: SHUT
    stored: true
    meaning: {en: "where the door was", zh: "门之前的位置"}
"""
STAYS = """\
      - read: before
        if: {was: [OPEN]}
        then:
          - save: stay
            set: {motion: OPENING}
            source: "door.py:turn"
"""


@pytest.fixture
def remembering(door_tables: Path) -> Path:
    record, opening = door_tables / "record.yaml", door_tables / "operations" / "open.yaml"
    record.write_text(record.read_text().replace("  motor:\n    values", REMEMBERS + "  motor:\n    values", 1))
    opening.write_text(opening.read_text() + STAYS)
    return door_tables


def asked_of(tables: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    with pytest.raises(SystemExit) as ended:
        main(["verify", "--tables", str(tables), "--scenario", "pair", "--property", "rest", "--json", *options])
    assert not ended.value.code
    (verdict,) = json.loads(capsys.readouterr().out)["verdicts"]
    assert isinstance(verdict, dict)
    return verdict


def test_the_command_looks_twice_when_it_is_told_to(remembering: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the forgotten variable rules out is not confirmed at first, and impossible at second sight."""
    once, twice = asked_of(remembering, capsys), asked_of(remembering, capsys, "--closely")
    assert once["outcome"] == twice["outcome"] == "violated"
    assert [one["key"] for one in once["findings"]] == [one["key"] for one in twice["findings"]]
    assert once["checked"] is twice["checked"] is True
    assert "1 further classes were met only with variables left out, not confirmed" in once["bound"]
    assert "1 that were met with variables left out are shown impossible" in twice["bound"]
    assert "not confirmed" not in twice["bound"]


@pytest.mark.parametrize("scenario", ["sequential", "crash"])
def test_a_second_look_that_means_nothing_is_refused(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["verify", "--tables", str(DOOR), "--scenario", scenario, "--closely"])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("nova-lifecycle: --closely: none of these scenarios has two requests at once")
    assert said.err.endswith("or name one that has: pair\n")
