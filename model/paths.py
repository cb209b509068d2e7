"""Paths from one state to another, searched over configurations and shown as states: no path is spurious.

A search over states alone would join steps of different requests that cannot follow each other; over configurations it
cannot.  Breadth-first search (Moore 1959) gives the length of the shortest way; ways are then listed by length without
repeating a configuration, and ways that show the same states and rows are listed once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from model.lifecycle import Lifecycle
from model.network import Arrow, Network
from model.state import Pattern, State, matches

#: How many steps longer than the shortest the listed paths may be, tried in this order while there are too few; and how
#: many paths are tried for a listing.
LONGER = (1, 3, 8, 20)
MOST_TRIED = 20_000


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a path: the row, its kind, the failure if it is one, and the state after it (None: no instance)."""

    row: str
    operation: str
    kind: str
    exception: str | None
    state: State | None
    idle: bool


@dataclass(frozen=True, slots=True)
class Path:
    """A path: the state in which it starts, and its steps."""

    start: State | None
    steps: tuple[PathStep, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: from which states to which, avoiding which, through which operations, by which kinds of steps."""

    source: Pattern | None
    target: Pattern
    avoid: tuple[Pattern, ...] = ()
    via: tuple[str, ...] = ()
    kinds: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The paths found, shortest first; ``count`` of ``length`` steps exist; ``reason`` says why there is none."""

    paths: tuple[Path, ...]
    length: int | None
    count: int
    reason: str | None


#: A configuration's number with, in the lowest bits, which of the operations asked for have been passed.
Node = int


class Search:
    """One question put to one network."""

    def __init__(self, lifecycle: Lifecycle, network: Network, question: Question) -> None:
        self.lifecycle, self.network, self.question = lifecycle, network, question
        self._operation = {row.id: row.operation for row in lifecycle.rows.values()}
        self._bits = len(question.via)
        self._all = (1 << self._bits) - 1
        self._onward: dict[Node, list[Node]] = {}
        met = dict.fromkeys(network.states)
        avoided = {
            state: state is not None and any(matches(pattern, state) for pattern in question.avoid) for state in met
        }
        wanted = {state: state is not None and matches(question.target, state) for state in met}
        self._avoided = [avoided[state] for state in network.states]
        self._wanted = [wanted[state] for state in network.states]

    @cached_property
    def starts(self) -> list[int]:
        """Where a path may start: with nothing in flight if the source is met so, else wherever it is met."""
        source = self.question.source
        if source is None:
            return [0]
        fits = {state for state in set(self.network.states) if state is not None and matches(source, state)}
        met = [
            number
            for number, state in enumerate(self.network.states)
            if state in fits and not self.network.gone[number]
        ]
        return [number for number in met if self.network.idle[number]] or met

    def is_goal(self, node: Node) -> bool:
        """Whether the configuration of *node*, with the operations passed, is what is asked for."""
        return node & self._all == self._all and self._wanted[node >> self._bits]

    def arrows(self, node: Node) -> Iterator[tuple[Arrow, Node]]:
        """The steps that may be taken from *node*, with the node that each leads to."""
        kinds = self.question.kinds
        for arrow in self.network.leaving[node >> self._bits]:
            if self._avoided[arrow.target] or (kinds is not None and arrow.kind not in kinds):
                continue
            after = node & self._all
            for position, name in enumerate(self.question.via):
                if self._operation.get(arrow.row) == name:
                    after |= 1 << position
            yield arrow, arrow.target << self._bits | after

    def onward(self, node: Node) -> list[Node]:
        """Where each step from *node* leads, a node as often as steps lead there."""
        known = self._onward.get(node)
        if known is None:
            if self.question.kinds is None and not self.question.via:
                avoided = self._avoided
                known = [arrow.target for arrow in self.network.leaving[node] if not avoided[arrow.target]]
            else:
                known = [target for _, target in self.arrows(node)]
            self._onward[node] = known
        return known

    def distances(self, *, nearest: bool = False, within: int | None = None) -> dict[Node, int]:
        """The number of steps from a start to every node that can be met.

        With *nearest*, the search ends when every node as near as the nearest goal is met; with *within*, when every
        node so many steps away is.
        """
        enough = within
        found = {number << self._bits: 0 for number in self.starts if not self._avoided[number]}
        queue = deque(found)
        while queue:
            node = queue.popleft()
            steps = found[node]
            if enough is not None and steps >= enough:
                break
            for target in self.onward(node):
                if target not in found:
                    found[target] = steps + 1
                    queue.append(target)
                    if nearest and enough is None and self.is_goal(target):
                        enough = steps + 1
        return found

    def answer(self, shortest: int) -> Answer:
        """The *shortest* many paths, by length."""
        distances = self.distances(nearest=True)
        goals = [node for node in distances if self.is_goal(node) and distances[node] > 0]
        zero = [node for node in distances if self.is_goal(node) and distances[node] == 0]
        if zero:
            state = self.network.states[zero[0] >> self._bits]
            return Answer((Path(state, ()),), 0, len(zero), None)
        if not goals:
            return Answer((), None, 0, self._why(distances))
        length = min(distances[node] for node in goals)
        count = self._count(distances, goals, length)
        paths = self._listed(self._remaining(distances), length, shortest, length)
        for longer in LONGER:
            if len(paths) >= shortest:
                break
            reached = self.distances(within=length + longer)
            paths = self._listed(self._remaining(reached), length, shortest, length + longer)
        return Answer(tuple(paths), length, count, None)

    def _remaining(self, distances: dict[Node, int]) -> dict[Node, int]:
        """The number of steps from every node met to the nearest goal."""
        before: dict[Node, list[Node]] = {node: [] for node in distances}
        for node in distances:
            for target in self.onward(node):
                if target in before:
                    before[target].append(node)
        found = {node: 0 for node in distances if self.is_goal(node)}
        queue = deque(found)
        while queue:
            node = queue.popleft()
            for earlier in before[node]:
                if earlier not in found:
                    found[earlier] = found[node] + 1
                    queue.append(earlier)
        return found

    def _count(self, distances: dict[Node, int], goals: list[Node], length: int) -> int:
        """How many paths of exactly *length* steps there are, counted without listing them."""
        ways: dict[Node, int] = {node: 1 for node, steps in distances.items() if steps == 0}
        for step in range(length):
            following: dict[Node, int] = {}
            for node, number in ways.items():
                for target in self.onward(node):
                    if distances[target] == step + 1:
                        following[target] = following.get(target, 0) + number
            ways = following
        return sum(ways.get(goal, 0) for goal in set(goals))

    def _listed(self, remaining: dict[Node, int], length: int, wanted: int, longest: int) -> list[Path]:
        """The first *wanted* paths that differ in what they show, from *length* to *longest* steps."""
        found: dict[Path, None] = {}
        starts = [number << self._bits for number in self.starts if number << self._bits in remaining]
        budget = MOST_TRIED
        for bound in range(length, longest + 1):
            for start in starts:
                for path in self._bounded(start, bound, remaining, {start}):
                    shown = Path(self.network.states[start >> self._bits], tuple(self._shown(arrow) for arrow in path))
                    found.setdefault(shown)
                    budget -= 1
                    if len(found) >= wanted or budget <= 0:
                        return list(found)
        return list(found)

    def _bounded(self, node: Node, bound: int, remaining: dict[Node, int], visited: set[Node]) -> Iterator[list[Arrow]]:
        """Paths from *node* of exactly *bound* steps to a goal, through no goal and no configuration twice."""
        if bound == 0:
            if remaining.get(node) == 0:
                yield []
            return
        if remaining.get(node) == 0 and len(visited) > 1:
            return
        for arrow, following in self.arrows(node):
            if following in visited or remaining.get(following, bound) > bound - 1:
                continue
            visited.add(following)
            for rest in self._bounded(following, bound - 1, remaining, visited):
                yield [arrow, *rest]
            visited.discard(following)

    def _shown(self, arrow: Arrow) -> PathStep:
        operation = self._operation.get(arrow.row, arrow.row.partition("/")[0])
        state = self.network.states[arrow.target]
        return PathStep(arrow.row, operation, arrow.kind, arrow.exception, state, self.network.idle[arrow.target])

    def _why(self, distances: dict[Node, int]) -> str:
        """Why there is no path, as far as one reason can be named."""
        question, network = self.question, self.network
        scenario = network.scenario
        met = [state for state in network.states if state is not None]
        if question.source is not None and not any(matches(question.source, state) for state in met):
            return f"no execution of scenario {scenario!r} ever reaches the state to start from"
        if not any(matches(question.target, state) for state in met):
            return f"no execution of scenario {scenario!r} ever reaches the state to go to"
        if not distances:
            return "every configuration to start from is one to avoid"
        if any(node & self._all == self._all for node in distances) or not question.via:
            if question.avoid or question.kinds is not None:
                return "every path goes through a state to avoid, or takes a step of another kind"
            return "nothing leads from there to it: no step, or sequence of steps, of any row"
        missing = [
            name for position, name in enumerate(question.via) if not any(node >> position & 1 for node in distances)
        ]
        if missing:
            return f"no step of {', '.join(missing)} can be taken on the way"
        return "the operations asked for cannot be passed on one path"
