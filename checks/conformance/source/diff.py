"""What changed in the life of an instance between two releases, each change as a sentence and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from checks.conformance.source.facts import Guard, Place, SourceFacts, StateName, Wrapper, Write

DECISIVE = (
    "reverts_task_state",
    "errors_out_migration",
    "errors_out_migration_ctxt",
    "wrap_instance_fault",
    "_error_out_instance_on_exception",
    "delete_image_on_error",
    "utils.synchronized",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    ``subject`` is a citation or a state; ``before`` and ``after`` are None where there was nothing; ``place`` is
    where it stands in the newer release or, when it is gone, where it stood, or None when it has no line of its own.
    """

    kind: str
    subject: str
    sentence: str
    before: str | None
    after: str | None
    place: Place | None = None


def diff(older: SourceFacts, newer: SourceFacts) -> list[Change]:
    """Every change from *older* to *newer*, by kind and subject.

    Guards and wrappers are matched by function; writes by the functions that they pass through and by their values,
    never by line; a write whose values appear in another function of the newer release counts as moved.
    """
    changes = [
        *_constants(older, newer),
        *_guards(older, newer),
        *_writes(older, newer),
        *_wrappers(older, newer),
        *_recovery(older, newer),
        *_synchronisation(older, newer),
        *_status(older, newer),
    ]
    return sorted(set(changes), key=lambda change: (change.kind, change.subject, change.sentence))


def _constants(older: SourceFacts, newer: SourceFacts) -> Iterator[Change]:
    before = {constant.name: constant for constant in older.constants}
    after = {constant.name: constant for constant in newer.constants}
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        variable, _, short = name.partition(".")
        what = "set" if (new or old) and (new or old).members is not None else variable  # type: ignore[union-attr]
        if old is None and new is not None:
            value = _constant(new.value, new.members)
            yield Change(f"{what} added", name, f"The {what} {short} was added.", None, value, new.place)
        elif new is None and old is not None:
            value = _constant(old.value, old.members)
            yield Change(f"{what} removed", name, f"The {what} {short} was removed.", value, None, old.place)
        elif old is not None and new is not None and (old.value, old.members) != (new.value, new.members):
            texts = _constant(old.value, old.members), _constant(new.value, new.members)
            sentence = f"The {what} {short} changed from {texts[0]} to {texts[1]}."
            yield Change(f"{what} changed", name, sentence, *texts, new.place)


def _constant(value: object, members: tuple[StateName, ...] | None) -> str:
    return repr(value) if members is None else states(members)


def states(names: Iterable[StateName] | None) -> str:
    """A set of states as people read it."""
    return "any" if names is None else "{" + ", ".join(str(name) for name in names) + "}"


def _guards(older: SourceFacts, newer: SourceFacts) -> Iterator[Change]:
    before, after = _by_function(older.guards), _by_function(newer.guards)
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        subject = key[0]
        if old is None and new is not None:
            yield Change("guard added", subject, f"{subject} got a guard: {_guard(new)}.", None, _guard(new), new.place)
        elif new is None and old is not None:
            sentence = f"{subject} lost its guard: {_guard(old)}."
            yield Change("guard removed", subject, sentence, _guard(old), None, old.place)
        elif old is not None and new is not None:
            yield from _guard_changes(subject, old, new)


def _by_function(guards: Iterable[Guard]) -> dict[tuple[str, str], Guard]:
    found: dict[tuple[str, str], Guard] = {}
    for guard in guards:
        # A test that a function makes itself has no name: its order in the function tells it from the others.
        kind = guard.condition if guard.condition.startswith("@") else "test"
        number = sum(1 for subject, known in found if subject == guard.place.citation and known.startswith(kind))
        found[guard.place.citation, f"{kind} {number}"] = guard
    return found


def _guard(guard: Guard) -> str:
    verb = "rejects" if guard.rejects else "accepts"
    words = [f"{verb} vm_state {states(guard.vm_states)}, task_state {states(guard.task_states)}"]
    if not guard.rejects:
        words.append("must have launched" if guard.must_have_launched else "need not have launched")
    words += ["checks the lock"] * guard.checks_lock + ["checks the host"] * guard.checks_host
    words += ["the host must be up"] * guard.checks_host_is_up
    return ", ".join(words)


