"""What the graph search found, as claims that the second engine is to prove."""

from __future__ import annotations

from collections.abc import Mapping

from checks.candidate import candidate, distances, sure_distances
from checks.graph.product import Product, Remembers, remembers
from checks.graph.search import Decision
from checks.graph.view import View
from checks.past import together
from checks.properties.catalogue import formulas
from checks.properties.definition import Property
from checks.smt.second import Task, by_claim
from checks.surely import Surely
from model.lifecycle import Lifecycle, Scenario


def claimed(
    full: Lifecycle,
    view: View,
    scenario: Scenario,
    products: dict[Remembers, Product],
    decisions: Mapping[Property, Decision],
    sure: Mapping[Property, Surely],
    *,
    named: bool,
) -> Task:
    """The task to prove *decisions* on the space of *view*, and what is *sure* in the *full* lifecycle.

    *products* are those made so far, and take one more.  What is not sure either way is not asked.  ``named``: the
    properties were asked for by name.
    """
    listed = {one: frozenset(decision.witnesses) for one, decision in decisions.items()}
    asked = [one for one, keys in listed.items() if by_claim(view.lifecycle, one, keys)]
    claim = None
    if asked:
        what = together(remembers(formulas(one)) for one in asked)
        if what not in products:
            products[what] = Product(view, what)
        claim = candidate(products[what])
    found = {one: distances(each.everywhere) for one, each in decisions.items() if each.everywhere is not None}
    for one, each in sure.items():
        if each.decides:
            listed[one], found[one] = each.keys, sure_distances(each)
    return Task(full, view.lifecycle, scenario, listed, claim, found, view.disturbed is not None, named)
