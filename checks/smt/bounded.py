"""Bounded model checking: how short can an execution be that violates a property, and one that is so short.

The transition relation is unrolled from the start (A. Biere, A. Cimatti, E. Clarke, Y. Zhu, "Symbolic model checking
without BDDs", 1999): before a depth is looked at, z3 has refuted a violation at every smaller one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import z3

from checks.anatomy import Anatomy
from checks.candidate import Candidate
from checks.keys import ACCUSED, Key, coordinates
from checks.past import PARTS, remembers, together
from checks.properties.catalogue import formulas
from checks.properties.definition import Property
from checks.smt.system import System
from checks.smt.transition import Phase
from checks.smt.unroll import HERE, NEXT, SAME, TAKEN, Known, Points, Template, Templates, followed, free, joined
from model.lifecycle import Lifecycle, Record, Scenario

#: A process as data: its point, what it remembers, what is dirty.
Standing = tuple[int, dict[str, str], dict[int, int]]


class TooMany(Exception):  # noqa: N818 - not an error: what was asked does not fit
    """More processes may be in flight at once than there are slots for."""


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution from the start: for each step its row, the record after it, and where the processes stand then."""

    steps: tuple[tuple[str, Record, tuple[Standing, ...]], ...]
    #: since the unrolling began
    seconds: float


def shortest(
    lifecycle: Lifecycle,
    scenario: Scenario,
    properties: Iterable[Property],
    most: int,
    each: int | None = None,
    slots: int = 1,
) -> Iterator[tuple[Property, Key, Execution]]:
    """For each of *properties* a shortest execution of at most *most* steps that violates it, in order of length.

    For each key of a property, as far as *each* steps (as *most*, when not given); after that only for a property of
    which none was found.  A property is of the form Always or Leaves; where the operation that is accused is part of
    its key, one execution for any key is looked for, and the key is empty.  Raises TooMany when more than *slots*
    processes may be in flight at once.
    """
    asked = {one.id: one for one in properties}
    what = together(remembers(formulas(one)) for one in asked.values())
    remembered = frozenset(name for name in PARTS if getattr(what, name))
    empty = Candidate((scenario.name,), {}, remembered)
    system = System(lifecycle, [Phase(scenario)], empty, Anatomy(lifecycle), slots)
    unrolled = _Unrolled(Templates(system, asked.values()))
    every = most if each is None else each
    found: set[str] = set()
    while asked and unrolled.depth <= most:
        for by_steps in (True, False):
            for one in list(asked.values()):
                where = coordinates(lifecycle, one)
                where = () if ACCUSED in where else where
                for key in unrolled.violations(one.id, where, by_steps=by_steps):
                    found.add(one.id)
                    yield one, key, unrolled.execution()
                    if not where or unrolled.depth > every:
                        break
                if one.id in found and (not where or unrolled.depth > every):
                    del asked[one.id]
        if unrolled.depth >= every:
            asked = {name: one for name, one in asked.items() if name not in found}
        unrolled.step()


@dataclass(slots=True)
class _Layer:
    """One depth: the groups where processes may stand, the values there, and the steps that may be taken from there."""

    values: dict[Points, Known]
    templates: Mapping[Points, Template]
    ways: list[tuple[Points, int]] = field(default_factory=list)


