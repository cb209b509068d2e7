"""What the graph search found, as claims that the second engine is to prove; and what it says of the possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.anatomy import Anatomy
from checks.candidate import candidate, distances, sure_distances
from checks.graph.product import Product, remembers
from checks.graph.search import Decision
from checks.keys import Key, coordinates, named
from checks.past import together
from checks.properties.catalogue import formulas
from checks.properties.definition import Possible, Property
from checks.show import Ground
from checks.smt.second import Reply, Task, by_claim
from checks.surely import Surely, surely
from checks.verdict import Engine, Outcome
from model.lifecycle import Lifecycle


def with_all_variables(ground: Ground, decisions: Mapping[Property, Decision]) -> dict[Property, Surely]:
    """What is sure of the possible in all executions, where *decisions* does not say it of everything explored."""
    if ground.view.disturbed is not None:
        return {}
    anatomy = Anatomy(ground.full.lifecycle)
    return {
        one: surely(ground.values, one, anatomy)
        for one, decision in decisions.items()
        if isinstance(one.form, Possible) and decision.everywhere is None
    }


def claimed(
    ground: Ground, decisions: Mapping[Property, Decision], sure: Mapping[Property, Surely], *, named: bool
) -> Task:
    """The task to prove *decisions* on the space of *ground*, and what is *sure* in the full lifecycle.

    What is not sure either way is not asked.  ``named``: the properties were asked for by name.
    """
    view, products = ground.view, ground.products
    listed = {one: frozenset(decision.witnesses) for one, decision in decisions.items()}
    asked = [one for one, keys in listed.items() if by_claim(view.lifecycle, one, keys)]
    claim = None
    if asked:
        what = together(remembers(formulas(one)) for one in asked)
        if what not in products:
            products[what] = Product(view, what)
        claim = candidate(products[what])
    found = {
        one: distances(each.everywhere, view.size) for one, each in decisions.items() if each.everywhere is not None
    }
    for one, each in sure.items():
        if each.decides:
            listed[one], found[one] = each.keys, sure_distances(each)
    return Task(
        ground.full.lifecycle, view.lifecycle, ground.scenario, listed, claim, found, view.disturbed is not None, named,
    )  # fmt: skip


#: A key by names.
Names = tuple[tuple[str, str], ...]


def as_names(lifecycle: Lifecycle, one: Property, keys: Iterable[Key]) -> frozenset[Names]:
    """The *keys* of *one* by names."""
    where = coordinates(lifecycle, one)
    return frozenset(tuple(named(lifecycle, where, told).items()) for told in keys)


def said(
    lifecycle: Lifecycle, one: Property, sure: Surely, reply: Reply | None, shown: frozenset[Names]
) -> tuple[Engine, str]:
    """z3's *reply* to what is *sure*, and on what it differs from the executions *shown*, by keys.

    That the goal is not possible from somewhere is a violation only where some execution leads.
    """
    if reply is None:
        depends = "it depends on variables of which only sets of values are known whether the goal is possible"
        return Engine("z3", Outcome.UNDECIDED, 0.0, f"not asked: for {len(sure.keys)} keys {depends}"), ""
    if reply.outcome is Outcome.UNDECIDED:
        return Engine("z3", reply.outcome, reply.seconds, reply.detail), reply.detail
    differs = ""
    if not shown <= as_names(lifecycle, one, sure.keys):
        differs = "z3 shows the goal to be possible where an execution shows that it is not: " + reply.detail
    if reply.outcome is Outcome.VIOLATED and not shown & as_names(lifecycle, one, sure.lost):
        detail = f"{reply.detail}; that executions lead there is not known"
        return Engine("z3", Outcome.UNDECIDED, reply.seconds, detail), differs
    return Engine("z3", reply.outcome, reply.seconds, reply.detail), differs
