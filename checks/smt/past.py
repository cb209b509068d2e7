"""What a property remembers of the past, as further symbolic variables beside the record.

The counterpart of ``checks.graph.product`` for this engine: the phase and the truth at the start of the newest request,
whether a service has crashed since, how far a round trip has come, and
what the run in flight promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from checks.smt.text import FALSE, TRUE, Script, Term, bits, conjunction, constant, disjunction, negation, within
from model.program import FAILED, FINISHED

if TYPE_CHECKING:
    from checks.properties.formula import Role
    from checks.smt.steps import Reader
    from checks.smt.transition import Transition
    from model.lifecycle import Promise

from checks.properties.formula import roles


class Past:
    """Ghost variables for *what*, the names of parts (:data:`checks.past.PARTS`).

    *asks* says whether a promise is asked in the scenario.
    """

    def __init__(self, reader: Reader, script: Script, what: frozenset[str], asks: Callable[[Promise], str]) -> None:
        self.reader, self.script, self.what, self.asks = reader, script, what, asks
        self.roles = roles(reader.lifecycle)
        self.trips = [
            (undone, operation.name, kept)
            for operation in reader.lifecycle.operations.values()
            if operation.restores is not None
            for undone in operation.undoes
            for kept in operation.restores
        ]
        self.sizes = [
            self._size("phase"), self._size("truth"), 2 if "crashed" in what else 1,
            3 * len(self.trips) + 1 if "trips" in what else 1,
            len(reader.lifecycle.promises) + 2 if "promises" in what else 1,
        ]  # fmt: skip
        self.promises = reader.lifecycle.promises if self.sizes[4] > 1 else ()
        #: The value of a run that owes nothing any more.
        self.free = len(self.promises) + 1
        #: The value of phase and truth that means: nobody is in flight, or nobody asks.
        self.nobody = [size - 1 for size in self.sizes[:2]]
        self.terms: list[Term] = [
            script.declare(f"g{number}", size) if size > 1 else 0 for number, size in enumerate(self.sizes)
        ]

    def _size(self, role: Role) -> int:
        return self.reader.sizes[self.roles[role]] + 1 if role in self.what and role in self.roles else 1

    @property
    def initially(self) -> tuple[Term, ...]:
        """The ghost before anything has happened."""
        return (*self.nobody, 0, 0, 0)

    def during(self, step: Transition) -> tuple[Term, ...]:
        """The ghost in the moment of *step*."""
        phase, truth, crashed, trip, _ = self.terms
        promise = self._promise(step) if self.promises else 0
        if step.kind == "crash":
            return (phase, truth, 1 if self.sizes[2] > 1 else 0, 0, promise)
        if step.mover < 0 and step.kind not in ("recovery", "outside"):
            phase = self._starts("phase", 0)
            truth = self._starts("truth", 1)
            crashed = 0
            trip = self._departs(step, trip)
        counts = step.mover >= 0 or step.kind not in ("recovery", "outside")
        if counts and step.target in (FINISHED, FAILED) and step.kind != "loss":
            trip = self._arrives(step, trip)
        return (phase, truth, crashed, trip, promise)

    def _starts(self, role: Role, number: int) -> Term:
        """The variable of *role*, in the wider bit-vector of the ghost."""
        if self.sizes[number] == 1:
            return 0
        variable = self.roles[role]
        wide, narrow = bits(self.sizes[number]), self.reader.widths[variable]
        return f"((_ zero_extend {wide - narrow}) v{variable})"

    def _departs(self, step: Transition, trip: Term) -> Term:
        if self.sizes[3] == 1:
            return 0
        operation = self.reader.lifecycle.rows[step.row].operation
        width, size = bits(self.sizes[3]), self.sizes[3]
        result: Term = 0
        record = [f"v{number}" for number in range(len(self.reader.sizes))]
        for number, (undone, _, kept) in reversed(list(enumerate(self.trips))):
            if undone == operation:
                here = self.reader.tests(kept, list(record), {})
                result = self.script.choice(here, 2 * number + 1, result, width)
        for number, (_, undoes, _) in enumerate(self.trips):
            if undoes == operation:
                going = self.script.member(trip, frozenset({2 * number + 1}), width, size)
                result = self.script.choice(going, 2 * number + 2, result, width)
        return result

    def _arrives(self, step: Transition, trip: Term) -> Term:
        """After the end of a process: the values behind the stages mean that something was not restored."""
        if self.sizes[3] == 1 or step.target == FAILED:
            return 0
        width, size = bits(self.sizes[3]), self.sizes[3]
        result = trip
        for number, (_, _, kept) in enumerate(self.trips):
            back = self.script.member(trip, frozenset({2 * number + 2}), width, size)
            good = self.reader.tests(kept, list(step.record), {})
            arrived = self.script.choice(good, 0, 2 * len(self.trips) + 1 + number, width)
            result = self.script.choice(back, arrived, result, width)
        return result

    def _promise(self, step: Transition) -> Term:
        """What is promised: a start with nothing in flight promises, a failure or a disturbance owes nothing."""
        now, width = self.terms[4], bits(self.sizes[4])
        row = self.reader.lifecycle.rows.get(step.row)
        if step.mover < 0 and step.kind in ("outside", "crash") and not step.points:
            return now
        if (step.mover < 0 and step.points) or step.exception is not None or step.target == FAILED:
            return self.free
        if row is not None and row.kind == "failure":
            return self.free
        if step.mover < 0:
            now = self.free
            for number, one in reversed(list(enumerate(self.promises))):
                if one.operation in step.operations:
                    fits = self.reader.tests(one.start, [f"v{v}" for v in range(len(self.reader.sizes))], {})
                    now = self.script.choice(conjunction([fits, self.asks(one)]), number + 1, now, width)
        return now

    def settled(self, step: Transition, during: tuple[Term, ...]) -> tuple[Term, ...]:
        """The ghost after *step*: what was asked for one request is forgotten when nothing is in flight."""
        phase, truth, crashed, trip, promise = during
        if step.target == FINISHED:
            unrestored = self._unrestored(trip, range(len(self.trips)))
            trip = self.script.choice(unrestored, 0, trip, bits(self.sizes[3]))
        if not step.processes:
            return (*self.nobody, crashed, trip, 0)
        return (phase, truth, crashed, trip, promise)

    def kept(self, role: Role, step: Transition) -> str:
        """Whether the variable of *role* is after *step* as it was when the newest request started."""
        number = 0 if role == "phase" else 1
        size, variable = self.sizes[number], self.roles[role]
        if size == 1:
            return TRUE
        then, now = step.ghost[number], step.record[variable]
        nobody = self.script.member(then, frozenset({size - 1}), bits(size), size)
        wide, narrow = bits(size), self.reader.widths[variable]
        wider = now if isinstance(now, int) else f"((_ zero_extend {wide - narrow}) {now})"
        same = f"(= {constant(then, wide)} {constant(wider, wide)})"
        return disjunction([nobody, self.script.define(same)])

    def crashed(self, step: Transition) -> str:
        """Whether a service has crashed since the newest request started."""
        return self.script.member(step.ghost[2], frozenset({1}), 1, 2) if self.sizes[2] > 1 else FALSE

    def not_undone(self, step: Transition) -> str:
        """Whether *step* ends a round trip that restored something else."""
        return self._unrestored(step.ghost[3], range(len(self.trips)))

    def undelivered(self, step: Transition, operations: frozenset[str] | None = None) -> str:
        """Whether *step* ends a run (of one of *operations*) that leaves something else than it promised."""
        if step.target != FINISHED:
            return FALSE
        size = self.sizes[4]
        return disjunction(
            self.script.define(
                conjunction(
                    [
                        self.script.member(step.ghost[4], frozenset({number + 1}), bits(size), size),
                        negation(self.reader.condition(one.end, list(step.record), {})),
                    ]
                )
            )
            for number, one in enumerate(self.promises)
            if one.operation in step.operations and (operations is None or one.operation in operations)
        )

    def accused(self, step: Transition, operations: frozenset[str]) -> str:
        """Whether one of *operations* did not restore, or did not leave, what it should have, or fails with *step*."""
        numbers = [number for number, name in enumerate(self.reader.lifecycle.operations) if name in step.operations]
        if step.target == FAILED and numbers:
            return TRUE if tuple(self.reader.lifecycle.operations)[numbers[0]] in operations else FALSE
        trips = [number for number, (_, undoes, _) in enumerate(self.trips) if undoes in operations]
        return disjunction([self._unrestored(step.ghost[3], trips), self.undelivered(step, operations)])

    def _unrestored(self, trip: Term, numbers: Iterable[int]) -> str:
        """Whether one of the trips *numbers* has just ended in something else."""
        size, last = self.sizes[3], 2 * len(self.trips)
        if size == 1:
            return FALSE
        return self.script.member(trip, frozenset(last + 1 + number for number in numbers), bits(size), size)

    def inside(self, masks: tuple[int, ...], ghost: tuple[Term, ...]) -> str:
        """Whether *ghost* is in the cube *masks*."""
        return conjunction(
            self.script.member(term, within(mask), bits(size), size)
            for mask, term, size in zip(masks, ghost, self.sizes, strict=True)
            if size > 1
        )
