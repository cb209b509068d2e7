"""What is expected and not found any more fails, one value or one finding; what is never asked is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from shutil import copytree

import pytest

from checks.expectations import DEFAULT, Expectations, Expected, Pattern, compared, read_expectations
from checks.lost import of_newest, uncounted, with_lost
from checks.never_asked import refuse_never_asked
from checks.run import asked_of, by_default, looked_at_twice
from checks.verdict import Outcome, Report, Verdict, fails
from checks.verify import verify
from cli.main import main
from model.errors import InputError
from model.lifecycle import Lifecycle
from model.load import TABLES
from model.tables_reader import read_tables

DOOR = Path(__file__).parent / "lifecycles" / "door"
VOLUME = Path(__file__).parent / "lifecycles" / "volume"


@cache
def volume() -> Lifecycle:
    return read_tables(VOLUME)


@cache
def plain() -> Report:
    """Two scenarios of a volume, compared with nothing."""
    return verify(volume(), ["sequential", "crash"], ["rest", "recovers"], z3=False)


def found(property_id: str, scenario: str) -> Verdict:
    (one,) = [one for one in plain().verdicts if (one.property, one.scenario) == (property_id, scenario)]
    return one


def expected(*patterns: Pattern, **counts: int) -> Expectations:
    """Known findings of `rest` and how many there are of each name in `sequential`."""
    return Expectations(Expected(findings=list(patterns), counts={"rest": {"sequential": counts}} if counts else {}))


def known(name: str, *status: str, scenarios: tuple[str, ...] = ("sequential",)) -> Pattern:
    when = {"status": list(status)} if status else {}
    return Pattern(name=name, properties=["rest"], scenarios=list(scenarios), when=when, what={"en": name})


def of_status(*status: str) -> int:
    return sum(one.key["status"] in status for one in found("rest", "sequential").findings)


def test_as_many_as_are_counted_pass() -> None:
    rest = found("rest", "sequential")
    right = expected(known("A", "DELETING"), findings=len(rest.findings), A=of_status("DELETING"))
    assert of_status("DELETING") > 0
    assert not fails(compared(rest, right))


def test_one_less_than_is_counted_fails_and_says_of_which_name() -> None:
    rest = found("rest", "sequential")
    every, some = len(rest.findings), of_status("DELETING", "RETYPING")
    lost = replace(rest, findings=tuple(one for one in rest.findings if one.key["status"] != "RETYPING"))
    right = expected(known("A", "DELETING", "RETYPING"), known("ALL"), findings=every, A=some, ALL=every)
    assert not fails(compared(rest, right))
    assert len(lost.findings) < every
    (said,) = compared(lost, right).unexpected
    assert said == (
        f"{every} findings expected, {len(lost.findings)} found: "
        f"A {of_status('DELETING')} instead of {some} (none has status=RETYPING); "
        f"ALL {len(lost.findings)} instead of {every}"
    )


def test_one_more_than_is_counted_fails() -> None:
    rest = found("rest", "sequential")
    every = len(rest.findings)
    (said,) = compared(rest, expected(known("ALL"), findings=every - 1, ALL=every - 1)).unexpected
    assert said == f"{every - 1} findings expected, {every} found: ALL {every} instead of {every - 1}"


def test_another_instead_of_one_that_is_counted_fails() -> None:
    """As many in all, but not of each name."""
    rest = found("rest", "sequential")
    every = len(rest.findings)
    fewer = expected(known("A", "DELETING"), known("B", "RETYPING"), findings=every, A=9, B=of_status("RETYPING"))
    (said,) = compared(rest, fewer).unexpected
    assert said == f"{every} findings expected, {every} found: A {of_status('DELETING')} instead of 9"


def test_a_finding_without_a_name_is_counted() -> None:
    rest = found("rest", "sequential")
    every = len(rest.findings)
    right = expected(known("A", "DELETING"), findings=every - 1, A=of_status("DELETING"))
    assert compared(rest, right).unexpected == (f"{every - 1} findings expected, {every} found",)


def _lost(*patterns: Pattern, scenarios: tuple[str, ...] = ("sequential", "crash")) -> list[tuple[str, str, str]]:
    verdicts = tuple(one for one in plain().verdicts if one.scenario in scenarios)
    report = with_lost(replace(plain(), verdicts=verdicts), expected(*patterns), asked_of(volume()))
    return [(one.property, one.scenario, said) for one in report.verdicts for said in one.unexpected]


def test_a_value_that_no_finding_has_is_told() -> None:
    assert _lost(known("A", "DELETING", "IN_USE")) == [
        ("rest", "sequential", "expected and not found: A status=IN_USE")
    ]
    assert _lost(known("A", "DELETING", "RETYPING")) == []


def test_a_value_must_be_met_in_one_of_the_scenarios() -> None:
    """Without failures nothing but the steps of a client stays; those are enough, where both are asked."""
    both = known("A", "DELETING", "ATTACHING", scenarios=("sequential", "crash"))
    assert _lost(both) == []
    only = [one for one in plain().verdicts if one.property == "rest"]
    without = [
        replace(one, findings=tuple(each for each in one.findings if each.key["status"] != "DELETING"))
        if one.scenario == "sequential"
        else one
        for one in only
    ]
    assert all(any(each.key["status"] == "DELETING" for each in one.findings) for one in only)
    report = with_lost(replace(plain(), verdicts=tuple(without)), expected(both), asked_of(volume()))
    assert not any(one.unexpected for one in report.verdicts)
    neither = [
        replace(one, findings=tuple(each for each in one.findings if each.key["status"] != "DELETING")) for one in only
    ]
    report = with_lost(replace(plain(), verdicts=tuple(neither)), expected(both), asked_of(volume()))
    assert [one.unexpected for one in report.verdicts] == [("expected and not found: A status=DELETING",), ()]


def test_a_value_is_not_missed_where_a_scenario_was_not_decided() -> None:
    """It may be met there."""
    both = known("A", "DELETING", "IN_USE", scenarios=("sequential", "crash"))
    assert _lost(both, scenarios=("sequential",)) == []
    assert len(_lost(both)) == 1
    assert _lost(known("A", "DELETING", "IN_USE", scenarios=())) == [], "calm and admin were not decided"


def test_values_of_what_is_not_found_at_all_are_not_told_twice() -> None:
    never = known("A", "IN_USE")
    assert _lost(never) == []
    assert compared(found("rest", "sequential"), expected(never)).unexpected == ("A was expected and not found",)


def _verify(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["verify", "--quiet", *arguments])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def _replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def _counted(folder: Path, numbers: str) -> None:
    with (folder / "expectations.yaml").open("a", encoding="utf-8") as file:
        file.write(f"counts:\n  recovers:\n    crash: {numbers}\n")


@pytest.mark.parametrize("counts", [True, False])
def test_a_repair_that_loses_findings_fails_the_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, *, counts: bool
) -> None:
    """Start-up recovery of a volume that repairs RETYPING: C-CRASH is still found, by EXTENDING, but less of it."""
    folder = tmp_path / "volume"
    copytree(VOLUME, folder)
    steps = len([one for one in found("recovers", "crash").findings if one.key["status"] in {"ATTACHING", "DETACHING"}])
    every = len(found("recovers", "crash").findings)
    if counts:
        _counted(folder, f"{{findings: {every}, C-STEPS-CRASH: {steps}, C-CRASH: {every - steps}}}")
    arguments = ("--tables", str(folder), "--scenario", "crash", "--property", "recovers")
    status, out, _ = _verify(capsys, *arguments)
    assert (status, "as expected" in out) == (0, True)
    _replaced(folder / "recovery" / "init-host.yaml", "[CREATING, DOWNLOADING]", "[CREATING, DOWNLOADING, RETYPING]")
    status, out, _ = _verify(capsys, *arguments)
    assert status == 1
    assert "expected and not found: C-CRASH status=RETYPING" in out
    assert "C-CRASH was expected and not found" not in out
    if counts:
        assert f"{every} findings expected, " in out
        assert f"instead of {every - steps} (none has status=RETYPING)" in out


def test_another_release_has_its_own_number(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What is counted, and every value that is listed, belongs to the newest release."""
    folder = tmp_path / "door"
    copytree(DOOR, folder)
    (folder / "expectations.yaml").write_text(
        "counts: {rest: {sequential: {findings: 9, K: 9}}}\n"
        "findings: [{name: K, properties: [rest], scenarios: [sequential], when: {position: [JAMMED, OPEN]},"
        " what: {en: K}}]\n"
    )
    arguments = ("--tables", str(folder), "--scenario", "sequential", "--property", "rest")
    status, out, _ = _verify(capsys, *arguments)
    assert status == 1
    assert "9 findings expected, 1 found: K 1 instead of 9 (none has position=OPEN)" in out
    assert "expected and not found: K position=OPEN" in out
    assert _verify(capsys, *arguments, "--release", "1")[0] == 0


