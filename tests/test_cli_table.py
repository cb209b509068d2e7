"""Tables on a terminal, told by what stands on the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.table import WIDTH, table


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


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


def test_what_cannot_be_seen_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    table(["a", "b"], [["x\x1b[31m", "y\nz\u202e"]])
    assert printed(capsys)[1] == r"x\x1b[31m  y\nz\u202e"


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=300), min_size=2, max_size=2))
def test_nothing_is_lost(row: list[str]) -> None:
    """Whatever stands in a row, all that is not space is there, in its order, however it wraps."""
    with pytest.MonkeyPatch.context() as patched:
        said: list[str] = []
        patched.setattr("cli.table.click.echo", said.append)
        table(["", ""], [row])
    lines = said[0].split("\n")[1:]
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in "".join(row))
    assert "".join("".join(lines).split()) == "".join(shown.split())


def test_a_table_of_nothing_has_its_names(capsys: pytest.CaptureFixture[str]) -> None:
    table(["a", "b"], [])
    assert printed(capsys) == ["a  b"]
