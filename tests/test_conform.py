"""The commands that hold the tables against Nova, without a network: the small tree, the sample runs, broken input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from small_nova import write_tree

from checks.conformance.source.compare import Conformance, Difference, compare
from checks.conformance.source.conform import format_conformance, release_for
from checks.conformance.source.facts import Place, SourceFacts, Write
from checks.conformance.source.fetch import Tree
from checks.conformance.source.history import history, history_json, history_text, known_version, known_versions
from checks.conformance.source.read import read_source
from cli.main import main
from model.load import load

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data"
RUNS = sorted(str(path) for path in (DATA / "runs").glob("*.jsonl.gz"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    output = capsys.readouterr()
    return int(caught.value.code or 0), output.out, output.err


def test_a_source_that_is_not_that_of_the_tables(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, _ = run(capsys, "conform", "source", str(write_tree(tmp_path)))
    assert status == 1
    assert "only in the tables" in out
    assert "the source: " in out


def test_the_same_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, _ = run(capsys, "conform", "source", str(write_tree(tmp_path)), "--json")
    found = json.loads(out)
    assert status == 1
    assert {"matched", "differing", "only_in_tables", "only_in_source", "unresolved", "left_out"} <= set(found)


def test_every_sample_run_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "conform", "runs", *RUNS, "--json")
    report = json.loads(out)
    assert status == 0
    assert (report["explained"], report["unexplained"]) == (report["judged"], [])


def test_a_broken_recording_differs_and_the_rest_is_judged(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{\n")
    status, out, _ = run(capsys, "conform", "runs", str(broken), RUNS[0])
    assert status == 1
    assert "broken.jsonl:1" in out


def test_notifications_of_the_samples(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "conform", "notifications", str(DATA / "notifications" / "samples.jsonl"))
    assert status == 0
    assert "0 contradictions" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["conform", "source", "no/such/place"],
        ["conform", "runs", "no/such/file"],
        ["conform", "notifications", "no/such/file"],
        ["conform", "docs", "no/such/file"],
        ["releases", "33"],
        ["record", "-o", "no/such/folder/out.jsonl", "--", "true"],
    ],
)
def test_bad_input_is_told_without_a_traceback(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert "Traceback" not in err


def test_a_recorded_program_keeps_its_exit_status(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    status, _, err = run(capsys, "record", "-o", str(out), "--", sys.executable, "-c", "raise SystemExit(7)")
    assert status == 7
    assert out.exists()
    assert "0 instances" in err


def test_changes_between_two_paths(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    older, newer = tmp_path / "older", tmp_path / "newer"
    write_tree(older)
    change = ("nova/compute/api.py", "[vm_states.ACTIVE],", "[vm_states.ACTIVE, vm_states.STOPPED],")
    write_tree(newer, change)
    status, out, _ = run(capsys, "releases", str(older), str(newer))
    assert status == 0
    assert "1 changes" in out
    assert "guard widened" in out


def test_the_tables_claim_every_known_release() -> None:
    claimed = load().releases
    assert all(release_for(version, claimed) for version in known_versions())
    assert len(known_versions()) == 20
    assert release_for("14.1.0", claimed) is None
    assert release_for(None, claimed) is None


def test_a_major_release_is_its_known_version() -> None:
    assert known_version("33").startswith("33.")
    assert known_version("34.0.0") == "34.0.0"
    assert known_version("a/path") == "a/path"


@pytest.mark.parametrize("version", known_versions())
def test_the_tables_of_every_release_can_be_read(version: str) -> None:
    release = release_for(version, load().releases)
    lifecycle = load(None, release)
    assert not lifecycle.vocabulary_only
    assert lifecycle.operations


def test_what_is_left_out_is_counted_and_not_reported() -> None:
    lifecycle = load(None, "19")
    source = next(iter(lifecycle.left_out))
    file, _, function = source.partition(":")
    write = Write((Place(file, f"{function}.method", 3),), "save", None, None, {"vm_state": "ERROR"}, generic=False)
    result = compare(lifecycle, SourceFacts(None, (), (), (), (write,), (), (), (), (), (), ()))
    assert result.only_in_source == ()
    assert [left.count for left in result.left_out if left.source == source] == [1]
    assert load().left_out == {}


def test_equal_differences_are_told_once() -> None:
    same = [Difference("recovery", f"STATE-{number}", "file:1", "ours", "theirs") for number in range(9)]
    text = format_conformance(Conformance("1.2.3", (), tuple(same), (), (), ()))
    assert text.count("differs: ") == 1
    assert "STATE-3 and 5 more" in text


def test_a_history_of_small_trees(tmp_path: Path) -> None:
    change = ("nova/compute/api.py", "[vm_states.ACTIVE],", "[vm_states.ACTIVE, vm_states.STOPPED],")
    facts = {
        "33.0.2": read_source(Tree(write_tree(tmp_path / "a"), "33.0.2")),
        "34.0.0": read_source(Tree(write_tree(tmp_path / "b", change), "34.0.0")),
    }
    news = {"33": ["one", "two"], "34.0.0": ["two", "three"]}
    made = history(facts, findings=lambda lifecycle: news[lifecycle.release])
    assert [(each.tables, each.claimed, each.complete) for each in made] == [
        ("33", True, False),
        ("34.0.0", True, False),
    ]
    assert [change.kind for change in made[1].changes] == ["guard widened"]
    assert (made[1].findings, made[1].appeared, made[1].gone) == (2, ("three",), ("one",))
    assert json.loads(history_json(made))["releases"][1]["changes"][0]["place"]["file"] == "nova/compute/api.py"
    text = history_text(made)
    assert "- guard widened: " in text
    assert "- finding disappeared: one" in text


def test_the_committed_table_of_releases_is_of_these_releases() -> None:
    found = json.loads((ROOT / "output" / "releases.json").read_text(encoding="utf-8"))["releases"]
    assert [each["version"] for each in found] == known_versions()
    assert all(each["complete"] and each["claimed"] for each in found)
    changed = [len(each["changes"]) for each in found]
    assert sum(count > 0 for count in changed) > 10
