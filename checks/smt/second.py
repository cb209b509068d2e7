"""The second engine on one scenario: one claimed invariant for all properties, proved by z3, in a process of its own.

The claim remembers of the past what any of the properties asks for.  A property of which every key is violated has
nothing to prove, and asks for nothing.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from checks.anatomy import Anatomy
from checks.candidate import candidate
from checks.graph.everywhere import applies, everywhere
from checks.graph.product import Product, remembers
from checks.graph.view import View
from checks.past import together
from checks.properties.catalogue import formulas
from checks.properties.definition import Leaves, Possible, Property
from checks.properties.formula import roles
from checks.smt.distance import proved
from checks.smt.prove import Answer, answers, pose, ranking
from checks.smt.system import Phase, System
from checks.spaces import Explored, explored
from checks.verdict import Outcome
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics

Keys = frozenset[tuple[int, ...]]
#: Configurations above which a process of its own is worth starting.
LARGE = 3000


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of z3: the properties, each with the keys of the violations that the other engine found."""

    lifecycle: Lifecycle
    scenario: Scenario
    listed: Mapping[Property, Keys]


@dataclass(frozen=True, slots=True)
class Reply:
    """What z3 decided of one property."""

    outcome: Outcome
    seconds: float
    detail: str


Replies = dict[str, Reply]


def begin(task: Task, found: Explored) -> Callable[[], Replies]:
    """Start on *task*, whose space is *found*; the result is called for the replies, and waits for them."""
    if len(found.space.configurations) < LARGE:
        replies = decided(task, found)
        return lambda: replies
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    started = subprocess.Popen(
        [sys.executable, "-m", "checks.smt.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert started.stdin is not None
    with started.stdin:
        started.stdin.write(pickle.dumps(task))
    started.stdin = None

    def replies_of() -> Replies:
        written, _ = started.communicate()
        if started.returncode:
            raise RuntimeError(f"the second engine ended with status {started.returncode}")
        return pickle.loads(written)  # type: ignore[no-any-return] # noqa: S301 - our own process wrote it

    return replies_of


def decided(task: Task, found: Explored | None = None) -> Replies:
    """The replies to *task*; explores the space itself when it is not *found* already."""
    before = time.perf_counter()
    found = found or explored(Semantics(task.lifecycle), task.scenario)
    view = View(found.space, Anatomy(task.lifecycle), found.disturbed)
    trivial = {one: keys for one, keys in task.listed.items() if _everything(task.lifecycle, one, keys)}
    asked = {
        one: keys for one, keys in task.listed.items() if one not in trivial and not isinstance(one.form, Possible)
    }
    made = {one.id: Reply(Outcome.VIOLATED, 0.0, "violated in every way that can be told apart") for one in trivial}
    for one, keys in task.listed.items():
        if isinstance(one.form, Possible) and applies(one.form, task.scenario):
            made[one.id] = Reply(*proved(task.lifecycle, task.scenario, one, keys, everywhere(found.space, one.form)))
    if not asked:
        return made
    claimed = candidate([Product(view, together(remembers(formulas(one)) for one in asked))])
    phases = [Phase(task.scenario)]
    if found.disturbed is not None:
        phases = [Phase(task.scenario, after=1), Phase(task.scenario, disturbed=True)]
    system = System(task.lifecycle, phases, claimed, view.anatomy)
    questions = pose(system, {one: {task.scenario.name: keys} for one, keys in asked.items()})
    replies = dict(answers(questions))
    ranks = ranking(questions.onward) if any(isinstance(one.form, Leaves) for one in asked) else {}
    shared = (time.perf_counter() - before - sum(one.seconds for one in replies.values())) / len(asked)
    shared += replies["closed"].seconds / len(asked)
    claim = f"an inductive invariant of {claimed.size} cubes at {len(system.groups)} groups of control points"
    for one, keys in asked.items():
        made[one.id] = _judged(one, keys, replies, shared, ranks, claim)
    return made


def _everything(lifecycle: Lifecycle, one: Property, keys: Keys) -> bool:
    known = roles(lifecycle)
    size = 1
    for role in one.key:
        if role in known:
            size *= len(lifecycle.variables[known[role]].values)
    return len(keys) == size


def _judged(
    one: Property, keys: Keys, replies: dict[str, Answer], shared: float, ranks: dict[int, int] | None, claim: str
) -> Reply:
    own, closed = replies[one.id], replies["closed"]
    seconds = shared + own.seconds
    if not replies["initial"].proved or not closed.proved:
        return Reply(Outcome.UNDECIDED, seconds, "the claimed invariant is not inductive: " + closed.witness)
    if not own.proved:
        return Reply(Outcome.VIOLATED, seconds, "violated in a way that was not found: " + own.witness)
    outcome = Outcome.VIOLATED if keys else Outcome.HOLDS
    if isinstance(one.form, Leaves):
        if ranks is None:
            return Reply(Outcome.UNDECIDED, seconds, "no ranking of the control points falls with every step")
        highest = max(ranks.values(), default=0)
        return Reply(outcome, seconds, f"every process ends (ranks up to {highest}); nothing stays but what is listed")
    return Reply(outcome, seconds, f"no violation but those listed, by {claim}")
