"""z3's answer to how two guards relate: a record for each of the three parts that is not empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import z3

from checks.smt.text import Script, bits, conjunction, disjunction, negation

if TYPE_CHECKING:
    from checks.guards import Condition, Named, Space


def examples(space: Space, first: Condition, second: Condition) -> list[Named | None]:
    """A record of *space* that satisfies both, only *first*, only *second*: None where z3 refutes that there is one."""
    script = Script()
    for number, values in enumerate(space.values):
        script.declare(f"v{number}", len(values))
    ours, theirs = _formula(script, space, first), _formula(script, space, second)
    claims = [[ours, theirs], [ours, negation(theirs)], [theirs, negation(ours)]]
    lines = [script.text(), *(f"(assert {conjunction(claim)})" for claim in claims)]
    parsed = list(z3.parse_smt2_string("\n".join(lines)))
    return [_found(space, [*parsed[:-3], claim]) for claim in parsed[-3:]]


def _formula(script: Script, space: Space, condition: Condition) -> str:
    return script.define(disjunction(
        conjunction(
            script.member(
                f"v{number}",
                frozenset(place for place, value in enumerate(values) if value in tests[name]),
                bits(len(values)), len(values),
            )
            for number, (name, values) in enumerate(zip(space.variables, space.values, strict=True))
            if name in tests
        )
        for tests in condition
    ))  # fmt: skip


def _found(space: Space, claims: list[z3.BoolRef]) -> Named | None:
    solver = z3.SimpleSolver()
    solver.add(*claims)
    if solver.check() != z3.sat:
        return None
    model = solver.model()
    return {
        name: values[model.eval(z3.BitVec(f"v{number}", bits(len(values))), model_completion=True).as_long()]
        for number, (name, values) in enumerate(zip(space.variables, space.values, strict=True))
    }
