"""Functions that judge an instance's state by tests of their own, read from a small source tree of Nova's idioms."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_nova import write_tree

from checks.conformance.source.facts import Asked, SourceFacts
from checks.conformance.source.fetch import Tree
from checks.conformance.source.read import read_source

API, MANAGER = "nova/compute/api.py", "nova/compute/manager.py"
REFUSES = """class API:
    def _check_tags(self, context, instance):
        if instance.vm_state not in (vm_states.ACTIVE, vm_states.STOPPED):
            raise exception.InstanceInvalidState(attr='vm_state')

    def _check_shares(self, context, instance, action):
        if ((action == 'create' and instance.vm_state not in vm_states.STOPPED) or
                (action == 'delete' and
                 instance.vm_state not in vm_states.STOPPED and
                 instance.vm_state not in vm_states.ERROR)):
            raise exception.InstanceInvalidState(attr='vm_state')

"""
ANSWERS = """class ComputeManager:
    @staticmethod
    def _is_valid(instance, target):
        if ((target == events.ON and instance.task_state is None and
                instance.vm_state == vm_states.STOPPED and
                instance.power_state == power_state.SHUTDOWN) or
            (target == events.OFF and instance.task_state is None and
                instance.vm_state == vm_states.ACTIVE and
                instance.power_state == power_state.RUNNING)):
            return True
        return False

"""
EVERY_TASK = 7


def read(root: Path, *changes: tuple[str, str]) -> SourceFacts:
    """The facts of the tree with the functions above, in whose text each (old, new) of *changes* is made."""
    refuses, answers = REFUSES, ANSWERS
    for old, new in changes:
        assert (refuses + answers).count(old) == 1, old
        refuses, answers = refuses.replace(old, new), answers.replace(old, new)
    return read_source(
        Tree(write_tree(root, (API, "class API:\n", refuses), (MANAGER, "class ComputeManager:\n", answers)), None)
    )


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> SourceFacts:
    return read(tmp_path_factory.mktemp("nova"))


def judgements(facts: SourceFacts, function: str) -> list[Asked]:
    return [each for each in facts.asked if each.place.function == function and "vm_state" in each.decides]


def accepted(judgement: Asked) -> dict[str, tuple[str, ...]]:
    return {need.variable: need.values for need in judgement.needs}


def test_what_a_helper_does_not_refuse(facts: SourceFacts) -> None:
    (judgement,) = judgements(facts, "API._check_tags")
    assert judgement.word is None
    assert judgement.decides == ("vm_state", "task_state")
    assert accepted(judgement)["vm_state"] == ("ACTIVE", "STOPPED")
    assert len(accepted(judgement)["task_state"]) == EVERY_TASK
    assert {need.place.line for need in judgement.needs} == {judgement.place.line + 1}


def test_each_word_is_a_judgement(facts: SourceFacts) -> None:
    found = {each.word: accepted(each)["vm_state"] for each in judgements(facts, "API._check_shares")}
    assert found == {"action == 'create'": ("STOPPED",), "action == 'delete'": ("ERROR", "STOPPED")}


def test_a_function_that_answers(facts: SourceFacts) -> None:
    found = {each.word: accepted(each) for each in judgements(facts, "ComputeManager._is_valid")}
    assert found == {
        "target == events.ON": {"vm_state": ("STOPPED",), "task_state": ("None",), "power_state": ("SHUTDOWN",)},
        "target == events.OFF": {"vm_state": ("ACTIVE",), "task_state": ("None",), "power_state": ("RUNNING",)},
    }


def test_a_refusal_beside_a_decorator_is_no_judgement_of_its_own(facts: SourceFacts) -> None:
    assert judgements(facts, "API.console") == []
    assert facts.unresolved == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("if instance.vm_state not in (", "if self.strict or instance.vm_state not in ("),
        ("target == events.ON and", "target == events.ON and self.strict and"),
        (
            "(vm_states.ACTIVE, vm_states.STOPPED):",
            "(vm_states.ACTIVE,) and instance.task_state is not None:",
        ),
    ],
    ids=["an unknown test", "an unknown answer", "states that go together"],
)
def test_what_cannot_be_determined_is_listed_not_guessed(tmp_path: Path, old: str, new: str) -> None:
    facts = read(tmp_path, (old, new))
    assert ["which states this accepts" in item.what for item in facts.unresolved] == [True]
