"""The second engine on one scenario: one claimed invariant for all properties, proved by z3, in a process of its own.

The claim remembers of the past what any of the properties asks for.  What z3 proves of a property that is violated is
that there is no violation but those that the other engine lists; that each of these is real is shown by its trace.  A
property of which every key is violated has nothing to prove, and asks for nothing.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from checks.anatomy import Anatomy
from checks.candidate import Candidate, Distances
from checks.keys import coordinates, size
from checks.properties.definition import Leaves, Possible, Property
from checks.smt.distance import proved
from checks.smt.prove import Answer, Questions, answers, pose, ranking
from checks.smt.system import System
from checks.smt.transition import Phase
from checks.verdict import Outcome
from checks.workers import uninterrupted
from model.lifecycle import Lifecycle, Scenario

Keys = frozenset[tuple[int, ...]]
#: What z3 does not say of the violations that are listed, but the traces of the findings do.
SHOWN = "; that each listed one is real is shown by its trace, which the checker replays"
#: Cubes above which a process of its own is worth starting.
LARGE = 1000
#: Cubes above which it is proved only on request that nothing but what a claim of distances asks is reached.
HUGE = 5000


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of z3: the properties, each with the keys of the violations that the other engine found.

    The rest is what that engine claims, and z3 is to prove: ``claimed`` of where the processes are (None: nothing that
    is asked needs it), ``distances`` of what is possible, in the ``full`` lifecycle.  ``lifecycle`` is without what the
    scenario forgets.  ``bounded``: of the space that one crash leaves.  ``named``: the properties were asked for by
    name, so that what takes longest is asked, too.
    """

    full: Lifecycle
    lifecycle: Lifecycle
    scenario: Scenario
    listed: Mapping[Property, Keys]
    claimed: Candidate | None
    distances: Mapping[Property, Distances]
    bounded: bool
    named: bool

    @property
    def size(self) -> int:
        """The number of cubes that are claimed."""
        every = [one.claim for one in self.distances.values()]
        return sum(one.size for one in every) + (self.claimed.size if self.claimed is not None else 0)


@dataclass(frozen=True, slots=True)
class Reply:
    """What z3 decided of one property."""

    outcome: Outcome
    seconds: float
    detail: str


Replies = dict[str, Reply]


def by_claim(lifecycle: Lifecycle, one: Property, keys: Keys) -> bool:
    """Whether *one*, violated in *keys*, needs the claim of where the processes are."""
    return not isinstance(one.form, Possible) and not _everything(lifecycle, one, keys)


def begin(task: Task) -> Callable[[], Replies]:
    """Start on *task*; the result is called for the replies, and waits for them."""
    if task.size < LARGE:
        replies = decided(task)
        return lambda: replies
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    with uninterrupted():
        started = subprocess.Popen(
            [sys.executable, "-m", "checks.smt.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
    assert started.stdin is not None
    written = pickle.dumps(task)
    # It stays open: the worker ends when it is closed, as it is when this process ends.
    started.stdin.write(len(written).to_bytes(8, "big") + written)
    started.stdin.flush()

    def replies_of() -> Replies:
        assert started.stdin is not None
        assert started.stdout is not None
        with started.stdin, started.stdout:
            written = started.stdout.read()
        if started.wait():
            raise RuntimeError(f"the second engine ended with status {started.returncode}")
        return pickle.loads(written)  # type: ignore[no-any-return] # noqa: S301 - our own process wrote it

    return replies_of


def decided(task: Task) -> Replies:
    """The replies to *task*."""
    before = time.perf_counter()
    lifecycle, scenario = task.lifecycle, task.scenario
    made: Replies = {}
    known = False
    for one, keys in task.listed.items():
        if one in task.distances:
            claim = task.distances[one]
            closes = claim.closed and not known and (task.named or claim.claim.size <= HUGE)
            made[one.id] = Reply(*proved(task.full, scenario, one, keys, claim, closes=closes, closed=known))
            # What executions reach is the same in all claims of one task.
            known |= closes and made[one.id].outcome is not Outcome.UNDECIDED
        elif not isinstance(one.form, Possible) and not by_claim(lifecycle, one, keys):
            made[one.id] = Reply(Outcome.VIOLATED, 0.0, f"no way but those listed can be told apart{SHOWN}")
    if task.claimed is None:
        return made
    asked = {one: keys for one, keys in task.listed.items() if by_claim(lifecycle, one, keys)}
    questions = of_invariant(task, task.claimed)
    replies = dict(answers(questions))
    ranks = ranking(questions.onward) if any(isinstance(one.form, Leaves) for one in asked) else {}
    shared = (time.perf_counter() - before - sum(one.seconds for one in replies.values())) / len(asked)
    shared += replies["closed"].seconds / len(asked)
    basis = (
        f"an inductive invariant of {task.claimed.size} cubes"
        f" at {len(questions.system.claim.groups)} groups of control points"
    )
    for one, keys in asked.items():
        made[one.id] = _judged(one, keys, replies, shared, ranks, basis)
    return made


def of_invariant(task: Task, claimed: Candidate) -> Questions:
    """What is asked of *claimed*, where the processes are: is it an invariant, is all that rests on it as listed."""
    lifecycle, scenario = task.lifecycle, task.scenario
    asked = {one: {scenario.name: keys} for one, keys in task.listed.items() if by_claim(lifecycle, one, keys)}
    phases = [Phase(scenario, after=1), Phase(scenario, disturbed=True)] if task.bounded else [Phase(scenario)]
    return pose(System(lifecycle, phases, claimed, Anatomy(lifecycle)), asked)


def _everything(lifecycle: Lifecycle, one: Property, keys: Keys) -> bool:
    return len(keys) == prod(size(lifecycle, variable) for variable in coordinates(lifecycle, one))


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
        ended = f"every process ends (ranks up to {highest}); nothing stays but what is listed"
        return Reply(outcome, seconds, ended + SHOWN * bool(keys))
    return Reply(outcome, seconds, f"no violation but those listed, by {claim}" + SHOWN * bool(keys))
