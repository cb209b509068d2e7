"""Do guards agree with the first save: whatever passes the one is not refused by the other, and the other way round."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import z3

from checks.properties.definition import Property
from checks.smt.steps import Local, Reader
from checks.smt.steps import Outcome as Step_
from checks.smt.text import FALSE, Script, Term, conjunction, disjunction, negation
from checks.verdict import Engine, Finding, Outcome, Verdict
from model.conditions import When
from model.lifecycle import Lifecycle, holds
from model.program import Dirty, Entry, Save
from model.semantics import END_FAILED, END_FINISHED, Semantics

#: The rows of a guard and of the save that refuses what it lets pass.
Refusal = tuple[str, str]
#: Which it is, the row of the guard, and the row of the save or the mark.
Disagreement = tuple[str, str, str]
REFUSED, UNREPEATABLE = "refused", "not repeatable"


def guards_agree(one: Property, lifecycle: Lifecycle, semantics: Semantics, *, z3: bool = True) -> Verdict:
    """The verdict on the property that guards agree with first saves; ``z3=False`` leaves out the second engine."""
    before = time.perf_counter()
    ours = disagreements(refusals(semantics), unrepeatables(lifecycle))
    middle = time.perf_counter()
    engines = [Engine("graph search", _outcome(ours), middle - before)]
    differ: set[Disagreement] = set()
    if z3:
        theirs = disagreements(refusals_by_z3(lifecycle), unrepeatables_by_z3(lifecycle))
        engines.append(Engine("z3", _outcome(theirs), time.perf_counter() - middle))
        differ = ours ^ theirs
    lock = lifecycle.variables[lifecycle.compare_variable].name
    findings = [
        Finding({"guard": guard, "save": save}, 1, None, lifecycle.rows[save].place, lifecycle.rows[save].source)
        for kind, guard, save in sorted(ours)
        if kind == REFUSED
    ]
    findings += [
        Finding({"guard": guard, lock: value}, 1, None, lifecycle.rows[guard].place, lifecycle.rows[guard].source)
        for kind, guard, value in sorted(ours)
        if kind == UNREPEATABLE
    ]
    return Verdict(
        one.id, "tables", _outcome(ours), None, tuple(engines),
        len(lifecycle.entries), findings=tuple(findings), evidence={"kind": "table", "guards": len(lifecycle.entries)},
        disagreement="the engines differ on " + ", ".join(map(" ".join, sorted(differ))) if differ else "",
    )  # fmt: skip


def disagreements(refused: Iterable[Refusal], unrepeatable: Iterable[tuple[str, tuple[str, ...]]]) -> set[Disagreement]:
    """All that an engine found: what is *refused*, and at which marks a request is *unrepeatable*."""
    found = {(REFUSED, guard, save) for guard, save in refused}
    return found | {(UNREPEATABLE, guard, value) for guard, values in unrepeatable for value in values}


def _outcome(found: set[Disagreement]) -> Outcome:
    return Outcome.VIOLATED if found else Outcome.HOLDS


def refusals(semantics: Semantics) -> Iterator[Refusal]:
    """Guards and first saves such that a record passes the one and is refused by the other, undisturbed."""
    requests = [start for start in semantics.starts if start.kind in ("request", "admin")]
    for start in requests:
        todo: list[tuple[int, When]] = [(start.to, _without(start.when, start.assign))]
        seen: set[tuple[int, When]] = set()
        while todo:
            control, when = todo.pop()
            if (control, when) in seen or control in (END_FINISHED, END_FAILED):
                continue
            seen.add((control, when))
            saves = isinstance(semantics.instruction(control), Save)
            for rule in semantics.rules(control):
                met = _both(when, rule.when)
                if met is None or rule.spontaneous:
                    continue
                if not saves:
                    todo.append((rule.to, _without(met, rule.assign)))
                elif rule.exception is not None:
                    yield start.row, rule.row


def _both(first: When, second: When) -> When | None:
    met = dict(first)
    for variable, values in second:
        met[variable] = met.get(variable, values) & values
        if not met[variable]:
            return None
    return tuple(sorted(met.items(), key=lambda test: test[0]))


def _without(when: When, assign: tuple[tuple[int, int], ...]) -> When:
    """What is still known of the record after *assign*."""
    met = dict(when)
    for variable, value in assign:
        met[variable] = frozenset({value}) if value >= 0 else met.get(-1 - value, frozenset())
        if not met[variable]:
            del met[variable]
    return tuple(sorted(met.items(), key=lambda test: test[0]))


def refusals_by_z3(lifecycle: Lifecycle) -> Iterator[Refusal]:
    """The same by z3, from its own reading of the instructions: each way to the first save, as one formula."""
    script = Script()
    reader = Reader(lifecycle, script)
    record, _, _ = reader.fresh("")
    ways: dict[Refusal, list[str]] = {}
    for entry in lifecycle.entries:
        if entry.kind in ("request", "admin"):
            _follow(reader, lifecycle, entry, reader.start(entry, record), record, ways, 0)
    lines = [script.text()]
    for number, guards in enumerate(ways.values()):
        lines += [f"(declare-const w{number} Bool)", f"(assert (= w{number} (or {' '.join(guards)} false)))"]
    solver = z3.SolverFor("QF_FD")
    solver.add(z3.parse_smt2_string("\n".join(lines)))
    for number, refusal in enumerate(ways):
        if solver.check(z3.Bool(f"w{number}")) == z3.sat:
            yield refusal


def _follow(
    reader: Reader,
    lifecycle: Lifecycle,
    entry: Entry,
    step: Step_,
    record: list[Term],
    ways: dict[Refusal, list[str]],
    depth: int,
) -> None:
    if step.target < 0 or step.guard == FALSE or depth > 60:
        return
    now = [step.assign.get(variable, term) for variable, term in enumerate(record)]
    local = Local(step.local.memory, step.local.dirty)
    saves = isinstance(lifecycle.instructions[step.target], Save)
    for after in reader.outcomes(step.target, now, local):
        guard = reader.script.define(conjunction([step.guard, after.guard]))
        if guard == FALSE or after.spontaneous:
            continue
        if saves:
            if after.exception is not None:
                ways.setdefault((entry.row, after.row), []).append(guard)
            continue
        joined = Step_(after.row, guard, after.target, after.local, after.assign)
        _follow(reader, lifecycle, entry, joined, now, ways, depth + 1)


def unrepeatables(lifecycle: Lifecycle) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Guards that let a request be repeated while it is under way, but not at each mark that it sets on its way."""
    lock = lifecycle.compare_variable
    rest = lifecycle.predicates["rest"]
    size = len(lifecycle.variables[lock].values)
    resting = frozenset(
        value for value in range(size) if holds(rest, tuple(value if n == lock else 0 for n in range(lock + 1)))
    )
    for operation in lifecycle.operations.values():
        if operation.kind != "request":
            continue
        entries = [entry for entry in lifecycle.entries if entry.operation == operation.name]
        accepted: frozenset[int] = frozenset()
        for entry in entries:
            for tests in entry.when:
                values = next((frozenset(v) for variable, v in tests if variable == lock), frozenset(range(size)))
                accepted |= values  # type: ignore[operator]
        marks = {
            operand
            for one in lifecycle.instructions
            if isinstance(one, (Save, Dirty)) and one.row.split("/")[0] == operation.name
            for variable, operand in one.writes
            if variable == lock and isinstance(operand, int) and operand not in resting
        }
        if marks & accepted and marks - accepted:
            names = lifecycle.variables[lock].values
            yield entries[0].row, tuple(names[value] for value in sorted(marks - accepted))


