"""The tables against facts that agree with them, and against facts that were changed on purpose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.conformance.source.behaviour import synchronisation_differences
from checks.conformance.source.compare import Conformance, compare
from checks.conformance.source.facts import Guard, Place, SourceFacts, Synchronisation, Write
from model.lifecycle import Lifecycle
from model.load import load

API = "nova/compute/api.py"
STOP = Place(API, "API.stop", 12)
FORCE_STOP = Place(API, "API.force_stop", 21)
REQUEST = Write((FORCE_STOP,), "save", (None,), None, {"task_state": "POWERING_OFF"}, generic=False)
GUARD = Guard(STOP, False, ("ACTIVE", "ERROR"), (None,), True, True, True, False, "@check_instance_state")
ROW = "stop/force_stop/request"


@pytest.fixture(scope="module")
def lifecycle() -> Lifecycle:
    return load()


def facts(writes: tuple[Write, ...] = (REQUEST,), guards: tuple[Guard, ...] = (GUARD,)) -> SourceFacts:
    return SourceFacts(None, (STOP, FORCE_STOP), (), guards, writes, (), (), (), (), (), ())


def about(result: Conformance, what: str) -> list[str]:
    return [item.table for item in result.matched if item.what == what]


def test_what_agrees(lifecycle: Lifecycle) -> None:
    result = compare(lifecycle, facts())
    assert [place for place in about(result, "write") if ROW in place]
    assert about(result, "guard")
    assert result.only_in_source == ()


def test_a_dropped_expected_set_differs_on_its_line(lifecycle: Lifecycle) -> None:
    result = compare(lifecycle, facts((replace(REQUEST, expected=None),)))
    found = [item for item in result.differing if ROW in item.table_place]
    assert [(item.source_place, "expecting nothing" in item.source_says) for item in found] == [(str(FORCE_STOP), True)]
    assert "{None}" in found[0].table_says


def test_another_value_differs(lifecycle: Lifecycle) -> None:
    result = compare(lifecycle, facts((replace(REQUEST, sets={"task_state": "POWERING_ON"}),)))
    assert any(ROW in item.table_place and "POWERING_ON" in item.source_says for item in result.differing)


def test_a_write_that_is_gone(lifecycle: Lifecycle) -> None:
    result = compare(lifecycle, facts(()))
    assert any(ROW in item.place for item in result.only_in_tables)


def test_a_write_that_no_row_knows(lifecycle: Lifecycle) -> None:
    result = compare(lifecycle, facts((REQUEST, replace(REQUEST, sets={"vm_state": "ERROR"}))))
    assert [item.place for item in result.only_in_source] == [str(FORCE_STOP)]
    assert not result.complete


def test_a_generic_helper_needs_no_row(lifecycle: Lifecycle) -> None:
    helper = replace(REQUEST, sets={"vm_state": "$state"}, generic=True)
    assert compare(lifecycle, facts((REQUEST, helper))).only_in_source == ()


def test_a_widened_guard_differs_on_its_line(lifecycle: Lifecycle) -> None:
    wider = replace(GUARD, vm_states=("ACTIVE", "ERROR", "PAUSED"))
    result = compare(lifecycle, facts(guards=(wider,)))
    found = [item for item in result.differing if item.what == "guard"]
    assert {item.source_place for item in found} == {str(STOP)}
    assert all("(PAUSED, None)" in item.source_says for item in found)


def test_a_guard_that_no_longer_asks_for_a_launch_differs(lifecycle: Lifecycle) -> None:
    result = compare(lifecycle, facts(guards=(replace(GUARD, must_have_launched=False),)))
    assert [item for item in result.differing if item.what == "guard"]


def test_a_guard_that_no_operation_has(lifecycle: Lifecycle) -> None:
    other = replace(GUARD, place=Place(API, "API.dance", 30))
    result = compare(lifecycle, facts(guards=(GUARD, other)))
    assert [item.place for item in result.only_in_source] == [str(other.place)]


def test_a_citation_of_a_function_that_does_not_exist(lifecycle: Lifecycle) -> None:
    result = compare(lifecycle, facts())
    assert any(item.what == "citation" and "pause_instance" in item.says for item in result.only_in_tables)


def test_synchronisation_that_agrees_and_that_does_not(lifecycle: Lifecycle) -> None:
    agreeing = Synchronisation("ACTIVE", "SHUTDOWN", ("stop",)), Synchronisation("PAUSED", "RUNNING", ())
    assert list(synchronisation_differences(lifecycle, replace(facts(), synchronisation=agreeing))) == []
    changed = (Synchronisation("ACTIVE", "SHUTDOWN", ()), Synchronisation("PAUSED", "RUNNING", ("stop",)))
    found = list(synchronisation_differences(lifecycle, replace(facts(), synchronisation=changed)))
    assert [cell for cell, _, _ in found] == ["ACTIVE/SHUTDOWN", "PAUSED/RUNNING"]
