"""States as people write them."""

from __future__ import annotations

import pytest

from model.errors import InputError
from model.lifecycle import Lifecycle
from model.state import parse_pattern, parse_state, state_name, states


@pytest.mark.parametrize(
    "text",
    ["SOFT_DELETED/DELETING/SHUTDOWN", "soft-delete/deleting/shutdown", "soft_deleted/Deleting/ShutDown"],
)
def test_constants_and_wire_names_in_any_case(nova: Lifecycle, text: str) -> None:
    assert state_name(nova, parse_state(nova, text)) == "SOFT_DELETED/DELETING/SHUTDOWN"


def test_the_same_name_means_another_thing_in_another_place(nova: Lifecycle) -> None:
    assert state_name(nova, parse_state(nova, "paused/none/suspended")) == "PAUSED/None/SUSPENDED"
    assert state_name(nova, parse_state(nova, "suspended/none/paused")) == "SUSPENDED/None/PAUSED"


def test_any_value(nova: Lifecycle) -> None:
    assert len(list(states(parse_pattern(nova, "*/*/*")))) == 12 * 43 * 6
    assert len(list(states(parse_pattern(nova, "active")))) == 43 * 6
    assert len(list(states(parse_pattern(nova, "active/*/running")))) == 43


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ACTVE/None/RUNNING", "did you mean ACTIVE"),
        ("active/powering_of/running", "did you mean POWERING_OFF"),
        ("deleting", "deleting is a task_state"),
        ("a/b/c/d", "not a state"),
        ("", "not a state"),
    ],
)
def test_a_mistyped_name_is_answered_with_the_nearest(nova: Lifecycle, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_pattern(nova, text)


def test_one_state_leaves_nothing_open(nova: Lifecycle) -> None:
    with pytest.raises(InputError, match="leaves task_state, power_state open"):
        parse_state(nova, "active")
