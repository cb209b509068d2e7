"""Each property is refuted by some change of the tables, and changes of the tables are noticed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from checks.concurrency.verdicts import OF_STEPS, verify_concurrent
from checks.expectations import Expectations, Expected, Survivor
from checks.mutation import notice
from checks.mutation.effect import Effect
from checks.mutation.kept import Kept
from checks.mutation.mutants import Mutant, lessens, mutants, mutated
from checks.mutation.notice import Asked, Notice, Result, Watch
from checks.mutation.report import page, reason, stale_reasons, survivors, unexplained
from checks.mutation.run import mutate, refuted
from checks.mutation.source import as_told
from checks.properties.catalogue import PROPERTIES
from checks.show import Refuted
from checks.verdict import Finding, Outcome, Report
from checks.verify import verify
from cli.main import main
from model.errors import InputError
from model.explore import explore
from model.lifecycle import Lifecycle
from model.semantics import Semantics
from model.tables_reader import read_tables

LIFECYCLES = Path(__file__).parent / "lifecycles"
#: Nova's own tables, as seen from there: no small lifecycle has a periodic task that deletes.
NOVA = "../../model/tables"

#: property, lifecycle, scenario, and a change after which the property, which held, is violated
REFUTED = [
    ("rest", "lamp", "sequential", Mutant("policies/switches_back/back", "omit task")),
    ("settles", "lamp", "sequential", Mutant("switch-on/switch/done", "change value")),
    ("consistent", "lamp", "sequential", Mutant("switch-off/cut/no_current", "delete")),
    ("exclusive", "lamp", "sequential", Mutant("remove/press/mark", "change value")),
    ("terminates", "lamp", "sequential", Mutant("switch-on/switch/current", "escape")),
    ("deletable", "lamp", "sequential", Mutant("remove/guard", "delete")),
    ("delete-wins", "lamp", "sequential", Mutant("remove/take_away/gone", "omit there")),
    ("stable", "lamp", "sequential", Mutant("switch-on/switch/done", "omit task")),
    ("fails-visibly", "lamp", "sequential", Mutant("policies/switches_back/back", "delete")),
    ("restores", "lamp", "sequential", Mutant("policies/switches_back/back", "change value")),
    ("undoes", "lamp", "sequential", Mutant("switch-off/cut/done", "omit switch")),
    ("delivers", "lamp", "sequential", Mutant("switch-on/switch/current", "delete")),
    ("final", "door", "crash", Mutant("recover/guard", "revive")),
    ("power-from-compute", "lamp", "sequential", Mutant("switch-on/switch/done", "elsewhere")),
    ("reconciles", "lamp", "outside", Mutant("look/look/report", "delete")),
    ("spares", NOVA, "outside", Mutant("reclaim/guard", "without vm_state")),
    ("guards-agree", "lamp", "sequential", Mutant("switch-on/guard", "without task")),
    ("alive", "volume", "calm", Mutant("retype/guard", "delete")),
]
#: no small lifecycle holds it before (a crash leaves something everywhere): it is violated in more ways after
WORSE = [("recovers", "door", "crash", Mutant("open/turn/done", "omit motion"))]


@cache
def tables(name: str) -> Lifecycle:
    return read_tables(LIFECYCLES / name)


def findings(lifecycle: Lifecycle, property_id: str, scenario: str) -> set[tuple[str, ...]]:
    verdicts = verify(lifecycle, [scenario], [property_id], z3=False).verdicts
    return {tuple(finding.key.values()) for verdict in verdicts for finding in verdict.findings}


@pytest.mark.parametrize(("property_id", "name", "scenario", "mutant"), [*REFUTED, *WORSE], ids=str)
def test_each_property_is_refuted_by_a_mutant(property_id: str, name: str, scenario: str, mutant: Mutant) -> None:
    before = findings(tables(name), property_id, scenario)
    assert mutant in set(mutants(tables(name)))
    after = findings(mutated(tables(name), mutant), property_id, scenario)
    assert after - before
    if (property_id, name, scenario, mutant) in REFUTED and property_id != "alive":
        assert not before


def test_no_property_is_forgotten() -> None:
    assert {one[0] for one in (*REFUTED, *WORSE)} == {one.id for one in PROPERTIES}


def test_the_lamp_holds_everything_before() -> None:
    report = verify(tables("lamp"))
    assert [one for one in report.verdicts if one.disagreement or one.checked is False] == []
    assert {one.property for one in report.verdicts if one.outcome is not Outcome.HOLDS} == set()


def test_single_conditions_of_guards_are_mutated() -> None:
    changes = {one.change for one in mutants(tables("lamp")) if one.row == "switch-on/guard"}
    assert changes == {"drop guard", "without switch", "without task", "delete"}


def test_handlers_are_mutated() -> None:
    """Without its handler a failing step ends the process, and its handler is never entered."""
    mutant = Mutant("switch-on/switch/current", "escape")
    assert mutant in set(mutants(tables("lamp")))
    verdicts = verify(mutated(tables("lamp"), mutant), ["sequential"], ["alive"], z3=False).verdicts
    dead = {finding.key.get("row") for verdict in verdicts for finding in verdict.findings}
    assert "policies/switches_back/back" in dead or findings(mutated(tables("lamp"), mutant), "rest", "sequential")


@pytest.mark.parametrize("name", ["lamp", "door", "volume"])
def test_every_mutant_changes_something(name: str) -> None:
    lifecycle = tables(name)
    assert [one for one in mutants(lifecycle) if mutated(lifecycle, one) == lifecycle] == []


def test_a_change_that_does_nothing_is_told_from_one_that_does() -> None:
    lifecycle = tables("lamp")
    footing = Watch(lifecycle, ["sequential"]).footing("sequential")
    effects = {
        # one request at a time: nobody comes between
        Mutant("switch-on/switch/done", "drop expect"): Effect.NONE,
        Mutant("switch-on/switch/current", "never fails"): Effect.FEWER,
        Mutant("switch-on/switch/current", "delete"): Effect.OTHER,
        Mutant("switch-on/switch/done", "omit task"): Effect.OTHER,
    }
    assert {mutant: footing.effect(mutated(lifecycle, mutant), mutant.row) for mutant in effects} == effects


def test_what_only_takes_steps_away_makes_no_new_execution() -> None:
    """Every configuration of such a mutant is one of the lifecycle, for every mutant of two lifecycles."""
    counted = 0
    for lifecycle in (tables("lamp"), tables("volume")):
        scenario = lifecycle.scenarios["sequential" if "sequential" in lifecycle.scenarios else "calm"]
        records = {place[0] for place in explore(Semantics(lifecycle), scenario).configurations}
        for mutant in mutants(lifecycle):
            if lessens(lifecycle, mutant):
                counted += 1
                found = explore(Semantics(mutated(lifecycle, mutant)), scenario)
                assert {place[0] for place in found.configurations} <= records, mutant
        (other,) = [one for one in mutants(tables("lamp")) if one == Mutant("switch-on/guard", "without task")]
        assert not lessens(tables("lamp"), other)
    assert counted > 10


@pytest.mark.parametrize("name", ["lamp", "volume"])
def test_what_changes_no_step_gives_the_same_verdicts(name: str) -> None:
    """The shortcut agrees with deciding everything again."""
    lifecycle = tables(name)
    scenario = next(iter(lifecycle.scenarios))
    watch = Watch(lifecycle, [scenario])
    footings = [one for one in (watch.footing(scenario), watch.beyond(scenario)) if one is not None]
    usual = told(verify(lifecycle, [scenario], z3=False))
    same = [
        one
        for one in mutants(lifecycle)
        if all(footing.effect(mutated(lifecycle, one), one.row) is Effect.NONE for footing in footings)
    ]
    assert len(same) > 3
    for mutant in same[:12]:
        assert told(verify(mutated(lifecycle, mutant), [scenario], z3=False)) == usual, mutant


def test_what_no_execution_shows_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found with variables forgotten, and then refuted or not confirmed, is no violation of a mutant."""
    lamp, mutant = tables("lamp"), Mutant("switch-on/switch/done", "omit task")
    (rest,) = [one for one in PROPERTIES if one.id == "rest"]
    shown = Watch(lamp, ["sequential"]).result(mutant).notices
    assert Notice("rest", "sequential", refutes=True) in shown
    assert Watch(lamp, ["sequential"]).refutes(mutant, "rest")
    for answer in (Refuted({}), None):
        monkeypatch.setattr(notice, "show", lambda *_, answer=answer: answer)
        told = Watch(lamp, ["sequential"]).result(mutant).notices
        assert {one.property for one in told} <= {"alive"}
        assert Watch(lamp, ["sequential"]).refutes(mutant, "rest") is None
        here = Asked(mutated(lamp, mutant), Semantics(mutated(lamp, mutant)), "sequential")
        assert here.found(rest)
        assert not any(here.real(rest, key) for key in here.found(rest))


