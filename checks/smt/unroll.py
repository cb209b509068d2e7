"""The transition system step after step from its start: what one step may do, written for each depth.

Each group of control points has one template, a relation between the state before a step and after it, parsed once and
instantiated at each depth where a process may stand there.  Where that is, is overestimated: for each group and each
variable a set of values, joined over the ways in.  What is left out is impossible; what remains, z3 decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import z3

from checks.properties.definition import Always, Leaves, Property
from checks.smt.formulas import Writer
from checks.smt.prove import stays
from checks.smt.system import System
from checks.smt.text import FALSE, TRUE, Term, bits, constant
from checks.smt.transition import Transition

Points = tuple[int, ...]
#: The values that each variable of the state may have; None: any.
Known = dict[str, frozenset[int] | None]
#: Flags of a template: a step is taken; the processes stand here, stand there after the step; a variable stays.
TAKEN, HERE, NEXT, SAME = "taken", "here", "next", "same_"


@dataclass(frozen=True, slots=True)
class Way:
    """One step of a template: what it changes to which terms, where it leads, when it violates which property."""

    step: Transition
    guard: z3.BoolRef
    changes: Mapping[str, Term]
    to: Points
    bad: Mapping[str, z3.BoolRef]


@dataclass(frozen=True, slots=True)
class Template:
    """Everything that may happen at one group; ``bad``: the properties that are violated by being there."""

    ways: tuple[Way, ...]
    relation: z3.BoolRef
    bad: Mapping[str, z3.BoolRef]


class Templates:
    """The templates of *system* for *properties*, made when they are first asked for."""

    def __init__(self, system: System, properties: Iterable[Property]) -> None:
        self.system, self.properties = system, tuple(properties)
        self.writer = Writer(system)
        reader = system.reader
        #: Every variable of the state and its width in bits; 0 is a Bool.
        self.widths: dict[str, int] = {f"v{number}": width for number, width in enumerate(reader.widths)}
        #: For each slot the variables of the process that stands there.
        self.private: list[frozenset[str]] = []
        for local in system.locals:
            own = {str(term): reader.memory_width(name) for name, term in local.memory.items()}
            for variable, (flag, value) in local.dirty.items():
                own |= {flag: 0, str(value): reader.widths[variable]}
            self.private.append(frozenset(own))
            self.widths |= own
        self.widths |= {
            str(term): bits(size) for term, size in zip(system.past.terms, system.past.sizes, strict=True) if size > 1
        }
        self._made: dict[Points, Template] = {}

    def variable(self, name: str, depth: int | str = "") -> z3.ExprRef:
        """The variable *name* of the state at *depth*; that of the templates without one."""
        at = name if depth == "" else f"{name}@{depth}"
        return z3.BitVec(at, self.widths[name]) if self.widths[name] else z3.Bool(at)

    def initial(self) -> dict[str, int]:
        """The state at the start, as far as it is given."""
        record = {f"v{number}": variable.initial for number, variable in enumerate(self.system.lifecycle.variables)}
        past = zip(self.system.past.terms, self.system.past.initially, strict=True)
        return record | {str(term): int(value) for term, value in past if isinstance(term, str)}

    def of(self, groups: Iterable[Points]) -> dict[Points, Template]:
        """The templates of *groups*."""
        asked = list(groups)
        missing = [points for points in asked if points not in self._made]
        if missing:
            self._make(missing)
        return {points: self._made[points] for points in asked}

    def _make(self, groups: list[Points]) -> None:
        texts: list[str] = []
        steps = {points: list(self.system.transitions(points)) for points in groups}
        changed = {
            (points, place): self._changes(step) for points in groups for place, step in enumerate(steps[points])
        }
        bad: dict[tuple[Points, int | None], dict[str, int]] = {}
        guards: dict[tuple[Points, int], int] = {}
        after: dict[tuple[Points, int], list[int]] = {}

        def noted(text: str) -> int:
            texts.append(text)
            return len(texts) - 1

        for points, listed in steps.items():
            bad[points, None] = {name: noted(text) for name, text in self._violated(points, listed).items()}
            pending = any(self.system.anatomy.pending[point] for point in points)
            for place, step in enumerate(listed):
                guards[points, place] = noted(step.guard)
                bad[points, place] = {
                    one.id: noted(text)
                    for one in self.properties
                    if isinstance(one.form, Always) and one.form.of_steps
                    and (text := self.writer.of_step(one.form.bad, step, pending=pending)) != FALSE
                }  # fmt: skip
                after[points, place] = [
                    noted(_equation(name, term, self.widths[name])) for name, term in changed[points, place].items()
                ]
        parsed = self._parsed(texts)
        for points, listed in steps.items():
            ways = []
            relation: list[z3.BoolRef] = []
            for place, step in enumerate(listed):
                to = tuple(sorted(process.point for process in step.processes))
                violated = {name: parsed[number] for name, number in bad[points, place].items()}
                way = Way(step, parsed[guards[points, place]], changed[points, place], to, violated)
                ways.append(way)
                changes = [parsed[number] for number in after[points, place]]
                relation.append(z3.Implies(z3.Bool(f"{TAKEN}{place}"), z3.And(
                    z3.Bool(HERE), way.guard, z3.Bool(f"{NEXT}{place}"), *changes, *self._kept(way)
                )))  # fmt: skip
            standing = {name: parsed[number] for name, number in bad[points, None].items()}
            self._made[points] = Template(tuple(ways), z3.And(relation), standing)

    def _violated(self, points: Points, steps: list[Transition]) -> dict[str, str]:
        """The properties of configurations that being at *points* may violate, and when it does."""
        made: dict[str, str] = {}
        for one in self.properties:
            if isinstance(one.form, Always) and not one.form.of_steps:
                made[one.id] = self.writer.write(one.form.bad, points, None)
            elif isinstance(one.form, Leaves):
                made[one.id] = stays(self.writer, one, points, steps)
        return {name: text for name, text in made.items() if text != FALSE}

    def _changes(self, step: Transition) -> dict[str, Term]:
        """What *step* changes of the state: Bools are ``true``, ``false`` or text."""
        system = self.system
        made: dict[str, Term] = {f"v{number}": term for number, term in enumerate(step.record)}
        ordered = sorted(step.processes, key=lambda process: process.point)
        for slot, process in zip(system.locals, ordered, strict=False):
            made |= {str(slot.memory[name]): term for name, term in process.local.memory.items()}
            for variable in system.reader.dirty_at[process.point]:
                flag, value = slot.dirty[variable]
                now, what = process.local.dirty.get(variable, (FALSE, 0))
                made |= {flag: now, str(value): what}
        past = zip(system.past.terms, system.settled(step), strict=True)
        made |= {str(term): value for term, value in past if isinstance(term, str)}
        return {name: term for name, term in made.items() if term != name}

    def _kept(self, way: Way) -> list[z3.BoolRef]:
        """Flags of what stays: of the record and the past always, of a process only while there is one."""
        nowhere = frozenset().union(*self.private[len(way.to) :])
        return [z3.Bool(f"{SAME}{name}") for name in self.widths if name not in way.changes and name not in nowhere]

    def _parsed(self, texts: list[str]) -> list[z3.BoolRef]:
        lines = [self.system.script.text()]
        for name, width in self.widths.items():
            sort = f"(_ BitVec {width})" if width else "Bool"
            lines.append(f"(declare-const {name}! {sort})")
        for number, text in enumerate(texts):
            lines.append(f"(declare-const parsed{number} Bool)(assert (= parsed{number} {text}))")
        found = list(z3.parse_smt2_string("\n".join(lines)))
        return [equation.arg(1) for equation in found[len(found) - len(texts) :]]


def _equation(name: str, term: Term, width: int) -> str:
    """That *name* is *term* after the step."""
    return f"(= {name}! {constant(term, width) if width else term})"


def followed(values: Known, changes: Mapping[str, Term], widths: Mapping[str, int]) -> dict[str, frozenset[int] | None]:
    """The values after *changes* of a state that had *values*."""
    after = dict(values)
    for name, term in changes.items():
        if isinstance(term, int):
            after[name] = frozenset({term})
        elif term in (TRUE, FALSE):
            after[name] = frozenset({int(term == TRUE)})
        else:
            after[name] = values.get(term) if term in widths else None
    return after


def joined(first: Known | None, second: Known) -> Known:
    """The values of a state that has the *first* or the *second*."""
    if first is None:
        return second
    both: Known = {}
    for name, values in first.items():
        other = second.get(name)
        both[name] = None if values is None or other is None else values | other
    return both


def free(formula: z3.ExprRef) -> tuple[str, ...]:
    """The variables of *formula*, by name."""
    found: dict[str, None] = {}
    seen: set[int] = set()
    todo = [formula]
    while todo:
        one = todo.pop()
        if one.get_id() not in seen:
            seen.add(one.get_id())
            todo += one.children()
            if z3.is_const(one) and one.decl().kind() == z3.Z3_OP_UNINTERPRETED:
                found[one.decl().name()] = None
    return tuple(found)
