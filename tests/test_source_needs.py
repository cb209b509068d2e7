"""What requests and periodic tasks need beside the states, read from a small source tree of Nova's idioms."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_nova import write_tree

from checks.conformance.source.facts import Need, SourceFacts, as_json, from_json
from checks.conformance.source.fetch import Tree
from checks.conformance.source.read import read_source

API, MANAGER = "nova/compute/api.py", "nova/compute/manager.py"
REQUESTS = """class API:
    @check_instance_host()
    @check_instance_state(vm_state=[vm_states.ACTIVE])
    def start(self, context, instance):
        instance.save()

    @check_instance_state(vm_state=[vm_states.ACTIVE])
    def confirm(self, context, instance, migration=None):
        if migration is None:
            migration = objects.Migration.get_by_instance_and_status(
                context, instance.uuid, 'finished')
        source = self._source_service(context, migration)
        if not self.servicegroup_api.service_is_up(source):
            raise exception.ServiceUnavailable()
        migration.save()
        objects.Service.get_by_compute_host(context, instance.host)

    def _source_service(self, context, migration):
        return objects.Service.get_by_compute_host(context, migration.source_compute)

    @check_instance_state(vm_state=[vm_states.ACTIVE])
    def complete(self, context, instance, migration_id):
        migration = objects.Migration.get_by_id_and_instance(context, migration_id, instance.uuid)
        if migration.status != 'running':
            raise exception.InvalidMigrationState()

    @check_instance_state(vm_state=[vm_states.ACTIVE])
    def abort(self, context, instance, migration_id, queued=False):
        migration = objects.Migration.get_by_id_and_instance(context, migration_id, instance.uuid)
        allowed = ['running']
        more = ['queued']
        if queued:
            allowed.extend(more)
        if migration.status not in allowed:
            raise exception.InvalidMigrationState()

    @check_instance_state(vm_state=[vm_states.ERROR])
    def evacuate(self, context, instance):
        host = instance.host
        service = objects.Service.get_by_compute_host(context, host)
        if self.servicegroup_api.service_is_up(service):
            raise exception.ComputeServiceInUse(host=host)

    @check_instance_state(vm_state=[vm_states.ACTIVE, vm_states.STOPPED])
    def detach(self, context, instance):
        if instance.vm_state == vm_states.STOPPED:
            self._detach_here(context, instance)
        else:
            self._detach_there(context, instance)

    def _detach_here(self, context, instance):
        instance.save()

    @check_instance_host(check_is_up=True)
    def _detach_there(self, context, instance):
        instance.save()

    @check_instance_state(vm_state=[vm_states.ACTIVE])
    def sometimes(self, context, instance):
        try:
            objects.Migration.get_by_instance_and_status(context, instance.uuid, 'error')
        except exception.MigrationNotFoundByStatus:
            pass
        if instance.host:
            objects.Service.get_by_compute_host(context, instance.host)

"""
TASKS = """class ComputeManager:
    @periodic_task.periodic_task
    def _poll_stopped(self, context):
        filters = {'vm_state': vm_states.STOPPED,
                   'task_state': None,
                   'host': self.host}
        for instance in objects.InstanceList.get_by_filters(context, filters):
            self._treat(instance)

    def _treat(self, instance):
        pass

    @periodic_task.periodic_task(spacing=10)
    def _poll_all(self, context):
        for instance in objects.InstanceList.get_by_host(context, self.host):
            self.public(instance)

    def public(self, instance):
        pass

    @periodic_task.periodic_task
    def _poll_elsewhere(self, context):
        objects.InstanceList.get_by_filters(context, {'deleted': True})

    @periodic_task.periodic_task
    def _poll_both(self, context):
        objects.InstanceList.get_by_filters(context, {'host': CONF.host})
        objects.InstanceList.get_by_filters(context, {'deleted': True})

    @periodic_task.periodic_task
    def _poll_guests(self, context):
        self._listed(context)

    def _listed(self, context):
        return self._on_driver(context)

    def _on_driver(self, context):
        return self.driver.list_instance_uuids()

    @periodic_task.periodic_task
    def _poll_unconfirmed(self, context):
        objects.MigrationList.get_unconfirmed_by_dest_compute(context, 10, self.host)

    def _moved(self, instance, migration):
        instance.host = migration.dest_compute

