"""Broken input of every kind: one line that says where and what to do, exit status 2, and no traceback."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.main import main
from model.files import write_text

ROOT = Path(__file__).parent.parent
DOOR = ROOT / "tests" / "lifecycles" / "door"

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said when *arguments* are refused."""
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    output = capsys.readouterr()
    assert caught.value.code == 2, output.err[-2000:]
    assert output.out == ""
    assert "Traceback" not in output.err
    return output.err


@pytest.mark.parametrize(
    "state",
    ["", " ", "/" * 9, "open/none/off/x", "a\nb", "\u00e9", "\U0001f600", "x" * 100_000, "\x07", "\udcff", "{0}"],
)
@pytest.mark.parametrize("question", ["explain", "allowed", "restart", "paths"])
def test_states_that_are_none(capsys: pytest.CaptureFixture[str], question: str, state: str) -> None:
    rest = ["open"] if question == "paths" else []
    said = refused(capsys, question, state, *rest, "--tables", str(DOOR))
    assert all(line.startswith("nova-lifecycle: ") and len(line) < 2000 for line in said.splitlines())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"a: \0", "control characters"), (b"\xff\xfe\x00", "not UTF-8"), (b"- a", "a mapping"),
        (b"a: 017", ":1: "), (b"a: 1:30", ":1: "), (b"a: " + b"9" * 9000, ":1: "), (BOMB.encode(), "more than"),
        (b"[" * 50_000, "nested too deeply"), (b"{a: " * 50_000, "nested too deeply"), (b"a: &a [*a]", "alias"),
        (b"a: *b", "undefined alias"), (b"a: 1\na: 2", "stands twice"), (b"? [a]\n: b", "not a word"),
        (b"#" * 5_000_000, "bytes"), (b"".join(b"k%d: [1, 2]\n" % i for i in range(40_000)), "more than"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["states.yaml", "operations/open.yaml"])
def test_tables_that_are_none(
    capsys: pytest.CaptureFixture[str], door_tables: Path, name: str, content: bytes, words: str
) -> None:
    (door_tables / name).write_bytes(content)
    said = refused(capsys, "states", "--tables", str(door_tables))
    assert name in said
    assert words in said


def _fifo(folder: Path) -> None:
    os.mkfifo(folder / "operations" / "x.yaml")


def _folder(folder: Path) -> None:
    (folder / "operations" / "x.yaml").mkdir()


def _nowhere(folder: Path) -> None:
    (folder / "operations" / "x.yaml").symlink_to("/nowhere")


def _strange_name(folder: Path) -> None:
    (folder / os.fsdecode(b"x\xff.yaml")).write_text("a: 1")