def test_the_newest_release_is_the_last() -> None:
    assert of_newest(read_tables(DOOR))
    assert not of_newest(read_tables(DOOR, "1"))


def test_what_is_looked_at_twice_is_not_counted() -> None:
    counts = {"rest": {"sequential": {"findings": 1}, "pair": {"findings": 2}}}
    door = read_tables(DOOR)
    less = uncounted(Expectations(Expected(counts=counts)), looked_at_twice(door, by_default(door)))
    assert less.expected.counts == {"rest": {"sequential": {"findings": 1}}}


def _refused(folder: Path, text: str) -> list[str]:
    (folder / "expectations.yaml").write_text(text)
    door = read_tables(DOOR)
    with pytest.raises(InputError) as raised:
        refuse_never_asked(folder, read_expectations(folder, door.scenarios), asked_of(door))
    return [str(fault) for fault in raised.value.faults]


def test_what_is_never_asked_is_refused(tmp_path: Path) -> None:
    """Each with its place and where it is asked; a known finding may join what is not asked of each other."""
    said = _refused(
        tmp_path,
        "verdicts:\n"
        "  recovers:\n"
        "    crash: holds\n"
        "    default: holds\n"
        "  rest: {tables: holds}\n"
        "  reconciles: {default: holds}\n"
        "counts:\n"
        "  recovers:\n"
        "    calm: {findings: 1, X: 1, Y: 1, Z: 1}\n"
        "findings:\n"
        "  - name: X\n"
        "    properties: [rest, recovers]\n"
        "    scenarios: [calm, lost]\n"
        "    what: {en: x}\n"
        "  - name: Y\n"
        "    properties: [recovers]\n"
        "    scenarios: [crash, calm]\n"
        "    what: {en: y}\n"
        "  - name: Z\n"
        "    properties: [rest, recovers]\n"
        "    scenarios: [calm, crash]\n"
        "    what: {en: z}\n",
    )
    everywhere, nowhere = "sequential, calm, crash, pair, lost", "none of these scenarios"
    assert said == [
        "expectations.yaml:4: recovers is asked in no other scenario; take it out; it is asked in: crash",
        f"expectations.yaml:5: rest is never asked in tables; take it out; it is asked in: {everywhere}",
        f"expectations.yaml:6: reconciles is asked in no other scenario; take it out; it is asked in: {nowhere}",
        "expectations.yaml:9: recovers is never asked in calm; take it out; it is asked in: crash",
        "expectations.yaml:12: X: recovers is never asked in calm, lost; take it out; it is asked in: crash",
        "expectations.yaml:17: Y: recovers is never asked in calm; take it out; it is asked in: crash",
    ]