def _guard_changes(subject: str, old: Guard, new: Guard) -> Iterator[Change]:
    for what, a, b in (
        ("vm_state", old.vm_states, new.vm_states),
        ("task_state", old.task_states, new.task_states),
    ):
        if a != b:
            wider = b is None or (a is not None and set(a) < set(b))
            narrower = a is None or (b is not None and set(b) < set(a))
            if old.rejects and new.rejects:
                wider, narrower = _rejects_less(a, b), _rejects_less(b, a)
            kind = "guard widened" if wider else "guard narrowed" if narrower else "guard changed"
            sentence = f"{subject}: {what} went from {states(a)} to {states(b)}."
            yield Change(kind, subject, sentence, states(a), states(b), new.place)
    for what, was, now in (
        ("must have launched", old.must_have_launched, new.must_have_launched),
        ("checks the lock", old.checks_lock, new.checks_lock),
        ("checks the host", old.checks_host, new.checks_host),
        ("the host must be up", old.checks_host_is_up, new.checks_host_is_up),
    ):
        if was != now:
            sentence = f"{subject}: '{what}' went from {_yes(was)} to {_yes(now)}."
            kind = "guard narrowed" if now else "guard widened"
            yield Change(kind, subject, sentence, _yes(was), _yes(now), new.place)


def _rejects_less(before: tuple[StateName, ...] | None, after: tuple[StateName, ...] | None) -> bool:
    return set(after or ()) < set(before or ())


def _yes(value: bool) -> str:  # noqa: FBT001 - it has no other argument
    return "yes" if value else "no"


def _key(write: Write) -> str:
    return write.place.citation


def _values(write: Write) -> tuple[str, str]:
    """The expected set and the values, as text; what the driver reports is one value."""
    expected = "nothing" if write.expected is None else states(write.expected)
    return expected, sets(write.sets)


def sets(values: Mapping[str, StateName]) -> str:
    """The values of a write as people read them."""
    return ", ".join(f"{name}={value}" for name, value in sorted(values.items())) or "no state"


def _writes(older: SourceFacts, newer: SourceFacts) -> Iterator[Change]:
    before = {(_key(write), *_values(write)) for write in older.writes if not write.generic}
    after = {(_key(write), *_values(write)) for write in newer.writes if not write.generic}
    gone, come = sorted(before - after), sorted(after - before)
    places = {(_key(write), *_values(write)): write.place for write in (*older.writes, *newer.writes)}
    for function, expected, values in list(gone):
        twins = [item for item in come if item[0] == function and item[2] == values]
        if twins:
            come.remove(twins[0])
            gone.remove((function, expected, values))
            sentence = f"{function}: the write of {values} expected {expected}, now {twins[0][1]}."
            yield Change("expected set changed", function, sentence, expected, twins[0][1], places[twins[0]])
    for function, expected, values in list(gone):
        twins = [item for item in come if item[0] == function and item[1] == expected and expected != "nothing"]
        if twins:
            come.remove(twins[0])
            gone.remove((function, expected, values))
            sentence = f"{function}: the write that expects {expected} wrote {values}, now {twins[0][2]}."
            yield Change("written value changed", function, sentence, values, twins[0][2], places[twins[0]])
    for function, expected, values in list(gone):
        twins = [item for item in come if item[1:] == (expected, values)]
        if len(twins) == 1:
            come.remove(twins[0])
            gone.remove((function, expected, values))
            sentence = f"The write of {values} (expecting {expected}) moved from {function} to {twins[0][0]}."
            yield Change("write moved", twins[0][0], sentence, function, twins[0][0], places[twins[0]])
    for function, expected, values in come:
        sentence = f"{function} now writes {values}, expecting {expected}."
        yield Change("write added", function, sentence, None, values, places[function, expected, values])
    for function, expected, values in gone:
        sentence = f"{function} no longer writes {values}, expecting {expected}."
        yield Change("write removed", function, sentence, values, None, places[function, expected, values])


