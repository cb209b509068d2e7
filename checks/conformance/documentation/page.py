"""The page as plain data with line numbers: what its tables and its graph say, in its own words.

Tables are recognised by their header cells, so an added or a moved table does no harm. The graph is read
from the text of its directive, since its content is not reStructuredText.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.core import publish_doctree

from model.errors import Fault, InputError

COMMAND, STATES, TASKS, TARGET = "Command", "Req'd VM States", "Req'd Task States", "Target State"
STATE, COMMANDS = "VM State", "Commands"
SETTINGS = {"report_level": 5, "halt_level": 5, "file_insertion_enabled": False, "raw_enabled": False}
NODE = re.compile(r'^\s*(\w+)\s*\[[^\]]*\blabel\s*=\s*"([^"]*)"')
EDGE = re.compile(r"^\s*(\w+)\s*->\s*(\w+)")
LABEL = re.compile(r'^\s*label\s*=\s*"([^"]*)"')
DIRECTIVE = re.compile(r"^(\s*)\.\. graphviz::")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row of the table of requirements; the words are the page's, in its order."""

    line: int
    command: str
    vm_states: tuple[str, ...]
    task_states: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StateCommands:
    """One row of the table of possible commands."""

    line: int
    vm_state: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """One edge of the graph, by the labels of its ends."""

    line: int
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the page says of states. ``graph_line`` is where the graph begins, None without one.

    ``graph_states`` maps each label of a node to its line; ``statements`` holds the graph's captions with
    their lines.
    """

    requirements: tuple[Requirement, ...]
    state_commands: tuple[StateCommands, ...]
    transitions: tuple[Transition, ...]
    graph_states: dict[str, int]
    graph_line: int | None
    statements: tuple[tuple[int, str], ...]


def read_page(path: str | Path) -> Page:
    """Read the page at *path*.

    Raises
    ------
    InputError
        The file cannot be read, or has neither of the two tables nor a graph.

    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Fault(str(path), f"cannot be read ({error})", "name the page's source file")) from error
    requirements, state_commands = _read_tables(text)
    graph_line, transitions, states, statements = _read_graph(text)
    page = Page(requirements, state_commands, transitions, states, graph_line, statements)
    if not (page.requirements or page.state_commands or page.transitions):
        remedy = f"expected tables headed {COMMAND!r} and {STATE!r}, and a graphviz directive"
        raise InputError(Fault(str(path), "says nothing about states", remedy))
    return page


def _read_tables(text: str) -> tuple[tuple[Requirement, ...], tuple[StateCommands, ...]]:
    requirements: list[Requirement] = []
    state_commands: list[StateCommands] = []
    tree = publish_doctree(text, settings_overrides=SETTINGS)
    for table in tree.findall(nodes.table):
        heads = [entry.astext().strip() for head in table.findall(nodes.thead) for entry in head.findall(nodes.entry)]
        for row in (row for body in table.findall(nodes.tbody) for row in body.findall(nodes.row)):
            cells = dict(
                zip(
                    heads,
                    (" ".join(entry.astext().split()) for entry in row.findall(nodes.entry)),
                    strict=False,
                )
            )
            line = min((place.line for place in row.findall(nodes.paragraph) if place.line), default=0)
            if {COMMAND, STATES, TASKS, TARGET} <= set(cells):
                listed = [_items(cells[head]) for head in (STATES, TASKS, TARGET)]
                requirements.append(Requirement(line, cells[COMMAND], *listed))
            elif {STATE, COMMANDS} <= set(cells):
                state_commands.append(StateCommands(line, cells[STATE], _items(cells[COMMANDS])))
    return tuple(requirements), tuple(state_commands)


def _items(cell: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in cell.split(",") if item.strip())


def _read_graph(
    text: str,
) -> tuple[int | None, tuple[Transition, ...], dict[str, int], tuple[tuple[int, str], ...]]:
    """The first graph of the page. A node without a label is called by its id, as graphviz does."""
    start: int | None = None
    margin = 0
    labels: dict[str, str] = {}
    lines: dict[str, int] = {}
    edges: list[tuple[int, str, str]] = []
    statements: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if start is None:
            opening = DIRECTIVE.match(line)
            if opening:
                start, margin = number, len(opening.group(1))
            continue
        if line.strip() and len(line) - len(line.lstrip()) <= margin:
            break
        code = line.partition("//")[0]
        if edge := EDGE.match(code):
            edges.append((number, edge.group(1), edge.group(2)))
        elif node := NODE.match(code):
            labels[node.group(1)], lines[node.group(2)] = node.group(2), number
        elif label := LABEL.match(code):
            statements.append((number, label.group(1)))
    transitions = tuple(Transition(at, labels.get(source, source), labels.get(to, to)) for at, source, to in edges)
    for transition in transitions:
        for end in (transition.source, transition.target):
            lines.setdefault(end, transition.line)
    return start, transitions, lines, tuple(statements)