def test_the_run_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.run.run", None)
    folder = tmp_path / "volume"
    copytree(VOLUME, folder)
    never = "  reconciles: {sequential: violated}\n  recovers: {crash"
    _replaced(folder / "expectations.yaml", "  recovers: {crash", never)
    status, _, said = _verify(capsys, "--tables", str(folder))
    assert status == 2
    assert "reconciles is never asked in sequential; take it out" in said


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ("{findings: 2, K: 1, L: 1}", "counts 'L', which is none of rest in sequential; name it in findings"),
        ("{findings: 2}", "does not count 'K'; say how many of rest in sequential are to be found"),
        ("{K: 2}", "does not count 'findings'"),
        ("{findings: 0, K: 1}", "greater than 0"),
    ],
)
def test_what_is_counted_is_what_is_known(tmp_path: Path, numbers: str, words: str) -> None:
    (tmp_path / "expectations.yaml").write_text(
        f"counts:\n  rest:\n    sequential: {numbers}\n"
        "findings: [{name: K, properties: [rest], scenarios: [sequential], what: {en: K}}]\n"
    )
    with pytest.raises(InputError) as raised:
        read_expectations(tmp_path, read_tables(DOOR).scenarios)
    assert words in str(raised.value)
    assert "expectations.yaml:3" in str(raised.value)


def test_all_that_make_verify_is_to_find_is_counted(nova: Lifecycle) -> None:
    """Of each property that it decides and that is violated; what holds has nothing to count."""
    expectations = read_expectations(TABLES, nova.scenarios)
    asked = asked_of(nova)
    usual = (*by_default(nova), "tables")
    pairs = {(one, name) for name in usual for one in asked[name]}
    violated = {pair for pair in pairs if expectations.verdict(*pair) is Outcome.VIOLATED}
    assert {pair for pair in pairs if expectations.counts(*pair)} == violated
    assert len(violated) > 50
    refuse_never_asked(TABLES, expectations, asked)
    assert DEFAULT not in {name for named in expectations.expected.counts.values() for name in named}
