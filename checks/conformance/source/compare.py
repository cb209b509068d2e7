"""The tables against the source, both ways: each row at the place it cites, each write and guard in the source.

A row and a write agree when the row cites one of the functions that the write passes through, expects the same tasks
and sets the same variables to the same values; ``$name`` on the side of the tables stands for any value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from checks.conformance.source.diff import sets, states
from checks.conformance.source.facts import Guard, Place, SourceFacts, StateName, Unresolved, Write
from checks.conformance.source.needed import needs_differences
from checks.conformance.source.values import VARIABLES
from model.lifecycle import Condition, Lifecycle, Row

NO_TASK = "None"
LAUNCHED = ("launched", "YES")
Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Something that the tables and the source say alike; ``what`` is write, guard, constant, set or status."""

    what: str
    table: str
    source: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Something on which they differ, with both sides and both places (each with its line)."""

    what: str
    table_place: str
    source_place: str
    table_says: str
    source_says: str


@dataclass(frozen=True, slots=True)
class Alone:
    """Something that only one of them says."""

    what: str
    place: str
    says: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A function of the source that the tables leave out, with how many of its writes and guards, and why."""

    source: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Conformance:
    """The result of a comparison; ``complete`` when nothing differs, nothing stands alone, nothing is unresolved.

    ``left_out`` are the writes and guards of which the tables say why they do not claim them.
    """

    version: str | None
    matched: tuple[Agreement, ...]
    differing: tuple[Difference, ...]
    only_in_tables: tuple[Alone, ...]
    only_in_source: tuple[Alone, ...]
    unresolved: tuple[Unresolved, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the tables and the source say the same, and all of the source was understood."""
        return not (self.differing or self.only_in_tables or self.only_in_source or self.unresolved)


def compare(lifecycle: Lifecycle, facts: SourceFacts) -> Conformance:
    """Compare the tables of *lifecycle* with the *facts* of one release.

    Each list is sorted by its kind and place.  Rows that only read, call or cast are compared by their citation alone:
    the function must exist.
    """
    facts, left_out = _claimed(lifecycle, facts)
    findings = [
        *_constants(lifecycle, facts),
        *_status(lifecycle, facts),
        *_guards(lifecycle, facts),
        *(Difference("condition", *sides) for sides in needs_differences(lifecycle, facts)),
        *_writes(lifecycle, facts),
        *_citations(lifecycle, facts),
    ]
    found = sorted(findings, key=repr)
    return Conformance(
        facts.version,
        tuple(item for item in found if isinstance(item, Agreement)),
        tuple(item for item in found if isinstance(item, Difference)),
        tuple(item for item, in_tables in (f for f in found if isinstance(f, tuple)) if in_tables),
        tuple(item for item, in_tables in (f for f in found if isinstance(f, tuple)) if not in_tables),
        facts.unresolved,
        left_out,
    )


def _claimed(lifecycle: Lifecycle, facts: SourceFacts) -> tuple[SourceFacts, tuple[LeftOut, ...]]:
    """The *facts* without what the tables leave out, and what that is."""
    out: dict[str, int] = dict.fromkeys(lifecycle.left_out, 0)

    def claimed(places: tuple[Place, ...]) -> bool:
        cited = [place.citation for place in places]
        sources = [source for source in out if any(f"{each}.".startswith(f"{source}.") for each in cited)]
        for source in sources:
            out[source] += 1
        return not sources

    writes = tuple(write for write in facts.writes if claimed((write.save,)))
    guards = tuple(guard for guard in facts.guards if claimed((guard.place,)))
    unresolved = tuple(item for item in facts.unresolved if claimed((item.place,)))
    listed = tuple(LeftOut(source, count, lifecycle.left_out[source]) for source, count in sorted(out.items()))
    return replace(facts, writes=writes, guards=guards, unresolved=unresolved), listed


Finding = Agreement | Difference | tuple[Alone, bool]


def _name(state: StateName) -> str:
    return NO_TASK if state is None else state


# --- constants, sets, status ------------------------------------------------------------------------------------------


def _constants(lifecycle: Lifecycle, facts: SourceFacts) -> Iterator[Finding]:
    source = {constant.name: constant for constant in facts.constants}
    for variable in VARIABLES:
        for value in lifecycle.values.get(variable, ()):
            if value.name == NO_TASK:
                continue
            constant = source.pop(f"{variable}.{value.name}", None)
            wire = value.number if variable == "power_state" else value.wire
            if constant is None:
                yield Alone(variable, value.source, value.name), True
            elif constant.value == wire:
                yield Agreement("constant", value.name, str(constant.place))
            else:
                yield Difference("constant", value.source, str(constant.place), str(wire), str(constant.value))
    for named in lifecycle.sets:
        constant = source.pop(f"{named.variable}.{named.name}", None)
        if constant is None or constant.members is None:
            yield Alone("set", named.source, named.name), True
        elif {_name(member) for member in constant.members} == set(named.values):
            yield Agreement("set", named.name, str(constant.place))
        else:
            yield Difference(
                "set", named.source, str(constant.place), states(sorted(named.values)), states(constant.members)
            )
    for name, constant in source.items():
        if constant.members is None:
            yield Alone("constant", str(constant.place), name), False


def _status(lifecycle: Lifecycle, facts: SourceFacts) -> Iterator[Finding]:
    table = dict(lifecycle.status)
    for cell in facts.status:
        where = f"{cell.vm_state}/{_name(cell.task_state)}"
        said = table.pop((cell.vm_state, _name(cell.task_state)), None)
        if said == cell.status:
            yield Agreement("status", where, cell.status)
        elif said is not None:
            yield Difference("status", where, where, said, cell.status)
        else:
            yield Alone("status", where, cell.status), False
    for (vm, task), status in table.items():
        yield Alone("status", f"{vm}/{task}", status), True


# --- guards -----------------------------------------------------------------------------------------------------------


def _guards(lifecycle: Lifecycle, facts: SourceFacts) -> Iterator[Finding]:
    source: dict[str, list[Guard]] = {}
    for guard in facts.guards:
        if guard.condition.startswith("@"):
            source.setdefault(guard.place.citation, []).append(guard)
    cited: set[str] = set()
    for operation in lifecycle.operations.values():
        for table in operation.guards:
            found = source.get(table.source)
            if found is None:
                continue
            cited.add(table.source)
            place = lifecycle.rows[table.row].place
            accepted, says = _accepted(lifecycle, table.when), _accepted_by(lifecycle, found)
            needs, must = _needs_launch(lifecycle, table.when), any(guard.must_have_launched for guard in found)
            if accepted == says and needs in (None, must):
                yield Agreement("guard", place, str(found[0].place))
            else:
                ours, theirs = _guard_text(accepted, says, needs), _guard_text(says, accepted, must)
                yield Difference("guard", place, str(found[0].place), ours, theirs)
    for citation, guards in source.items():
        if citation not in cited:
            pairs = len(_accepted_by(lifecycle, guards))
            yield Alone("guard", str(guards[0].place), f"{citation} accepts {pairs} vm_states with task_states"), False


def _domain(lifecycle: Lifecycle, variable: str) -> tuple[str, ...]:
    return lifecycle.variables[lifecycle.index(variable)].values


def _accepted(lifecycle: Lifecycle, when: Condition) -> Pairs:
    names = {variable: (lifecycle.index(variable), _domain(lifecycle, variable)) for variable in VARIABLES[:2]}
    found: set[tuple[str, str]] = set()
    for conjunction in when:
        allowed = dict(conjunction)
        chosen = [
            [value for number, value in enumerate(domain) if index not in allowed or number in allowed[index]]
            for index, domain in names.values()
        ]
        found |= {(vm, task) for vm in chosen[0] for task in chosen[1]}
    return frozenset(found)


def _accepted_by(lifecycle: Lifecycle, guards: list[Guard]) -> Pairs:
    def accepts(guard: Guard, vm: str, task: str) -> bool:
        listed = [
            allowed is not None and value in {_name(state) for state in allowed}
            for allowed, value in ((guard.vm_states, vm), (guard.task_states, task))
        ]
        if guard.rejects:
            return not any(listed)
        return (guard.vm_states is None or listed[0]) and (guard.task_states is None or listed[1])

    return frozenset(
        (vm, task)
        for vm in _domain(lifecycle, "vm_state")
        for task in _domain(lifecycle, "task_state")
        if all(accepts(guard, vm, task) for guard in guards)
    )


def _needs_launch(lifecycle: Lifecycle, when: Condition) -> bool | None:
    """Whether the tables ask for an instance that was launched; None when they have no such variable."""
    variable, value = LAUNCHED
    if variable not in {each.name for each in lifecycle.variables}:
        return None
    index = lifecycle.index(variable)
    number = lifecycle.variables[index].values.index(value)
    return all(dict(conjunction).get(index) == frozenset({number}) for conjunction in when)


def _guard_text(own: Pairs, other: Pairs, launched: bool | None) -> str:  # noqa: FBT001 - one side of a comparison
    extra = sorted(own - other)
    text = "accepts " + (", ".join(f"({vm}, {task})" for vm, task in extra[:6]) if extra else "nothing more")
    return text + (f" and {len(extra) - 6} others" if len(extra) > 6 else "") + (", launched only" if launched else "")


# --- writes -----------------------------------------------------------------------------------------------------------


def _writes(lifecycle: Lifecycle, facts: SourceFacts) -> Iterator[Finding]:
    writes = [write for write in facts.writes if write.kind != "none"]
    by_function: dict[str, list[Write]] = {}
    for write in writes:
        for citation in {place.citation for place in write.places}:
            by_function.setdefault(citation, []).append(write)
    explained: set[int] = set()
    unmatched: list[Row] = []
    for row in lifecycle.rows.values():
        if row.instruction != "save" or not _concerns_states(row):
            continue
        agreeing = [write for write in by_function.get(row.source, []) if _agrees(row, write)]
        explained.update(id(write) for write in agreeing)
        if agreeing:
            yield Agreement("write", f"{row.place} ({row.id})", str(agreeing[0].save))
        else:
            unmatched.append(row)
    left = [write for write in writes if id(write) not in explained and not write.generic and write.kind != "check"]
    for row in unmatched:
        near = [write for write in left if row.source in {place.citation for place in write.places}]
        near.sort(key=lambda write: _distance(row, write))
        if near:
            left.remove(near[0])
            place = f"{row.place} ({row.id})"
            yield Difference("write", place, str(near[0].save), _row_text(row), _write_text(near[0]))
        else:
            yield Alone("write", f"{row.place} ({row.id})", f"{row.source}: {_row_text(row)}"), True
    for write in left:
        yield Alone("write", str(write.place), _write_text(write)), False


def _concerns_states(row: Row) -> bool:
    return row.expect is not None or any(variable in VARIABLES for variable, _ in row.writes)


def _agrees(row: Row, write: Write) -> bool:
    written = {variable: value for variable, value in row.writes if variable in VARIABLES}
    if write.kind == "insert":
        return bool(written) and all(_same(written.get(v, "$"), s) for v, s in write.sets.items())
    if _expected(write) != row.expect or set(written) != set(write.sets):
        return False
    return all(_same(written[variable], state) for variable, state in write.sets.items())


def _same(table: str, state: StateName) -> bool:
    source = _name(state)
    # What comes with a new record was put into it elsewhere, where it is compared.
    return table == source or table.startswith("$") or source == "$received"


def _expected(write: Write) -> frozenset[str] | None:
    return None if write.expected is None else frozenset(_name(state) for state in write.expected)


def _distance(row: Row, write: Write) -> int:
    written = dict(row.writes)
    return 2 * (_expected(write) != row.expect) + sum(
        variable not in write.sets or not _same(written.get(variable, ""), write.sets[variable])
        for variable in {*write.sets, *written} & set(VARIABLES)
    )


def _row_text(row: Row) -> str:
    expected = "nothing" if row.expect is None else states(sorted(row.expect))
    values = ", ".join(f"{variable}={value}" for variable, value in row.writes if variable in VARIABLES)
    return f"writes {values or 'no state'}, expecting {expected}"


def _write_text(write: Write) -> str:
    expected = "nothing" if write.expected is None else states(write.expected)
    through = " through " + ", ".join(str(place) for place in write.places[1:]) if len(write.places) > 1 else ""
    return f"writes {sets(write.sets)}, expecting {expected}{through}"


# --- citations --------------------------------------------------------------------------------------------------------


def _citations(lifecycle: Lifecycle, facts: SourceFacts) -> Iterator[Finding]:
    functions = {place.citation: place for place in facts.functions}
    for row in lifecycle.rows.values():
        if row.source in functions:
            yield Agreement("citation", f"{row.place} ({row.id})", str(functions[row.source]))
        else:
            yield Alone("citation", f"{row.place} ({row.id})", row.source), True