def unrepeatables_by_z3(lifecycle: Lifecycle) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The same by z3: which values that saves name are no rest, and at which of them some record passes a guard."""
    script = Script()
    reader = Reader(lifecycle, script)
    record, _, _ = reader.fresh("")
    lock = lifecycle.compare_variable
    marks = {name: frozenset(_named(lifecycle, name)) for name in lifecycle.operations}
    requests = [name for name, operation in lifecycle.operations.items() if operation.kind == "request" and marks[name]]
    lines: list[str] = []
    for number, name in enumerate(requests):
        mark = conjunction(
            [reader.is_one_of(lock, record[lock], marks[name]), negation(reader.predicate("rest", record))]
        )
        guards = [entry for entry in lifecycle.entries if entry.operation == name]
        accepted = disjunction(reader.condition(entry.when, record, {}) for entry in guards)
        for letter, formula in (("m", mark), ("a", accepted)):
            lines.append(f"(declare-const {letter}{number} Bool)(assert (= {letter}{number} {formula}))")
    solver = z3.SolverFor("QF_FD")
    solver.add(z3.parse_smt2_string("\n".join([script.text(), *lines])))
    term = z3.BitVec(str(record[lock]), reader.widths[lock])
    names = lifecycle.variables[lock].values
    for number, name in enumerate(requests):
        set_, accepted_ = (
            [
                value
                for value in sorted(marks[name])
                if solver.check(z3.Bool(f"{letter}{number}"), term == value) == z3.sat
            ]
            for letter in ("m", "a")
        )
        refused = [value for value in set_ if value not in accepted_]
        if refused and len(refused) < len(set_):
            guard = next(entry.row for entry in lifecycle.entries if entry.operation == name)
            yield guard, tuple(names[value] for value in refused)


def _named(lifecycle: Lifecycle, operation: str) -> Iterator[int]:
    """The values of the lock that the saves of *operation* name; what is copied is no mark of its own."""
    for one in lifecycle.instructions:
        if isinstance(one, (Save, Dirty)) and one.row.split("/")[0] == operation:
            for variable, operand in one.writes:
                if variable == lifecycle.compare_variable and isinstance(operand, int):
                    yield operand