class _Unrolled:
    """The relation from depth 0 to ``depth``, in one solver."""

    def __init__(self, templates: Templates) -> None:
        self.templates, self.depth = templates, 0
        self.began = time.perf_counter()
        self.solver = z3.SolverFor("QF_FD")
        self._current = {name: templates.variable(name) for name in templates.widths}
        self._at = [self._variables(0)]
        self._possible: dict[tuple[int, tuple[frozenset[int] | None, ...]], bool] = {}
        self._free: dict[int, tuple[z3.ExprRef, tuple[str, ...]]] = {}
        self._keys: dict[str, set[Key]] = {}
        initial = templates.initial()
        self.solver.add(self._here((), 0), *(self._at[0][name] == value for name, value in initial.items()))
        given = {name: frozenset({initial[name]}) if name in initial else None for name in templates.widths}
        self.layers = [_Layer({(): given}, templates.of([()]))]

    def _variables(self, depth: int) -> dict[str, z3.ExprRef]:
        return {name: self.templates.variable(name, depth) for name in self.templates.widths}

    @staticmethod
    def _here(points: Points, depth: int) -> z3.BoolRef:
        return z3.Bool(f"at{'_'.join(map(str, points))}@{depth}")

    @staticmethod
    def _taken(points: Points, place: int, depth: int) -> z3.BoolRef:
        return z3.Bool(f"{TAKEN}{'_'.join(map(str, points))}.{place}@{depth}")

    def step(self) -> None:
        """One depth more."""
        depth, layer = self.depth, self.layers[-1]
        now, later = self._at[depth], self._variables(depth + 1)
        same = {name: z3.Bool(f"{SAME}{name}@{depth}") for name in now}
        self.solver.add(*(z3.Implies(same[name], now[name] == later[name]) for name in now))
        reached: dict[Points, Known] = {}
        sources: dict[Points, list[z3.BoolRef]] = {}
        shared = [
            *((self._current[name], now[name]) for name in now),
            *((self._later(name), later[name]) for name in now),
            *((z3.Bool(f"{SAME}{name}"), same[name]) for name in now),
        ]
        beyond: list[z3.BoolRef] = []
        for points, values in layer.values.items():
            template = layer.templates[points]
            own = [(z3.Bool(HERE), self._here(points, depth))]
            for place, way in enumerate(template.ways):
                taken = z3.BoolVal(False)
                possible = self._may(way.guard, values)
                if possible and len(way.to) > len(self.templates.private):
                    beyond.append(z3.And(self._here(points, depth), self._instance(way.guard, depth)))
                elif possible:
                    taken = self._taken(points, place, depth)
                    layer.ways.append((points, place))
                    after = followed(values, way.changes, self.templates.widths)
                    reached[way.to] = joined(reached.get(way.to), after)
                    sources.setdefault(way.to, []).append(taken)
                own += [
                    (z3.Bool(f"{TAKEN}{place}"), taken),
                    (z3.Bool(f"{NEXT}{place}"), self._here(way.to, depth + 1)),
                ]
            self.solver.add(z3.substitute(template.relation, *shared, *own))
        if beyond and self.solver.check(z3.Or(beyond)) != z3.unsat:
            raise TooMany
        self.solver.add(z3.Or([self._taken(*way, depth) for way in layer.ways]))
        stands = [self._here(points, depth + 1) for points in reached]
        if stands:
            self.solver.add(z3.AtMost(*stands, 1))
        self._at.append(later)
        self.layers.append(_Layer(reached, self.templates.of(reached)))
        self.depth += 1

    def _later(self, name: str) -> z3.ExprRef:
        width = self.templates.widths[name]
        return z3.BitVec(f"{name}!", width) if width else z3.Bool(f"{name}!")

    def _may(self, formula: z3.ExprRef, values: Known) -> bool:
        """Whether *formula* can be true of a state that has *values*."""
        number = formula.get_id()
        if number not in self._free:
            self._free[number] = formula, free(formula)
        names = self._free[number][1]
        key = (number, tuple(values.get(name) for name in names))
        known = self._possible.get(key)
        if known is None:
            solver = z3.SimpleSolver()
            solver.add(formula)
            for name, listed in zip(names, key[1], strict=True):
                if listed is not None:
                    solver.add(z3.Or([self._is(name, value) for value in listed]))
            known = self._possible[key] = solver.check() != z3.unsat
        return known

    def _is(self, name: str, value: int) -> z3.BoolRef:
        variable = self._current[name]
        return variable == value if self.templates.widths[name] else variable == z3.BoolVal(bool(value))

    def violations(self, name: str, where: tuple[int, ...], *, by_steps: bool) -> Iterator[Key]:
        """Keys at the coordinates *where* with which property *name* is first violated here, or by the step to here.

        Each with the solver at a model of an execution.
        """
        ways = list(self._bad_steps(name) if by_steps else self._bad_places(name))
        record = [self._at[self.depth][f"v{variable}"] for variable in where]
        known = self._keys.setdefault(name, set())
        while ways:
            fresh = [z3.Or([variable != value for variable, value in zip(record, key, strict=True)]) for key in known]
            if self.solver.check(z3.Or(ways), *fresh) != z3.sat:
                return
            model = self.solver.model()
            key = tuple(model.eval(variable, model_completion=True).as_long() for variable in record)
            known.add(key)
            yield key

    def _bad_places(self, name: str) -> Iterator[z3.BoolRef]:
        layer = self.layers[self.depth]
        for points, values in layer.values.items():
            bad = layer.templates[points].bad.get(name)
            if bad is not None and self._may(bad, values):
                yield z3.And(self._here(points, self.depth), self._instance(bad, self.depth))

    def _bad_steps(self, name: str) -> Iterator[z3.BoolRef]:
        depth = self.depth - 1
        if depth < 0:
            return
        layer = self.layers[depth]
        for points, place in layer.ways:
            bad = layer.templates[points].ways[place].bad.get(name)
            if bad is not None and self._may(bad, layer.values[points]):
                yield z3.And(self._taken(points, place, depth), self._instance(bad, depth))

    def _instance(self, formula: z3.BoolRef, depth: int) -> z3.BoolRef:
        at = self._at[depth]
        return z3.substitute(formula, *((self._current[name], at[name]) for name in at))

    def execution(self) -> Execution:
        """The execution to this depth that the solver has found."""
        model = self.solver.model()
        made: list[tuple[str, Record, tuple[Standing, ...]]] = []
        for depth in range(self.depth):
            layer = self.layers[depth]
            points, place = next(way for way in layer.ways if z3.is_true(model.eval(self._taken(*way, depth))))
            way = layer.templates[points].ways[place]
            made.append((way.step.row, *self._read(way.to, self._value(model, depth + 1))))
        return Execution(tuple(made), time.perf_counter() - self.began)

    def _value(self, model: z3.ModelRef, depth: int) -> Callable[[object], int]:
        def value(name: object) -> int:
            found = model.eval(self._at[depth][str(name)], model_completion=True)
            return found.as_long() if self.templates.widths[str(name)] else int(z3.is_true(found))

        return value

    def _read(self, points: Points, value: Callable[[object], int]) -> tuple[Record, tuple[Standing, ...]]:
        """The record and the processes at *points*, by their values."""
        system = self.templates.system
        domains = system.reader.domains
        processes: list[Standing] = []
        for point, local in zip(points, system.locals, strict=False):
            memory = {name: value(term) for name, term in local.memory.items()}
            processes.append((
                point,
                {name: domains[name][number] for name, number in memory.items() if number < len(domains[name])},
                {
                    variable: value(local.dirty[variable][1])
                    for variable in sorted(system.reader.dirty_at[point])
                    if value(local.dirty[variable][0])
                },
            ))  # fmt: skip
        return tuple(value(name) for name in system.record), tuple(processes)
