"""Checks certificates that something holds: no engine, no solver, no graph library.

A certificate is a set of configurations, with what is remembered in each: the start is in it and no step leads out of
it, so that every execution stays in it.  A property holds if it holds in every member; what must be left, or must be
possible, has ranks or distances that decrease.  Members are columns of numbers: a step is tried at once on all members
that may take it, and a formula is judged once for all that agree in what it reads.  What this shares with the engines
is said in :mod:`checks.checker`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.checker import Checker, Move, asked_everywhere, mover, moves, repeats
from checks.meaning import Meaning, Moment, Place
from checks.past import NOTHING, PARTS, Ghost, Past, Remembers, remembers
from checks.properties.definition import Always, Leaves, Possible, Property
from checks.properties.formula import Formula, Pending, Quiet, atoms, reads
from model.conditions import Assignments, When
from model.lifecycle import Record, Scenario
from model.semantics import Semantics

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


FORGETS = "it does not remember what the property asks of the past"


@dataclass(frozen=True, slots=True)
class Taken:
    """One step from many members: where it leads, and the ghosts (by number) in the moment of it."""

    move: Move
    before: Ints
    after: Ints
    during: Ints


class Closed:
    """A set of configurations that no step leaves; ``fault`` says why it is none (empty: it is one)."""

    def __init__(self, semantics: Semantics, scenario: Scenario, evidence: Mapping[str, Any]) -> None:
        self.semantics, self.scenario, self.lifecycle = semantics, scenario, semantics.lifecycle
        self.meaning = Meaning(semantics)
        self.past = Past(self.lifecycle, Remembers(*evidence["remembers"]), scenario.name)
        sizes = [len(variable.values) for variable in self.lifecycle.variables]
        self.span = prod(sizes)
        self.weights = np.array([prod(sizes[position + 1 :]) for position in range(len(sizes))], np.int64)
        self.groups: dict[tuple[int, ...], int] = {}
        self.ghosts: dict[Ghost, int] = {}
        self.fault = self._foreign(evidence["groups"], sizes)
        if self.fault:
            return
        self._read(evidence["groups"])
        self.moments: dict[Ghost, int] = dict(self.ghosts)
        self.controls = list(self.groups)
        self.tables: dict[frozenset[int], Flags] = {}
        self.records: dict[int, Record] = {}
        self.steps: list[Taken] = []
        self.fault = self._start() or self._follow()

    def _foreign(self, groups: Iterable[Mapping[str, Any]], sizes: list[int]) -> str:
        """Whether a cube has a value that its variable has not: by its number it would be another member."""
        limits = [1 << size for size in sizes]
        for cube in (cube for group in groups for cube in group["cubes"]):
            fits = len(cube) == len(limits) + len(NOTHING) + 1 and min(cube) > 0
            if not fits or any(mask >= limit for mask, limit in zip(cube, limits, strict=False)):
                return "it has a member that is no configuration"
        return ""

    def _read(self, groups: Iterable[Mapping[str, Any]]) -> None:
        """Enumerate the members: the group of controls, record, ghost and distance of each."""
        rows: list[tuple[int, ...]] = []
        for group in groups:
            controls = [(point, dict(memory), dict(dirty)) for point, memory, dirty in group["processes"]]
            number = self.groups.setdefault(
                tuple(sorted(self.semantics.number(*control) for control in controls)), len(self.groups)
            )
            for cube in group["cubes"]:
                values = ([bit for bit in range(mask.bit_length()) if mask >> bit & 1] for mask in cube)
                rows += product([number], *values)
        width = len(self.weights)
        found: dict[tuple[int, ...], int] = {}
        parts = np.array([found.setdefault(row[1 + width : -1], len(found)) for row in rows], np.int64)
        self.ghosts = {tuple(part - 1 for part in parts): number for parts, number in found.items()}
        columns = np.array(rows, np.int64).reshape(-1, 2 + width + len(NOTHING)).T
        keys = self._keys(columns[0], self.weights @ columns[1 : 1 + width], parts)
        self.keys, chosen = np.unique(keys, return_index=True)
        self.group, self.ghost, self.distance = columns[0, chosen], parts[chosen], columns[-1, chosen] - 1
        self.values = columns[1 : 1 + width, chosen]
        self.codes: Ints = self.weights @ self.values

    def _keys(self, groups: Ints, codes: Ints, ghosts: Ints) -> Ints:
        """One number for each member, the group's first."""
        if len(self.groups) * self.span * len(self.ghosts) >= 1 << 63:
            raise OverflowError("a configuration does not fit into 64 bits")
        return (groups * self.span + codes) * len(self.ghosts) + ghosts

    def _start(self) -> str:
        group, ghost = self.groups.get((), -1), self.ghosts.get(NOTHING, -1)
        code = np.array(self.lifecycle.initial) @ self.weights
        there = (self.group == group) & (self.ghost == ghost) & (self.codes == code)
        return "" if there.any() else "the start is not in it"

    # -- every step ---------------------------------------------------------------------------------------------------

    def _follow(self) -> str:
        """Take every step from every member; what leads out, if something does."""
        guarded: dict[tuple[Move, When, Assignments], list[tuple[int, int]]] = {}
        for controls, number in self.groups.items():
            for move, when, assign, after in moves(self.semantics, self.scenario, controls):
                guarded.setdefault((move, when, assign), []).append((number, self.groups.get(after, -1)))
        first = np.searchsorted(self.group, np.arange(len(self.groups) + 1))
        self.idle = np.array([not controls for controls in self.controls], bool)
        for (move, when, assign), ways in guarded.items():
            starts, targets = np.array(ways, np.int64).T
            counts = first[starts + 1] - first[starts]
            ends = np.cumsum(counts)
            members = np.arange(int(ends[-1])) + np.repeat(first[starts] - (ends - counts), counts)
            groups = np.repeat(targets, counts)
            for variable, values in when:
                passed = self._table(values)[self.values[variable, members]]
                members, groups = members[passed], groups[passed]
            if len(members) and not self._take(move, assign, members, groups):
                return f"{move.row} leads out of it"
        return ""

    def _table(self, values: frozenset[int]) -> Flags:
        """Whether each value that a variable may have is one of *values*."""
        known = self.tables.get(values)
        if known is None:
            known = self.tables[values] = np.isin(np.arange(self.values.max() + 1), list(values))
        return known

    def _take(self, move: Move, assign: Assignments, members: Ints, groups: Ints) -> bool:
        """Whether *move*, which writes *assign*, leads from *members* to members of *groups*."""
        codes = self.codes[members]
        for variable, value in assign:
            new = value if value >= 0 else self.values[-1 - value, members]
            codes = codes + (new - self.values[variable, members]) * self.weights[variable]
        copied = {-1 - value for _, value in assign if value < 0}
        during, settled = self._remembered(move, members, codes, self.idle[groups], copied)
        keys = self._keys(groups, codes, settled)
        after = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        self.steps.append(Taken(move, members, after, during))
        return bool(groups.min() >= 0 and settled.min() >= 0 and (self.keys[after] == keys).all())

    def _remembered(self, move: Move, members: Ints, codes: Ints, idle: Flags, copied: set[int]) -> tuple[Ints, Ints]:
        """The ghosts in the moment of *move*, which leads to records with *codes*, and behind it (-1: no member's).

        What the past looks at after the move is what it looks at before it, but for what is written or *copied*.
        """
        if self.past.what == Remembers():
            return self.ghost[members], self.ghost[members]
        ghosts = list(self.ghosts)
        looks = sorted(self.past.reads | copied) if self.past.looks(move) else []
        alike = np.zeros(len(members), np.int64)
        for variable in looks:
            alike += self.weights[variable] * self.values[variable, members]
        told = (alike * len(ghosts) + self.ghost[members]) * 2 + idle
        _, chosen, inverse = np.unique(told, return_index=True, return_inverse=True)
        found: list[tuple[int, int]] = []
        for one in chosen.tolist():
            before, after = self._record(int(self.codes[members[one]])), self._record(int(codes[one]))
            during = self.past.during(ghosts[self.ghost[members[one]]], move, before, after)
            settled = self.past.settled(during, idle=bool(idle[one]))
            found.append((self.moments.setdefault(during, len(self.moments)), self.ghosts.get(settled, -1)))
        pairs = np.array(found, np.int64)[inverse]
        return pairs[:, 0], pairs[:, 1]

    def _record(self, code: int) -> Record:
        known = self.records.get(code)
        if known is None:
            weights = zip(self.weights.tolist(), self.lifecycle.variables, strict=True)
            known = self.records[code] = tuple(code // weight % len(variable.values) for weight, variable in weights)
        return known

    # -- what holds in it ---------------------------------------------------------------------------------------------

    def faults(self, one: Property, evidence: Mapping[str, Any]) -> list[str]:
        """What is wrong with this set as a certificate that *one* holds: the first fault, or nothing."""
        if self.fault:
            return [self.fault]
        form = one.form
        match form:
            case Always(bad=bad, premise=premise):
                if not self._remembers(bad, premise):
                    return [FORGETS]
                found = self._happens(bad) if form.of_steps else self._here(bad).any()
                return ["a member violates the property"] if found else []
            case Leaves(region=region, after=after):
                asked = [region] if after is None else [region, after]
                if not self._remembers(*asked):
                    return [FORGETS]
                return self._unranked(self._here(region), np.logical_and.reduce([self._here(each) for each in asked]))
            case Possible(premise=premise, goal=goal, kinds=kinds):
                if not self._remembers(premise, goal):
                    return [FORGETS]
                faults = self._far(self._here(premise), self._here(goal), kinds)
                if asked_everywhere(one, self.scenario) and not faults:
                    return Checker(self.semantics, self.scenario).faults_of_distances(evidence["everywhere"], form)
                return faults
            case _:
                return ["no such evidence"]

    def _remembers(self, *formulas: Formula) -> bool:
        """Whether the members remember of the past all that *formulas* ask of it."""
        asked = remembers(formulas)
        return all(getattr(self.past.what, part) or not getattr(asked, part) for part in PARTS)

    def _unranked(self, region: Flags, asked: Flags) -> list[str]:
        """Why a fair execution may stay in the *region* for ever, from where it is *asked* on.

        The rank is the number that each member has; what is asked, and what follows on it within the region, has one.

        1. From a member where a periodic task may run that always leaves the region, anything may follow: there an
           execution is only finitely often.
        2. From all others no step that repeats raises the rank.
        3. Where one keeps it, there is one process, or one recovery, for all such members of this rank, that may step
           there, and lowers it or leaves: fairness forces it as long as the rank stays.
        4. Some step is forced, so that an execution does not just stop.

        So the rank falls again and again, or the region is left: ranks for weak fairness (Z. Manna, A. Pnueli,
        "Adequate proof principles for invariance and liveness properties of concurrent programs", 1984).
        """
        rank = self.distance
        ranked = region & (rank >= 0)
        if (asked & ~ranked).any():
            return ["a member of the region has no rank"]
        keeps, rises, forced = (np.zeros(len(rank), bool) for _ in range(3))
        able: dict[int | str, Flags] = {}
        futile: dict[int | str, Flags] = {}
        periodic: dict[int | str, bool] = {}
        for taken in self.steps:
            there = ranked[taken.before]
            before, after = taken.before[there], taken.after[there]
            inside = region[after]
            if (inside & ~ranked[after]).any():
                return [f"{taken.move.row} leads to a member of the region that has no rank"]
            stays, who = before[inside & (rank[after] >= rank[before])], mover(taken.move)
            if repeats(taken.move):
                keeps[stays] = True
                rises[before[inside & (rank[after] > rank[before])]] = True
            if taken.move.forced:
                forced[before] = True
                able.setdefault(who, np.zeros(len(rank), bool))[before] = True
                futile.setdefault(who, np.zeros(len(rank), bool))[stays] = True
                if taken.move.kind == "periodic":
                    periodic[who] = periodic.get(who, True) and not inside.any()
        if (ranked & ~forced).any():
            return ["a member of the region may stay there"]
        for who in (who for who, leaves in periodic.items() if leaves):
            keeps &= ~able[who]
            rises &= ~able[who]
        helped = {
            level
            for who in able
            for level in set(rank[keeps].tolist()) - set(rank[keeps & ~(able[who] & ~futile[who])].tolist())
        }
        falls = not rises.any() and set(rank[keeps].tolist()) <= helped
        return [] if falls else ["nothing forces the rank to fall"]

    def _far(self, premise: Flags, goal: Flags, kinds: frozenset[str]) -> list[str]:
        """Whether a member has no distance to the goal, or a wrong one."""
        distance = self.distance
        closer = np.zeros(len(distance), bool)
        for taken in self.steps:
            move, behind = taken.move, distance[taken.after]
            if move.kind in kinds if move.process < 0 else move.forced:
                closer[taken.before[(behind >= 0) & (behind < distance[taken.before])]] = True
        wrong = {
            "a member has no distance to the goal": premise & (distance < 0),
            "a member at distance 0 is not at the goal": (distance == 0) & ~goal,
            "a distance does not decrease": (distance > 0) & ~closer,
        }
        return [fault for fault, members in wrong.items() if members.any()][:1]

    def _here(self, formula: Formula) -> Flags:
        """*formula* in each member."""
        told = self._told(formula) * len(self.ghosts) + self.ghost
        _, chosen, inverse = np.unique(told, return_index=True, return_inverse=True)
        ghosts = list(self.ghosts)
        places = [(self._place(member), ghosts[self.ghost[member]]) for member in chosen.tolist()]
        found = [self.meaning.true(formula, Moment(place, place, None, ghost)) for place, ghost in places]
        return np.array(found, bool)[inverse]

    def _happens(self, formula: Formula) -> bool:
        """Whether *formula* holds in one of the steps."""
        told, moments = self._told(formula), list(self.moments)
        width = int(told.max()) + 1
        for taken in self.steps:
            numbers = (told[taken.before] * width + told[taken.after]) * len(moments) + taken.during
            for one in np.unique(numbers, return_index=True)[1].tolist():
                before, after = self._place(taken.before[one]), self._place(taken.after[one])
                if self.meaning.true(formula, Moment(before, after, taken.move, moments[taken.during[one]])):
                    return True
        return False

    def _told(self, formula: Formula) -> Ints:
        """A number for each member, equal for those that agree in all that *formula* reads of them."""
        read = sorted(reads(formula, self.lifecycle))
        codes: Ints = self.weights[read] @ self.values[read]
        if any(isinstance(atom, Quiet | Pending) for atom in atoms(formula)):
            codes = codes + self.group * self.span
        return np.unique(codes, return_inverse=True)[1]

    def _place(self, member: int) -> Place:
        return self._record(int(self.codes[member])), self.controls[self.group[member]]
