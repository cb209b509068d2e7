"""Whether each guard of the tables asks for a host, its service and a migration as the function that it cites does.

A guard may ask so of some vm_states only, so that they are compared for each vm_state that it admits.  A query finds
what has certain states; the task may still pass over some of it, so that a guard may admit fewer states, but not more.
A function that judges by the word that it is given is cited by a guard for one of its words.  Functions that judge no
instance (a driver's report, a guest's own life) ask for nothing: their guards are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.conformance.source.facts import Asked, Need, SourceFacts
from model.lifecycle import Condition, Guard, Lifecycle

#: Nova's words for a migration that the tables call by another name
WORDS = {"queued": "PENDING"}
Values = dict[str, frozenset[str]]


Sides = tuple[str, str, str, str]


def needs_differences(lifecycle: Lifecycle, facts: SourceFacts) -> Iterator[Sides]:
    """Each condition that one side lacks: the place in the tables, that in the source, and what each of them asks."""
    asked: dict[str, list[Asked]] = {}
    for each in facts.asked:
        asked.setdefault(each.place.citation, []).append(each)
    for operation in lifecycle.operations.values():
        for guard in operation.guards:
            found = asked.get(guard.source, [])
            for each in found:
                if each.word is None:
                    yield from _differences(lifecycle, guard, each)
            worded = [list(_differences(lifecycle, guard, each)) for each in found if each.word is not None]
            yield from min(worded, key=len, default=[])


def _differences(lifecycle: Lifecycle, guard: Guard, asked: Asked) -> Iterator[Sides]:
    for variable in dict.fromkeys((*asked.decides, *(need.variable for need in asked.needs))):
        if variable not in {each.name for each in lifecycle.variables}:
            continue
        ours = _admitted(lifecycle, guard.when, variable)
        theirs = {vm: _needed(lifecycle, asked, variable, vm) for vm in ours}
        decides = variable in asked.decides
        differing = [vm for vm in ours if (ours[vm] != theirs[vm] if decides else not ours[vm] <= theirs[vm])]
        if differing:
            where = "" if len(differing) == len(ours) else f" in {', '.join(differing)}"
            needs = [need for need in asked.needs if need.variable == variable]
            place = str(needs[0].place if needs else asked.place)
            says = _text(lifecycle, variable, theirs[differing[0]]) + where + _by(needs)
            text = _text(lifecycle, variable, ours[differing[0]]) + where
            yield lifecycle.rows[guard.row].place, place, text, says


def _admitted(lifecycle: Lifecycle, when: Condition, variable: str) -> Values:
    """The values of *variable* that the guard admits, by each vm_state that it admits."""
    index, of = lifecycle.index(variable), lifecycle.index("vm_state")
    domain, names = lifecycle.variables[index].values, lifecycle.variables[of].values
    found: dict[str, set[str]] = {}
    for conjunction in when:
        tests = dict(conjunction)
        values = {domain[number] for number in tests.get(index, range(len(domain)))}
        for vm in tests.get(of, range(len(names))):
            found.setdefault(names[vm], set()).update(values)
    return {vm: frozenset(found if index == of else found[vm]) for vm in names if vm in found}


def _needed(lifecycle: Lifecycle, asked: Asked, variable: str, vm_state: str) -> frozenset[str]:
    values = frozenset(lifecycle.variables[lifecycle.index(variable)].values)
    for need in asked.needs:
        if need.variable == variable and (need.vm_states is None or vm_state in need.vm_states):
            said = {value if variable != "migration" else WORDS.get(value, value.upper()) for value in need.values}
            values &= said
    return values


def _text(lifecycle: Lifecycle, variable: str, values: frozenset[str]) -> str:
    domain = lifecycle.variables[lifecycle.index(variable)].values
    if values == frozenset(domain):
        return f"any {variable}"
    return f"{variable} is " + (" or ".join(value for value in domain if value in values) or "nothing that there is")


def _by(needs: list[Need]) -> str:
    return " by " + ", ".join(dict.fromkeys(need.condition for need in needs)) if needs else ", nothing asks for it"
