"""What a property remembers of the past, as further symbolic variables beside the record.

The counterpart of ``checks.graph.product`` for this engine: the phase and the truth at the start of the newest request,
whether a service has crashed since, and how far a round trip has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.smt.text import FALSE, TRUE, Script, Term, bits, conjunction, constant, disjunction
from model.program import FAILED, FINISHED

if TYPE_CHECKING:
    from checks.properties.formula import Role
    from checks.smt.steps import Reader
    from checks.smt.system import Transition

from checks.properties.formula import roles


class Past:
    """Ghost variables for *what*, a tuple of the names of parts: ``phase``, ``truth``, ``crashed``, ``trips``."""

    def __init__(self, reader: Reader, script: Script, what: frozenset[str]) -> None:
        self.reader, self.script, self.what = reader, script, what
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
            2 * len(self.trips) + 2 if "trips" in what else 1,
        ]  # fmt: skip
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
        return (*self.nobody, 0, 0)

    def during(self, step: Transition) -> tuple[Term, ...]:
        """The ghost in the moment of *step*."""
        phase, truth, crashed, trip = self.terms
        if step.kind == "crash":
            return (phase, truth, 1 if self.sizes[2] > 1 else 0, 0)
        if step.mover < 0 and step.kind not in ("recovery", "outside"):
            phase = self._starts("phase", 0)
            truth = self._starts("truth", 1)
            crashed = 0
            trip = self._departs(step, trip)
        counts = step.mover >= 0 or step.kind not in ("recovery", "outside")
        if counts and step.target in (FINISHED, FAILED) and step.kind != "loss":
            trip = self._arrives(step, trip)
        return (phase, truth, crashed, trip)

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
        """After the end of a process: the last value of the ghost means that something was not restored."""
        if self.sizes[3] == 1 or step.target == FAILED:
            return 0
        width, size = bits(self.sizes[3]), self.sizes[3]
        result = trip
        for number, (_, _, kept) in enumerate(self.trips):
            back = self.script.member(trip, frozenset({2 * number + 2}), width, size)
            good = self.reader.tests(kept, list(step.record), {})
            arrived = self.script.choice(good, 0, size - 1, width)
            result = self.script.choice(back, arrived, result, width)
        return result

    def settled(self, step: Transition, during: tuple[Term, ...]) -> tuple[Term, ...]:
        """The ghost after *step*: what was asked for one request is forgotten when nothing is in flight."""
        phase, truth, crashed, trip = during
        if not step.processes:
            phase, truth = self.nobody
        if self.sizes[3] > 1:
            width, size = bits(self.sizes[3]), self.sizes[3]
            trip = self.script.choice(self.script.member(trip, frozenset({size - 1}), width, size), 0, trip, width)
        return (phase, truth, crashed, trip)

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
        size = self.sizes[3]
        return self.script.member(step.ghost[3], frozenset({size - 1}), bits(size), size) if size > 1 else FALSE

    def inside(self, masks: tuple[int, ...], ghost: tuple[Term, ...]) -> str:
        """Whether *ghost* is in the cube *masks*."""
        return conjunction(
            self.script.member(
                term, frozenset(place for place in range(mask.bit_length()) if mask >> place & 1), bits(size), size
            )
            for mask, term, size in zip(masks, ghost, self.sizes, strict=True)
            if size > 1
        )
