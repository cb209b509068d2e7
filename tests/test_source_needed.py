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
TASK = "ComputeManager._poll_shelved_instances"
SNAPSHOT = "API.volume_snapshot_create.do_volume_snapshot_create"


def asked(file: str, function: str, *needs: tuple[str, tuple[str, ...]]) -> Asked:
    """What *function*, which stands at line 10, needs: each need has a line of its own after it."""
    listed = [
        Need(Place(file, function, line), variable, values, None, f"asks for {variable}")
        for line, (variable, values) in enumerate(needs, start=11)
    ]
    return Asked(Place(file, function, 10), tuple(listed))


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
    assert conditions(lifecycle, changed(TASK, HOST, UP)) == []


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
]


@pytest.mark.parametrize("mutant", LOST, ids=lambda mutant: f"{mutant.row} {mutant.change}")
def test_a_condition_that_a_guard_lost_is_noticed(lifecycle: Lifecycle, mutant: Mutant) -> None:
    assert mutant in set(mutants(lifecycle))
    assert list(noticed_by_source(lifecycle, facts(*RIGHT), [mutant])) == [mutant]
    assert list(noticed_by_source(lifecycle, facts(), [mutant])) == []