def told(report: Report) -> set[tuple[str, ...]]:
    """Each verdict of the scenarios with the key of each finding."""
    return {
        (verdict.property, verdict.scenario, verdict.outcome.value, *finding.key.values())
        for verdict in report.verdicts
        if verdict.scenario != "tables"
        for finding in (*verdict.findings, Finding({}, 0, None, "", ""))
    }


def test_most_mutants_of_the_lamp_are_noticed_and_the_page_says_which_are_not() -> None:
    lifecycle = tables("lamp")
    results = mutate(lifecycle, ("sequential", "outside"), workers=1)
    noticed = sum(one.noticed for one in results)
    assert noticed >= 0.6 * len(results)
    left = survivors(results, None)
    listed = [Survivor(rows=[left[0].mutant.row], reason="for this test")] if left else []
    text = page(
        results,
        [one.mutant for one in results],
        lifecycle.rows,
        ("sequential", "outside"),
        (),
        PROPERTIES,
        Expected(survivors=listed, unrefuted={"final": "nothing comes back"}),
        None,
        {"rest": Mutant("a/b/c", "delete")},
    )
    assert "`a/b/c`: delete" in text
    assert "| final | 0 | nothing comes back |" in text
    assert "| `switch-on/switch/lock` | one request at a time never needs it |" in text
    assert f"| noticed by a property with one request at a time | {noticed} |" in text
    assert "two at once" not in text
    for one in left:
        assert f"| `{one.mutant.row}` | {one.mutant.change} |" in text
    assert text.count("for this test") == sum(one.mutant.row == left[0].mutant.row for one in left) if left else True


