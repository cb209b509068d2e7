"""Random small machines: the explorer, z3 and a brute-force definition of each property agree."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.verdict import Outcome
from checks.verify import verify
from model.explore import explore
from model.lifecycle import Lifecycle, holds
from model.program import FAILED, FINISHED, Call, Dirty, Entry, Instruction, Read, Save, Wait
from model.semantics import Semantics
from model.tables_reader import read_tables

DOOR = Path(__file__).parent / "lifecycles" / "door"
MACHINES = int(os.environ.get("MACHINES", "100"))


@cache
def door() -> Lifecycle:
    return read_tables(DOOR)


def _instruction(draw: st.DrawFn, point: int, size: int) -> Instruction:
    """One instruction; its targets lie ahead, so that most machines end, or anywhere, so that some go round."""
    lifecycle = door()
    ahead = st.sampled_from([*range(point + 1, size), FINISHED, FAILED])
    row = f"open/turn/p{point}"
    common = (row, "open", "motor" if draw(st.booleans()) else "panel", False, None)
    lock, phase = lifecycle.compare_variable, 0
    locks = st.integers(0, len(lifecycle.variables[lock].values) - 1)
    phases = st.integers(0, len(lifecycle.variables[phase].values) - 1)
    match draw(st.integers(0, 4)):
        case 0 | 1:
            writes = tuple(
                (variable, draw(values)) for variable, values in ((phase, phases), (lock, locks)) if draw(st.booleans())
            )
            expect = draw(st.none() | st.frozensets(locks, min_size=1))
            names = [lifecycle.missing]
            if expect is not None:
                names += [lifecycle.refused, *(name for name, _ in lifecycle.special)]
            raised = tuple((name, draw(ahead)) for name in names)
            return Save(*common, tuple(sorted(writes)), expect, (), None, draw(ahead), raised)
        case 2:
            return Dirty(*common, ((phase, draw(phases)),), draw(ahead))
        case 3:
            return Call(*common, ((),), ((),), draw(ahead), (("error", draw(ahead)),))
        case _:
            condition = (((lock, draw(st.frozensets(locks, min_size=1))),),)
            return Read(
                *common,
                (),
                draw(st.booleans()),
                draw(st.booleans()),
                condition,
                draw(ahead),
                draw(ahead),
                ((lifecycle.missing, draw(ahead)),),
            )


@st.composite
def machines(draw: st.DrawFn) -> Lifecycle:
    lifecycle = door()
    size = draw(st.integers(2, 6))
    made = [_instruction(draw, point, size) for point in range(size)]
    message = draw(st.integers(0, size - 1))
    service = next(one for one in lifecycle.services if one.available)
    made.append(Wait("open/press/cast", "open", service.name, False, None, service.available, message))
    locks = st.frozensets(st.integers(0, len(lifecycle.variables[lifecycle.compare_variable].values) - 1), min_size=1)
    present = lifecycle.predicates["present"][0]
    starts = st.sampled_from([0, size])
    entries = tuple(
        Entry(
            row,
            row.split("/")[0],
            "request",
            ((*present, (lifecycle.compare_variable, draw(locks))),),
            (),
            (),
            draw(starts),
        )
        for row in ("open/guard", "remove/guard")
    )
    recovery = tuple(entry for entry in lifecycle.entries if entry.kind == "recovery")
    kept, moved = _recovery(lifecycle, len(made), recovery[0].next)
    rows = {one.row: replace(lifecycle.rows["open/turn/done"], id=one.row) for one in made}
    return replace(
        lifecycle,
        instructions=(*made, *kept),
        entries=(*entries, replace(recovery[0], next=moved)),
        rows={**lifecycle.rows, **rows},
    )


def _recovery(lifecycle: Lifecycle, base: int, start: int) -> tuple[list[Instruction], int]:
    """A recovery that only says that the service is there again."""
    serve = next(one for one in lifecycle.instructions if isinstance(one, Call) and one.row.endswith("/serve"))
    del start
    return [serve], base


def brute_rest(lifecycle: Lifecycle, scenario: str) -> bool:
    """The definition of `rest`, word for word, on every configuration."""
    space = explore(Semantics(lifecycle), lifecycle.scenarios[scenario])
    return all(
        holds(lifecycle.predicates["rest"], record)
        for record, inflight in space.configurations
        if not inflight
        and holds(lifecycle.predicates["present"], record)
        and all(holds((service.available,), record) for service in lifecycle.services)
    )


def brute_terminates(lifecycle: Lifecycle, scenario: str) -> bool:
    """No configuration with a task in which, failures and crashes aside, one can go on for ever or is stuck.

    Machines only go forward, so that nothing goes on for ever: it is enough to look for places with no forced step.
    """
    space = explore(Semantics(lifecycle), lifecycle.scenarios[scenario])
    for number, (record, _) in enumerate(space.configurations):
        if not holds(lifecycle.predicates["present"], record) or holds(lifecycle.predicates["rest"], record):
            continue
        forced = [
            step
            for step, _ in space.edges[number]
            if (step.process >= 0 and not step.spontaneous) or step.kind == "recovery"
        ]
        if not forced:
            return False
    return True


def brute_stable(lifecycle: Lifecycle, scenario: str) -> bool:
    """Every step that changes the first variable of a record that stays leads to rest, or to the failed state."""
    space = explore(Semantics(lifecycle), lifecycle.scenarios[scenario])
    present, rest, failed = (lifecycle.predicates[name] for name in ("present", "rest", "failed"))
    for number, (before, _) in enumerate(space.configurations):
        for _, to in space.edges[number]:
            after = space.configurations[to][0]
            stays = holds(present, before) and holds(present, after)
            if stays and before[0] != after[0] and not holds(rest, after) and not holds(failed, after):
                return False
    return True


BRUTE = {"rest": brute_rest, "terminates": brute_terminates, "stable": brute_stable}


@given(machines(), st.sampled_from(["sequential", "crash", "lost"]))
@settings(max_examples=MACHINES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_engines_and_definition_agree(lifecycle: Lifecycle, scenario: str) -> None:
    for verdict in verify(lifecycle, [scenario], list(BRUTE)).verdicts:
        assert not verdict.disagreement, verdict
        assert verdict.checked is not False, verdict
        expected = Outcome.HOLDS if BRUTE[verdict.property](lifecycle, scenario) else Outcome.VIOLATED
        assert verdict.outcome is expected
        assert {engine.outcome for engine in verdict.engines} == {expected}
