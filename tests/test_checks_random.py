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
#: Where what is possible is asked of every state.
PLAIN = ("sequential", "calm")
OF_TABLES = ("guards-agree", "alive")
USUAL = [one.id for one in PROPERTIES if one.id not in UNASKED]
TRYING = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

#: How many machines hold each property (in something that it speaks of), violate it, or leave z3 without an answer.
Tally = Counter[tuple[str, str]]


def judge(lifecycle: Lifecycle, scenario: str, wanted: list[str], tally: Tally) -> None:
    """Asserts that all agree on the properties *wanted* that are asked in *scenario*, and counts what they say."""
    definitions = Definitions(lifecycle, explore(Semantics(lifecycle), lifecycle.scenarios[scenario]))
    for verdict in verify(lifecycle, [scenario], wanted).verdicts:
        agree(verdict, ways(definitions, verdict.property), tally)
        if verdict.exercised:
            tally[verdict.property, verdict.outcome] += 1
            event(f"{verdict.property} {verdict.outcome}")


def ways(definitions: Definitions, name: str) -> set[Key]:
    """The ways in which the property *name* is violated, by its definition."""
    if name == "guards-agree":
        return guards_agree(definitions.lifecycle)
    return alive(definitions.lifecycle, definitions.space) if name == "alive" else definitions.keys(name)


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
    return isinstance(one.form, Possible) and not (one.form.everywhere and verdict.scenario in PLAIN)


def fairly(tally: Tally) -> None:
    """Asserts that each property is held and violated by a fair number of machines, and hardly ever left open."""
    for one in PROPERTIES:
        for outcome in (Outcome.HOLDS, Outcome.VIOLATED):
            assert tally[one.id, outcome] >= MACHINES // 250, (one.id, outcome, tally)
        assert tally[one.id, Outcome.UNDECIDED] <= 5 + MACHINES // 50, (one.id, tally)


def test_engines_and_definition_agree_on_each_property() -> None:
    """Each machine is asked all: what can be in ``sequential``, the rest in ``worst``, with some others beside."""
    tally: Tally = Counter()
    others = sorted(DEFINED.keys() - {*UNASKED})

    @given(rich_machines(), st.lists(st.sampled_from(others), max_size=1))
    @settings(TRYING, max_examples=MACHINES)
    def each(lifecycle: Lifecycle, beside: list[str]) -> None:
        judge(lifecycle, "sequential", USUAL, tally)
        judge(lifecycle, "worst", [*UNASKED, *beside], tally)

    each()
    fairly(tally)


@given(rich_machines(), st.sampled_from(sorted(ALONE.keys() - {"sequential", "worst"})))
@settings(TRYING, max_examples=MACHINES // 10)
def test_engines_and_definition_agree_in_every_scenario(lifecycle: Lifecycle, scenario: str) -> None:
    judge(lifecycle, scenario, [*DEFINED], Counter())


def test_every_property_has_a_definition() -> None:
    assert {one.id for one in PROPERTIES} == {*DEFINED, *OF_TABLES}
    assert {one.id for one in PROPERTIES if isinstance(one.form, OfTables)} == {*OF_TABLES}
    missing = [one.id for one in PROPERTIES if one.id in UNASKED and asked(one, ALONE["sequential"])]
    assert not missing
