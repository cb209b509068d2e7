"""A scenario of a lifecycle as a Promela model, with properties of its configurations as assertions."""

from __future__ import annotations

from checks.concurrency.abstraction import abstracted
from checks.concurrency.automaton import Automaton
from checks.concurrency.decide import joined
from checks.concurrency.exact import explore
from checks.concurrency.judge import of_step, reads
from checks.export.promela import conditions, promela
from checks.properties.definition import Always, Property
from checks.properties.formula import And, Formula, Is, Not, Or, Pending, Quiet, Same, roles
from model.lifecycle import Lifecycle

#: The processes of a model of any number of them: Promela needs a number.
FOR_ANY = 2


def exportable(one: Property) -> bool:
    """Whether *one* is about single configurations, which is what an assertion can say."""
    return isinstance(one.form, Always) and not one.form.of_steps


def scenario_automaton(lifecycle: Lifecycle, name: str, wanted: tuple[Property, ...] = ()) -> Automaton:
    """The automaton of scenario *name* as the scenario looks at it, reduced to what *wanted* and the guards read."""
    formula = And(tuple(joined(one) for one in wanted))
    scenario = lifecycle.scenarios[name]
    read = reads(formula, lifecycle)
    return abstracted(lifecycle, scenario, formula, [one for one in scenario.forget if one not in read])


def scenario_model(
    lifecycle: Lifecycle, name: str, wanted: tuple[Property, ...] = (), processes: int | None = None
) -> str:
    """Scenario *name* with *processes* at once (by default as many as it has); each of *wanted* is asserted.

    Starts that are unbounded get as many slots as they turn out to need, by exploration.  ValueError for a property
    that is not :func:`exportable`.
    """
    for one in wanted:
        if not exportable(one) or of_step(joined(one)):
            raise ValueError(f"{one.id} is not about single configurations")
    automaton = scenario_automaton(lifecycle, name, wanted)
    bound = processes or lifecycle.scenarios[name].processes or FOR_ANY
    unbounded = any(origin.unbounded for origin in automaton.origins)
    slots = explore(automaton, bound).packing.slots if unbounded else bound
    values = {variable.name: variable.values for variable in lifecycle.variables}
    bad = {}
    for one in wanted:
        assert isinstance(one.form, Always)
        bad[one.id] = _expression(lifecycle, automaton.names, one.form.bad)
    return promela(automaton, bound, values, bad, slots)


def _expression(lifecycle: Lifecycle, names: tuple[str, ...], formula: Formula) -> str:
    """*formula* of a configuration in Promela."""
    match formula:
        case And(formulas=inner):
            return "(" + (" && ".join(_expression(lifecycle, names, one) for one in inner) or "true") + ")"
        case Or(formulas=inner):
            return "(" + (" || ".join(_expression(lifecycle, names, one) for one in inner) or "false") + ")"
        case Not(formula=one):
            return f"!({_expression(lifecycle, names, one)})"
        case Is(name=name):
            return conditions(names, lifecycle, lifecycle.predicates[name])
        case Pending():
            return "(marked > 0)"
        case Quiet():
            available = tuple(service.available for service in lifecycle.services if service.available)
            parts = [conditions(names, lifecycle, (when,)) for when in available]
            return "(" + " && ".join(["flying == 0", *parts]) + ")"
        case Same(first=first, second=second):
            pair = tuple(lifecycle.variables[roles(lifecycle)[role]].name for role in (first, second))
            return conditions(names, lifecycle, (), same=(pair[0], pair[1]))
        case _:
            raise TypeError(formula)
