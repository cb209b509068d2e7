"""What guards need, in deliberate changes of the real source of Nova: each is caught with its line (make conform)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from checks.conformance.source.compare import compare
from checks.conformance.source.facts import SourceFacts
from checks.conformance.source.fetch import open_source
from checks.conformance.source.releases import facts_of
from checks.mutation.mutants import Mutant
from checks.mutation.source import noticed_by_source
from model.load import load

pytestmark = pytest.mark.network

RELEASE = "34.0.0"
API, MANAGER = "nova/compute/api.py", "nova/compute/manager.py"
START = "    @check_instance_host()\n    @check_instance_state(vm_state=[vm_states.STOPPED])\n    def start("
PAUSE = "    @check_instance_state(vm_state=[vm_states.ACTIVE])\n    def pause("
RESIZE = "    @check_instance_host(check_is_up=True)\n    def resize("
STATUS = "elevated, instance.uuid, 'finished')\n\n        # Check if"
OTHER = STATUS.replace("finished", "confirming")
SHELVED = "                   'task_state': None,\n                   'host': self.host}\n        shelved_instances"
LOST = [
    Mutant("resize/guard", "without host"),
    Mutant("resize/guard", "without compute"),
    Mutant("migrate/guard", "without host"),
    Mutant("migrate/guard", "without compute"),
    Mutant("get-console/guard-1", "without host"),
    Mutant("get-console/guard-2", "without host"),
    Mutant("get-console/guard-3", "without host"),
    Mutant("get-console/guard-5", "without host"),
    Mutant("trigger-crash-dump/guard", "without host"),
    Mutant("volume-snapshot-create/guard", "without host"),
    Mutant("volume-snapshot-delete/guard", "without host"),
    Mutant("confirm-resize/guard", "without migration"),
    Mutant("revert-resize/guard", "without migration"),
    Mutant("poll-unconfirmed-resizes/guard", "without host"),
    Mutant("poll-rescued/guard", "without vm_state"),
    Mutant("poll-shelved/guard", "without task_state"),
    Mutant("tags/guard", "without vm_state"),
    Mutant("attach-share/guard", "without vm_state"),
    Mutant("detach-share/guard", "without vm_state"),
    Mutant("power-update/guard-1", "without power_state"),
    Mutant("power-update/guard-2", "without task_state"),
]


@pytest.fixture(scope="module")
def original() -> SourceFacts:
    return facts_of(RELEASE)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy where two requests ask for less, one for more, one for another migration, and a task for less."""
    root = tmp_path_factory.mktemp("changed") / "nova"
    shutil.copytree(open_source(RELEASE).root, root, copy_function=os.link)
    change(
        root / API,
        (START, START.replace("    @check_instance_host()\n", "")),
        (RESIZE, RESIZE.replace("check_is_up=True", "")),
        (PAUSE, f"    @check_instance_host()\n{PAUSE}"),
        (STATUS, OTHER),
    )
    change(root / MANAGER, (SHELVED, SHELVED.replace("'host'", "'node'")))
    return root


def change(file: Path, *replacements: tuple[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for before, after in replacements:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    file.unlink()  # a link to the file in the cache, which stays as it is
    file.write_text(text, encoding="utf-8")


def line_of(file: Path, text: str) -> int:
    whole = file.read_text(encoding="utf-8")
    return whole.count("\n", 0, whole.index(text)) + 1


def test_each_change_is_caught_with_its_line_and_nothing_else(copy: Path, original: SourceFacts) -> None:
    known = {(item.table_place, item.table_says) for item in compare(load(), original).differing}
    found = [item for item in compare(load(), facts_of(str(copy))).differing if item.what == "condition"]
    new = [item for item in found if (item.table_place, item.table_says) not in known]
    api, manager = copy / API, copy / MANAGER
    start, resize = line_of(api, "    def start("), line_of(api, "    def resize(")
    pause, migration = line_of(api, PAUSE), line_of(api, OTHER)
    shelved = line_of(manager, "    def _poll_shelved_instances(")
    function = f"{MANAGER}:{shelved} (ComputeManager._poll_shelved_instances)"
    assert {(item.source_place, item.table_says, item.source_says.split(" by ")[0]) for item in new} == {
        (f"{API}:{start} (API.start)", "host is SET", "any host, nothing asks for it"),
        (f"{API}:{resize} (API.resize)", "compute is UP", "any compute, nothing asks for it"),
        (f"{API}:{pause - 1} (API.pause)", "any host", "host is SET"),
        (f"{API}:{migration - 1} (API.confirm_resize)", "migration is FINISHED", "migration is CONFIRMING"),
        (function, "host is SET", "any host, nothing asks for it"),
        (function, "compute is UP", "any compute, nothing asks for it"),
    }


@pytest.mark.parametrize("mutant", LOST, ids=lambda mutant: f"{mutant.row} {mutant.change}")
def test_a_guard_that_lost_a_condition_is_noticed(original: SourceFacts, mutant: Mutant) -> None:
    assert list(noticed_by_source(load(), original, [mutant])) == [mutant]
