"""From a path of a reduced or abstract automaton to an execution of the real one.

The path says which lane changes what is kept of the record, when, and by which rows.  In between each lane may take
steps that change nothing of that; a search fills them in, by the rules of :mod:`model.semantics` on whole records.
What comes back is an execution of the model; None means that this path has none (it was spurious).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from operator import itemgetter

from checks.concurrency.automaton import LOSS
from checks.concurrency.paths import PathStep
from model.conditions import assigned, passes
from model.explore import UNBOUNDED
from model.lifecycle import Record, Scenario
from model.program import Wait
from model.semantics import END_FAILED, END_FINISHED, Rule, Semantics, Start

ENDS = (END_FINISHED, END_FAILED)


@dataclass(frozen=True, slots=True)
class LaneStep:
    """One step of an execution: the lane (None: a crash), its row, and the whole record before and after.

    ``control`` is where the process stood (-1 when it starts, or for a crash) and ``to`` where it stands then.
    """

    lane: int | None
    row: str
    before: Record
    after: Record
    control: int
    to: int
    exception: str | None = None
    label: str | None = None


#: One way to take a step of a path: the real steps, the record after them, and where each lane stands then.
Taken = tuple[tuple[LaneStep, ...], Record, tuple[int, ...]]


class _Kept:
    """What *source* yields, made when it is first looked at, and kept: it may be gone through again."""

    def __init__(self, source: Iterator[Taken]) -> None:
        self.source, self.found = source, list[Taken]()

    def __iter__(self) -> Iterator[Taken]:
        for position in count():
            if position == len(self.found):
                more = next(self.source, None)
                if more is None:
                    return
                self.found.append(more)
            yield self.found[position]


class Confirmer:
    """Follows paths, whose records are over the variables *kept*, by executions of *scenario* over all variables."""

    def __init__(self, semantics: Semantics, scenario: Scenario, kept: tuple[str, ...]) -> None:
        self.semantics = semantics
        self.scenario = scenario
        self._next: dict[tuple[int, Record], list[tuple[Rule, Record]]] = {}
        columns = [semantics.lifecycle.index(name) for name in kept]
        self._seen: Callable[[Record], tuple[int, ...]] = (
            itemgetter(*columns) if len(columns) > 1 else lambda record: tuple(record[column] for column in columns)
        )
        # Most paths begin as others do.
        self._ways: dict[tuple[PathStep, Record, tuple[int, ...]], _Kept] = {}
        self._by_row: dict[str, list[Start]] = {}
        for start in semantics.starts:
            self._by_row.setdefault(start.row, []).append(start)
        self.path: tuple[PathStep, ...] = ()
        self.dead: set[tuple[int, Record, tuple[int, ...]]] = set()

    def confirm(self, path: tuple[PathStep, ...]) -> tuple[LaneStep, ...] | None:
        """An execution that follows *path*; None without one."""
        self.path, self.dead = path, set()
        return self._from(0, self.semantics.lifecycle.initial, ())

    def _from(self, number: int, record: Record, lanes: tuple[int, ...]) -> tuple[LaneStep, ...] | None:
        if number == len(self.path):
            return ()
        key = (number, record, lanes)
        if key in self.dead:
            return None
        step = self.path[number]
        known = self._ways.get((step, record, lanes))
        if known is None:
            known = self._ways[step, record, lanes] = _Kept(self._taken(step, record, lanes))
        for taken, after, moved in known:
            rest = self._from(number + 1, after, moved)
            if rest is not None:
                return (*taken, *rest)
        self.dead.add(key)
        return None

    def _taken(self, step: PathStep, record: Record, lanes: tuple[int, ...]) -> Iterator[Taken]:
        """Every way to take *step*."""
        if step.lane is None:
            yield from self._crash(step, record, lanes)
            return
        if step.starts:
            for start in self._starts(step.rows):
                if self._admits(start, lanes) and passes(start.when, record):
                    after = assigned(start.assign, record)
                    if self._seen(after) == step.after:
                        taken = LaneStep(step.lane, start.row, record, after, -1, start.to)
                        for rest, last in self._over(step, after, (*lanes, start.to)):
                            yield (taken, *rest), last[0], last[1]
            return
        for silent, reached, moved in self._silent(step.lane, record, lanes):
            for taken, after in self._steps(step.lane, reached, moved):
                if taken.row in step.rows and self._seen(after) == step.after:
                    there = (*moved[: step.lane], taken.to, *moved[step.lane + 1 :])
                    for rest, last in self._over(step, after, there):
                        yield (*silent, taken, *rest), last[0], last[1]

    def _over(
        self, step: PathStep, record: Record, lanes: tuple[int, ...]
    ) -> Iterator[tuple[tuple[LaneStep, ...], tuple[Record, tuple[int, ...]]]]:
        """What the lane does after its step: goes silently to its end when it is over, else nothing."""
        assert step.lane is not None
        if not step.ends:
            yield (), (record, lanes)
            return
        for silent, after, moved in self._silent(step.lane, record, lanes):
            if moved[step.lane] in ENDS:
                yield silent, (after, moved)

    def _silent(self, lane: int, record: Record, lanes: tuple[int, ...]) -> Iterator[Taken]:
        """Where *lane* can get without changing what is kept of the record, nearest first."""
        seen = {(record, lanes[lane])}
        waiting: deque[Taken] = deque([((), record, lanes)])
        kept = self._seen(record)
        while waiting:
            way, before, moved = waiting.popleft()
            yield way, before, moved
            for taken, after in self._steps(lane, before, moved):
                if (after, taken.to) not in seen and self._seen(after) == kept:
                    seen.add((after, taken.to))
                    waiting.append(((*way, taken), after, (*moved[:lane], taken.to, *moved[lane + 1 :])))

    def _steps(self, lane: int, record: Record, lanes: tuple[int, ...]) -> Iterator[tuple[LaneStep, Record]]:
        control = lanes[lane]
        if control in ENDS:
            return
        known = self._next.get((control, record))
        if known is None:
            known = self._next[control, record] = [
                (rule, assigned(rule.assign, record))
                for rule in self.semantics.rules(control)
                if (self.scenario.fail or not rule.spontaneous) and passes(rule.when, record)
            ]
        for rule, after in known:
            if not rule.acquires or not any(self._holds(other) for other in lanes):
                yield LaneStep(lane, rule.row, record, after, control, rule.to, rule.exception, rule.label), after
        if self.scenario.lose and isinstance(self.semantics.instruction(control), Wait):
            yield LaneStep(lane, LOSS, record, record, control, END_FAILED), record

    def _starts(self, rows: tuple[str, ...]) -> Iterator[Start]:
        for row in rows:
            yield from self._by_row.get(row, ())

    def _admits(self, start: Start, lanes: tuple[int, ...]) -> bool:
        """Whether the scenario lets *start* happen while the lanes stand where they do."""
        flying = [control for control in lanes if control not in ENDS]
        if start.kind not in UNBOUNDED and len(flying) >= (self.scenario.processes or len(flying) + 1):
            return False
        patient = self.scenario.patient and start.kind == "recovery"
        waits = (isinstance(self.semantics.instruction(control), Wait) for control in flying)
        return start.kind in self.scenario.kinds and not (patient and not all(waits))

    def _holds(self, control: int) -> bool:
        instruction = self.semantics.instruction(control)
        return instruction is not None and instruction.holds

    def _crash(self, step: PathStep, record: Record, lanes: tuple[int, ...]) -> Iterator[Taken]:
        """The service dies: where it matters how far a lane silently got before, the lanes go there first."""
        service = next(one for one in self.semantics.lifecycle.services if one.name == step.service)
        if service.crash_when is None:
            return
        for silent, reached, moved in self._settled(0, record, lanes):
            if not passes(service.crash_when, reached):
                continue
            after = assigned(service.crash_set, reached)
            if self._seen(after) != step.after:
                continue
            heirs = tuple(self._heir(control, service.name) for control in moved)
            death = LaneStep(None, f"crash/{service.name}", reached, after, -1, END_FAILED)
            for rest, last, there in self._ended(step.over, after, heirs):
                yield (*silent, death, *rest), last, there

    def _ended(self, over: tuple[int, ...], record: Record, lanes: tuple[int, ...]) -> Iterator[Taken]:
        """Every silent way of the lanes *over* to their ends."""
        if not over:
            yield (), record, lanes
            return
        for silent, reached, moved in self._silent(over[0], record, lanes):
            if moved[over[0]] in ENDS:
                for rest, last, there in self._ended(over[1:], reached, moved):
                    yield (*silent, *rest), last, there

    def _heir(self, control: int, service: str) -> int:
        instruction = self.semantics.instruction(control)
        if instruction is None or isinstance(instruction, Wait) or instruction.service != service:
            return control
        return self.semantics.killed(control)

    def _settled(self, lane: int, record: Record, lanes: tuple[int, ...]) -> Iterator[Taken]:
        if lane == len(lanes):
            yield (), record, lanes
            return
        for silent, reached, moved in self._silent(lane, record, lanes):
            for rest, last, there in self._settled(lane + 1, reached, moved):
                yield (*silent, *rest), last, there
