"""What cannot be meant is refused before the work of minutes: one line with place and remedy, exit status 2."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest
from test_cli_broken_input import DOOR, refused

TABLES = ("--tables", str(DOOR))


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is decided, explored or tried."""

    def work(*_: object, **__: object) -> NoReturn:
        raise AssertionError("it has begun to work")

    for name in ("checks.run.run", "checks.kept.run", "checks.find.kept_part", "checks.mutation.run.mutate",
                 "cli.commands.export.build_space", "checks.bugs.corpus.examine_all"):  # fmt: skip
        monkeypatch.setattr(name, work)


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("arguments", "place", "words"),
    [
        (("verify", "--write", "{file}/x", *TABLES), "{file}/x", "Not a directory"),
        (("verify", "--scenario", "sequential", "--closely", *TABLES), "--closely", "pair"),
        (("export", "-o", "{folder}", *TABLES), "{folder}", "is a folder"),
        (("export", "-o", "{folder}/none/x", *TABLES), "{folder}/none/x", "no such folder"),
        (("export", "--property", "rest", *TABLES), "--property", "--format promela"),
        (("export", "--format", "dot", "-k", "2", *TABLES), "-k", "--format promela"),
        (("export", "--format", "promela", "--all", *TABLES), "--all", "--format dot or mermaid"),
        (("mutate", "--source", "{folder}/none", *TABLES), "{folder}/none", "version"),
        (("mutate", "-o", "{folder}/none/x", *TABLES), "{folder}/none/x", "no such folder"),
        (("finding", "rest/sequential/1", "-o", "{folder}/x.gif", *TABLES), "{folder}/x.gif", "'gif'"),
        (("finding", "rest/sequential/1", "-o", "{folder}", *TABLES), "{folder}", "is a folder"),
        (("finding", "-o", "{folder}/x.svg", *TABLES), "--output", "NAME"),
        (("finding", "--replay", *TABLES), "--replay", "NAME"),
        (("finding", "B001", "--json"), "NAME", "nova-lifecycle bugs B001"),
        (("render", "operation", "open", "-o", "{folder}/x.gif", *TABLES), "{folder}/x.gif", "'gif'"),
    ],
)
def test_it_is_told_before_the_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], place: str, words: str
) -> None:
    (tmp_path / "file").write_text("")
    names = {"folder": str(tmp_path), "file": str(tmp_path / "file")}
    said = refused(capsys, *(one.format(**names) for one in arguments))
    assert said.startswith(f"nova-lifecycle: {place.format(**names)}: ")
    assert words in said
    assert said.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.usefixtures("idle")
def test_expectations_are_read_before_the_work(capsys: pytest.CaptureFixture[str], door_tables: Path) -> None:
    (door_tables / "expectations.yaml").write_bytes(b"\xff")
    for command in ("verify", "finding", "mutate"):
        assert "expectations.yaml" in refused(capsys, command, "--tables", str(door_tables))


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    "arguments",
    [("verify", "--tables"), ("verify", "--write"), ("verify", "--junit"), ("export", "-o"), ("mutate", "--keep"),
     ("bugs", "--write"), ("finding", "-o"), ("render", "page", "-o"), ("repl", "--tables"), ("conform", "runs")],
)  # fmt: skip
def test_an_empty_name_is_no_place(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    """A variable of the shell that is not set must not mean the folder that one stands in."""
    assert "the name is empty; give a file or folder" in refused(capsys, *arguments, "")


@pytest.mark.parametrize("name", ["rest", "rest/", "rest/nowhere/1"])
def test_how_a_finding_is_named_is_told(capsys: pytest.CaptureFixture[str], name: str) -> None:
    said = refused(capsys, "finding", name, *TABLES)
    assert f"no finding '{name}'; write it rest/SCENARIO/NUMBER, with a scenario of sequential, " in said


def test_what_has_no_trace_is_not_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "finding", "alive/tables/1", "--replay", *TABLES)
    assert "alive/tables/1 has no trace" in said.splitlines()[-1]


@pytest.mark.usefixtures("idle")
def test_expectations_of_what_there_is_not_are_refused(capsys: pytest.CaptureFixture[str], door_tables: Path) -> None:
    """Nothing would ever be compared with them."""
    (door_tables / "expectations.yaml").write_text(
        "verdicts:\n"
        "  rest: {default: violated, calm: holds, tables: holds}\n"
        "  terminate: {default: violated}\n"
        "  stable:\n"
        "    sequental: holds\n"
        "findings:\n"
        "  - name: X\n"
        "    properties: [rest, nothing]\n"
        "    scenarios: [pair, nowhere]\n"
        "    what: {en: x}\n"
    )
    said = [line.split(";")[0] for line in refused(capsys, "verify", "--tables", str(door_tables)).splitlines()]
    assert said == [
        "nova-lifecycle: expectations.yaml:3: unknown property 'terminate'",
        "nova-lifecycle: expectations.yaml:5: unknown scenario 'sequental'",
        "nova-lifecycle: expectations.yaml:8: unknown property 'nothing'",
        "nova-lifecycle: expectations.yaml:9: unknown scenario 'nowhere'",
    ]
