"""Every major release of Nova as published: the tables match it completely.  Fetches the sdists; see `make conform`."""

from __future__ import annotations

import pytest

from checks.conformance.source.conform import conform, format_conformance, release_for
from checks.conformance.source.facts import SourceFacts
from checks.conformance.source.history import known_versions
from checks.conformance.source.releases import facts_of
from model.load import load

pytestmark = pytest.mark.network

NEWEST = "34.0.0"


@pytest.fixture(scope="module")
def facts() -> SourceFacts:
    return facts_of(NEWEST)


@pytest.mark.parametrize("version", known_versions()[::-1])
def test_the_tables_match_the_source(version: str) -> None:
    result = conform(load(None, release_for(version, load().releases)), facts_of(version))
    assert result.complete, format_conformance(result)


def test_of_the_newest_nothing_is_left_out(facts: SourceFacts) -> None:
    assert conform(load(), facts).left_out == ()


def test_synchronisation_is_read_in_every_state(facts: SourceFacts) -> None:
    assert len(facts.synchronisation) == 12 * 6


def test_recovery_is_read_in_every_state(facts: SourceFacts) -> None:
    assert len(facts.recovered) == 12 * 43 * 6


def test_the_tables_of_another_release_do_not_match(facts: SourceFacts) -> None:
    """A release's tables are its own: those of the release before say something else."""
    assert not conform(load(None, "33"), facts).complete
