"""The step semantics, on a lifecycle small enough to work out by hand."""

from __future__ import annotations

from dataclasses import replace

from model.explore import Configuration, Space, completed, explore
from model.lifecycle import Lifecycle, holds
from model.liveness import liveness
from model.program import FINISHED, Save
from model.semantics import Semantics
from model.state import parse_state, state_name, state_of


def shown(lifecycle: Lifecycle, space: Space) -> set[tuple[str, int]]:
    """The states met, each with how many processes were in flight."""
    present = lifecycle.predicates["present"]
    return {
        (state_name(lifecycle, state_of(lifecycle, record)), len(controls))
        for record, controls in space.configurations
        if holds(present, record)
    }


def test_one_request_ends_where_its_program_ends(door: Lifecycle) -> None:
    space = explore(Semantics(door), door.scenarios["calm"])
    assert {state for state, flying in shown(door, space) if not flying} == {"SHUT/None/OFF", "OPEN/None/LIT"}


def test_a_failure_takes_the_handler_and_leaves_what_it_does_not_write(door: Lifecycle) -> None:
    space = explore(Semantics(door), door.scenarios["sequential"])
    resting = {state for state, flying in shown(door, space) if not flying}
    assert resting == {"SHUT/None/OFF", "OPEN/None/LIT", "JAMMED/OPENING/OFF"}


def test_a_refused_save_leaves_its_fields_dirty_and_the_handler_writes_them(door: Lifecycle) -> None:
    """`done` is refused because the task is REMOVING; `jam` then writes motion None, which `done` had asked for."""
    space = explore(Semantics(door), door.scenarios["pair"])
    erased = [
        step
        for number in range(len(space.configurations))
        for step, target in space.edges[number]
        if step.row == "policies/jams/jam"
        and state_name(door, state_of(door, space.configurations[number][0])).startswith("SHUT/REMOVING")
        and state_name(door, state_of(door, space.configurations[target][0])) == "JAMMED/None/LIT"
    ]
    assert erased


def test_a_save_on_a_row_that_is_gone_raises_and_writes_nothing(door: Lifecycle) -> None:
    space = explore(Semantics(door), door.scenarios["pair"])
    gone = door.predicates["gone"]
    raised = [
        (space.configurations[number][0], space.configurations[target][0])
        for number, leaving in enumerate(space.edges)
        for step, target in leaving
        if step.exception == "not_found"
    ]
    assert raised
    assert all(holds(gone, before) and before == after for before, after in raised)


def test_the_lock_excludes(door: Lifecycle) -> None:
    semantics = Semantics(door)
    space = explore(semantics, door.scenarios["pair"])
    for _, controls in space.configurations:
        holders = [c for c in controls if (i := semantics.instruction(c)) is not None and i.holds]
        assert len(holders) <= 1


def test_a_message_waits_for_its_service_and_survives_its_crash(door: Lifecycle) -> None:
    space = explore(Semantics(door), door.scenarios["crash"])
    motor = door.index("motor")
    down = door.variables[motor].values.index("DOWN")
    waiting = [controls for record, controls in space.configurations if record[motor] == down and controls]
    assert waiting
    for number, (record, controls) in enumerate(space.configurations):
        if record[motor] == down and controls:
            assert not any(step.row == "open/press/cast" for step, _ in space.edges[number])


def test_a_crash_kills_what_runs_in_the_service_and_leaves_the_record(door: Lifecycle) -> None:
    semantics = Semantics(door)
    space = explore(semantics, door.scenarios["crash"])
    width = len(door.state_variables)
    crashes = [
        (space.configurations[number], space.configurations[target])
        for number, leaving in enumerate(space.edges)
        for step, target in leaving
        if step.kind == "crash"
    ]
    assert any(len(before[1]) > len(after[1]) for before, after in crashes)
    assert all(before[0][:width] == after[0][:width] for before, after in crashes)


def test_recovery_repairs_what_the_crash_interrupted(door: Lifecycle) -> None:
    state = parse_state(door, "shut/opening/off")
    record = list(completed(door, state))
    record[door.index("motor")] = door.variables[door.index("motor")].values.index("DOWN")
    space = explore(Semantics(door), door.scenarios["crash"], [(tuple(record), ())])
    start: Configuration = (tuple(record), ())
    recovered = [step.row for number, leaving in enumerate(space.edges) for step, _ in leaving]
    assert space.configurations[0] == start
    assert "recover/start/jam" in recovered


def test_a_lost_message_ends_its_process(door: Lifecycle) -> None:
    space = explore(Semantics(door), door.scenarios["lost"])
    assert ("SHUT/OPENING/OFF", 0) in shown(door, space)
    assert ("SHUT/OPENING/OFF", 0) not in shown(door, explore(Semantics(door), door.scenarios["sequential"]))


def test_every_rule_of_a_save_is_exclusive_and_together_they_are_total(door: Lifecycle) -> None:
    """Whatever the record, a save does exactly one thing."""
    from itertools import product

    from model.conditions import passes

    semantics = Semantics(door)
    explore(semantics, door.scenarios["pair"])
    records = list(product(*(range(len(variable.values)) for variable in door.variables)))
    saves = [n for n in range(2, len(semantics.controls)) if isinstance(semantics.instruction(n), Save)]
    assert saves
    for control in saves:
        for record in records:
            assert sum(passes(rule.when, record) for rule in semantics.rules(control)) == 1


def test_whoever_goes_on_for_the_dead_has_all_that_was_dirty_before_the_step(door: Lifecycle) -> None:
    """A save writes the position anew, so that what was dirty is of no use; but who dies there has not saved."""
    position = door.index("position")

    def save(number: int, writes: tuple[tuple[int, int], ...], killed: int | None) -> Save:
        return Save(f"open/turn/p{number}", "open", "motor", False, killed, writes, None, (), None, FINISHED, ())

    def dirty_before(killed: int | None) -> frozenset[int]:
        instructions = (save(0, ((position, 0),), killed), save(1, (), None))
        return liveness(replace(door, instructions=instructions))[1][0]

    assert position not in dirty_before(None)
    assert position in dirty_before(1)
