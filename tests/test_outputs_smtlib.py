"""The obligations as SMT-LIB files, judged by cvc5, which this program does not use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import cvc5
import pytest

from checks.candidate import Candidate, Cube, Stand
from checks.outputs.smtlib import _texts, obligations, task_of, write_obligations
from checks.smt.distance import completed as completed_terms
from checks.smt.distance import posed, proved
from checks.smt.prove import answers
from checks.smt.second import Task, of_invariant
from checks.smt.steps import Reader
from checks.smt.text import Script
from checks.verdict import Outcome
from model.explore import completed
from model.lifecycle import Lifecycle
from model.load import load
from model.state import states
from model.tables_reader import read_tables

LIFECYCLES = Path(__file__).parent / "lifecycles"
DOOR = LIFECYCLES / "door"
DOORS_SCENARIOS = ("sequential", "calm", "crash", "lost")
#: One request at a time, what takes longest first.
NOVAS_SCENARIOS = ("crash", "sequential", "outside", "admin", "lost")


def verdict_of_cvc5(text: str) -> str:
    """What cvc5 answers to a file of one question; an error when it is not what the file says."""
    solver = cvc5.Solver()
    # Its default asks first for what an obligation makes relevant: of many at once that takes thrice as long.
    solver.setOption("decision", "internal")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    answer = ""
    while not (command := parser.nextCommand()).isNull():
        answer += command.invoke(solver, parser.getSymbolManager())
    return answer.strip()


def refuted_by_cvc5(files: Iterable[tuple[str, str]]) -> set[str]:
    """The questions, ``PROOF.QUESTION``, of which some part is refuted; every other one is confirmed."""
    found = set()
    for name, text in files:
        answer = verdict_of_cvc5(text)
        assert answer == "unsat" or "got sat" in answer, name
        if answer != "unsat":
            found.add(name.rpartition(".")[0])
    return found


def test_cvc5_confirms_every_obligation_of_a_small_lifecycle(tmp_path: Path) -> None:
    files = write_obligations(read_tables(DOOR), tmp_path, DOORS_SCENARIOS)
    questions = {tuple(path.name.split(".")[1:3]) for path in files}
    invariant = {"closed", "ranking", "rest", "exclusive", "terminates"}
    possible = {"closed", "states", "falls", "asked", "runs", "ranking"}
    assert {("invariant", one) for one in invariant} | {("deletable", one) for one in possible} <= questions
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


@cache
def task_of_a_volume(scenario: str) -> Task:
    """A small lifecycle in which some ways to deletion are barred: places are caught, and others lead astray."""
    return task_of(read_tables(LIFECYCLES / "volume"), scenario)


#: What becomes of the tags of a cube, its first coordinate; *most* is that of what is asked (None: the tags stay).
Change = Callable[[tuple[Stand, ...], Cube, int], int | None]


def changed(task: Task, property_id: str, change: Change) -> Task:
    """*task* where the first cube that *change* has something to say of is claimed otherwise."""
    (one,) = [one for one in task.distances if one.id == property_id]
    claimed = task.distances[one]
    groups: dict[tuple[Stand, ...], tuple[Cube, ...]] = dict(claimed.claim.groups)
    for stands, cubes in groups.items():
        for place, cube in enumerate(cubes):
            tags = change(stands, cube, claimed.most)
            if tags is not None and tags != cube[0]:
                groups[stands] = (*cubes[:place], (tags, *cube[1:]), *cubes[place + 1 :])
                claim = Candidate(claimed.claim.scenarios, groups)
                return replace(task, distances={**task.distances, one: replace(claimed, claim=claim)})
    raise AssertionError("nothing to change")


def lowered(_: tuple[Stand, ...], cube: Cube, most: int) -> int | None:
    """A distance that is one less than it is."""
    return next((cube[0] | 1 << number - 1 for number in range(1, most) if cube[0] >> number - 1 & 3 == 2), None)


def caught(_: tuple[Stand, ...], cube: Cube, most: int) -> int | None:
    """A place is caught from which a start leads to the goal."""
    return cube[0] | 1 << most + 1 if cube[0] & (1 << most) - 1 == (1 << most) - 2 else None


def not_reached(stands: tuple[Stand, ...], cube: Cube, most: int) -> int | None:
    """A place where somebody runs is not reached."""
    return cube[0] & ~(1 << most) if stands else None


def far(stands: tuple[Stand, ...], cube: Cube, most: int) -> int | None:
    """A place where nobody runs and from which the distance is not known."""
    return None if stands or not cube[0] >> most & 1 else cube[0] & ~((1 << most) - 1)


def unknown(stands: tuple[Stand, ...], cube: Cube, most: int) -> int | None:
    """A state that no execution reaches with nothing in flight is not in the claim."""
    return 0 if not stands and not cube[0] >> most & 1 and cube[0] & (1 << most) - 1 else None


def astray(stands: tuple[Stand, ...], cube: Cube, most: int) -> int | None:
    """A place is astray to which others run that are not."""
    return cube[0] | 1 << most + 2 if not stands and cube[0] >> most & 1 and cube[0] & 1 else None


@pytest.mark.parametrize(
    ("scenario", "change", "refuted"),
    [
        ("sequential", lowered, "falls"),
        ("crash", lowered, "falls"),
        ("sequential", caught, "trap"),
        ("crash", caught, "trap"),
        ("sequential", not_reached, "closed"),
        ("crash", not_reached, "closed"),
        ("sequential", unknown, "states"),
        ("crash", far, "runs"),
        ("crash", astray, "strays"),
    ],
)
def test_a_wrong_claim_of_what_is_possible_is_refuted(scenario: str, change: Change, refuted: str) -> None:
    task = task_of_a_volume(scenario)
    assert f"deletable.{refuted}" in refuted_by_cvc5(obligations(changed(task, "deletable", change)))


@pytest.mark.parametrize("scenario", ["sequential", "crash"])
def test_what_is_claimed_of_a_volume_is_confirmed_and_no_key_is_listed_in_vain(scenario: str) -> None:
    """Where the goal is not possible the keys are listed; without any one of them it is asked for, and not there."""
    task = task_of_a_volume(scenario)
    files = dict(obligations(task))
    assert refuted_by_cvc5(files.items()) == set()
    (one,) = task.distances
    found = set()
    for key in task.listed[one]:
        fewer = replace(task, listed={one: task.listed[one] - {key}}, claimed=None)
        found.add(frozenset(refuted_by_cvc5(obligations(fewer))))
    reached, state = "deletable.asked", "deletable.states"
    every_state = {frozenset({state}), frozenset({reached, state})}
    assert found == (every_state if scenario == "sequential" else {frozenset({reached})})


def test_a_claim_of_no_place_at_all_is_refuted() -> None:
    """By both solvers: what is reached, and every state, must be in the claim, or nothing is proved of them."""
    task = task_of_a_volume("sequential")
    ((one, claimed),) = task.distances.items()
    nothing = replace(claimed, claim=replace(claimed.claim, groups={}))
    emptied = replace(task, distances={one: nothing}, claimed=None)
    assert refuted_by_cvc5(obligations(emptied)) == {"deletable.initial", "deletable.states"}
    questions = posed(task.full, task.scenario, one, task.listed[one], nothing, closes=False)
    assert {name for name, answer in answers(questions) if not answer.proved} == {"initial", "states"}
    outcome, _, detail = proved(task.full, task.scenario, one, task.listed[one], nothing)
    assert outcome is Outcome.UNDECIDED
    assert detail.startswith("not proved: initial: nothing in flight; states: nothing in flight")


@pytest.mark.parametrize("tables", ["door", "lamp", "volume", "nova"])
def test_the_states_that_are_asked_are_those_of_the_default_rules(tables: str) -> None:
    lifecycle: Lifecycle = load() if tables == "nova" else read_tables(LIFECYCLES / tables)
    reader = Reader(lifecycle, Script())
    counts = [len(lifecycle.values[name]) for name in lifecycle.state_variables]
    for state in states(tuple(tuple(range(count)) for count in counts)):
        record: list[int | str] = [*state, *("told by the rules" for _ in lifecycle.variables[len(state) :])]
        assert tuple(completed_terms(reader, record)) == completed(lifecycle, state)


@pytest.mark.parametrize("scenario", ["sequential", "crash"])
def test_what_is_initial_is_asked(scenario: str) -> None:
    task = task_of_a_volume(scenario)

    def without_the_start(stands: tuple[Stand, ...], cube: Cube, most: int) -> int | None:
        starts = zip(cube[1:], task.full.initial, strict=True)
        return cube[0] & ~(1 << most) if not stands and all(mask >> value & 1 for mask, value in starts) else None

    assert "deletable.initial" in refuted_by_cvc5(obligations(changed(task, "deletable", without_the_start)))


def test_ranks_that_cannot_fall_are_refuted() -> None:
    """Steps that go round have no ranking: the file that asks for it is there, and cvc5 does not confirm it."""
    task = task_of(read_tables(DOOR), "sequential")
    assert task.claimed is not None
    questions = of_invariant(task, task.claimed)
    before, after = min(questions.onward)
    (ranking,) = [text for question, text in _texts(questions) if question == "ranking"]
    assert verdict_of_cvc5(ranking) == "unsat"
    questions.onward.add((after, before))
    (round_,) = [text for question, text in _texts(questions) if question == "ranking"]
    assert "got sat" in verdict_of_cvc5(round_)


def test_the_parts_of_a_question_are_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.outputs.smtlib.IN_A_FILE", 100)
    task = task_of_a_volume("crash")
    assert task.claimed is not None
    questions = of_invariant(task, task.claimed)
    asserted: dict[str, list[str]] = {}
    for question, text in _texts(questions):
        *_, claim, check = text.splitlines()
        assert check == "(check-sat)"
        names = re.findall(r"\bn\d+\b", claim)
        assert len(names) <= 100
        asserted.setdefault(question, []).extend(names)
    del asserted["ranking"]
    assert len(asserted["closed"]) > 200
    assert {question: set(names) for question, names in asserted.items()} == {
        question: set(names) for question, names in questions.asked.items() if names
    }


def test_the_files_are_the_same_every_time(tmp_path: Path) -> None:
    first = write_obligations(read_tables(DOOR), tmp_path / "a", ["sequential", "crash"])
    second = write_obligations(read_tables(DOOR), tmp_path / "b", ["sequential", "crash"])
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def judged(folder: Path, scenario: str) -> Mapping[str, str]:
    """What cvc5 answers to each file of Nova's *scenario*."""
    return {path.name: verdict_of_cvc5(path.read_text()) for path in write_obligations(load(), folder, [scenario])}


@pytest.mark.spin
def test_cvc5_confirms_the_obligations_of_nova(tmp_path: Path) -> None:
    """Invariants, and what is possible, in every scenario of one request at a time."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(judged, tmp_path, scenario) for scenario in NOVAS_SCENARIOS]
        answers = {name: answer for job in jobs for name, answer in job.result().items()}
    assert {name: answer for name, answer in answers.items() if answer != "unsat"} == {}
    there = {name.rsplit(".", 2)[0] for name in answers}
    invariant = {"closed", "rest", "exclusive", "terminates", "delete-wins", "stable", "ranking"}
    possible = {"falls", "trap", "asked", "ranking"}
    for scenario in NOVAS_SCENARIOS:
        ways = possible | ({"closed", "states"} if scenario == "sequential" else {"closed", "runs", "strays"})
        wanted = [*(f"invariant.{one}" for one in invariant), *(f"deletable.{one}" for one in ways)]
        assert {f"{scenario}.{one}" for one in wanted} <= there
    assert {f"outside.reconciles.{one}" for one in ("falls", "asked", "ranking")} <= there
