"""What a program does, without running it: for each point the values that each variable may have there.

A forward analysis of value sets (abstract interpretation with one set a variable; Cousot and Cousot, POPL 1977) over
the same rules that the explorers apply. It over-approximates: a set may hold a value that no single run has there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from model.lifecycle import Lifecycle
from model.program import FAILED, FINISHED
from model.semantics import Rule, Semantics, Start

#: For each variable the values that it may have.
Sets = tuple[frozenset[int], ...]
#: The most controls that the steps after one failure are followed over.
_MOST = 4000


@dataclass(frozen=True, slots=True)
class Flow:
    """That control goes from one point to another without a failure: with which label, and what may hold after."""

    source: int
    target: int
    label: str | None
    after: Sets


@dataclass(frozen=True, slots=True)
class Ending:
    """How a failure ends: at ``point`` (FINISHED, FAILED, or where the program goes on), what may hold then.

    ``written`` are the variables that were written on the way.
    """

    point: int
    after: Sets
    written: frozenset[int]


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which the step at ``point`` fails, and how that ends."""

    point: int
    exception: str
    before: Sets
    endings: tuple[Ending, ...]


class Analysis:
    """The undisturbed program of one operation, and what follows from each failure."""

    def __init__(self, lifecycle: Lifecycle, operation: str) -> None:
        self.lifecycle = lifecycle
        self.semantics = _semantics(lifecycle)
        self.starts = tuple(start for start in self.semantics.starts if start.operation == operation)
        self.whole: Sets = tuple(frozenset(range(len(variable.values))) for variable in lifecycle.variables)
        self.before: dict[int, Sets] = {}
        self._followed = self._follow()

    def point(self, control: int) -> int:
        """The instruction at which a control stands, or FINISHED or FAILED."""
        return self.semantics.controls[control].point

    def started(self, start: Start) -> Sets:
        """What may hold after a start."""
        met = _meet(self.whole, start.when)
        assert met is not None
        return _assigned(met, start.assign)

    def points(self) -> frozenset[int]:
        """The points that the undisturbed program passes."""
        return frozenset(self.point(control) for control in self.before)

    def flows(self) -> tuple[Flow, ...]:
        """The undisturbed steps, in the order in which they are met."""
        return self._followed

    def failures(self) -> Iterator[Failure]:
        """Every way in which a step of the undisturbed program fails: one for each exception of each point."""
        undisturbed = self.points()
        merged: dict[tuple[int, str], tuple[Sets, dict[int, Ending]]] = {}
        for control, before in self.before.items():
            if self.point(control) < 0:
                continue
            for rule in self.semantics.rules(control):
                if rule.exception is None:
                    continue
                after = _assigned(_forced(before, rule), rule.assign)
                key = (self.point(control), rule.exception)
                known, endings = merged.setdefault(key, (before, {}))
                merged[key] = (_join(known, before), endings)
                for ending in self._endings(rule.to, after, undisturbed):
                    earlier = endings.get(ending.point)
                    endings[ending.point] = ending if earlier is None else Ending(
                        ending.point, _join(earlier.after, ending.after), earlier.written | ending.written
                    )  # fmt: skip
        for (point, exception), (before, endings) in merged.items():
            yield Failure(point, exception, before, tuple(endings.values()))

    def _follow(self) -> tuple[Flow, ...]:
        flows: dict[tuple[int, int, str | None], Sets] = {}
        todo: deque[int] = deque()
        for start in self.starts:
            self._reach(start.to, self.started(start), todo)
        while todo:
            control = todo.popleft()
            if self.point(control) < 0:
                continue
            for rule in self.semantics.rules(control):
                met = None if rule.exception is not None else _meet(self.before[control], rule.when)
                if met is None:
                    continue
                after = _assigned(met, rule.assign)
                key = (self.point(control), self.point(rule.to), rule.label)
                flows[key] = _join(flows[key], after) if key in flows else after
                self._reach(rule.to, after, todo)
        return tuple(Flow(*key, after) for key, after in flows.items())

    def _reach(self, control: int, after: Sets, todo: deque[int]) -> None:
        known = self.before.get(control)
        joined = after if known is None else _join(known, after)
        if joined != known:
            self.before[control] = joined
            todo.append(control)

    def _endings(self, control: int, after: Sets, undisturbed: frozenset[int]) -> Iterator[Ending]:
        reached: dict[int, tuple[Sets, frozenset[int]]] = {control: (after, frozenset())}
        todo = deque([control])
        ended: dict[int, tuple[Sets, frozenset[int]]] = {}
        while todo:
            here = todo.popleft()
            sets, written = reached[here]
            point = self.point(here)
            if point in (FINISHED, FAILED) or point in undisturbed:
                known = ended.get(point)
                ended[point] = (sets, written) if known is None else (_join(known[0], sets), known[1] | written)
                continue
            for rule in self.semantics.rules(here):
                met = None if rule.spontaneous else _meet(sets, rule.when)
                if met is None or len(reached) > _MOST:
                    continue
                then = _assigned(met, rule.assign)
                changed = written | {variable for variable, _ in rule.assign}
                known = reached.get(rule.to)
                joined = (then, changed) if known is None else (_join(known[0], then), known[1] | changed)
                if joined != known:
                    reached[rule.to] = joined
                    todo.append(rule.to)
        for point, (sets, written) in ended.items():
            yield Ending(point, sets, written)


#: One set of rules serves the figures of all operations of a lifecycle.
_KNOWN: dict[tuple[str, str], Semantics] = {}


def _semantics(lifecycle: Lifecycle) -> Semantics:
    key = (lifecycle.digest, lifecycle.release)
    if key not in _KNOWN:
        _KNOWN.clear()
        _KNOWN[key] = Semantics(lifecycle)
    return _KNOWN[key]


def _meet(sets: Sets, when: tuple[tuple[int, frozenset[int]], ...]) -> Sets | None:
    narrowed = list(sets)
    for variable, values in when:
        narrowed[variable] &= values
        if not narrowed[variable]:
            return None
    return tuple(narrowed)


def _forced(sets: Sets, rule: Rule) -> Sets:
    """The sets under a rule that fires because another process changed what it tests."""
    forced = list(sets)
    for variable, values in rule.when:
        forced[variable] = (forced[variable] & values) or values
    return tuple(forced)


def _assigned(sets: Sets, assign: tuple[tuple[int, int], ...]) -> Sets:
    changed = list(sets)
    for variable, value in assign:
        changed[variable] = frozenset({value}) if value >= 0 else sets[-1 - value]
    return tuple(changed)


def _join(one: Sets, other: Sets) -> Sets:
    return tuple(a | b for a, b in zip(one, other, strict=True))
