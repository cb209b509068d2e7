"""The page that documents the properties, made from their definitions and from the expectations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from checks.expectations import Expectations
from checks.keys import ACCUSED, coordinates
from checks.properties.assumptions import ASSUMPTIONS
from checks.properties.catalogue import PROPERTIES, properties
from checks.properties.definition import OPERATION, Always, Form, Leaves, OfTables, Possible, Property
from checks.run import asked_in, by_default
from model.lifecycle import Lifecycle

HEAD = """\
# The properties

What must hold of {lifecycle} {release}. Each is written once, in `checks/properties/catalogue.py`, in the words of
the tables' predicates, and decided by engines that read this definition each in its own way. The formal definition is
CTL (or LTL) over configurations: `quiet` means that nothing is in flight, `pending` that a process in flight has saved
and may save again, `X` speaks of the step that follows, `by-K` says that a process of kind K takes it; `EF_K` goes by
steps of processes and by starts of the kinds K alone. `request` is what users ask for, `unasked` what nobody does:
events, periodic tasks and recovery. The phase is `{phase}`, the lock `{lock}`{report}.

Where the lifecycle really violates one, `violated` is the verdict that is expected, and the findings say how. That
there is no violation but those is what z3 proves; that each of them is real is what its trace shows, step by step, and
the checker takes it once more. A verdict or a finding that differs from what stands in `expectations.yaml`, in either
direction, fails `make verify`. This page is made by `docs/refresh_properties.py`.
"""


def properties_page(lifecycle: Lifecycle, expectations: Expectations) -> str:
    """The page for *lifecycle*, as Markdown."""
    lines = [_head(lifecycle), "## Which is asked where, and what is expected", "", *_matrix(lifecycle, expectations)]
    applicable = set(properties(lifecycle))
    for one in PROPERTIES:
        if one in applicable:
            lines += ["", *_section(one, lifecycle, expectations)]
    lines += ["", "## Assumptions", "", "A verdict holds under the assumptions that are named beside it.", ""]
    lines += ["| assumption | says |", "|---|---|"]
    lines += [f"| `{one.id}` | {one.statement} |" for one in ASSUMPTIONS.values()]
    return "\n".join(lines) + "\n"


def _head(lifecycle: Lifecycle) -> str:
    lock = lifecycle.variables[lifecycle.compare_variable].name
    reports = [
        f", what is reported `{lifecycle.variables[state].name}` and its truth `{lifecycle.variables[truth].name}`"
        for state, truth in lifecycle.observed.items()
    ]
    return HEAD.format(
        lifecycle=lifecycle.name,
        release=lifecycle.release,
        phase=lifecycle.state_variables[0],
        lock=lock,
        report="".join(reports),
    )


def _matrix(lifecycle: Lifecycle, expectations: Expectations) -> Iterator[str]:
    every = properties(lifecycle)
    usual = by_default(lifecycle)
    columns = {name: asked_in(lifecycle, name) for name in usual}
    columns["tables"] = tuple(one for one in every if isinstance(one.form, OfTables))
    names = [name for name, asked in columns.items() if any(expectations.verdict(one.id, name) for one in asked)]
    yield "| property | " + " | ".join(names) + " |"
    yield "|---|" + "---|" * len(names)
    for one in every:
        cells = [_expected(one, name, expectations) if one in columns[name] else "" for name in names]
        yield f"| [{one.id}](#{one.id}) | " + " | ".join(cells) + " |"
    if others := [name for name in lifecycle.scenarios if name not in usual]:
        yield ""
        yield f"Asked only by name: {', '.join(f'`{name}`' for name in others)}."


def _expected(one: Property, scenario: str, expectations: Expectations) -> str:
    outcome = expectations.verdict(one.id, scenario)
    return "" if outcome is None else outcome.value


def sentence(one: Property) -> str:
    """The statement of *one* as a sentence."""
    return f"{one.statement.en[0].upper()}{one.statement.en[1:]}."


def _section(one: Property, lifecycle: Lifecycle, expectations: Expectations) -> Iterator[str]:
    yield f"## {one.id}"
    yield ""
    yield f"{sentence(one)} ({one.statement.zh})"
    yield ""
    yield f"    {one.formal}"
    yield ""
    told_by = ", ".join(f"`{name}`" for name in told_apart_by(lifecycle, one))
    rows = ", and with several requests at once by the `row` that is taken" if by_rows(lifecycle, one) else ""
    yield f"{asks(one.form)} Violations are told apart by: {told_by}{rows}."
    if one.needs:
        yield f"It is asked where a scenario has: {', '.join(sorted(one.needs))}."
    if one.unless:
        yield f"It is not asked where a scenario has: {', '.join(sorted(one.unless))}."
    if one.assumptions:
        yield f"Assumptions: {', '.join(f'`{name}`' for name in one.assumptions)}."
    findings = [pattern for pattern in expectations.expected.findings if one.id in pattern.properties]
    if findings:
        yield ""
        yield "| finding | scenarios | what | Launchpad | source |"
        yield "|---|---|---|---|---|"
        for pattern in findings:
            bugs = ", ".join(f"[{number}](https://bugs.launchpad.net/bugs/{number})" for number in pattern.launchpad)
            where = ", ".join(pattern.scenarios) or "all"
            yield f"| {pattern.name} | {where} | {pattern.what['en']} | {bugs} | `{pattern.source}` |"


def asks(form: Form) -> str:
    """What is asked by a property of *form*, as a sentence that is true whatever the verdict is."""
    match form:
        case Always():
            return f"It asks that no reachable {'step' if form.of_steps else 'configuration'} violates this."
        case Leaves():
            return "It asks that no fair execution violates this for ever."
        case Possible(everywhere=True):
            return "It asks this of every reachable configuration, and of every state at rest, reachable or not."
        case Possible():
            return "It asks this of every reachable configuration."
        case OfTables():
            return "It is a question about the tables alone."


def told_apart_by(lifecycle: Lifecycle, one: Property) -> tuple[str, ...]:
    """What tells two violations of *one* apart: names of variables of *lifecycle*, the operation, or kinds of rows."""
    names: list[str] = []
    for name in one.key:
        numbers = coordinates(lifecycle, replace(one, key=(name,)))
        names += [lifecycle.variables[number].name for number in numbers if number != ACCUSED]
        if name == OPERATION or (isinstance(one.form, OfTables) and not numbers):
            names.append(name)
    return tuple(dict.fromkeys(names))


def by_rows(lifecycle: Lifecycle, one: Property) -> bool:
    """Whether *one* is asked with several requests at once of steps: there the row tells two violations apart."""
    several = [name for name, scenario in lifecycle.scenarios.items() if scenario.processes != 1]
    return (
        isinstance(one.form, Always) and one.form.of_steps and any(one in asked_in(lifecycle, name) for name in several)
    )
