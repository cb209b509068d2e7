"""Which values a variable can have at each place: what no execution can bring together is impossible.

A *place* is the values of the variables that are kept and the controls in flight.  Of every other (*loose*) variable
the analysis knows, at each place and for each variable apart, the values that it may have there: an abstract
interpretation with independent attributes (Cousot, Cousot, "Abstract interpretation", POPL 1977; Jones, Muchnick,
"Complexity of flow analysis, inductive assertion synthesis and a language due to Dijkstra", FOCS 1980).  It takes every
step of every execution, and perhaps more; so a place that it does not reach, or a value that it does not find there,
is in no execution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import product as combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from checks.sets import Change, Loose, Sets, Written, changed
from model.explore import UNBOUNDED, Configuration
from model.lifecycle import Lifecycle, Record, Scenario
from model.program import Wait
from model.semantics import END_FAILED, END_FINISHED, Semantics

Place = tuple[Record, tuple[int, ...]]
ENDS = (END_FINISHED, END_FAILED)
#: How a process starts: its kind, what that does to loose variables, the kept record after it, and its control.
_Started = tuple[str, Change, Record, int]
#: The kinds of steps that no process starts with: one of a process, a failure that it need not meet, a crash.
GOES_ON, FAILS, CRASHES = "step", "failure", "crash"


class Leaving(NamedTuple):
    """A step from a place: its kind (a start has that of its operation), what it does to sets, and where it leads."""

    kind: str
    change: Change
    to: Configuration


class Values:
    """The places of a scenario, with the values that the *loose* variables may have there.

    They are those of every execution from the start of the lifecycle, or from *starts*, places with sets of values.
    Building it takes time linear in the steps between places and in how often the sets grow.
    """

    def __init__(
        self,
        semantics: Semantics,
        scenario: Scenario,
        loose: Iterable[int],
        starts: Mapping[Configuration, Sets] | None = None,
    ) -> None:
        self.semantics, self.scenario = semantics, scenario
        self.lifecycle: Lifecycle = semantics.lifecycle
        self.loose = Loose(self.lifecycle, loose)
        self._rules: dict[int, list[tuple[str, Written, int]]] = {}
        self._stands: dict[int, tuple[bool, bool, str]] = {}
        self._starts = [
            (start.kind, self.loose.apart(start.when, start.assign), start.to)
            for start in semantics.starts
            if start.kind in scenario.kinds
        ]
        self._started: dict[Record, tuple[list[_Started], list[_Started]]] = {}
        self._crashes = [
            (service.name, self.loose.apart(service.crash_when, service.crash_set))
            for service in self.lifecycle.services
            if service.crash_when is not None and scenario.crash
        ]
        #: The kept record and the points of the processes of each place; places that differ only in what processes
        #: remember have one number.
        self.numbers: dict[Place, int] = {}
        self._sets: list[Sets] = []
        initial = self.lifecycle.initial
        #: The sets of values at each place, whatever processes remember told apart.
        self.places: dict[Configuration, Sets] = dict(
            {(self.loose.kept(initial), ()): self.loose.sets(initial)} if starts is None else starts
        )
        #: Every step from each place, possible with its sets or not.
        self.leaving: dict[Configuration, list[Leaving]] = {}
        self._flow()
        #: Every possible step, as the two numbers that it leads from and to; each once, sorted.
        self.steps: npt.NDArray[np.int64] = self._numbered()

    def number(self, kept: Record, points: tuple[int, ...], sets: Sets = 0) -> int:
        """The number of the place with *kept* (:meth:`checks.sets.Loose.kept`) and processes at *points* (sorted).

        -1 when no execution gets there, or not with the values in *sets*.
        """
        found = self.numbers.get((kept, points), -1)
        return found if found < 0 or self._sets[found] & sets == sets else -1

    def records(self, record: Record, known: frozenset[int]) -> Iterator[Record]:
        """Every record that may be *record* with nothing in flight, by the variables that are not *known*."""
        found = self.numbers.get((self.loose.kept(record), ()), -1)
        if found < 0:
            return
        sets = self._sets[found]
        choices = [
            [value]
            if variable in known or variable not in self.loose.first
            else [
                other
                for other in range(len(self.lifecycle.variables[variable].values))
                if sets >> self.loose.first[variable] + other & 1
            ]
            for variable, value in enumerate(record)
        ]
        yield from combinations(*choices)

    def _leaving(self, place: Configuration) -> Iterator[Leaving]:
        """Every step from *place*: the same as :meth:`model.explore.Moves.successors`, for sets of values."""
        record, controls = place
        stand, scenario = self._stand, self.scenario
        locked = any(stand(control)[1] for control in controls)
        unchanged = Change(self.loose.everything, (), self.loose.everything, 0)
        for position, control in enumerate(controls):
            others = controls[:position] + controls[position + 1 :]
            for kind, written, to in self._of(control, locked=locked):
                for change, after in self.loose.leads(written, record):
                    yield Leaving(kind, change, (after, _joined(others, to)))
            if scenario.lose and stand(control)[0]:
                yield Leaving(FAILS, unchanged, (record, others))
        full = scenario.processes is not None and len(controls) >= scenario.processes
        waits = scenario.patient and not all(stand(control)[0] for control in controls)
        for kind, change, after, to in self._of_record(record)[full]:
            if not waits or kind != "recovery":
                yield Leaving(kind, change, (after, _joined(controls, to)))
        for service, written in self._crashes:
            left: tuple[int, ...] = ()
            for control in controls:
                waiting, _, runs = stand(control)
                left = _joined(left, control if waiting or runs != service else self.semantics.killed(control))
            for change, after in self.loose.leads(written, record):
                yield Leaving(CRASHES, change, (after, left))

    def _stand(self, control: int) -> tuple[bool, bool, str]:
        """Whether *control* is a message on its way, whether it holds the lock, and its service."""
        known = self._stands.get(control)
        if known is None:
            instruction = self.semantics.instruction(control)
            assert instruction is not None, "a process that has ended is not in flight"
            known = self._stands[control] = (isinstance(instruction, Wait), instruction.holds, instruction.service)
        return known

    def _of(self, control: int, *, locked: bool) -> Iterator[tuple[str, Written, int]]:
        known = self._rules.get(control)
        if known is None:
            known = self._rules[control] = [
                (FAILS if rule.spontaneous else GOES_ON, self.loose.apart(rule.when, rule.assign), rule.to)
                for rule in self.semantics.rules(control)
                if self.scenario.fail or not rule.spontaneous
            ]
        acquires = locked and any(rule.acquires for rule in self.semantics.rules(control))
        return iter(()) if acquires else iter(known)

    def _of_record(self, record: Record) -> tuple[list[_Started], list[_Started]]:
        """Every start from the kept *record*, and those of them that need no room."""
        known = self._started.get(record)
        if known is None:
            every = [
                (kind, change, after, to)
                for kind, written, to in self._starts
                for change, after in self.loose.leads(written, record)
            ]
            known = self._started[record] = every, [one for one in every if one[0] in UNBOUNDED]
        return known

    # -- all steps ----------------------------------------------------------------------------------------------------

    def _flow(self) -> None:
        """The least sets of values that are closed under every step, by a work list (Kildall 1973)."""
        found, leaving = self.places, self.leaving
        places = list(found)
        order: dict[Configuration, int] = {place: number for number, place in enumerate(places)}
        # The place that was found first comes first: what is behind it waits for all that it lets through.
        todo = list(range(len(places)))
        waiting = set(todo)
        while todo:
            number = heappop(todo)
            waiting.discard(number)
            place = places[number]
            sets = found[place]
            if place not in leaving:
                leaving[place] = list(self._leaving(place))
            for _, change, to in leaving[place]:
                after = changed(sets, change)
                if after < 0:
                    continue
                known = found.get(to)
                if known is None:
                    order[to] = len(places)
                    places.append(to)
                elif known | after == known:
                    continue
                else:
                    after |= known
                found[to] = after
                following = order[to]
                if following not in waiting:
                    waiting.add(following)
                    heappush(todo, following)

    def _numbered(self) -> npt.NDArray[np.int64]:
        """Numbers the places by points, each with the sets of all; the steps between them."""
        numbered: dict[Configuration, int] = {}
        for place, sets in self.places.items():
            here = (place[0], tuple(sorted(self.semantics.controls[control].point for control in place[1])))
            number = numbered[place] = self.numbers.setdefault(here, len(self.numbers))
            if number == len(self._sets):
                self._sets.append(0)
            self._sets[number] |= sets
        size = len(self.numbers)
        return np.unique(
            np.fromiter(
                (
                    numbered[place] * size + numbered[to]
                    for place, ways in self.leaving.items()
                    for _, change, to in ways
                    if changed(self.places[place], change) >= 0
                ),
                dtype=np.int64,
            )
        )


def _joined(others: tuple[int, ...], control: int) -> tuple[int, ...]:
    return others if control in ENDS else tuple(sorted((*others, control)))
