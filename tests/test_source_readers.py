"""What the readers find in a small source tree of Nova's idioms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from small_nova import line_of, write_tree

from checks.conformance.source.facts import SourceFacts, Write
from checks.conformance.source.fetch import Tree
from checks.conformance.source.read import read_source

MANAGER = "nova/compute/manager.py"
API = "nova/compute/api.py"


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> SourceFacts:
    return read_source(Tree(write_tree(tmp_path_factory.mktemp("nova")), None))


def read(root: Path, *changes: tuple[str, str, str]) -> SourceFacts:
    return read_source(Tree(write_tree(root, *changes), None))


def writes_of(facts: SourceFacts, function: str) -> list[tuple[object, Mapping[str, str | None]]]:
    """What *function* decides to write: the expected set and the values."""
    return [(w.expected, w.sets) for w in facts.writes if w.place.function == function and not w.generic]


def test_constants_have_their_wire_values(facts: SourceFacts) -> None:
    values = {constant.name: constant.value for constant in facts.constants}
    assert values["vm_state.SOFT_DELETED"] == "soft-delete"
    assert values["task_state.POWERING_OFF"] == "powering-off"
    assert values["power_state.SHUTDOWN"] == 3


def test_named_sets_are_computed(facts: SourceFacts) -> None:
    members = {constant.name: constant.members for constant in facts.constants}
    assert members["vm_state.ALLOW_STOP"] == ("ACTIVE", "ERROR")
    assert members["task_state.MAY_INTERRUPT"] == (None, "RESIZING")


def test_a_guard_takes_the_defaults_of_the_decorator(facts: SourceFacts) -> None:
    stop = next(guard for guard in facts.guards if guard.place.function == "API.stop")
    assert stop.vm_states == ("ACTIVE", "ERROR")
    assert stop.task_states == (None,)
    assert stop.must_have_launched
    assert (stop.checks_lock, stop.checks_host, stop.checks_host_is_up) == (True, True, True)
    assert stop.place.line == line_of(API, "vm_state=vm_states.ALLOW_STOP")


def test_a_guard_can_accept_anything(facts: SourceFacts) -> None:
    delete = next(guard for guard in facts.guards if guard.place.function == "API.delete")
    assert (delete.vm_states, delete.task_states, delete.checks_lock) == (None, None, False)


def test_a_guard_can_take_a_named_set(facts: SourceFacts) -> None:
    resize = next(guard for guard in facts.guards if guard.place.function == "API.resize")
    assert resize.task_states == (None, "RESIZING")
    assert not resize.must_have_launched


def test_rejections_and_own_tests_are_guards(facts: SourceFacts) -> None:
    found = {guard.condition: guard for guard in facts.guards if guard.place.function == "API.console"}
    assert found["@reject_instance_state"].task_states == ("DELETING",)
    own = found["instance.vm_state != vm_states.ACTIVE"]
    assert own.rejects
    assert own.vm_states == ("BUILDING", "STOPPED", "SOFT_DELETED", "ERROR")
    assert own.task_states is None


def test_a_save_with_its_expected_set(facts: SourceFacts) -> None:
    assert writes_of(facts, "API.stop") == [((None,), {"task_state": "POWERING_OFF"})]
    assert writes_of(facts, "API.resize") == [((None, "RESIZING"), {"task_state": "RESIZING"})]


def test_keywords_passed_through_a_helper(facts: SourceFacts) -> None:
    assert writes_of(facts, "API.delete") == [(None, {"task_state": "DELETING"})]
    assert writes_of(facts, "API.soft_delete") == [(None, {"task_state": "SOFT_DELETING"})]


def test_a_write_names_the_calls_that_lead_to_it(facts: SourceFacts) -> None:
    write = next(w for w in facts.writes if w.place.function == "API.delete")
    assert [place.function for place in write.places] == ["API.delete", "API._delete"]
    assert write.save.line == line_of(API, "instance.save()")


def test_a_list_that_grows_on_one_branch_gives_two_writes(facts: SourceFacts) -> None:
    values = {"vm_state": "STOPPED", "task_state": None, "power_state": "$driver"}
    found = writes_of(facts, "ComputeManager.stop_instance.do_stop_instance")
    assert [sets for _, sets in found] == [values, values]
    assert {expected for expected, _ in found} == {("POWERING_OFF",), (None, "POWERING_OFF")}


def test_fields_that_a_helper_changes_are_written_by_its_caller(facts: SourceFacts) -> None:
    own = [w for w in facts.writes if w.place.function == "ComputeManager.resize_instance" and len(w.places) == 1]
    assert {(w.expected, w.sets["vm_state"], w.sets["task_state"]) for w in own} == {
        (("RESIZING",), "ACTIVE", None),
        (("RESIZING",), "STOPPED", None),
    }


def test_a_context_manager_writes_what_its_caller_passes(facts: SourceFacts) -> None:
    through = [w for w in facts.writes if w.place.function == "ComputeManager.resize_instance" and len(w.places) == 3]
    assert [w.sets for w in through] == [{"vm_state": "$vm_state", "task_state": None}]
    own = [w for w in facts.writes if w.place.function == "ComputeManager._error_out_instance_on_exception"]
    assert sorted((w.generic, w.sets["vm_state"]) for w in own) == [(False, "ERROR"), (True, "$instance_state")]


def test_a_decorator_writes_through_the_class(facts: SourceFacts) -> None:
    assert writes_of(facts, "reverts_task_state.decorated_function") == [(None, {"task_state": None})]


def test_a_callback_is_followed_to_the_driver(facts: SourceFacts) -> None:
    found = {
        (w.expected, w.sets["task_state"])
        for w in facts.writes
        if w.save.function == "ComputeManager._snapshot.update_task_state" and not w.generic
    }
    assert found == {(("IMAGE_SNAPSHOT",), "IMAGE_UPLOADING"), (("IMAGE_UPLOADING",), None)}


def test_a_helper_alone_is_generic(facts: SourceFacts) -> None:
    alone = [w for w in facts.writes if w.places[0].function == "ComputeManager._set_instance_obj_error_state"]
    assert all(w.generic for w in alone)
    assert sorted("task_state" in w.sets for w in alone) == [False, True]


def test_everything_is_resolved(facts: SourceFacts) -> None:
    assert facts.unresolved == ()


def test_recovery_branches_stand_in_order(facts: SourceFacts) -> None:
    assert [(b.order, b.stops, list(b.writes)) for b in facts.recovery] == [
        (1, True, []),
        (2, True, [{"vm_state": "ERROR", "task_state": None}]),
        (3, True, []),
        (4, False, [{"task_state": None}]),
    ]
    assert facts.recovery[2].calls == ("stop_instance",)


def test_recovery_of_every_state(facts: SourceFacts) -> None:
    cells = {(c.vm_state, c.task_state, c.power_state): c.outcomes for c in facts.recovered}
    assert len(cells) == 5 * 7 * 3
    assert cells["BUILDING", "DELETING", "NOSTATE"] == (("vm_state=ERROR", "task_state=None"),)
    assert cells["ACTIVE", "POWERING_OFF", "RUNNING"] == (("stop_instance",),)
    assert cells["ACTIVE", "RESIZING", "RUNNING"] == (("task_state=None",),)
    assert cells["ACTIVE", "DELETING", "RUNNING"] == ((),)


def test_synchronisation_of_every_state(facts: SourceFacts) -> None:
    cells = {(c.vm_state, c.power_state): c.actions for c in facts.synchronisation}
    assert len(cells) == 5 * 3
    acting = {cell: actions for cell, actions in cells.items() if actions}
    assert acting == {("ACTIVE", "SHUTDOWN"): ("stop",), ("STOPPED", "RUNNING"): ("force_stop",)}


def test_status_of_every_state(facts: SourceFacts) -> None:
    cells = {(c.vm_state, c.task_state): c.status for c in facts.status}
    assert len(cells) == 5 * 7
    assert cells["ACTIVE", "RESIZING"] == "RESIZE"
    assert cells["ACTIVE", None] == cells["ACTIVE", "DELETING"] == "ACTIVE"
    assert cells["STOPPED", "RESIZING"] == "SHUTOFF"


def test_decorators_and_locks(facts: SourceFacts) -> None:
    found = {(w.place.function, w.name, w.kind) for w in facts.wrappers}
    assert ("ComputeManager.stop_instance", "reverts_task_state", "decorator") in found
    assert ("ComputeManager.stop_instance.do_stop_instance", "utils.synchronized", "lock") in found
    assert ("ComputeManager.resize_instance", "self._error_out_instance_on_exception", "context") in found


def test_an_undetermined_value_is_listed_not_guessed(tmp_path: Path) -> None:
    facts = read(tmp_path, (API, "instance.task_state = task_states.POWERING_OFF", "instance.task_state = elsewhere()"))
    assert [(u.place.function, "elsewhere()" in u.what) for u in facts.unresolved] == [("API.stop", True)]


def test_an_unknown_dict_is_listed_not_guessed(tmp_path: Path) -> None:
    facts = read(tmp_path, (API, "instance.task_state = task_states.RESIZING", "instance.update(load())"))
    assert any(u.place.function == "API.resize" for u in facts.unresolved)


def test_a_file_of_python_2_is_listed(tmp_path: Path) -> None:
    facts = read(tmp_path, ("nova/virt/fake.py", "class FakeDriver:", "print 'vm_state'\n\n\nclass FakeDriver:"))
    assert any(u.place.file == "nova/virt/fake.py" and "Python 3" in u.what for u in facts.unresolved)


def test_async_as_a_name_is_read(tmp_path: Path) -> None:
    facts = read(tmp_path, (API, "def stop(self, context, instance", "def stop(self, context, instance, async=True"))
    assert facts.unresolved == ()
    assert writes_of(facts, "API.stop")


def test_a_handler_sees_what_the_try_assigned(tmp_path: Path) -> None:
    changed = """try:
            state = vm_states.STOPPED
            self.driver.go()
        except Exception:
            instance.vm_state = state
            instance.save(expected_task_state=[None])
"""
    assigns = "instance.task_state = task_states.RESIZING"
    saves = "instance.save(expected_task_state=task_states.MAY_INTERRUPT)"
    old = f"{assigns}\n        {saves}\n"
    facts = read(tmp_path, (API, old, changed))
    assert ((None,), {"vm_state": "STOPPED"}) in writes_of(facts, "API.resize")


def test_writes_are_sorted_and_distinct(facts: SourceFacts) -> None:
    keys = [(w.save, w.places) for w in facts.writes]
    assert keys == sorted(keys)
    assert len({repr(w) for w in facts.writes}) == len(facts.writes)
    assert all(isinstance(w, Write) for w in facts.writes)
