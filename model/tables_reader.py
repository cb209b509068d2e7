"""From a folder of YAML files to a :class:`Lifecycle`, or to every fault that is in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from model import schema
from model.content import content_digest, table_files
from model.context import Sources
from model.errors import Fault, InputError
from model.flatten import Flattener
from model.lifecycle import (
    Default,
    Guard,
    Lifecycle,
    NamedSet,
    Operation,
    Scenario,
    Service,
    Text,
    Value,
    Variable,
)
from model.promises import read_promises
from model.vocabulary import Vocabulary, in_release
from model.yaml_source import Document, Path_, read_document

SHARED = ("states", "status", "record", "policies", "scenarios")
Table = TypeVar("Table")


def read_tables(folder: Path, release: str | None = None) -> Lifecycle:
    """The lifecycle that the tables in *folder* define for *release* (the newest one by default).

    Raises InputError with all faults of all files: of the file (missing, not text, not YAML, empty), of its shape
    (against :mod:`model.schema`), and of what its names mean.
    """
    if not folder.is_dir():
        raise InputError(
            Fault(str(folder), "no such folder of tables", "give a folder with states.yaml and record.yaml")
        )
    faults: list[Fault] = []
    documents: dict[str, Document] = {}
    for path in table_files(folder):
        name = path.relative_to(folder).as_posix()
        try:
            documents[name.removesuffix(".yaml")] = read_document(path, name)
        except InputError as error:
            faults.extend(error.faults)
            documents.pop(name.removesuffix(".yaml"), None)
    failed = {fault.place.split(":")[0].removesuffix(".yaml") for fault in faults}
    faults.extend(
        Fault(f"{name}.yaml", "the file is missing", "every lifecycle has it")
        for name in SHARED
        if name not in documents and name not in failed
    )
    states = _check(schema.States, documents.get("states"), faults)
    status = _check(schema.Status, documents.get("status"), faults)
    record = _check(schema.Record, documents.get("record"), faults)
    policies = _check(schema.Policies, documents.get("policies"), faults)
    scenarios = _check(schema.Scenarios, documents.get("scenarios"), faults)
    operations: dict[str, tuple[schema.Operation, Document]] = {}
    for name, document in documents.items():
        if name in SHARED:
            continue
        operation = _check(schema.Operation, document, faults)
        if operation is None:
            continue
        if operation.operation in operations:
            other = operations[operation.operation][1].name
            faults.append(
                Fault(document.place(("operation",)), f"operation {operation.operation!r} stands twice", f"see {other}")
            )
            continue
        operations[operation.operation] = (operation, document)
    if states is None or record is None or status is None or policies is None or scenarios is None:
        raise InputError(*_sorted(faults))
    legal = (*record.vocabularies, *record.releases)
    chosen = _chosen(record.newest if release is None else release, legal)
    if chosen not in legal:
        raise InputError(Fault("--release", f"unknown release {chosen!r}", "known: " + ", ".join(legal)))
    parts = _Parts(states, status, record, policies, scenarios, operations, documents)
    return _assemble(parts, chosen, content_digest(folder), faults)


def _chosen(release: str, legal: tuple[str, ...]) -> str:
    """The release that *release* means: itself, or the only one of that major version."""
    of_major = [one for one in legal if one.split(".")[0] == release]
    return of_major[0] if release not in legal and len(of_major) == 1 else release


class _Parts:
    """The validated files."""

    def __init__(
        self,
        states: schema.States,
        status: schema.Status,
        record: schema.Record,
        policies: schema.Policies,
        scenarios: schema.Scenarios,
        operations: dict[str, tuple[schema.Operation, Document]],
        documents: dict[str, Document],
    ) -> None:
        self.states, self.status, self.record = states, status, record
        self.policies, self.scenarios, self.operations = policies, scenarios, operations
        self.documents = documents


def _assemble(parts: _Parts, release: str, tables: str, faults: list[Fault]) -> Lifecycle:
    record = parts.record
    where = parts.documents["record"]
    values = _values(parts, release, faults)
    state_variables = tuple(values)
    variables = _variables(parts, values, release, faults)
    sets = tuple(
        NamedSet(name, named.variable, tuple(named.values), named.source)
        for name, named in parts.states.sets.items()
        if in_release(named, release)
    )
    vocabulary = Vocabulary(variables, sets, faults)
    _check_sets(parts, sets, vocabulary)
    # The tables may use a set for short where the release does not name it.
    vocabulary.sets = {
        name: NamedSet(name, named.variable, tuple(named.values), named.source)
        for name, named in parts.states.sets.items()
    }
    vocabulary.known(record.compare_and_swap.variable, vocabulary.numbers, "variable", where, ("compare_and_swap",))
    if faults:
        raise InputError(*_sorted(faults))
    services = _services(parts, vocabulary, release)
    exceptions: dict[str, str | None] = {
        name: kind.is_ for name, kind in record.exceptions.items() if in_release(kind, release)
    }
    for name, kind in exceptions.items():
        if kind is not None:
            vocabulary.known(kind, exceptions, "exception", where, ("exceptions", name, "is"))
    for name in (record.compare_and_swap.refused, record.compare_and_swap.missing, *record.compare_and_swap.special):
        vocabulary.known(name, exceptions, "exception", where, ("compare_and_swap",))
    predicates = {
        name: vocabulary.predicate(condition, where, ("predicates", name))
        for name, condition in record.predicates.items()
    }
    for needed in ("present", "rest", "gone", "failed"):
        vocabulary.known(needed, predicates, "predicate", where, ("predicates",))
    if faults:
        raise InputError(*_sorted(faults))
    sources = Sources(
        parts.operations, dict(parts.policies.root), parts.documents.get("policies"), exceptions,
        {service.name: service for service in services}, record.compare_and_swap,
    )  # fmt: skip
    flattener = Flattener(sources, vocabulary, release)
    operations: dict[str, Operation] = {}
    vocabulary_only = release in record.vocabularies
    for name, (operation, document) in sorted(parts.operations.items()):
        if vocabulary_only or not in_release(operation, release):
            continue
        guards = flattener.operation(name)
        operations[name] = _operation(operation, document, guards, flattener, vocabulary, release)
    if not vocabulary_only:
        flattener.unused()
    scenarios = _scenarios(parts)
    promises = tuple(
        promise
        for name in operations
        for promise in read_promises(*parts.operations[name], flattener.entries, scenarios, vocabulary, release)
    )
    for name, scenario in scenarios.items():
        for forgotten in scenario.forget:
            document = parts.documents["scenarios"]
            vocabulary.known(forgotten, vocabulary.numbers, "variable", document, (name, "forget"))
    defaults = tuple(
        Default(
            vocabulary.conjunction(rule.when, where, ("defaults", position, "when")),
            tuple(
                (vocabulary.numbers[name], number)
                for name, value in rule.set.items()
                if vocabulary.known(name, vocabulary.numbers, "variable", where, ("defaults", position, "set", name))
                for number in [
                    vocabulary.value(vocabulary.numbers[name], value, where, ("defaults", position, "set", name))
                ]
                if number is not None
            ),
        )
        for position, rule in enumerate(record.defaults)
    )
    compare = vocabulary.numbers[record.compare_and_swap.variable]
    special = tuple(
        (name, vocabulary.conjunction(condition, where, ("compare_and_swap", "special", name)))
        for name, condition in record.compare_and_swap.special.items()
    )
    status = _status(parts, state_variables, values, vocabulary)
    observed = {
        vocabulary.numbers[name]: vocabulary.numbers[truth]
        for name, truth in record.observed.items()
        if vocabulary.known(name, state_variables, "state variable", where, ("observed", name))
        and vocabulary.known(truth, vocabulary.numbers, "variable", where, ("observed", name))
    }
    if faults:
        raise InputError(*_sorted(faults))
    moved = {move.source: move.formerly for move in record.moved if in_release(move, release)}
    rows = {
        name: replace(row, source=moved.get(row.source, row.source)) for name, row in flattener.register.rows.items()
    }
    operations = {
        name: replace(
            operation,
            rows=tuple(row.id for row in rows.values() if row.operation == name),
            guards=tuple(replace(guard, source=moved.get(guard.source, guard.source)) for guard in operation.guards),
        )
        for name, operation in operations.items()
    }
    assert all(instruction is not None for instruction in flattener.instructions)
    return Lifecycle(
        name=record.lifecycle,
        release=release,
        releases=(*record.vocabularies, *record.releases),
        vocabulary_only=vocabulary_only,
        digest=tables,
        state_variables=state_variables,
        variables=variables,
        values=values,
        sets=sets,
        status=status,
        predicates=predicates,
        services=services,
        operations=operations,
        rows=dict(sorted(rows.items())),
        entries=tuple(flattener.entries),
        instructions=tuple(instruction for instruction in flattener.instructions if instruction is not None),
        scenarios=scenarios,
        defaults=defaults,
        compare_variable=compare,
        refused=record.compare_and_swap.refused,
        special=special,
        missing=record.compare_and_swap.missing,
        exceptions=exceptions,
        observed=observed,
        source_address=record.source_address,
        left_out={each.source: each.reason for each in record.left_out if in_release(each, release)},
        promises=promises,
    )


def _values(parts: _Parts, release: str, faults: list[Fault]) -> dict[str, tuple[Value, ...]]:
    document = parts.documents["states"]
    made: dict[str, tuple[Value, ...]] = {}
    for variable, table in (parts.states.model_extra or {}).items():
        made[variable] = tuple(
            Value(
                name, value.wire, value.number, value.group, Text(value.meaning.en, value.meaning.zh), value.source,
                value.since, value.until,
            )
            for name, value in table.items()
            if in_release(value, release)
        )  # fmt: skip
        wires: dict[str | None, str] = {}
        for value in made[variable]:
            if value.wire in wires:
                place = document.place((variable, value.name, "wire"))
                faults.append(
                    Fault(place, f"wire name {value.wire!r} stands twice", f"it is that of {wires[value.wire]}")
                )
            wires[value.wire] = value.name
    return made


def _variables(
    parts: _Parts, values: dict[str, tuple[Value, ...]], release: str, faults: list[Fault]
) -> tuple[Variable, ...]:
    document = parts.documents["record"]
    made: list[Variable] = []

    def add(name: str, names: tuple[str, ...], initial: str | None, path: Path_, *, stored: bool) -> None:
        if initial not in names:
            legal = ", ".join(names[:12])
            faults.append(Fault(document.place(path), f"initial value {initial!r} of {name}", f"legal: {legal}"))
            return
        made.append(Variable(name, names, names.index(initial), stored))

    for name, table in values.items():
        add(name, tuple(value.name for value in table), parts.record.initial.get(name), ("initial", name), stored=True)
    for name, variable in parts.record.variables.items():
        if not in_release(variable, release):
            continue
        if name in values:
            faults.append(
                Fault(document.place(("variables", name)), f"variable {name!r} stands twice", "see states.yaml")
            )
            continue
        expanded: list[str] = []
        for value in variable.values:
            if value.startswith("@"):
                expanded += [one.name for one in values.get(value[1:], ())]
            else:
                expanded.append(value)
        add(name, tuple(expanded), variable.initial, ("variables", name, "initial"), stored=variable.stored)
    return tuple(made)


def _check_sets(parts: _Parts, sets: tuple[NamedSet, ...], vocabulary: Vocabulary) -> None:
    document = parts.documents["states"]
    for named in sets:
        path: Path_ = ("sets", named.name)
        if vocabulary.known(named.variable, vocabulary.numbers, "variable", document, (*path, "variable")):
            vocabulary.values(vocabulary.numbers[named.variable], list(named.values), document, (*path, "values"))


def _services(parts: _Parts, vocabulary: Vocabulary, release: str) -> tuple[Service, ...]:
    document = parts.documents["record"]
    made = []
    for name, service in parts.record.services.items():
        if not in_release(service, release):
            continue
        path: Path_ = ("services", name)
        crash_when = None
        crash_set: list[tuple[int, int]] = []
        if service.crash is not None:
            crash_when = vocabulary.conjunction(service.crash.when, document, (*path, "crash", "when"))
            for variable, value in service.crash.set.items():
                place = (*path, "crash", "set", variable)
                if vocabulary.known(variable, vocabulary.numbers, "variable", document, place):
                    number = vocabulary.value(vocabulary.numbers[variable], value, document, place)
                    if number is not None:
                        crash_set.append((vocabulary.numbers[variable], number))
        available = vocabulary.conjunction(service.available, document, (*path, "available"))
        made.append(
            Service(name, available, crash_when, tuple(crash_set), Text(service.meaning.en, service.meaning.zh))
        )
    return tuple(made)


def _operation(
    operation: schema.Operation,
    document: Document,
    guards: tuple[str, ...],
    flattener: Flattener,
    vocabulary: Vocabulary,
    release: str,
) -> Operation:
    present = [guard for guard in operation.guards if in_release(guard, release)]
    made = tuple(
        Guard(
            row,
            vocabulary.predicate(guard.when, document, ("guards",)),
            tuple(guard.checks),
            guard.condition,
            guard.source,
        )
        for row, guard in zip(guards, present, strict=True)
    )
    for position, other in enumerate(operation.undoes):
        vocabulary.known(other, flattener.sources.operations, "operation", document, ("undoes", position))
    restores = None
    if operation.restores is not None:
        restores = vocabulary.predicate(operation.restores, document, ("restores",))
    return Operation(
        operation.operation, operation.kind, operation.actor, operation.action, operation.command,
        Text(operation.meaning.en, operation.meaning.zh), operation.family, made, (), document.name,
        tuple(operation.undoes), restores,
    )  # fmt: skip


def _scenarios(parts: _Parts) -> dict[str, Scenario]:
    return {
        name: Scenario(
            name, Text(scenario.meaning.en, scenario.meaning.zh), scenario.processes, frozenset(scenario.kinds),
            scenario.fail, scenario.crash, scenario.lose, scenario.patient, tuple(scenario.forget),
        )
        for name, scenario in parts.scenarios.root.items()
    }  # fmt: skip


def _status(
    parts: _Parts,
    state_variables: tuple[str, ...],
    values: dict[str, tuple[Value, ...]],
    vocabulary: Vocabulary,
) -> dict[tuple[str, str], str]:
    document = parts.documents["status"]
    first, second = state_variables[0], state_variables[1]
    legal_first = [value.name for value in values[first]]
    legal_second = [value.name for value in values[second]]
    made: dict[tuple[str, str], str] = {}
    for name, table in parts.status.map.items():
        if not vocabulary.known(name, legal_first, first, document, ("map", name)):
            continue
        for other in table:
            if other != "default":
                vocabulary.known(other, legal_second, second, document, ("map", name, other))
        for other in legal_second:
            status = table.get(other, table.get("default"))
            if status is None:
                vocabulary.fault(document, ("map", name), f"no status for ({name}, {other})", "give a `default`")
                break
            made[name, other] = status
    for name in legal_first:
        if name not in parts.status.map:
            vocabulary.fault(document, ("map",), f"no status for {name}", "every value of the first variable has one")
    return made


def _check(kind: type[Table], document: Document | None, faults: list[Fault]) -> Table | None:
    """*document* validated as *kind*; its faults are collected."""
    from pydantic import ValidationError

    from model.wording import shape_faults

    if document is None:
        return None
    try:
        return kind.model_validate(document.data)  # type: ignore[attr-defined,no-any-return]
    except ValidationError as error:
        faults.extend(shape_faults(error, document))
        return None


def _sorted(faults: list[Fault]) -> list[Fault]:
    def key(fault: Fault) -> tuple[str, int, str]:
        name, _, line = fault.place.partition(":")
        return name, int(line) if line.isdigit() else 0, fault.found

    return sorted(set(faults), key=key)
