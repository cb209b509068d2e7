"""Random small machines: graph search, z3 and the definition of each property, word for word, find the same.

Everything that can be asked with one request at a time is asked of each machine, and every way in which something is
violated must be the same for all three.
"""

from __future__ import annotations

from collections import Counter

from definitions import DEFINED, Definitions, Key, alive, guards_agree
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from random_machines import ALONE, MACHINES, rich_machines

from checks.properties.catalogue import PROPERTIES, asked
from checks.properties.definition import OfTables, Possible
from checks.verdict import Outcome, Verdict
from checks.verify import verify
from model.explore import explore
from model.lifecycle import Lifecycle
from model.semantics import Semantics

#: What is asked only where something starts unasked, dies, or happens outside: all of that is in ``worst``.
UNASKED = ("spares", "recovers", "reconciles")
OF_TABLES = ("guards-agree", "alive")
USUAL = [one.id for one in PROPERTIES if one.id not in UNASKED]
TRYING = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

#: How many machines hold each property (in something that it speaks of), violate it, or leave z3 without an answer.
Tally = Counter[tuple[str, str]]


def judge(lifecycle: Lifecycle, scenario: str, wanted: list[str], tally: Tally) -> None:
    """Asserts that all agree on the properties *wanted* that are asked in *scenario*, and counts what they say."""
    space = explore(Semantics(lifecycle), lifecycle.scenarios[scenario])
    definitions = Definitions(lifecycle, space)
    for verdict in verify(lifecycle, [scenario], wanted).verdicts:
        keys = {"guards-agree": lambda: guards_agree(lifecycle), "alive": lambda: alive(lifecycle, space)}.get(
            verdict.property, lambda verdict=verdict: definitions.keys(verdict.property)
        )()
        agree(verdict, keys, tally)
        if verdict.exercised:
            tally[verdict.property, verdict.outcome] += 1
            event(f"{verdict.property} {verdict.outcome}")


def agree(verdict: Verdict, keys: set[Key], tally: Tally) -> None:
    """Asserts that the engines have decided what the definition says, which is violated in *keys*.

    Of what is possible with variables of which only sets of values are known z3 may say that it depends on them: where
    the question is not that of every state.
    """
    expected = Outcome.VIOLATED if keys else Outcome.HOLDS
    assert {tuple(sorted(finding.key.items())) for finding in verdict.findings} == keys, verdict.property
    assert not verdict.disagreement, verdict
    assert verdict.checked is not False, verdict
    assert verdict.outcome is expected, verdict
    engines = {engine.name: engine.outcome for engine in verdict.engines}
    assert engines.keys() == {"graph search", "z3"}, verdict
    if engines["z3"] is Outcome.UNDECIDED and depends(verdict):
        tally[verdict.property, Outcome.UNDECIDED] += 1
        engines.pop("z3")
    assert set(engines.values()) == {expected}, verdict


def depends(verdict: Verdict) -> bool:
    """Whether *verdict* is on what is possible from all that executions reach, and not from every state."""
    (one,) = (one for one in PROPERTIES if one.id == verdict.property)
    kinds = ALONE[verdict.scenario].kinds
    return isinstance(one.form, Possible) and (not one.form.everywhere or kinds != {"request"})


def fairly(tally: Tally, names: list[str]) -> None:
    """Asserts that each of *names* is held and violated by a fair number of machines, and hardly ever left open."""
    for name in names:
        for outcome in (Outcome.HOLDS, Outcome.VIOLATED):
            assert tally[name, outcome] >= MACHINES // 200, (name, outcome, tally)
        assert tally[name, Outcome.UNDECIDED] <= 5 + MACHINES // 50, (name, tally)


def test_engines_and_definition_agree_on_what_is_asked_of_requests() -> None:
    tally: Tally = Counter()

    @given(rich_machines())
    @settings(TRYING, max_examples=MACHINES)
    def each(lifecycle: Lifecycle) -> None:
        judge(lifecycle, "sequential", USUAL, tally)

    each()
    fairly(tally, USUAL)


def test_engines_and_definition_agree_on_what_nobody_asks_for() -> None:
    """Where everything happens; of the other properties some are asked beside."""
    tally: Tally = Counter()

    @given(rich_machines(), st.sets(st.sampled_from([one for one in DEFINED if one not in UNASKED]), max_size=3))
    @settings(TRYING, max_examples=MACHINES)
    def each(lifecycle: Lifecycle, beside: set[str]) -> None:
        judge(lifecycle, "worst", [*UNASKED, *sorted(beside)], tally)

    each()
    fairly(tally, [*UNASKED])


@given(rich_machines(), st.sampled_from(sorted(ALONE.keys() - {"sequential", "worst"})))
@settings(TRYING, max_examples=MACHINES // 5)
def test_engines_and_definition_agree_in_every_scenario(lifecycle: Lifecycle, scenario: str) -> None:
    judge(lifecycle, scenario, [*DEFINED], Counter())


def test_every_property_has_a_definition() -> None:
    assert {one.id for one in PROPERTIES} == {*DEFINED, *OF_TABLES}
    assert {one.id for one in PROPERTIES if isinstance(one.form, OfTables)} == {*OF_TABLES}
    missing = [one.id for one in PROPERTIES if one.id in UNASKED and asked(one, ALONE["sequential"])]
    assert not missing
