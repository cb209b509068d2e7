"""What is found with variables forgotten is searched with all of them: shortest executions, or none."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from checks.anatomy import Anatomy
from checks.confirm import Confirmer
from checks.graph.product import Product, remembers
from checks.graph.search import decide
from checks.graph.view import View
from checks.projection import Places
from checks.properties.catalogue import PROPERTIES, formulas
from checks.values import Values
from model.explore import explore
from model.forget import forget
from model.lifecycle import Lifecycle
from model.semantics import Semantics
from model.tables_reader import read_tables

LAMP = Path(__file__).parent / "lifecycles" / "lamp"


@cache
def lamp() -> Lifecycle:
    return read_tables(LAMP)


def forgettable() -> list[str]:
    """The variables that the properties do not ask about."""
    asked = {variable for condition in lamp().predicates.values() for tests in condition for variable, _ in tests}
    return [variable.name for number, variable in enumerate(lamp().variables) if number not in asked]


@pytest.mark.parametrize("forgotten", forgettable())
@pytest.mark.parametrize("property_id", ["rest", "terminates", "exclusive", "stable"])
@pytest.mark.parametrize("scenario", ["sequential", "outside"])
def test_a_search_finds_what_the_full_space_shows_as_short(forgotten: str, property_id: str, scenario: str) -> None:
    """Exactly the keys of the full space are confirmed, each by an execution as short as breadth-first search finds."""
    (one,) = [one for one in PROPERTIES if one.id == property_id]
    where, full = lamp().scenarios[scenario], Semantics(lamp())
    smaller = forget(lamp(), [forgotten])
    found = {}
    for semantics in (full, Semantics(smaller)):
        view = View(explore(semantics, where), Anatomy(semantics.lifecycle))
        product = Product(view, remembers(formulas(one)))
        found[semantics is full] = (product, decide(view, product, one).witnesses)
    product, witnesses = found[False]
    values = Values(full, where, [lamp().index(forgotten)])
    confirmer = Confirmer(full, where, product, Places(full, product.view, values))
    assert set(found[True][1]) <= set(witnesses)
    for key, witness in witnesses.items():
        search = confirmer.search(witness.nodes, confirmer.violation(one, key), limit=100_000)
        known = found[True][1].get(key)
        assert (search.line is None) == (known is None)
        if search.line is not None and known is not None:
            assert len(search.line.configurations) - 1 <= len(known.path)
            followed = confirmer.follow(witness.nodes, confirmer.violation(one, key))
            assert followed is None or len(followed.configurations) == len(search.line.configurations)
            assert confirmer.projection.possible[witness.nodes].any()
            if property_id != "terminates":  # what stays is met before it is at rest
                assert len(search.line.configurations) - 1 == len(known.path)
