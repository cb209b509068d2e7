"""Nova 34.0.0 as published: the tables match it completely.  Fetches the sdist; see `make conform`."""

from __future__ import annotations

import pytest

from checks.conformance.source.behaviour import recovery_differences, synchronisation_differences
from checks.conformance.source.compare import compare
from checks.conformance.source.facts import SourceFacts
from checks.conformance.source.releases import facts_of
from model.load import load

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def facts() -> SourceFacts:
    return facts_of("34.0.0")


def test_the_tables_match_the_source(facts: SourceFacts) -> None:
    result = compare(load(), facts)
    assert result.differing == ()
    assert result.only_in_tables == ()
    assert result.only_in_source == ()
    assert result.unresolved == ()


def test_synchronisation_matches_in_every_state(facts: SourceFacts) -> None:
    assert len(facts.synchronisation) == 12 * 6
    assert list(synchronisation_differences(load(), facts)) == []


def test_recovery_matches_in_every_state(facts: SourceFacts) -> None:
    assert len(facts.recovered) == 12 * 43 * 6
    assert list(recovery_differences(load(), facts)) == []