@pytest.mark.parametrize("spoil", [_fifo, _folder, _nowhere, _strange_name])
def test_folders_that_hold_what_is_no_table(
    capsys: pytest.CaptureFixture[str], door_tables: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(door_tables)
    assert "yaml" in refused(capsys, "states", "--tables", str(door_tables))


def test_folders_without_tables(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "no tables in it" in refused(capsys, "states", "--tables", str(tmp_path))
    assert "no such folder" in refused(capsys, "states", "--tables", "/dev/null")


@pytest.mark.parametrize("option", ["--release", "--scenario", "--kinds"])
def test_an_empty_name_is_no_default(capsys: pytest.CaptureFixture[str], option: str) -> None:
    assert option in refused(capsys, "paths", "shut", "open", option, "", "--tables", str(DOOR))


@pytest.mark.parametrize("kind", ["runs", "notifications"])
def test_recordings_that_are_none(capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str) -> None:
    whole = gzip.compress(b'{"steps": []}\n' * 1000)
    contents = {
        "binary": b"\0\xff\n\x80", "cut.gz": whole[: len(whole) // 2], "damaged.gz": whole[:12] + b"\0" * 99,
        "deep": b"[" * 100_000, "list": b"[]\n1\nnull\n", "utf": b'{"steps": "\xff"}',
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SystemExit) as caught:
            main(["conform", kind, str(tmp_path / name), "--json"])
        output = capsys.readouterr()
        assert caught.value.code == 1, name
        assert output.err == ""
        assert json.loads(output.out)
    assert "No such file" in refused(capsys, "conform", kind, str(tmp_path / "missing"))
    assert "directory" in refused(capsys, "conform", kind, str(tmp_path))


def test_sources_that_are_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for where in ("", "x" * 5000, str(tmp_path), "/nowhere", "34.0.0; true"):
        assert "nova-lifecycle: " in refused(capsys, "conform", "source", where)
    module = tmp_path / "nova" / "compute" / "manager.py"
    module.parent.mkdir(parents=True)
    module.write_bytes(b"# \xff\n")
    assert "not text" in refused(capsys, "conform", "source", str(tmp_path))
    archive = tmp_path / "nova.tar.gz"
    with tarfile.open(archive, "w:gz"):
        pass
    archive.write_bytes(archive.read_bytes()[:12] + b"\xff" * 40)
    assert "not an sdist" in refused(capsys, "conform", "source", str(archive))
    assert "page" in refused(capsys, "conform", "docs", str(tmp_path))


def test_places_that_cannot_be_written_are_told_before_the_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    door = ("--tables", str(DOOR))
    assert "no such folder" in refused(capsys, "verify", "--junit", "/nowhere/x", *door)
    assert "is a folder" in refused(capsys, "verify", "--sarif", str(tmp_path), *door)
    assert "no such folder" in refused(capsys, "bugs", "--write", "/nowhere/x")
    (tmp_path / "file").write_text("")
    for arguments in (("schema", "--all"), ("render", "figures", *door, "-o")):
        assert "file" in refused(capsys, *arguments, str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == ""


@pytest.mark.parametrize("name", ["", "restt/crash/1", "O-NOTHING", "\n"])
def test_findings_that_are_none_are_told_before_the_work(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert "no finding" in refused(capsys, "finding", name)


@pytest.mark.parametrize("name", ["verdicts", "releases"])
@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"verdicts": 5, "releases": 5}', '{"verdicts": [1], "releases": [1]}']
)
def test_a_page_beside_what_is_no_report(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / f"{name}.json").write_text(content)
    said = refused(capsys, "render", "page", "-o", str(tmp_path / "page.html"), "--tables", str(DOOR))
    assert f"{name}.json" in said


def test_links_and_devices_stay(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "text"
    write_text(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()


def command(arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a shell: *arguments* may redirect."""
    return subprocess.run(
        ["bash", "-c", f"{sys.executable} -m cli.main {arguments}"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def test_an_encoding_that_has_not_every_sign() -> None:
    plain = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = command("states --json", **plain)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "\u5b9e\u4f8b" in json.dumps(json.loads(done.stdout), ensure_ascii=False)
    assert command("states --language zh", **plain).returncode == 0


def test_output_that_takes_nothing() -> None:
    full = command(f"states --tables {DOOR} > /dev/full")
    assert full.returncode == 2
    assert full.stderr.splitlines() == [
        "nova-lifecycle: output: No space left on device; give a place that can be read and written"
    ]
    for closed in (">&-", "2>&-", "> /dev/null 2>&1 <&-"):
        assert command(f"states --tables {DOOR} {closed}").returncode == 0


def test_bugs_of_another_lifecycle(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "bugs", "--tables", str(DOOR))
    assert said.count("\n") == 1
    assert "give tables of that lifecycle" in said


def test_a_broken_line_among_several_collections_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "monday").write_text("{}\n")
    (tmp_path / "tuesday").write_text("{}\n{\n")
    with pytest.raises(SystemExit) as caught:
        main(["conform", "notifications", str(tmp_path / "monday"), str(tmp_path / "tuesday"), "--tables", str(DOOR)])
    assert caught.value.code == 1
    assert f"{tmp_path / 'tuesday'}:2:" in capsys.readouterr().out
