"""What guards ask for beside the states, against facts that agree with the tables and facts that were changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.conformance.source.compare import Difference, compare
from checks.conformance.source.facts import Asked, Need, Place, SourceFacts
from checks.mutation.mutants import Mutant, mutants
from checks.mutation.source import noticed_by_source
from model.lifecycle import Lifecycle
from model.load import load

API, MANAGER = "nova/compute/api.py", "nova/compute/manager.py"
HOST, UP = ("host", ("SET",)), ("compute", ("UP",))
FINISHED = ("migration", ("finished",))
ABORTED = ("migration", ("preparing", "queued", "running"))
SHELVED = (("vm_state", ("SHELVED",)), ("task_state", ("None",)), HOST, UP)
ACTIVE, STOPPED, NO_TASK = ("vm_state", ("ACTIVE",)), ("vm_state", ("STOPPED",)), ("task_state", ("None",))
TAGS, SHARES = "nova/api/openstack/compute/server_tags.py", "nova/api/openstack/compute/server_shares.py"
CHECK, SHARE = (f"{name}._check_instance_in_valid_state" for name in ("ServerTagsController", "ServerSharesController"))
POWER = "ComputeManager._is_state_valid_for_power_update_event"
TASK = "ComputeManager._poll_shelved_instances"
SNAPSHOT = "API.volume_snapshot_create.do_volume_snapshot_create"


def asked(file: str, function: str, *needs: tuple[str, tuple[str, ...]]) -> Asked:
    """What *function*, which stands at line 10, needs: each need has a line of its own after it."""
    listed = [
        Need(Place(file, function, line), variable, values, None, f"asks for {variable}")
        for line, (variable, values) in enumerate(needs, start=11)
    ]
    return Asked(Place(file, function, 10), tuple(listed))


def judging(file: str, function: str, word: str | None, *needs: tuple[str, tuple[str, ...]]) -> Asked:
    """What *function* accepts when it is given *word*: on these variables it decides alone."""
    return replace(asked(file, function, *needs), decides=tuple(variable for variable, _ in needs), word=word)


RIGHT = (
    asked(API, "API.start", HOST),
    asked(API, "API.resize", HOST, UP),
    asked(API, "API.get_vnc_console", HOST),
    asked(API, "API.trigger_crash_dump", HOST),
    asked(API, SNAPSHOT, HOST),
    asked(API, "API.confirm_resize", FINISHED),
    asked(API, "API.live_migrate_abort", ABORTED),
    asked(API, "API.pause"),
    asked(MANAGER, TASK, *SHELVED),
    judging(TAGS, CHECK, None, ("vm_state", ("ACTIVE", "PAUSED", "SUSPENDED", "STOPPED"))),
    judging(SHARES, SHARE, "create", ("vm_state", ("STOPPED",))),
    judging(SHARES, SHARE, "delete", ("vm_state", ("STOPPED", "ERROR"))),
    judging(MANAGER, POWER, "on", STOPPED, NO_TASK, ("power_state", ("SHUTDOWN",))),
    judging(MANAGER, POWER, "off", ACTIVE, NO_TASK, ("power_state", ("RUNNING",))),
)


@pytest.fixture(scope="module")
def lifecycle() -> Lifecycle:
    return load()


def facts(*functions: Asked) -> SourceFacts:
    return SourceFacts(None, (), (), (), (), (), (), (), (), (), (), functions)


def changed(function: str, *needs: tuple[str, tuple[str, ...]]) -> SourceFacts:
    """The facts that agree, but for what *function* needs."""
    assert any(each.place.function == function for each in RIGHT)
    return facts(
        *(asked(each.place.file, function, *needs) if each.place.function == function else each for each in RIGHT)
    )


def conditions(lifecycle: Lifecycle, facts: SourceFacts) -> list[Difference]:
    return [item for item in compare(lifecycle, facts).differing if item.what == "condition"]


def test_what_agrees(lifecycle: Lifecycle) -> None:
    assert conditions(lifecycle, facts(*RIGHT)) == []


def test_a_condition_that_the_source_does_not_have(lifecycle: Lifecycle) -> None:
    (found,) = conditions(lifecycle, changed("API.start"))
    assert found.table_place == lifecycle.rows["start/guard"].place
    assert found.source_place == f"{API}:10 (API.start)"
    assert (found.table_says, found.source_says) == ("host is SET", "any host, nothing asks for it")


def test_a_condition_that_the_tables_lack(lifecycle: Lifecycle) -> None:
    (found,) = conditions(lifecycle, changed("API.pause", HOST))
    assert found.table_place == lifecycle.rows["pause/guard"].place
    assert found.source_place == f"{API}:11 (API.pause)"
    assert (found.table_says, found.source_says) == ("any host", "host is SET by asks for host")


def test_every_guard_that_cites_the_function_differs(lifecycle: Lifecycle) -> None:
    found = conditions(lifecycle, changed("API.resize", HOST))
    assert {item.table_place for item in found} == {
        lifecycle.rows[f"{name}/guard"].place for name in ("resize", "migrate")
    }
    assert {item.table_says for item in found} == {"compute is UP"}


def test_another_service(lifecycle: Lifecycle) -> None:
    found = conditions(lifecycle, changed("API.resize", HOST, ("compute", ("DOWN",))))
    assert {(item.source_place, item.source_says) for item in found} == {
        (f"{API}:12 (API.resize)", "compute is DOWN by asks for compute")
    }


def test_another_status(lifecycle: Lifecycle) -> None:
    (found,) = conditions(lifecycle, changed("API.confirm_resize", ("migration", ("confirming",))))
    assert (found.table_says, found.source_says) == (
        "migration is FINISHED",
        "migration is CONFIRMING by asks for migration",
    )


def test_a_status_that_no_instance_of_the_tables_can_have(lifecycle: Lifecycle) -> None:
    (found,) = conditions(lifecycle, changed("API.confirm_resize", ("migration", ("strange",))))
    assert found.source_says == "migration is nothing that there is by asks for migration"


def test_one_status_less(lifecycle: Lifecycle) -> None:
    (found,) = conditions(lifecycle, changed("API.live_migrate_abort", ("migration", ("preparing", "running"))))
    assert found.source_says == "migration is PREPARING or RUNNING by asks for migration"


def test_what_is_asked_of_some_vm_states_names_them(lifecycle: Lifecycle) -> None:
    stopped = replace(asked(API, "API.resize", HOST, UP).needs[1], vm_states=("STOPPED",))
    only = Asked(Place(API, "API.resize", 10), (asked(API, "API.resize", HOST).needs[0], stopped))
    found = conditions(lifecycle, facts(only))
    assert {item.table_says for item in found} == {"compute is UP in ACTIVE"}
    assert {item.source_says for item in found} == {"any compute in ACTIVE by asks for compute"}


def test_a_query_that_finds_less_differs(lifecycle: Lifecycle) -> None:
    (found,) = conditions(lifecycle, changed(TASK, ("vm_state", ("SHELVED_OFFLOADED",)), *SHELVED[1:]))
    assert found.table_says == "vm_state is SHELVED"
    assert found.source_says == "vm_state is SHELVED_OFFLOADED by asks for vm_state"


def test_a_task_may_pass_over_what_a_query_finds(lifecycle: Lifecycle) -> None:
    assert conditions(lifecycle, changed(TASK, ("vm_state", ("SHELVED", "ERROR")), HOST, UP)) == []


@pytest.mark.parametrize("accepted", [("ACTIVE",), ("ACTIVE", "PAUSED", "SUSPENDED", "STOPPED", "ERROR")])
def test_what_a_function_decides_alone_is_admitted_neither_more_nor_less(
    lifecycle: Lifecycle, accepted: tuple[str, ...]
) -> None:
    (found,) = conditions(lifecycle, facts(judging(TAGS, CHECK, None, ("vm_state", accepted))))
    assert found.table_place == lifecycle.rows["tags/guard"].place
    assert (found.source_place, "ACTIVE" in found.source_says) == (f"{TAGS}:11 ({CHECK})", True)


def test_a_guard_may_say_in_two_conditions_what_a_function_accepts(lifecycle: Lifecycle) -> None:
    tags = lifecycle.operations["tags"]
    (guard,), index = tags.guards, lifecycle.index("vm_state")
    ((conjunction,), known) = guard.when, lifecycle.variables[index].values
    (accepted,) = [values for variable, values in conjunction if variable == index]
    active = frozenset({known.index("ACTIVE")})
    when = tuple(
        tuple((variable, part if variable == index else values) for variable, values in conjunction)
        for part in (active, accepted - active)
    )
    operations = {**lifecycle.operations, "tags": replace(tags, guards=(replace(guard, when=when),))}
    assert conditions(replace(lifecycle, operations=operations), facts(*RIGHT)) == []


def test_a_guard_is_for_one_of_the_words(lifecycle: Lifecycle) -> None:
    """The words of the others are shown only where none agrees, and then that which differs least."""
    kept = [each for each in RIGHT if each.word != "delete"]
    (found,) = conditions(lifecycle, facts(*kept))
    assert found.table_place == lifecycle.rows["detach-share/guard"].place
    assert (found.table_says, found.source_says) == (
        "vm_state is STOPPED or ERROR",
        "vm_state is STOPPED by asks for vm_state",
    )
    changed = [replace(each, needs=each.needs[:2]) if each.word == "off" else each for each in RIGHT]
    (other,) = conditions(lifecycle, facts(*changed))
    assert other.table_place == lifecycle.rows["power-update/guard-2"].place
    assert other.source_says == "any power_state, nothing asks for it"


def test_a_function_of_which_nothing_was_read_is_not_compared(lifecycle: Lifecycle) -> None:
    assert conditions(lifecycle, facts()) == []


LOST = [
    Mutant("start/guard", "without host"),
    Mutant("resize/guard", "without host"),
    Mutant("resize/guard", "without compute"),
    Mutant("migrate/guard", "without host"),
    Mutant("migrate/guard", "without compute"),
    Mutant("get-console/guard-1", "without host"),
    Mutant("trigger-crash-dump/guard", "without host"),
    Mutant("volume-snapshot-create/guard", "without host"),
    Mutant("confirm-resize/guard", "without migration"),
    Mutant("live-migrate-abort/guard", "without migration"),
    Mutant("poll-shelved/guard", "without host"),
    Mutant("poll-shelved/guard", "without compute"),
    Mutant("poll-shelved/guard", "without vm_state"),
    Mutant("poll-shelved/guard", "without task_state"),
    Mutant("tags/guard", "without vm_state"),
    Mutant("attach-share/guard", "without vm_state"),
    Mutant("detach-share/guard", "without vm_state"),
    Mutant("power-update/guard-1", "without power_state"),
    Mutant("power-update/guard-2", "without task_state"),
]


@pytest.mark.parametrize("mutant", LOST, ids=lambda mutant: f"{mutant.row} {mutant.change}")
def test_a_condition_that_a_guard_lost_is_noticed(lifecycle: Lifecycle, mutant: Mutant) -> None:
    assert mutant in set(mutants(lifecycle))
    assert list(noticed_by_source(lifecycle, facts(*RIGHT), [mutant])) == [mutant]
    assert list(noticed_by_source(lifecycle, facts(), [mutant])) == []
