"""A scenario of a lifecycle as a Promela model, with properties of its configurations as assertions."""

from __future__ import annotations

from checks.concurrency.automaton import assemble
from checks.concurrency.decide import joined
from checks.concurrency.judge import marks_of, of_step, reads
from checks.concurrency.reduce import reduce
from checks.export.promela import CannotExportError, conditions, promela
from checks.properties.definition import Always, Property
from checks.properties.formula import And, Formula, Is, Not, Or, Pending, Quiet, Same, roles
from model.lifecycle import Lifecycle
from model.semantics import Semantics

#: The processes of a model of any number of them: Promela needs a number.
FOR_ANY = 2


def exportable(one: Property) -> bool:
    """Whether *one* is about single configurations, which is what an assertion can say."""
    return isinstance(one.form, Always) and not one.form.of_steps


def scenario_model(
    lifecycle: Lifecycle, name: str, wanted: tuple[Property, ...] = (), processes: int | None = None
) -> str:
    """Scenario *name* with *processes* slots (by default as many as it has), reduced to what *wanted* and guards read.

    Each of *wanted* is asserted.  ValueError for a property that is not :func:`exportable`; CannotExportError for a
    scenario with crashes, or with processes that start beyond the bound.
    """
    scenario = lifecycle.scenarios[name]
    for one in wanted:
        if not exportable(one) or of_step(joined(one)):
            raise ValueError(f"{one.id} is not about single configurations")
    if scenario.crash:
        raise CannotExportError("crashes have no counterpart in this model")
    semantics = Semantics(lifecycle)
    formula = And(tuple(joined(one) for one in wanted))
    automaton = reduce(assemble(semantics, scenario, marks_of(formula, semantics)), reads(formula, lifecycle))
    values = {variable.name: variable.values for variable in lifecycle.variables}
    bad = {}
    for one in wanted:
        assert isinstance(one.form, Always)
        bad[one.id] = _expression(lifecycle, automaton.names, one.form.bad)
    return promela(automaton, processes or scenario.processes or FOR_ANY, values, bad)


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
