"""One process of any kind as a finite automaton over the record: what every engine for many processes runs on.

Processes meet only in the record, so this automaton (with the starts and the crash of a service) is the whole model.
:func:`assemble` takes it from the one definition of a step, :mod:`model.semantics`; :mod:`checks.concurrency.reduce`
makes it smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from model.conditions import Assignments, When
from model.explore import UNBOUNDED
from model.lifecycle import Scenario
from model.program import Wait
from model.semantics import END_FAILED, END_FINISHED, Semantics

#: The target of a move with which the process ends.
END = -1

#: The row of a message that is lost.
LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Move:
    """``when`` -> ``assign`` -> ``to``; ``rows`` are those that it stands for, ``mark`` what a property watches."""

    when: When
    assign: Assignments
    to: int
    acquires: bool
    rows: tuple[str, ...]
    mark: int = 0


def leading(move: Move, to: int) -> Move:
    """*move*, but it leads to *to*: what all reductions do most, so without :func:`dataclasses.replace`."""
    if move.to == to:
        return move
    return Move(move.when, move.assign, to, move.acquires, move.rows, move.mark)


@dataclass(frozen=True, slots=True)
class Place:
    """A control: its moves, whether it holds the lock, its service and heirs, and what a property marks it with.

    ``service`` is the service whose death moves the process on to one of ``heirs`` (END among them when it may die);
    None when no crash concerns it, as for a message on its way.  While a process is at a ``busy`` place, no patient
    start happens.
    """

    moves: tuple[Move, ...]
    holds: bool
    service: str | None
    heirs: tuple[int, ...]
    mark: int = 0
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """How a process starts; ``unbounded`` when it may do so however many are in flight.

    A ``patient`` start happens only when none of them is at a busy place.
    """

    when: When
    assign: Assignments
    to: int
    unbounded: bool
    rows: tuple[str, ...]
    mark: int = 0
    patient: bool = False


@dataclass(frozen=True, slots=True)
class Crash:
    """The death of a service: when it may happen, and what it does to the record."""

    service: str
    when: When
    assign: Assignments


@dataclass(frozen=True, slots=True)
class Automaton:
    """The whole model of a scenario; ``sizes`` are the numbers of values of the variables, in order.

    ``bound`` is how many processes may be in flight when one starts (but for unbounded starts); None for any number.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    initial: tuple[int, ...]
    places: tuple[Place, ...]
    origins: tuple[Origin, ...]
    crashes: tuple[Crash, ...]
    bound: int | None

    @property
    def exclusive(self) -> bool:
        """Whether at most one process ever holds the lock: whoever comes to hold it takes it.

        A caller that holds the lock while another service works for it gets it back, untaken, when that service dies.
        """
        held = frozenset(number for number, place in enumerate(self.places) if place.holds)
        return held.isdisjoint(origin.to for origin in self.origins) and all(
            place.holds or held.isdisjoint((*place.heirs, *(move.to for move in place.moves if not move.acquires)))
            for place in self.places
        )


@dataclass(frozen=True, slots=True)
class Marks:
    """What a property tells apart: ``step`` gives the bits of the moves of a control, ``place`` its own.

    ``origin`` gives those of a start, by its row; ``unforced`` are those of every step that nothing forces to happen: a
    failure, the loss of a message.
    """

    step: Callable[[int], int] = lambda _: 0
    place: Callable[[int], int] = lambda _: 0
    origin: Callable[[str], int] = lambda _: 0
    unforced: int = 0


UNMARKED = Marks()


def assemble(semantics: Semantics, scenario: Scenario, marks: Marks = UNMARKED) -> Automaton:
    """The automaton of *scenario*, as the rules say it: one place a control, in the order in which they are met."""
    starts = [start for start in semantics.starts if start.kind in scenario.kinds]
    numbers: dict[int, int] = {END_FINISHED: END, END_FAILED: END}
    order: list[int] = []

    def number(control: int) -> int:
        known = numbers.get(control)
        if known is None:
            known = numbers[control] = len(order)
            order.append(control)
        return known

    origins = tuple(
        Origin(
            start.when,
            start.assign,
            number(start.to),
            start.kind in UNBOUNDED,
            (start.row,),
            marks.origin(start.row),
            scenario.patient and start.kind == "recovery",
        )
        for start in starts
    )
    places: list[Place] = []
    while len(places) < len(order):
        control = order[len(places)]
        instruction = semantics.instruction(control)
        assert instruction is not None
        waiting = isinstance(instruction, Wait)
        moves = [
            Move(
                rule.when,
                rule.assign,
                number(rule.to),
                rule.acquires,
                (rule.row,),
                marks.step(control) | (marks.unforced if rule.spontaneous else 0),
            )
            for rule in semantics.rules(control)
            if scenario.fail or not rule.spontaneous
        ]
        if scenario.lose and waiting:
            moves.append(Move((), (), END, False, (LOSS,), marks.unforced))
        mortal = scenario.crash and not waiting
        heirs = (number(semantics.killed(control)),) if mortal else ()
        service = instruction.service if mortal else None
        busy = scenario.patient and not waiting
        places.append(Place(tuple(moves), instruction.holds, service, heirs, marks.place(control), busy))
    variables = semantics.lifecycle.variables
    crashes = tuple(
        Crash(service.name, service.crash_when, service.crash_set)
        for service in semantics.lifecycle.services
        if scenario.crash and service.crash_when is not None
    )
    return Automaton(
        names=tuple(variable.name for variable in variables),
        sizes=tuple(len(variable.values) for variable in variables),
        initial=semantics.lifecycle.initial,
        places=tuple(places),
        origins=origins,
        crashes=crashes,
        bound=scenario.processes,
    )