"""
DATABASE = """
def migration_get_unconfirmed_by_dest_compute(context, confirm_window, dest_compute):
    return query(context).filter_by(status="finished").filter_by(dest_compute=dest_compute).all()
"""


def read(root: Path, *changes: tuple[str, str]) -> SourceFacts:
    """The facts of the tree with the functions above, in whose text each (old, new) of *changes* is made."""
    requests, tasks, database = REQUESTS, TASKS, DATABASE
    for old, new in changes:
        assert (requests + tasks + database).count(old) == 1, old
        requests, tasks, database = (text.replace(old, new) for text in (requests, tasks, database))
    write_tree(root, (API, "class API:\n", requests), (MANAGER, "class ComputeManager:\n", tasks))
    (root / "nova/db/main").mkdir(parents=True)
    (root / "nova/db/main/api.py").write_text(database, encoding="utf-8")
    return read_source(Tree(root, None))


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> SourceFacts:
    return read(tmp_path_factory.mktemp("nova"))


def needs_of(facts: SourceFacts, function: str) -> list[Need]:
    (asked,) = [each for each in facts.asked if each.place.function == function]
    return list(asked.needs)


def told(facts: SourceFacts, function: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(need.variable, need.values) for need in needs_of(facts, function)]


def test_a_decorator_asks_for_a_host_on_its_line(facts: SourceFacts) -> None:
    (need,) = needs_of(facts, "API.start")
    assert (need.variable, need.values, need.vm_states) == ("host", ("SET",), None)
    assert need.condition == "@check_instance_host()"
    (asked,) = [each for each in facts.asked if each.place.function == "API.start"]
    assert need.place.line == asked.place.line - 2


def test_a_decorator_asks_for_a_host_that_is_up(facts: SourceFacts) -> None:
    assert told(facts, "API.stop") == [("host", ("SET",)), ("compute", ("UP",))]


@pytest.mark.parametrize("argument", ["(True)", "(check_is_up=True)"])
def test_how_the_decorator_is_told_is_one(tmp_path: Path, argument: str) -> None:
    facts = read(tmp_path, ("@check_instance_host()", f"@check_instance_host{argument}"))
    assert told(facts, "API.start") == [("host", ("SET",)), ("compute", ("UP",))]


@pytest.mark.parametrize("argument", ["", "(check_is_up=False)"])
def test_what_the_decorator_does_not_ask(tmp_path: Path, argument: str) -> None:
    facts = read(tmp_path, ("@check_instance_host()", f"@check_instance_host{argument}"))
    assert told(facts, "API.start") == [("host", ("SET",))]


def test_a_lookup_by_status_where_no_migration_was_given(facts: SourceFacts) -> None:
    """The service is that of another host, and what is looked up after the save is no guard."""
    assert told(facts, "API.confirm") == [("migration", ("finished",))]


def test_a_refusal_by_status(facts: SourceFacts) -> None:
    assert told(facts, "API.complete") == [("migration", ("running",))]


def test_a_refusal_by_a_list_that_may_grow(facts: SourceFacts) -> None:
    assert told(facts, "API.abort") == [("migration", ("queued", "running"))]


def test_a_host_that_must_be_down(facts: SourceFacts) -> None:
    assert told(facts, "API.evacuate") == [("host", ("SET",)), ("compute", ("DOWN",))]


def test_a_host_that_must_be_up(tmp_path: Path) -> None:
    test = "if self.servicegroup_api.service_is_up(service):"
    facts = read(tmp_path, (test, test.replace("if ", "if not ")))
    assert told(facts, "API.evacuate") == [("host", ("SET",)), ("compute", ("UP",))]


def test_of_the_host_of_something_else_nothing_is_asked(tmp_path: Path) -> None:
    facts = read(tmp_path, ("host = instance.host\n", "host = target.host\n"))
    assert told(facts, "API.evacuate") == []


def test_a_helper_with_a_decorator_is_asked_of_some_vm_states(facts: SourceFacts) -> None:
    host, compute = needs_of(facts, "API.detach")
    assert (host.variable, compute.variable, compute.values) == ("host", "compute", ("UP",))
    assert host.vm_states == compute.vm_states == ("ACTIVE", "BUILDING", "SOFT_DELETED", "ERROR")
    assert host.place.function == "API._detach_there"


def test_what_only_some_requests_are_asked_is_not_needed(facts: SourceFacts) -> None:
    assert told(facts, "API.sometimes") == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("migration.status != 'running'", "migration.status != self.wanted", "refused"),
        ("context, instance.uuid, 'finished'", "context, instance.uuid, self.wanted", "looked for"),
        ("service = objects.Service.get_by_compute_host(context, host)", "service = self.find(host)", "up or down"),
        ('filter_by(status="finished")', "filter_by(status=WANTED)", "unconfirmed"),
    ],
)
def test_what_cannot_be_determined_is_listed_not_guessed(tmp_path: Path, old: str, new: str, what: str) -> None:
    facts = read(tmp_path, (old, new))
    assert [what in item.what for item in facts.unresolved] == [True]


def test_nothing_else_is_listed(facts: SourceFacts) -> None:
    assert facts.unresolved == ()


def test_a_task_that_filters_by_its_own_host(facts: SourceFacts) -> None:
    assert told(facts, "ComputeManager._poll_stopped") == [
        ("vm_state", ("STOPPED",)),
        ("task_state", ("None",)),
        ("host", ("SET",)),
        ("compute", ("UP",)),
    ]


def test_a_task_that_asks_for_all_of_its_host(facts: SourceFacts) -> None:
    assert told(facts, "ComputeManager._poll_all") == [("host", ("SET",)), ("compute", ("UP",))]


def test_a_private_method_of_one_task_treats_what_the_task_found(facts: SourceFacts) -> None:
    assert needs_of(facts, "ComputeManager._treat") == needs_of(facts, "ComputeManager._poll_stopped")


def test_of_a_public_method_nobody_knows_who_calls_it(facts: SourceFacts) -> None:
    assert not [each for each in facts.asked if each.place.function == "ComputeManager.public"]


def test_a_private_method_of_two_tasks_is_not_told(tmp_path: Path) -> None:
    facts = read(tmp_path, ("self.public(instance)", "self._treat(instance)"))
    assert not [each for each in facts.asked if each.place.function == "ComputeManager._treat"]


def test_a_query_of_every_host_asks_for_none(facts: SourceFacts) -> None:
    assert told(facts, "ComputeManager._poll_elsewhere") == []


def test_of_two_queries_what_both_ask_is_needed(facts: SourceFacts) -> None:
    assert told(facts, "ComputeManager._poll_both") == []


@pytest.mark.parametrize(
    ("host", "needs"), [("CONF.host", [("host", ("SET",)), ("compute", ("UP",))]), ("target.host", [])]
)
def test_whose_host_a_query_asks_for(tmp_path: Path, host: str, needs: list[tuple[str, tuple[str, ...]]]) -> None:
    facts = read(tmp_path, ("get_by_host(context, self.host)", f"get_by_host(context, {host})"))
    assert told(facts, "ComputeManager._poll_all") == needs


def test_what_the_driver_lists_is_on_a_host_that_is_up(facts: SourceFacts) -> None:
    assert told(facts, "ComputeManager._poll_guests") == [("compute", ("UP",))]


def test_the_status_of_an_unconfirmed_migration_is_read_from_the_database(facts: SourceFacts) -> None:
    needs = [("migration", ("finished",)), ("host", ("SET",)), ("compute", ("UP",))]
    assert told(facts, "ComputeManager._poll_unconfirmed") == needs


def test_a_destination_that_no_record_names_tells_nothing_of_its_host(tmp_path: Path) -> None:
    facts = read(tmp_path, ("instance.host = migration.dest_compute", "pass"))
    assert told(facts, "ComputeManager._poll_unconfirmed") == [("migration", ("finished",))]


def test_what_is_needed_survives_being_kept(facts: SourceFacts) -> None:
    assert from_json(as_json(facts)) == facts
