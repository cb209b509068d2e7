"""The obligations as SMT-LIB files, judged by cvc5, which this program does not use."""

from __future__ import annotations

from pathlib import Path

import cvc5
import pytest

from checks.outputs.smtlib import write_obligations
from model.load import load
from model.tables_reader import read_tables

DOOR = Path(__file__).parent / "lifecycles" / "door"
DOORS_SCENARIOS = ("sequential", "calm", "crash", "lost")


def verdict_of_cvc5(text: str) -> str:
    """What cvc5 answers to a file of one question; an error when it is not what the file says."""
    solver = cvc5.Solver()
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    answer = ""
    while not (command := parser.nextCommand()).isNull():
        answer += command.invoke(solver, parser.getSymbolManager())
    return answer.strip()


def test_cvc5_confirms_every_obligation_of_a_small_lifecycle(tmp_path: Path) -> None:
    files = write_obligations(read_tables(DOOR), tmp_path, DOORS_SCENARIOS)
    questions = {path.name.split(".")[2] for path in files}
    assert {"closed", "ranking", "rest", "exclusive", "terminates"} <= questions
    assert {path.name.split(".")[0] for path in files} == set(DOORS_SCENARIOS)
    assert {path.name: verdict_of_cvc5(path.read_text()) for path in files} == dict.fromkeys(
        (path.name for path in files), "unsat"
    )


def test_a_claim_too_small_is_refuted(tmp_path: Path) -> None:
    """A file says something: when the list of known violations is emptied, cvc5 finds them."""
    files = write_obligations(read_tables(DOOR), tmp_path, ["sequential"])
    (rest,) = [path for path in files if ".rest." in path.name]
    text = rest.read_text()
    assert verdict_of_cvc5(text) == "unsat"
    *before, obligation, asserted, check = text.splitlines()
    assert asserted.startswith("(assert ")
    without_the_list, _, _ = obligation.rpartition(" (not ")
    unlisted = "\n".join([*before, without_the_list + "))", asserted, check])
    assert "got sat" in verdict_of_cvc5(unlisted)


def test_the_files_are_the_same_every_time(tmp_path: Path) -> None:
    first = write_obligations(read_tables(DOOR), tmp_path / "a", ["sequential"])
    second = write_obligations(read_tables(DOOR), tmp_path / "b", ["sequential"])
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.spin
def test_cvc5_confirms_the_invariants_of_nova(tmp_path: Path) -> None:
    files = write_obligations(load(), tmp_path, ["sequential"])
    assert [path.name for path in files if verdict_of_cvc5(path.read_text()) != "unsat"] == []
