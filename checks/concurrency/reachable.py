"""The places of an automaton that something leads to, and what others can tell of a process at one."""

from __future__ import annotations

from dataclasses import replace

from checks.concurrency.automaton import END, Automaton, Origin, Place, leading


def reachable(automaton: Automaton, places: list[Place], origins: list[Origin]) -> Automaton:
    """The automaton of *places* and *origins*, without the places that nothing leads to."""
    numbers: dict[int, int] = {END: END}
    order: list[int] = []
    waiting = [origin.to for origin in origins]
    for target in waiting:
        if target in numbers:
            continue
        numbers[target] = len(order)
        order.append(target)
        waiting += [move.to for move in places[target].moves]
        waiting += places[target].heirs
    return replace(
        automaton,
        places=tuple(renamed(places[number], numbers) for number in order),
        origins=tuple(replace(origin, to=numbers[origin.to]) for origin in origins),
    )


def renamed(place: Place, numbers: dict[int, int]) -> Place:
    """*place* with the places that it leads to by their new *numbers*."""
    moves = tuple([leading(move, numbers[move.to]) for move in place.moves])
    heirs = tuple(dict.fromkeys([numbers[heir] for heir in place.heirs]))
    return Place(moves, place.holds, place.service, heirs, place.mark, place.busy)


def seen(place: Place) -> object:
    """What others can tell of a process that stands at *place*, and what a crash does to it."""
    return place.holds, place.service, place.mark, place.busy
