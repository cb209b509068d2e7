"""Tables on a terminal, told by what stands on the screen."""

from __future__ import annotations

import pytest
from click import unstyle

from cli.table import WIDTH, table


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [unstyle(line).rstrip() for line in capsys.readouterr().out.splitlines()]


def test_columns_are_as_wide_as_what_stands_in_them(capsys: pytest.CaptureFixture[str]) -> None:
    table(["name", "n", "what"], [["a", "1", "x"], ["longer", "100", "y z"]], right=["n"], bold=[1])
    assert printed(capsys) == ["name      n  what", "a         1  x", "longer  100  y z"]


def test_numbers_may_come_last(capsys: pytest.CaptureFixture[str]) -> None:
    table(["a", "n"], [["x", "1"], ["y", "100"]], right=["n"])
    assert printed(capsys) == ["a    n", "x    1", "y  100"]


def test_chinese_signs_take_two_cells(capsys: pytest.CaptureFixture[str]) -> None:
    table(["a", "b"], [["\u95e8", "x"], ["e\u0301", "x"]])
    assert printed(capsys) == ["a   b", "\u95e8  x", "e\u0301   x"]


def test_the_last_column_wraps_below_itself(capsys: pytest.CaptureFixture[str]) -> None:
    words = " ".join(["word"] * 60)
    table(["a", "b"], [["x", words]])
    lines = printed(capsys)
    assert all(len(line) <= WIDTH for line in lines)
    assert all(line.startswith("   word") for line in lines[2:])
    assert " ".join(line[3:] for line in lines[1:]) == words


def test_wide_columns_are_not_broken_where_nobody_says_how_wide(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"column_of_twenty_{number}" for number in range(12)]
    table(names, [["x"] * 12])
    assert printed(capsys)[0].split() == names


def test_what_cannot_be_seen_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    table(["a", "b"], [["x\x1b[31m", "y\nz\u202e"]])
    assert printed(capsys)[1] == r"x\x1b[31m  y\nz\u202e"


def test_a_table_of_nothing_has_its_names(capsys: pytest.CaptureFixture[str]) -> None:
    table(["a", "b"], [])
    assert printed(capsys) == ["a  b"]


NARROW = (["name", "verdict", "n", "engines"], [["delete-wins", "violated !", "17,505", "graph search, z3"]])


def on_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)


@pytest.mark.parametrize("columns", [100, 49, 48, 33, 32, 24, 10])
def test_nothing_is_cut_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    on_terminal(monkeypatch, columns)
    table(*NARROW, right=["n"], spare=["engines", "n"])
    heads, row, *below = printed(capsys)
    shown = heads.split()
    cells = dict(zip(NARROW[0], NARROW[1][0], strict=True))
    assert [one.strip() for one in row.split("  ") if one] == [cells[name] for name in shown]
    left_out = [name for name in NARROW[0] if name not in shown]
    assert below == ([f"(the terminal is too narrow for: {', '.join(left_out)})"] if left_out else [])
    assert set(left_out) <= {"engines", "n"}
    if shown != ["name", "verdict"]:
        assert len(row) <= columns


def test_a_column_that_fits_after_all_stays(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To leave out the wide one makes room for the one that was left out before it."""
    on_terminal(monkeypatch, 34)
    table(*NARROW, right=["n"], spare=["n", "engines"])
    assert printed(capsys)[0].split() == ["name", "verdict", "n"]


def test_a_log_is_as_wide_as_it_takes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    table(*NARROW, right=["n"], spare=["engines", "n"])
    assert printed(capsys)[0].split() == NARROW[0]
