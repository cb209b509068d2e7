"""The page against the model: each contradiction with its line, what either says, and the source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from checks.conformance.documentation.page import Page, Requirement, read_page
from checks.conformance.documentation.said import NULL, DocumentedOperation, Names, fold, vm_state_named
from model.errors import nearest

UNSET, NOT_APPLICABLE = "UNSET", "N/A"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that the page says and the model denies, or that it should say and does not.

    ``line`` is the row, edge or table that says it; ``source`` the places in Nova that prove the model right.
    """

    line: int
    subject: str
    page_says: str
    model_says: str
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentationReport:
    """``compared`` counts the statements of the page that were held against the model."""

    path: str
    page: Page
    compared: int
    contradictions: tuple[Contradiction, ...]


def compare_documentation(
    path: str | Path, operations: Iterable[DocumentedOperation], names: Names
) -> DocumentationReport:
    """Read the page at *path* and list its contradictions to *operations*, in the order of its lines.

    Raises
    ------
    InputError
        The page cannot be read or says nothing about states.

    """
    page = read_page(path)
    known = tuple(operations)
    found = [
        *_wrong_names(page, names),
        *(one for row in page.requirements for one in _requirement(row, known, names)),
        *_state_commands(page, known, names),
        *_graph(page, known, names),
    ]
    compared = sum(len(row.vm_states) + len(row.task_states) + len(row.targets) for row in page.requirements)
    compared += sum(len(row.commands) for row in page.state_commands) + len(page.transitions)
    ordered = sorted(found, key=lambda one: (one.line, one.subject, one.page_says))
    return DocumentationReport(str(path), page, compared, tuple(ordered))


def format_contradictions(report: DocumentationReport) -> str:
    """The report as text, one contradiction a paragraph."""
    out = [f"{report.path}: {len(report.contradictions)} contradictions in {report.compared} statements"]
    for one in report.contradictions:
        out.append(f"{report.path}:{one.line}: {one.subject}: says {one.page_says}; the model: {one.model_says}")
        out += [f"    {source}" for source in one.source]
    return "\n".join(out) + "\n"


def _wrong_names(page: Page, names: Names) -> Iterable[Contradiction]:
    """Words that name no vm_state, each where the page uses it first."""
    words = [(row.line, word) for row in page.requirements for word in (*row.vm_states, *row.targets)]
    words += [(row.line, row.vm_state) for row in page.state_commands]
    words += [(line, word) for word, line in page.graph_states.items()]
    seen: set[str] = set()
    for line, word in sorted(words):
        if fold(word) in seen or fold(word) in names.vm_states:
            continue
        seen.add(fold(word))
        meant = vm_state_named(word, names)
        near = nearest(fold(word), sorted(names.vm_states))
        instead = f"it is a word for {meant}" if meant else f"the nearest is {near}" if near else "none is near"
        yield Contradiction(line, word, f"{word!r} is a vm_state", f"no vm_state has this name; {instead}")


def _requirement(
    row: Requirement, operations: tuple[DocumentedOperation, ...], names: Names
) -> Iterable[Contradiction]:
    called = _called(row.command, operations)
    if not called:
        yield Contradiction(row.line, row.command, f"{row.command!r} is a command", "no operation has this name")
        return
    source = tuple(sorted({operation.source for operation in called}))
    admitted = _admitted(called, names)
    yield from _compare_sets(row.line, row.command, "vm_state", _meant(row.vm_states, names), admitted, source)
    yield from _tasks(row, called, names, source)
    ends = frozenset(after for operation in called for _, after in operation.moves)
    yield from _compare_sets(row.line, row.command, "target", _meant(row.targets, names), ends, source)


def _tasks(
    row: Requirement, called: list[DocumentedOperation], names: Names, source: tuple[str, ...]
) -> Iterable[Contradiction]:
    untested = any(operation.task_states is None for operation in called)
    admitted = frozenset(task for operation in called for task in operation.task_states or ())
    if tuple(map(str.upper, row.task_states)) == (NOT_APPLICABLE,):
        if not untested:
            needs = f"the guard admits only {_show(admitted)}"
            yield Contradiction(row.line, row.command, "no task_state is required", needs, source)
        return
    said = frozenset(NULL if fold(word) == UNSET else fold(word) for word in row.task_states)
    for word in sorted(said - names.task_states - {NULL}):
        yield Contradiction(row.line, row.command, f"{word} is a task_state", "no task_state has this name", source)
    said &= names.task_states | {NULL}
    if untested:
        yield Contradiction(row.line, row.command, f"task_state in {_show(said)}", "the guard does not test it", source)
    else:
        yield from _compare_sets(row.line, row.command, "task_state", said, admitted, source)


