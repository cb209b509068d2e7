"""From where the phase can still change: how far that is, and what is claimed of it for another engine to prove."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from checks.candidate import Candidate, Cube, Stand, merged, stands
from checks.graph.arrays import Backwards, Flags, Ints, distances
from checks.graph.view import View
from model.lifecycle import Lifecycle

#: The values of the phase and of the lock.
State = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Leaving:
    """A claim whose first coordinate is a tag; a configuration may have several.

    Tags below ``near`` are distances: after so many steps, and one more, the phase has changed.  ``caught`` stands for
    what never changes it, ``asked`` for what is reached with nothing in flight, or where ``whole`` says so for all that
    is reached.  ``runs``: for each state that is caught the tag of the initial configuration and a smaller one; tag by
    tag downwards stands an execution from the one to a configuration of that state with the other.
    """

    claim: Candidate
    near: int
    runs: Mapping[State, tuple[int, int]]
    whole: bool

    @property
    def caught(self) -> int:
        """The tag of what never changes the phase."""
        return self.near

    @property
    def asked(self) -> int:
        """The tag of what is asked."""
        return self.near + 1

    @property
    def tags(self) -> int:
        """The number of tags."""
        return max((first for first, _ in self.runs.values()), default=self.asked) + 1


def going_on(lifecycle: Lifecycle, phase: int) -> frozenset[int]:
    """The values of the variable *phase* that are not terminal."""
    values = lifecycle.values[lifecycle.variables[phase].name]
    return frozenset(number for number, value in enumerate(values) if value.group != "terminal")


def at_rest(view: View) -> Flags:
    """The configurations that must have a way out: nothing in flight, the record there, its phase not terminal."""
    phase = view.roles["phase"]
    legal = going_on(view.lifecycle, phase)
    asked: Flags = view.quiet & ~view.predicate("gone") & view.where(lambda record: record[phase] in legal)
    return asked


def steps_ahead(view: View) -> Ints:
    """How many steps each configuration is from one in which some step changes the phase; -1: none ever does."""
    phase = view.columns[view.roles["phase"]]
    goals = np.unique(view.source[phase[view.source] != phase[view.target]])
    return distances(goals, Backwards(view.source, view.target, view.size))


def claimed(view: View, *, whole: bool) -> Leaving:
    """What the explored space of *view* says of it, as a claim; *whole*: with all that is reached.

    Linear in what is claimed, but for the cubes that are joined.
    """
    ahead, asked = steps_ahead(view), at_rest(view)
    masks: dict[int, int] = {}

    def mark(node: int, tag: int) -> None:
        masks[node] = masks.get(node, 0) | 1 << tag

    led = list(_led(view, ahead, np.flatnonzero(asked & (ahead >= 0)).tolist()))
    near = max((distance for _, distance in led), default=-1) + 1
    for node, distance in led:
        mark(node, distance)
    lost = np.flatnonzero(asked & (ahead < 0)).tolist()
    for node in _after(view, lost):
        mark(node, near)
    for node in range(view.size) if whole else np.flatnonzero(view.idle).tolist():
        mark(node, near + 1)
    runs: dict[State, tuple[int, int]] = {}
    tag = near + 2
    for node in lost:
        state = (view.records[node][view.roles["phase"]], view.records[node][view.roles["lock"]])
        if state not in runs:
            way = _back(view, node)
            runs[state] = (tag + len(way) - 1, tag)
            for position, each in enumerate(way):
                mark(each, tag + position)
            tag += len(way)
    return Leaving(_as_candidate(view, masks), near, runs, whole)


def _led(view: View, ahead: Ints, starts: list[int]) -> Iterator[tuple[int, int]]:
    """The configurations on one shortest way from each of *starts*, each once with its distance."""
    seen: set[int] = set()
    for start in starts:
        node = start
        while node not in seen:
            seen.add(node)
            yield node, int(ahead[node])
            if ahead[node]:
                node = next(to for _, to in view.space.edges[node] if ahead[to] == ahead[node] - 1)


def _after(view: View, starts: list[int]) -> set[int]:
    """All that is reached from *starts*."""
    seen: set[int] = set()
    todo = list(starts)
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += [to for _, to in view.space.edges[node]]
    return seen


def _back(view: View, node: int) -> list[int]:
    """The configurations of a shortest execution to *node*, the last first."""
    way = [node]
    while (parent := view.space.parents[way[-1]]) is not None:
        way.append(parent[0])
    return way


def _as_candidate(view: View, masks: Mapping[int, int]) -> Candidate:
    where = stands(view.semantics)
    groups: dict[tuple[int, ...], list[Cube]] = {}
    for node, mask in masks.items():
        record, controls = view.space.configurations[node]
        groups.setdefault(controls, []).append((mask, *[1 << value for value in record]))
    by_stands: dict[tuple[Stand, ...], tuple[Cube, ...]] = {
        tuple(sorted(where[control] for control in controls)): tuple(merged(cubes))
        for controls, cubes in groups.items()
    }
    return Candidate((view.space.scenario.name,), by_stands)
