"""What an operation promises to leave: how it is read, when it is owed, and that both engines see it broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from checks.mutation.mutants import Mutant, mutated
from checks.verdict import Outcome, Verdict
from checks.verify import verify
from model.errors import InputError
from model.forget import forget
from model.lifecycle import Lifecycle
from model.tables_reader import read_tables

LAMP = Path(__file__).parent / "lifecycles" / "lamp"
SWITCH_ON = "operations/switch-on.yaml"


def lamp(folder: Path, leaves: str) -> Lifecycle:
    """The lamp, of which switching on promises *leaves*."""
    shutil.copytree(LAMP, folder, dirs_exist_ok=True)
    table = folder / SWITCH_ON
    before, _, after = table.read_text(encoding="utf-8").partition("leaves:\n")
    table.write_text(f"{before}leaves:\n{leaves}guards:\n{after.partition('guards:')[2][1:]}", encoding="utf-8")
    return read_tables(folder)


def delivers(lifecycle: Lifecycle, scenario: str = "sequential") -> Verdict:
    (verdict,) = verify(lifecycle, [scenario], ["delivers"]).verdicts
    assert not verdict.disagreement
    assert verdict.checked
    assert {engine.outcome for engine in verdict.engines} == {verdict.outcome}
    return verdict


def test_what_is_left_as_promised_holds(tmp_path: Path) -> None:
    verdict = delivers(lamp(tmp_path, '  - to: {switch: ["ON"], task: [None], bulb: [LIT]}\n'))
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.exercised


def test_what_is_not_left_is_found_by_both_engines(tmp_path: Path) -> None:
    verdict = delivers(lamp(tmp_path, '  - to: {switch: ["OFF"], task: [None]}\n'))
    assert verdict.outcome is Outcome.VIOLATED
    (finding,) = verdict.findings
    assert finding.key == {"operation": "switch-on", "switch": "ON", "task": "None", "shown": "LIT", "bulb": "LIT"}
    assert finding.trace is not None
    assert finding.trace.steps[-1].row == "switch-on/switch/done"


def test_one_of_several_is_enough(tmp_path: Path) -> None:
    several = '  - to: [{switch: ["OFF"]}, {switch: ["ON"], bulb: [LIT]}]\n'
    assert delivers(lamp(tmp_path, several)).outcome is Outcome.HOLDS


def test_the_first_that_fits_the_start_is_promised(tmp_path: Path) -> None:
    first = '  - from: {bulb: [LIT]}\n    to: {switch: ["OFF"]}\n  - to: {switch: ["ON"]}\n'
    assert delivers(lamp(tmp_path / "first", first)).outcome is Outcome.HOLDS
    second = '  - from: {bulb: [DARK]}\n    to: {switch: ["OFF"]}\n  - to: {switch: ["ON"]}\n'
    assert delivers(lamp(tmp_path / "second", second)).outcome is Outcome.VIOLATED


def test_a_value_may_be_that_of_the_start(tmp_path: Path) -> None:
    kept = lamp(tmp_path, "  - to: {switch: [$switch], bulb: [$bulb]}\n")
    # the guard admits one value of the switch, and both of the bulb
    assert len([one for one in kept.promises if one.operation == "switch-on"]) == 2
    assert delivers(kept).outcome is Outcome.VIOLATED


def test_what_is_left_alone_is_promised_of_a_start_that_no_guard_admits(tmp_path: Path) -> None:
    """The guard asks for OFF; without that a lamp that is ON may be switched on, and is not left as it was."""
    alone = '  - from: {switch: ["ON"]}\n    to: {switch: [$switch], bulb: [DARK]}\n  - to: {switch: ["ON"]}\n'
    promised = lamp(tmp_path, alone)
    # whatever the switch may be at the start; that it is ON is what the promise asks for
    assert len([one for one in promised.promises if one.operation == "switch-on"]) == 2
    assert delivers(promised).outcome is Outcome.HOLDS
    assert delivers(mutated(promised, Mutant("switch-on/guard", "without switch"))).outcome is Outcome.VIOLATED


def test_a_run_that_fails_owes_nothing(tmp_path: Path) -> None:
    """Without its save nothing is left as promised, but a run whose call fails is not accused of it."""
    promised = lamp(tmp_path, '  - to: {switch: ["ON"]}\n')
    failing = mutated(promised, Mutant("switch-on/switch/done", "omit switch"))
    for finding in delivers(failing).findings:
        assert finding.trace is not None
        assert all(step.exception is None for step in finding.trace.steps)


def test_a_run_that_is_disturbed_owes_nothing(tmp_path: Path) -> None:
    """The bulb may burn out while it is switched on: that is not the operation's fault."""
    outside = '  - to: {switch: ["ON"], bulb: [LIT]}\n    scenarios: [outside]\n'
    assert delivers(lamp(tmp_path, outside), "outside").outcome is Outcome.HOLDS


def test_nothing_is_asked_of_what_is_forgotten(tmp_path: Path) -> None:
    whole = lamp(tmp_path, '  - from: {bulb: [DARK]}\n    to: {switch: ["OFF"]}\n')
    by_start = [one for one in forget(whole, ["bulb"]).promises if one.operation == "switch-on"]
    assert [one.end for one in by_start] == [()]
    by_end = forget(lamp(tmp_path / "end", "  - to: {bulb: [DARK], task: [None]}\n"), ["bulb"])
    (promise,) = (one for one in by_end.promises if one.operation == "switch-on")
    assert [[variable for variable, _ in tests] for tests in promise.end] == [[whole.index("task")]]


@pytest.mark.parametrize(
    ("leaves", "found"),
    [
        ("  - to: {swich: [ON]}\n", "swich"),
        ("  - to: {switch: [$bulbs]}\n", "bulbs"),
        ("  - to: {switch: [DIM]}\n", "DIM"),
        ("  - to: {task: [None]}\n    scenarios: [sequentially]\n", "sequentially"),
        ("  - from: {task: [None]}\n", "to"),
    ],
)
def test_a_promise_that_says_nothing_is_refused_with_its_line(tmp_path: Path, leaves: str, found: str) -> None:
    with pytest.raises(InputError) as caught:
        lamp(tmp_path, leaves)
    assert any(found in fault.found and SWITCH_ON in fault.place for fault in caught.value.faults)
