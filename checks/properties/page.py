"""The page that documents the properties, made from their definitions and from the expectations."""

from __future__ import annotations

from collections.abc import Iterator

from checks.expectations import Expectations
from checks.properties.assumptions import ASSUMPTIONS
from checks.properties.catalogue import PROPERTIES, properties
from checks.properties.definition import Always, Form, Leaves, OfTables, Possible, Property
from checks.run import asked_in, by_default
from model.lifecycle import Lifecycle

HEAD = """\
# The properties

What must hold of {lifecycle} {release}. Each is written once, in `checks/properties/catalogue.py`, in the words of
the tables' predicates, and decided by engines that read this definition each in its own way. The formal definition is
CTL (or LTL) over configurations: `quiet` means that nothing is in flight, `pending` that a process in flight has saved
and may save again, `X` speaks of the step that follows. The phase is `{phase}`, the lock `{lock}`{report}.

Where the lifecycle really violates one, `violated` is the verdict that is expected, and the findings say how. A verdict
or a finding that differs from what stands in `expectations.yaml`, in either direction, fails `make verify`. This page
is made by `docs/refresh_properties.py`.
"""


def properties_page(lifecycle: Lifecycle, expectations: Expectations) -> str:
    """The page for *lifecycle*, as Markdown."""
    lines = [_head(lifecycle), "## Which is asked where, and what is expected", "", *_matrix(lifecycle, expectations)]
    applicable = set(properties(lifecycle))
    for one in PROPERTIES:
        if one in applicable:
            lines += ["", *_section(one, expectations)]
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


def _section(one: Property, expectations: Expectations) -> Iterator[str]:
    yield f"## {one.id}"
    yield ""
    yield f"{one.statement.en[0].upper()}{one.statement.en[1:]}. ({one.statement.zh})"
    yield ""
    yield f"    {one.formal}"
    yield ""
    yield f"{_form(one.form)} Violations are told apart by: {', '.join(one.key)}."
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


def _form(form: Form) -> str:
    match form:
        case Always():
            return "No reachable configuration (or step) violates it."
        case Leaves():
            return "No fair execution stays there for ever."
        case Possible(everywhere=True):
            return "It is asked of every reachable configuration, and of every state at rest, reachable or not."
        case Possible():
            return "It is asked of every reachable configuration."
        case OfTables():
            return "It is a question about the tables alone."
