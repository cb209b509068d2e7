"""What ``verify`` prints: what is new in a run that fails, and what its verdicts rest on."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from checks.run import Report
from cli.main import main

ALONE = ("--scenario", "sequential", "--property", "rest", "--property", "terminates", "--quiet")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    return int(ended.value.code or 0), capsys.readouterr().out.splitlines()


def expect(tables: Path, known: str = "") -> None:
    """Both properties are expected to be violated, and every finding to be known; only *known* is."""
    text = "verdicts:\n  rest: {default: violated}\n  terminates: {default: violated}\ncomplete: true\n"
    (tables / "expectations.yaml").write_text(text + known)


KNOWN = """findings:
  - name: L-STUCK
    properties: [rest]
    what: {en: it is known}
"""


def test_a_run_that_fails_shows_what_is_new(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, door_tables: Path, tmp_path: Path
) -> None:
    """Its id, its places, the command that opens it, without deciding anew; and the first trace, not that of all."""
    monkeypatch.setenv("NOVA_LIFECYCLE_CACHE", str(tmp_path / "cache"))
    expect(door_tables)
    junit = tmp_path / "report.xml"
    status, out = run(capsys, "verify", "--tables", str(door_tables), *ALONE, "--junit", str(junit))
    assert status == 1
    first = next(number for number, line in enumerate(out) if line.startswith("  rest/sequential/1: "))
    assert "not expected: " in out[first - 1]
    file, _, line = out[first + 1].strip().rpartition(":")
    assert (door_tables / file).read_text().splitlines()[int(line) - 1].strip()
    command = f"nova-lifecycle finding rest/sequential/1 --tables {door_tables}"
    assert command in [line.strip() for line in out[first + 1 : first + 4]]
    assert any(line.startswith("  terminates/sequential/1: ") for line in out)
    assert sum(line.strip().startswith("start: ") for line in out) == 1
    failures = ET.parse(junit).findall("testcase/failure")  # noqa: S314 - it is our own
    assert [(one.text or "").splitlines()[0].split(":")[0] for one in failures] == [
        "rest/sequential/1", "terminates/sequential/1",
    ]  # fmt: skip

    def decide(*_: object, **__: object) -> Report:
        raise AssertionError("it is decided anew")

    monkeypatch.setattr("checks.verify.verify", decide)
    status, out = run(capsys, *command.split()[1:])
    assert status == 0
    assert out[0].startswith("rest/sequential/1 ")


def test_what_is_known_is_not_shown_as_new(capsys: pytest.CaptureFixture[str], door_tables: Path) -> None:
    expect(door_tables, KNOWN)
    status, out = run(capsys, "verify", "--tables", str(door_tables), *ALONE)
    assert status == 1
    assert not any("finding rest/sequential" in line for line in out)
    assert any("finding terminates/sequential/1 " in line for line in out)


def test_junit_shows_first_what_is_new(capsys: pytest.CaptureFixture[str], door_tables: Path, tmp_path: Path) -> None:
    """In the scenario with crashes the property is violated in several ways, of which one is known."""
    expect(door_tables)
    crash = ["verify", "--tables", str(door_tables), "--scenario", "crash", "--property", "rest", "--quiet"]
    _, out = run(capsys, *crash)
    key = next(line for line in out if line.startswith("  rest/crash/1: ")).partition(": ")[2]
    when = ", ".join(f"{name}: [{value}]" for name, _, value in (one.partition("=") for one in key.split(", ")))
    expect(door_tables, KNOWN + f"    when: {{{when}}}\n")
    junit = tmp_path / "report.xml"
    _, out = run(capsys, *crash, "--junit", str(junit))
    assert "  rest/crash/1: " not in "\n".join(out)
    (failure,) = ET.parse(junit).findall("testcase/failure")  # noqa: S314 - it is our own
    assert (failure.text or "").startswith("rest/crash/2: ")


def test_what_verdicts_rest_on_is_told_once(capsys: pytest.CaptureFixture[str], door_tables: Path) -> None:
    two = ("--scenario", "crash", "--scenario", "pair", "--property", "rest", "--property", "terminates", "--quiet")
    _, out = run(capsys, "verify", "--tables", str(door_tables), *two)
    (assumed,) = [line for line in out if line.startswith("assumed: ")]
    assert assumed.startswith("assumed: progress, ")
    assert assumed.endswith(": terminates in crash, pair")
    assert "bound: up to 2 requests at once: all in pair" in out


def test_the_process_of_each_step_is_told_where_there_are_two(
    capsys: pytest.CaptureFixture[str], door_tables: Path
) -> None:
    _, out = run(capsys, "finding", "rest/crash/1", "--tables", str(door_tables))
    services = {line.split()[1] for line in out if line[:3].strip().isdigit()}
    _, out = run(capsys, "finding", "exclusive/pair/1", "--tables", str(door_tables))
    processes = {line.split()[1] for line in out if line[:3].strip().isdigit()}
    assert len(processes) > 1
    assert not processes & services
