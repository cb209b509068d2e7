"""End to end, with the real Nova: install it, record a few of its own functional tests, replay them (make record)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checks.conformance.recorder import record
from checks.conformance.runs import open_lines, replay_files, rows_of, vocabulary_of
from model.load import load

RELEASE = "34.0.0"
SAMPLE = Path(__file__).parent / "data" / "runs" / "nova-34.0.0-functional.jsonl.gz"
TESTS = (
    "nova.tests.functional.test_servers.AcceleratorServerReschedTest.test_resched_fails",
    "nova.tests.functional.test_servers.ServersTestV219.test_description_errors",
    "nova.tests.functional.test_cross_cell_migrate.TestMultiCellMigrate.test_prep_snapshot_based_resize_at_source_destroy_fails",
)
"""A build that fails on every host; a delete during a build; a resize across cells that fails and is repeated."""
REQUIREMENTS = (
    f"nova=={RELEASE}",
    "SQLAlchemy<2.1",
    "PyMySQL",
    "ddt",
    "fixtures",
    "gabbi",
    "openstack-placement",
    "osprofiler",
    "oslotest",
    "python-dateutil",
    "requests-mock",
    "stestr",
    "testtools",
    "types-paramiko",
    "wsgi-intercept",
)
KEYS = {"vm_state": "vm", "task_state": "task", "power_state": "power"}
ALIKE = ("kind", "state", "old", "set", "expected_task_state", "caller", "func", "service", "action", "error", "hidden")


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment of its own with Nova and what its functional tests need: about 400 MB."""
    folder = tmp_path_factory.mktemp("nova") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-q", *REQUIREMENTS], check=True)
    # Nova's test fixtures look for its configuration beside the package, as in a source tree.
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "etc").symlink_to(folder / "etc")
    return python


def steps(run: dict[str, Any]) -> str:
    return json.dumps([{key: step[key] for key in ALIKE} for step in run["steps"]])


@pytest.mark.nova
def test_real_tests_of_nova_are_recorded_as_in_the_sample(
    interpreter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "recording.jsonl.gz"
    monkeypatch.chdir(tmp_path)
    done = record([str(interpreter), "-W", "ignore", "-m", "unittest", *TESTS], out)
    assert done.status == 0
    assert not done.faults
    runs = [json.loads(line) for line in open_lines(out)]
    assert {run["test"] for run in runs} == set(TESTS)
    sample = [run for line in open_lines(SAMPLE) if (run := json.loads(line))["test"] in TESTS]
    assert sorted(map(steps, runs)) == sorted(map(steps, sample))
    report = replay_files(rows_of(load()), vocabulary_of(load(), KEYS, {}), [out])
    assert report.judged == sum(not step["by_test"] for run in runs for step in run["steps"])
    assert report.unexplained == ()
