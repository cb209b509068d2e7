"""Every number of docs/conformance.md, from what it speaks of."""

from __future__ import annotations

import re
from pathlib import Path

from checks.conformance.runs import keys_of, replay_files, rows_of, vocabulary_of
from checks.conformance.source.history import known_versions
from model.load import load

ROOT = Path(__file__).parent.parent
TEXT = " ".join((ROOT / "docs" / "conformance.md").read_text(encoding="utf-8").split())


def test_the_number_of_states() -> None:
    vm, task, power = (len(load().values[name]) for name in load().state_variables)
    assert f"each of the {vm * task * power} states ({vm} vm_states, {task} values of task_state, {power} of" in TEXT
    assert f"the same for {vm * power} pairs" in TEXT


def test_the_number_of_releases() -> None:
    versions = known_versions()
    first, last = versions[0].split(".")[0], versions[-1].split(".")[0]
    assert f"each of the {len(versions)} major releases from {first} to {last}" in TEXT


def test_until_when_something_is_left_out() -> None:
    for release in map(int, re.findall(r"until (\d+)\)", TEXT)):
        here, after = (set(load(None, str(number)).left_out) for number in (release, release + 1))
        assert here - after, release


def test_the_sample_runs() -> None:
    lifecycle = load()
    files = sorted((ROOT / "tests" / "data" / "runs").glob("*.jsonl.gz"))
    report = replay_files(rows_of(lifecycle), vocabulary_of(lifecycle, keys_of(lifecycle), {}), files)
    assert f"{report.lines} recorded instances of Nova 34.0.0, {report.judged} steps, all of them explained" in TEXT
    assert report.conforms
