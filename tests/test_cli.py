"""The command: exit statuses, remedies, JSON, and a cache that can do no harm."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import COMMANDS, main
from model.cache import cached

ROOT = Path(__file__).parent.parent
DOOR = str(ROOT / "tests" / "lifecycles" / "door")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    output = capsys.readouterr()
    return int(caught.value.code or 0), output.out, output.err


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_examples(capsys: pytest.CaptureFixture[str], name: str) -> None:
    status, out, _ = run(capsys, name, "--help")
    assert status == 0
    assert "Usage" in out
    assert name == "repl" or "Examples:" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain", "actve/none/running"], "did you mean ACTIVE"),
        (["explain", "active"], "leaves task_state, power_state open"),
        (["allowed"], "give a state, or --matrix"),
        (["paths", "active", "stopped", "--via", "stopp"], "did you mean stop?"),
        (["paths", "active", "stopped", "--kinds", "stepp"], "did you mean step?"),
        (["paths", "active", "stopped", "--scenario", "sequental"], "did you mean sequential?"),
        (["sync", "active/none/running", "--driver", "of"], "no power_state 'of'"),
        (["states", "--release", "99"], "unknown release '99'"),
        (["states", "--tables", "/nowhere"], "no such folder of tables"),
        (["explane"], "Did you mean 'explain'?"),
        (["operations", "--release", "2015.1"], "only the vocabulary of this release is claimed"),
        (["space", "-o"], "No such option"),
        (["export", "-o", "/nowhere/file.json"], "/nowhere/file.json"),
    ],
)
def test_bad_input_is_told_with_its_remedy(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert words in err
    assert "Traceback" not in err
    assert out == ""


def test_the_size_of_both_vocabularies(capsys: pytest.CaptureFixture[str]) -> None:
    assert "12 x 43 x 6 = 3,096 states" in run(capsys, "states")[1]
    old = run(capsys, "states", "--release", "2015.1")[1]
    assert "12 x 43 x 7 = 3,612 states" in old
    assert "only the vocabulary" in old


@pytest.mark.parametrize(
    "arguments",
    [
        ["states"], ["operations"], ["operations", "open"], ["allowed", "shut/none"], ["allowed", "--matrix"],
        ["paths", "shut", "open"], ["restart", "shut/opening/off"], ["sync", "shut/none/off", "--driver", "lit"],
        ["explain", "shut/opening/off"], ["space"], ["export"],
    ],
)  # fmt: skip
def test_json_is_json_for_any_lifecycle(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    status, out, err = run(capsys, *arguments, "--tables", DOOR, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) is not None


def test_the_door_is_answered_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "restart", "shut/opening/off", "--tables", DOOR)
    assert "JAMMED/None/OFF" in out
    _, out, _ = run(capsys, "explain", "jammed/opening/off", "--tables", DOOR)
    assert "reachable    yes, with nothing in flight" in out
    assert "remove" in out
    _, out, _ = run(capsys, "allowed", "open/none", "--tables", DOOR)
    assert "open/turn" not in out
    assert "1 operations pass" in out


def test_output_that_is_piped_has_no_colours_and_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m cli.main explain shut/none/off --tables {DOOR} | head -1"
    shell = ["bash", "-o", "pipefail", "-c", command]
    done = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 128 + 13), done.stderr
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_a_broken_cache_entry_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVA_LIFECYCLE_CACHE", str(tmp_path))
    built = []

    def build() -> str:
        built.append(1)
        return "value"

    assert cached("thing", "key", build) == cached("thing", "key", build) == "value"
    assert len(built) == 1
    entry = next(tmp_path.glob("thing-*.pickle"))
    for content in (b"", entry.read_bytes()[:-3], b"\0" * 400):
        entry.write_bytes(content)
        assert cached("thing", "key", build) == "value"
    assert len(built) == 4
    assert not list(tmp_path.glob("*.part"))


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NOVA_LIFECYCLE_CACHE", str(tmp_path / "file"))
    assert cached("thing", "key", lambda: 7) == 7


def test_questions_at_the_prompt(tmp_path: Path) -> None:
    code = (
        'restart("shut/opening/off")\nexplain("nothing")\nallowed("open/none").data\n'
        'explain(5)\nexplain()\ngraph("nowhere")\npaths("open", "shut", avoid="shut")\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "repl", "--tables", DOOR],
        cwd=ROOT, input=code, capture_output=True, text=True, check=True,
        env={"NOVA_LIFECYCLE_CACHE": str(tmp_path), "PATH": ""},
    )  # fmt: skip
    assert "JAMMED/None/OFF" in done.stdout
    assert "no position 'nothing'" in done.stderr
    assert "explain: state is 5: give text in quotes" in done.stderr
    assert "explain: missing a required argument: 'state'" in done.stderr
    assert "unknown scenario 'nowhere'" in done.stderr
    assert "paths: avoid is 'shut': give names in brackets" in done.stderr
    assert "Traceback" not in done.stderr


def test_completion_of_states_and_operations() -> None:
    from cli.commands.repl import Completer
    from cli.session import Session

    completer = Completer(Session(Path(DOOR)), {"explain": None})
    assert completer.candidates("sh") == ["SHUT/"]
    assert completer.candidates("SHUT/o") == ["SHUT/OPENING/"]
    assert completer.candidates("SHUT/OPENING/l") == ["SHUT/OPENING/LIT"]
    assert "open" in completer.candidates("op")
    assert completer.complete("sh", 1) is None


def test_states_and_paths_draw_themselves_in_a_notebook() -> None:
    from cli.session import Session

    door = Session(Path(DOOR))
    state = door.explain("shut/none/off")
    assert state._repr_svg_().lstrip().startswith("<svg")
    assert "SHUT" in state._repr_html_()
    assert "<svg" in door.paths("shut", "open")._repr_html_()
    assert door.paths("open", "shut")._repr_html_().startswith("<pre>no path")


def test_evidence_of_what_is_asked_no_more_is_removed(tmp_path: Path) -> None:
    def written(*chosen: str) -> set[str]:
        with pytest.raises(SystemExit):
            main(["verify", "--tables", DOOR, "--quiet", "--write", str(tmp_path), *chosen])
        return {path.name for path in (tmp_path / "evidence").iterdir()}

    everything = written()
    (tmp_path / "evidence" / "rest-nowhere.json").write_text("{}")
    (tmp_path / "evidence" / "mine.json").write_text("{}")
    assert written("--property", "rest") == everything | {"rest-nowhere.json", "mine.json"}
    assert written() == everything | {"mine.json"}