def keys_of_pairs(lifecycle: Lifecycle) -> set[tuple[str, tuple[str, ...]]]:
    """The ways in which the door's properties are violated with two buttons at once."""
    report = verify_concurrent(lifecycle, ["pair"], OF_STEPS, Expectations())
    return {(one.property, tuple(found.key.values())) for one in report.verdicts for found in one.findings}


def test_what_nobody_notices_with_one_request_is_tried_with_two() -> None:
    lifecycle = tables("door")
    alone = {one.mutant: one for one in mutate(lifecycle, ("calm",), workers=1)}
    both = mutate(lifecycle, ("calm",), ("pair",), workers=1)
    late = [one for one in both if one.noticed and one.together]
    assert len(late) > 3
    usual = keys_of_pairs(lifecycle)
    for one in both:
        assert one.together == (() if alone[one.mutant].noticed else ("pair",))
        assert one == (replace(alone[one.mutant], notices=one.notices, together=one.together))
        if one.together and one in late[:6]:
            new = keys_of_pairs(mutated(lifecycle, one.mutant))
            assert {notice.property for notice in one.notices} == {name for name, _ in new ^ usual}
            assert {notice.property for notice in one.notices if notice.refutes} == {name for name, _ in new - usual}
    for one in [one for one in both if one.together and not one.noticed][:6]:
        assert keys_of_pairs(mutated(lifecycle, one.mutant)) == usual
    every = [one.mutant for one in both]
    text = page(both, every, lifecycle.rows, ("calm",), ("pair",), PROPERTIES, Expected(), None, {})
    assert f"| noticed by a property with two at once alone | {len(late)} |" in text


def test_what_was_kept_with_two_requests_is_not_tried_again(tmp_path: Path) -> None:
    lifecycle, path = tables("door"), tmp_path / "mutants.jsonl"
    first = mutate(lifecycle, ("calm",), sample=9, workers=1, kept=Kept(path, lifecycle, ("calm",)))
    left = [one for one in first if not one.noticed]
    seen: list[int] = []

    def run(together: tuple[str, ...]) -> list[Result]:
        kept = Kept(path, lifecycle, ("calm",), together)
        return mutate(
            lifecycle, ("calm",), together, 9, workers=1, kept=kept, progress=lambda _, todo: seen.append(todo)
        )

    both = run(("pair",))
    assert seen == [*range(len(left))][::-1]
    assert run(("pair",)) == both
    assert seen == [*range(len(left))][::-1]
    # what was found in other scenarios does not count, what was found with one request does
    assert run(()) == first


def test_a_property_that_is_asked_late_is_asked_of_what_others_noticed() -> None:
    lifecycle = tables("lamp")
    results = mutate(lifecycle, ("sequential",), workers=1)
    early = {notice.property for one in results for notice in one.notices if notice.refutes}
    assert "terminates" not in early
    found = refuted(lifecycle, ("sequential",), results)
    assert {"rest", "terminates", "delivers", "restores", "deletable"} <= set(found)


