"""What the graph search found, as claims that the second engine is to prove."""

from __future__ import annotations

from collections.abc import Mapping

from checks.candidate import candidate, distances
from checks.graph.product import Product, Remembers, remembers
from checks.graph.search import Decision
from checks.graph.view import View
from checks.past import together
from checks.properties.catalogue import formulas
from checks.properties.definition import Property
from checks.smt.second import Task, by_claim
from model.lifecycle import Scenario


def claimed(
    view: View, scenario: Scenario, products: dict[Remembers, Product], decisions: Mapping[Property, Decision]
) -> Task:
    """The task to prove *decisions* on the space of *view*; *products* are those made so far, and take one more."""
    listed = {one: frozenset(decision.witnesses) for one, decision in decisions.items()}
    asked = [one for one, keys in listed.items() if by_claim(view.lifecycle, one, keys)]
    claim = None
    if asked:
        what = together(remembers(formulas(one)) for one in asked)
        if what not in products:
            products[what] = Product(view, what)
        claim = candidate(products[what])
    found = {one: distances(each.everywhere) for one, each in decisions.items() if each.everywhere is not None}
    return Task(view.lifecycle, scenario, listed, claim, found, view.disturbed is not None)