def _state_commands(page: Page, operations: tuple[DocumentedOperation, ...], names: Names) -> Iterable[Contradiction]:
    """The table of commands by state, both ways, and the states that it leaves out."""
    if not page.state_commands:
        return
    first_lines: dict[str, int] = {}
    said: dict[str, set[str]] = {}
    for row in page.state_commands:
        state = vm_state_named(row.vm_state, names)
        if fold(row.vm_state) in first_lines:
            again = f"listed first in line {first_lines[fold(row.vm_state)]}"
            yield Contradiction(row.line, row.vm_state, "this row", f"{again}: one row must hold all its commands")
        first_lines.setdefault(fold(row.vm_state), row.line)
        if state is None:
            continue
        said.setdefault(state, set()).update(map(fold, row.commands))
        for command in row.commands:
            called = _called(command, operations)
            source = tuple(sorted({one.source for one in called}))
            if not called:
                yield Contradiction(row.line, row.vm_state, f"{command!r} is a command", "no operation has this name")
            elif state not in _admitted(called, names):
                yield Contradiction(row.line, state, f"{command!r} is possible", "the guard refuses it", source)
    table_line = page.state_commands[0].line
    lines = {vm_state_named(row.vm_state, names): row.line for row in reversed(page.state_commands)}
    for state in sorted(names.vm_states - names.gone):
        silent: dict[str, set[str]] = {}
        for operation in operations:
            known = set(map(fold, operation.commands)) & said.get(state, set())
            if operation.commands and state in _admitted([operation], names) and not known:
                silent.setdefault(operation.name, set()).add(operation.source)
        if silent:
            commands = ", ".join(repr(command) for command in sorted(silent))
            source = tuple(sorted(set().union(*silent.values())))
            says = f"nothing of {commands}" if state in said else f"nothing of this state, nor of {commands}"
            yield Contradiction(lines.get(state, table_line), state, says, "the guards admit it", source)


def _graph(page: Page, operations: tuple[DocumentedOperation, ...], names: Names) -> Iterable[Contradiction]:
    """Edges that no operation makes, and moves that have no edge."""
    if page.graph_line is None:
        return
    movers: dict[tuple[str, str], set[str]] = {}
    for operation in operations:
        for move in operation.moves:
            movers.setdefault(move, set()).add(operation.source)
    drawn: set[tuple[str, str]] = set()
    captions = {fold(word.strip(".,;:")) for _, caption in page.statements for word in caption.split()}
    everywhere = names.everywhere | (names.vm_states & captions)
    for edge in page.transitions:
        ends = vm_state_named(edge.source, names), vm_state_named(edge.target, names)
        if ends[0] is None or ends[1] is None:
            continue
        pair = (ends[0], ends[1])
        drawn.add(pair)
        if pair not in movers:
            leaving = tuple(sorted({one for move, sources in movers.items() if move[0] == pair[0] for one in sources}))
            says = f"{pair[0]} -> {pair[1]}"
            yield Contradiction(edge.line, "graph", says, "no operation makes this move", leaving)
    for pair, sources in sorted(movers.items()):
        if pair not in drawn and pair[1] not in everywhere and pair[0] != pair[1]:
            says = f"no {pair[0]} -> {pair[1]}"
            yield Contradiction(page.graph_line, "graph", says, "an operation makes it", tuple(sorted(sources)))


def _called(command: str, operations: Iterable[DocumentedOperation]) -> list[DocumentedOperation]:
    """The operation of that name; if there is none, every operation that some command of that name starts."""
    known = tuple(operations)
    exact = [one for one in known if fold(one.name) == fold(command)]
    return exact or [one for one in known if fold(command) in set(map(fold, one.commands))]


def _admitted(operations: Iterable[DocumentedOperation], names: Names) -> frozenset[str]:
    return frozenset(
        state
        for operation in operations
        for state in (names.vm_states - names.gone if operation.vm_states is None else operation.vm_states)
    )


def _meant(words: Iterable[str], names: Names) -> frozenset[str]:
    return frozenset(state for word in words if (state := vm_state_named(word, names)) is not None)


def _compare_sets(
    line: int,
    subject: str,
    what: str,
    said: frozenset[str],
    admitted: frozenset[str],
    source: tuple[str, ...],
) -> Iterable[Contradiction]:
    if said != admitted:
        yield Contradiction(line, subject, f"{what} in {_show(said)}", f"{what} in {_show(admitted)}", source)


def _show(constants: Iterable[str]) -> str:
    return "{" + ", ".join(sorted(constants)) + "}"