def test_a_run_goes_on_from_what_was_kept(tmp_path: Path) -> None:
    lifecycle, path = tables("lamp"), tmp_path / "mutants.jsonl"
    scenarios = ("sequential",)
    first = mutate(lifecycle, scenarios, sample=6, workers=1, kept=Kept(path, lifecycle, scenarios))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"of": {"steps": "torn')
    seen: list[int] = []
    again = mutate(
        lifecycle,
        scenarios,
        sample=8,
        workers=1,
        kept=Kept(path, lifecycle, scenarios),
        progress=lambda results, _: seen.append(len(results)),
    )
    assert seen == [7, 8]
    assert set(first) < set(again)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 8


def test_what_was_kept_lasts_as_long_as_the_tables_say_the_same(tmp_path: Path) -> None:
    lifecycle, path, scenarios = tables("lamp"), tmp_path / "mutants.jsonl", ("sequential",)

    def notice(name: str) -> tuple[Notice, ...]:
        return (Notice(name, "sequential", refutes=True),)

    results = [
        Result(Mutant("a", "delete"), notice("rest")),
        Result(Mutant("b", "delete"), notice("delivers")),
        Result(Mutant("c", "delete"), (), (), scenarios),
        Result(Mutant("d", "delete"), (), broken="KeyError"),
    ]
    kept = Kept(path, lifecycle, scenarios)
    for one in results:
        kept.add(one)
    said = replace(lifecycle, digest="another", source_address="elsewhere")
    promised = replace(lifecycle, promises=lifecycle.promises[1:])
    stepping = replace(lifecycle, entries=lifecycle.entries[1:])
    assert list(Kept(path, said, scenarios).results()) == results
    assert list(Kept(path, promised, scenarios).results()) == [results[0], results[3]]
    assert list(Kept(path, stepping, scenarios).results()) == []
    assert list(Kept(path, lifecycle, ("outside",)).results()) == []


@pytest.mark.parametrize("content", [b"{}\n", b"[1]\n", b"nothing", b"\xff\xfe\n", b'{"of": 1}\n', b"[" * 5000 + b"\n"])
def test_a_file_of_something_else_is_not_used_and_not_changed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mutants.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError):
        list(Kept(path, tables("lamp"), ("sequential",)).results())
    assert path.read_bytes() == content


def test_a_reason_for_what_is_noticed_is_stale() -> None:
    results = [
        Result(Mutant("a/b/c", "delete"), (Notice("rest", "sequential", refutes=True),)),
        Result(Mutant("a/b/d", "delete"), (), (), ("sequential",)),
    ]
    listed = [
        Survivor(rows=["a/b/c"], reason="wrong"),
        Survivor(rows=["a/b/d"], changes=["del*"], reason="right"),
        Survivor(rows=["x/*"], reason="nothing like it"),
    ]
    every = [one.mutant for one in results]
    assert list(stale_reasons(results, every, listed)) == ["a/b/c: every one is noticed", "x/*: there is none"]
    untried = [*every, Mutant("a/b/c", "escape")]
    assert list(stale_reasons(results, untried, listed)) == ["x/*: there is none"]
    assert reason(results[1].mutant, listed) == "right"
    assert reason(Mutant("a/b/d", "escape"), listed) is None
    assert unexplained(results, listed, None) == []
    assert unexplained(results, listed[:1], None) == [results[1]]
    assert unexplained(results, listed[:1], {results[1].mutant}) == []


@pytest.mark.parametrize(
    ("rows", "unrefuted", "status"),
    [("*", "final: nothing comes back", 0), ("*", "", 1), ("no/such/row", "final: nothing comes back", 1)],
)
def test_the_exit_status_says_whether_everything_is_explained(
    tmp_path: Path, rows: str, unrefuted: str, status: int
) -> None:
    folder = tmp_path / "lamp"
    shutil.copytree(LIFECYCLES / "lamp", folder)
    text = f'survivors:\n  - rows: ["{rows}"]\n    reason: for this test\nunrefuted: {{{unrefuted}}}\n'
    (folder / "expectations.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["mutate", "--tables", str(folder), "--scenario", "sequential", "--workers", "1"])
    assert ended.value.code == status


def test_what_the_source_is_asked_of_a_mutant() -> None:
    lifecycle = tables("lamp")
    changed = as_told(lifecycle, Mutant("switch-on/switch/done", "change value"))
    assert changed is not None
    before, after = lifecycle.rows["switch-on/switch/done"], changed.rows["switch-on/switch/done"]
    assert before.writes != after.writes
    assert before.expect == after.expect
    gone = as_told(lifecycle, Mutant("switch-on/switch/done", "delete"))
    assert gone is not None
    assert "switch-on/switch/done" not in gone.rows
    free = as_told(lifecycle, Mutant("switch-on/switch/done", "drop expect"))
    assert free is not None
    assert free.rows["switch-on/switch/done"].expect is None
    unguarded = as_told(lifecycle, Mutant("switch-on/guard", "delete"))
    assert unguarded is not None
    assert unguarded.operations["switch-on"].guards == ()
    assert as_told(lifecycle, Mutant("switch-on/switch/current", "delete")) is None
