"""How guards relate: what is known of the tables and of a small lifecycle, and both engines on random guards."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks import guards
from checks.guards import Condition, Relation, Space, accepted, between, members, relation, relations, words
from checks.smt.guards import examples
from cli.main import main
from model.lifecycle import Lifecycle, holds
from model.load import TABLES
from model.tables_reader import read_tables

DOOR = str(Path(__file__).parent / "lifecycles" / "door")


def test_start_and_stop_never_meet(nova: Lifecycle) -> None:
    found = relation(nova, "stop", "start")
    assert (found.word, found.examples.both, found.agreed) == ("disjoint", None, True)
    (only,) = words(found.space, found.only_second)
    assert only["vm_state"] == ("STOPPED",)


def test_a_hard_reboot_is_accepted_wherever_a_soft_one_is(nova: Lifecycle) -> None:
    found = relation(nova, "soft-reboot", "hard-reboot")
    assert (found.word, found.only_first) == ("within", 0)
    assert found.examples.second is not None
    assert found.examples.second["vm_state"] != "ACTIVE" or found.examples.second["task_state"] != "None"


def test_resize_and_migration_have_one_guard(nova: Lifecycle) -> None:
    assert relation(nova, "resize", "migrate").word == "equal"


@pytest.fixture(scope="module")
def every(nova: Lifecycle) -> list[Relation]:
    """How each two guards of Nova relate."""
    return list(relations(nova))


def test_both_engines_agree_on_every_two_guards(every: list[Relation]) -> None:
    assert every
    assert [one.operations for one in every if not one.agreed] == []


def test_whatever_is_accepted_of_an_instance_that_is_there_a_delete_is(every: list[Relation]) -> None:
    beside = {"create", "force-delete"}
    found = {one.operations: one.word for one in every if "delete" in one.operations and not beside & {*one.operations}}
    assert found
    assert {word for (first, _), word in found.items() if first == "delete"} == {"around"}
    assert {word for (first, _), word in found.items() if first != "delete"} == {"within"}


def test_a_relation_reads_the_same_from_both_sides(nova: Lifecycle, every: list[Relation]) -> None:
    opposite = {"within": "around", "around": "within"}
    for one in every[::20]:
        other = relation(nova, one.operations[1], one.operations[0])
        assert other.word == opposite.get(one.word, one.word)
        assert (other.only_first, other.only_second) == (one.only_second, one.only_first)


def test_the_counted_records_are_those_that_pass(nova: Lifecycle) -> None:
    for name in ("rescue", "force-delete", "evacuate", "get-console"):
        condition = guards.guard(nova, name)
        space = guards.space_of([nova], [condition])
        numbers = [nova.index(variable) for variable in space.variables]
        found = set(members(space, accepted(space, condition)))
        for places in product(*(range(len(values)) for values in space.values)):
            record = list(nova.initial)
            for number, place in zip(numbers, places, strict=True):
                record[number] = place
            passes = any(holds(one.when, tuple(record)) for one in nova.operations[name].guards)
            assert (places in found) == passes


@pytest.mark.parametrize(
    ("older", "newer", "changed"),
    [
        ("17", "18", {"live-migrate-abort"}),
        ("19", "20", {"resize", "migrate"}),
        ("22", "23", {"evacuate", "detach-volume"}),
        ("33", "34.0.0", set()),
    ],
)
def test_what_a_release_changed(older: str, newer: str, changed: set[str]) -> None:
    """nova/compute/api.py: check_instance_host since 20 on resize, since 23 on _detach_volume, with check_is_up."""
    found = list(between(read_tables(TABLES, older), read_tables(TABLES, newer)))
    assert all(one.agreed for one in found)
    assert {one.operations[0] for one in found if one.word != "equal"} == changed


def test_the_new_release_evacuates_whatever_the_task() -> None:
    """nova/compute/api.py:API.evacuate asks for task_state None until 22, and for none in particular from 23 on."""
    older, newer = read_tables(TABLES, "22"), read_tables(TABLES, "23")
    (found,) = (one for one in between(older, newer) if one.operations[0] == "evacuate")
    assert (found.word, found.releases) == ("within", ("22", "23"))
    (only,) = words(found.space, found.only_second)
    assert "None" not in only["task_state"]
    assert only["vm_state"] == ("ACTIVE", "STOPPED", "ERROR")
    assert found.examples.second is not None
    assert found.examples.second["task_state"] != "None"


def test_the_small_lifecycle(door: Lifecycle) -> None:
    found = relation(door, "open", "remove")
    assert (found.word, found.only_first, found.agreed) == ("within", 0, True)
    assert found.examples.both == {"position": "SHUT", "motion": "None", "frame": "THERE"}
    there = accepted(found.space, ({"frame": frozenset({"THERE"})},))
    (open_,) = members(found.space, accepted(found.space, guards.guard(door, "open")))
    left = set(members(found.space, there)) - {open_}
    assert set(members(found.space, found.only_second)) == left
    assert len(left) == 3 * 3 - 1


SPACE = Space(("a", "b", "c"), (("A", "B", "C"), ("A", "B"), ("A", "B", "C", "D", "E")))
CONDITIONS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.frozensets(st.sampled_from(values), min_size=1)
            for name, values in zip(SPACE.variables, SPACE.values, strict=True)
        },
    ),
    max_size=3,
).map(tuple)


@given(CONDITIONS, CONDITIONS)
@settings(max_examples=150, deadline=None)
def test_both_engines_find_the_same_parts(first: Condition, second: Condition) -> None:
    ours, theirs = accepted(SPACE, first), accepted(SPACE, second)
    parts = (ours & theirs, ours & ~theirs, theirs & ~ours)
    for records, found in zip(parts, examples(SPACE, first, second), strict=True):
        named = [
            dict(zip(SPACE.variables, (values[n] for values, n in zip(SPACE.values, one, strict=True)), strict=True))
            for one in members(SPACE, records)
        ]
        assert found is None if not named else found in named


@given(CONDITIONS)
@settings(max_examples=100, deadline=None)
def test_words_mean_the_same_records(condition: Condition) -> None:
    records = accepted(SPACE, condition)
    again = tuple({name: frozenset(values) for name, values in one.items()} for one in words(SPACE, records))
    assert accepted(SPACE, again) == records


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["guards", *arguments])
    output = capsys.readouterr()
    return int(caught.value.code or 0), output.out, output.err


def test_the_command_says_it_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--overlap", "open", "remove", "--tables", DOOR)
    assert status == 0
    assert "open and remove: remove accepts all that open accepts, and more" in out
    status, out, _ = run(capsys, "open", "--tables", DOOR)
    assert (status, out) == (0, "within: remove\n")
    status, out, _ = run(capsys, "--tables", DOOR)
    assert status == 0
    assert " 1  open      <" in out
    assert " 2  remove  >" in out
    status, out, _ = run(capsys, "--between", "22", "23")
    assert status == 0
    assert "evacuate: 23 accepts all that 22 accepts, and more" in out
    assert "task_state is not None" in out
    status, out, _ = run(capsys, "--between", "33", "34.0.0")
    assert (status, out) == (0, "33 and 34.0.0 accept the same records for every operation that both have\n")


def test_the_command_answers_machines(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--overlap", "open", "remove", "--tables", DOOR, "--json")
    (found,) = json.loads(out)
    assert status == 0
    assert (found["relation"], found["engines_agree"]) == ("within", True)
    assert found["only_first"] == {"example": None, "records": []}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--overlap", "stop", "stat"], "did you mean start?"),
        (["stop", "--overlap", "stop", "start"], "more than one question"),
        (["--between", "33", "99"], "unknown release '99'"),
        (["--between", "33", "34.0.0", "--release", "33"], "name the releases behind --between"),
    ],
)
def test_bad_input_is_answered_with_a_remedy(
    capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    status, _, err = run(capsys, *arguments)
    assert status == 2
    assert word in err


def test_engines_that_differ_fail_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "entered", lambda *_: ({},))
    status, _, err = run(capsys, "--overlap", "open", "remove", "--tables", DOOR)
    assert status == 1
    assert "the engines differ on open and remove" in err
