"""One operation in swim lanes: each compare-and-swap, the state after each write, each failure and what it ends in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.program import FAILED, FINISHED, Acquire, Call, Choose, Dirty, Read, Save, Wait
from render.figure import Branch, Lane, NodeKind, Sequence, Step, Value
from render.figures.analysis import Analysis, Ending, Failure, Sets
from render.figures.chart import Stage, stages
from render.figures.words import either, listed, operation_link

if TYPE_CHECKING:
    from model.lifecycle import Lifecycle, Row

_START = "start"
_MOST_NAMES = 4
_MOST_VALUES = 2
_MOST_CASES = 4


def operation(lifecycle: Lifecycle, name: str) -> Sequence:
    """The program of one operation, from its guard to its ends."""
    return _Chart(lifecycle, name).sequence()


class _Chart:
    def __init__(self, lifecycle: Lifecycle, name: str) -> None:
        self.lifecycle = lifecycle
        self.about = lifecycle.operations[name]
        self.analysis = Analysis(lifecycle, name)
        self.stages = stages(self.analysis)
        self.after = self._after()
        self.numbers = {point: i + 1 for i, stage in enumerate(self.stages) for point in stage.points}
        self.lost = False
        tests = [conjunction for name in ("present", "gone") for conjunction in lifecycle.predicates[name]]
        deciding = sorted({variable for conjunction in tests for variable, _ in conjunction})
        self.decisive = [lifecycle.variables[variable].name for variable in deciding]

    def sequence(self) -> Sequence:
        about = self.about
        failures: dict[int, list[Failure]] = {}
        for failure in self.analysis.failures():
            failures.setdefault(self.numbers[failure.point], []).append(failure)
        steps = [self._start()]
        steps += [self._step(i + 1, stage, failures.get(i + 1, [])) for i, stage in enumerate(self.stages)]
        lanes = self._lanes(steps)
        used = {lane.id for lane in lanes}
        notes = [f"{s.name}: {s.meaning.en}." for s in self.lifecycle.services if s.name in used and s.crash_when == ()]
        if not any(stage.major for stage in self.stages):
            notes.append(f"It writes none of {listed(self.lifecycle.state_variables)}.")
        if self.lost:
            notes.append(f"Where the record is gone already ({self.lifecycle.missing}), nothing more is written.")
        return Sequence(
            f"operation-{about.name}",
            f"The operation {about.name}",
            f"{about.meaning.en} Numbers are those of the steps; steps between two writes share a box.",
            lanes,
            tuple(steps),
            self.lifecycle.state_variables,
            tuple(notes),
            wide=True,
        )

    def _lanes(self, steps: list[Step]) -> tuple[Lane, ...]:
        used = {step.lane for step in steps}
        truths = [self.lifecycle.variables[truth].name for truth in self.lifecycle.observed.values()]
        names = [self.about.actor, *(service.name for service in self.lifecycle.services), *truths]
        return tuple(Lane(name, name) for name in dict.fromkeys(names) if name in used)

    def _start(self) -> Step:
        about = self.about
        guards = about.guards
        lines = [about.command or about.action or about.name]
        for guard in guards:
            for number, conjunction in enumerate(guard.when):
                tests = ", ".join(self._test(variable, values) for variable, values in conjunction)
                lines.append(("or " if number else "if ") + tests if tests else "always")
        rows = tuple(guard.row for guard in guards)
        said = "\n".join([about.meaning.en, *(f"and {check}" for guard in guards for check in guard.checks)])
        sets = _joined([self.analysis.started(start) for start in self.analysis.starts])
        values = () if sets is None else self._values(sets, None)
        link = operation_link(about.name)
        return Step(_START, about.actor, tuple(lines), NodeKind.GUARD, values, rows=rows, href=link, tooltip=said)

    def _test(self, variable: int, values: frozenset[int]) -> str:
        about = self.lifecycle.variables[variable]
        if len(values) > len(about.values) / 2 and len(about.values) > 3:
            others = [v for n, v in enumerate(about.values) if n not in values]
            return f"{about.name} not {either(others, 4)}"
        return f"{about.name} {either([about.values[n] for n in sorted(values)], 5)}"

    def _after(self) -> dict[int, Sets]:
        after: dict[int, Sets] = {}
        for flow in self.analysis.flows():
            known = after.get(flow.source)
            after[flow.source] = _joined([flow.after] if known is None else [known, flow.after]) or flow.after
        return after

    def _row(self, point: int) -> Row | None:
        return self.lifecycle.rows.get(self.lifecycle.instructions[point].row)

    def _step(self, number: int, stage: Stage, failures: list[Failure]) -> Step:
        rows = [row for row in (self._row(point) for point in stage.points) if row is not None]
        row = rows[0] if rows else None
        lines = [*self._whence(number, stage), *self._lines(number, stage)]
        values: tuple[Value, ...] = ()
        if stage.major:
            values = self._values(self.after.get(stage.points[0], self.analysis.whole), row)
        lines += self._whither(number, stage)
        said = [f"{r.id} ({r.source})" + (f": {r.condition}" if r.condition else "") for r in rows]
        return Step(
            f"step-{number}",
            stage.lane,
            tuple(lines),
            self._kind(stage),
            values,
            tuple(self._branches(number, failures)),
            tuple(dict.fromkeys(r.id for r in rows)),
            "" if number > 1 and number - 2 not in stage.before else None,
            href=None,
            tooltip="\n".join(dict.fromkeys(said)),
        )

    def _kind(self, stage: Stage) -> NodeKind:
        match stage.instruction:
            case Save():
                return NodeKind.SAVE
            case Wait():
                return NodeKind.CAST
            case Dirty() if len(stage.points) == 1:
                return NodeKind.SET
            case Read() | Choose() | Acquire() if not any(
                isinstance(self.lifecycle.instructions[p], Call | Save) for p in stage.points
            ):
                return NodeKind.READ
        return NodeKind.CALL

    def _whence(self, number: int, stage: Stage) -> list[str]:
        """Lines that say after which step this is, where that is not the one drawn above it, and in which case."""
        lines = [f"if {case}:" for case in self._cases(stage)]
        if number == 1 or number - 2 in stage.before:
            return lines
        earlier = sorted(n + 1 for n in stage.before)
        return [f"after {listed([str(n) for n in earlier], 'or')}:" if earlier else "or:", *lines]

    def _cases(self, stage: Stage) -> list[str]:
        """What decides that this stage comes next: a choice, or values that others that might come next do not have."""
        chosen = sorted(label.replace("_", " ") for label in stage.labels if label)
        if chosen and None not in stage.labels:
            return [listed(chosen, "or")]
        row = self._row(stage.points[0])
        if stage.major and row is not None and row.condition:
            return []
        here, every = self._alternatives(stage)
        if here is None or every is None:
            return []
        there = {v for conjunction in self.lifecycle.predicates["present"] for v, _ in conjunction}
        narrowed = [
            v for v in range(len(here)) if here[v] < every[v] and len(here[v]) <= _MOST_CASES and v not in there
        ]
        return [" and ".join(self._test(v, here[v]) for v in narrowed[:2])] if narrowed else []

    def _alternatives(self, stage: Stage) -> tuple[Sets | None, Sets | None]:
        """What may hold when this stage begins, and what may hold when it or another one in its place does."""
        begun = [start for start in self.analysis.starts if self.analysis.point(start.to) in stage.points]
        if begun:
            every = [self.analysis.started(start) for start in self.analysis.starts]
            return _joined([self.analysis.started(start) for start in begun]), _joined(every)
        inner = set(stage.points)
        into = [flow for flow in self.analysis.flows() if flow.target in inner and flow.source not in inner]
        return _joined([flow.after for flow in into]), _joined([self.after[flow.source] for flow in into])

    def _whither(self, number: int, stage: Stage) -> list[str]:
        if number == len(self.stages):
            return []
        onward = sorted(n + 1 for n in stage.after)
        if number + 1 in onward:
            jumps = [str(n) for n in onward if n > number + 1]
            return ["or ends"] if stage.ends and not jumps else []
        targets = [str(n) for n in onward] + (["ends"] if stage.ends else [])
        return [f"→ {listed(targets, 'or')}"] if targets else []

    def _lines(self, number: int, stage: Stage) -> list[str]:
        instruction = self.lifecycle.instructions[stage.points[0]]
        row = self._row(stage.points[0])
        if isinstance(instruction, Save) and stage.major:
            lines = [f"{number}  {_words(row)}"]
            if row is not None and row.condition:
                lines.append(f"({row.condition})")
            compared = self.lifecycle.variables[self.lifecycle.compare_variable]
            if instruction.expect is not None:
                lines.append(
                    f"expects {compared.name} " + either([compared.values[n] for n in sorted(instruction.expect)], 4)
                )
            return lines
        names = [_words(self._row(p)) for p in stage.points if not isinstance(self.lifecycle.instructions[p], Acquire)]
        names = list(dict.fromkeys(names)) or ["takes the lock"]
        shown = names if len(names) <= _MOST_NAMES + 1 else [*names[:_MOST_NAMES], f"{len(names) - _MOST_NAMES} more"]
        if isinstance(instruction, Wait):
            return [f"{number}  message to {instruction.service}"]
        return [f"{number}  " + ", ".join(shown)]

    def _values(self, sets: Sets, row: Row | None) -> tuple[Value, ...]:
        writes = dict(row.writes) if row is not None else {}
        made = []
        for number, name in enumerate(self.lifecycle.state_variables):
            written = writes.get(name)
            made.append(Value(name, self._value(number, sets, written), written is not None))
        made += [Value(name, writes[name], changed=True) for name in self.decisive if name in writes]
        return tuple(made)

    def _value(self, variable: int, sets: Sets, written: str | None) -> str:
        values = self.lifecycle.variables[variable].values
        names = [values[n] for n in sorted(sets[variable])]
        if len(names) <= _MOST_VALUES:
            return " or ".join(names)
        if written is not None and written.startswith("$"):
            return f"as {written[1:]}"
        return "any" if len(names) == len(values) else f"any of {len(names)}" if written else "as before"

    def _branches(self, number: int, failures: list[Failure]) -> list[Branch]:
        folded: dict[str, dict[str, None]] = {}
        for failure in failures:
            for ending in failure.endings:
                said = self._ending(failure, ending)
                folded.setdefault(said, {}).setdefault(failure.exception)
        made: list[Branch] = []
        for said, exceptions in folded.items():
            if list(exceptions) == [self.lifecycle.missing] and said.startswith("nothing"):
                self.lost = True
                continue
            text = f"{', '.join(exceptions)} → {said}"
            made.append(Branch(f"step-{number}-fails-{len(made) + 1}", (text,), tooltip=text))
        return made

    def _ending(self, failure: Failure, ending: Ending) -> str:
        said = []
        state = range(len(self.lifecycle.state_variables))
        for variable in state:
            if variable in ending.written and ending.after[variable] != failure.before[variable]:
                values = self.lifecycle.variables[variable].values
                named = either([values[n] for n in sorted(ending.after[variable])])
                said.append(f"{self.lifecycle.variables[variable].name} {named}")
        destroyed = any(
            all(v in ending.written and ending.after[v] <= values for v, values in tests)
            for tests in self.lifecycle.predicates["gone"]
        )
        if destroyed:
            said.append("record destroyed")
        changed = ", ".join(said)
        if ending.point in (FINISHED, FAILED):
            return changed or "nothing changes"
        goes = f"goes on at {self.numbers[ending.point]}"
        return f"{changed}; {goes}" if changed else goes


def _joined(many: list[Sets]) -> Sets | None:
    """What may hold in any of several cases; None for no case."""
    joined: Sets | None = None
    for sets in many:
        joined = sets if joined is None else tuple(a | b for a, b in zip(joined, sets, strict=True))
    return joined


def _words(row: Row | None) -> str:
    return "" if row is None else row.step.replace("_", " ")