def _wrappers(older: SourceFacts, newer: SourceFacts) -> Iterator[Change]:
    before, after = _decisive(older.wrappers), _decisive(newer.wrappers)
    in_both = {place.citation for place in older.functions} & {place.citation for place in newer.functions}
    for subject in sorted((before.keys() | after.keys()) & in_both):
        old, new = before.get(subject, []), after.get(subject, [])
        for name in sorted(set(new) - set(old)):
            yield Change("wrapper added", subject, f"{subject} is now wrapped in {name}.", None, name)
        for name in sorted(set(old) - set(new)):
            yield Change("wrapper removed", subject, f"{subject} is no longer wrapped in {name}.", name, None)


def _decisive(wrappers: Iterable[Wrapper]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for wrapper in wrappers:
        found.setdefault(wrapper.place.citation, [])
        name = wrapper.name.removeprefix("self.")
        if name in DECISIVE:
            found[wrapper.place.citation].append(name)
    return found


def _recovery(older: SourceFacts, newer: SourceFacts) -> Iterator[Change]:
    old = {branch.condition: branch for branch in older.recovery}
    new = {branch.condition: branch for branch in newer.recovery}
    for condition in new.keys() - old.keys():
        calls = ", ".join(new[condition].calls) or "nothing"
        sentence = f"Start-up got a branch: if {condition}: {calls}."
        yield Change("recovery branch added", condition, sentence, None, calls, new[condition].place)
    for condition in old.keys() - new.keys():
        calls = ", ".join(old[condition].calls) or "nothing"
        sentence = f"Start-up lost a branch: if {condition}: {calls}."
        yield Change("recovery branch removed", condition, sentence, calls, None, old[condition].place)
    before = {(cell.vm_state, cell.task_state, cell.power_state): cell.outcomes for cell in older.recovered}
    groups: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for cell in newer.recovered:
        was = before.get((cell.vm_state, cell.task_state, cell.power_state))
        if was is not None and was != cell.outcomes:
            group = groups.setdefault((str(cell.task_state), outcomes(was), outcomes(cell.outcomes)), [])
            group.append((cell.vm_state, cell.power_state))
    for (task, was_text, now_text), cells in groups.items():
        vms = states(sorted({vm for vm, _ in cells}))
        powers = states(sorted({power for _, power in cells}))
        where = f"task_state {task} with vm_state {vms} and power_state {powers}"
        sentence = f"At start-up, {where}: {was_text}; now {now_text}."
        yield Change("recovery changed", task, sentence, was_text, now_text)


def outcomes(ways: Iterable[tuple[str, ...]]) -> str:
    """What recovery does, as people read it."""
    return " or ".join(", ".join(way) or "nothing" for way in ways)


def _synchronisation(older: SourceFacts, newer: SourceFacts) -> Iterator[Change]:
    before = {(cell.vm_state, cell.power_state): cell.actions for cell in older.synchronisation}
    for cell in newer.synchronisation:
        was = before.get((cell.vm_state, cell.power_state))
        if was is not None and was != cell.actions:
            a, b = " or ".join(was) or "nothing", " or ".join(cell.actions) or "nothing"
            subject = f"{cell.vm_state}/{cell.power_state}"
            sentence = f"Synchronisation of {cell.vm_state} with power {cell.power_state} did {a}, now {b}."
            yield Change("synchronisation changed", subject, sentence, a, b)


def _status(older: SourceFacts, newer: SourceFacts) -> Iterator[Change]:
    before = {(cell.vm_state, cell.task_state): cell.status for cell in older.status}
    for cell in newer.status:
        was = before.get((cell.vm_state, cell.task_state))
        if was is not None and was != cell.status:
            subject = f"{cell.vm_state}/{cell.task_state}"
            sentence = f"The status of {cell.vm_state} with task {cell.task_state} was {was}, now {cell.status}."
            yield Change("status changed", subject, sentence, was, cell.status)
