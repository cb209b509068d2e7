"""What nova-compute does to an instance when it starts: the branches in order, and the result for every state."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from checks.conformance.source.facts import Branch, Place, Recovery, StateName, Unresolved, Write
from checks.conformance.source.interpret import Interpreter, Path, all_states
from checks.conformance.source.tree import Definition, SourceTree
from checks.conformance.source.values import Value, atom

FILE = "nova/compute/manager.py"
OWNER = "ComputeManager"
NAME = "_init_instance"
ENTERED = ("_set_instance_obj_error_state", "_reset_live_migration")
QUIET = ("driver.plug_vifs",)


def read_recovery(
    tree: SourceTree, vocabulary: dict[str, Value], domains: dict[str, tuple[str, ...]], writes: Sequence[Write]
) -> tuple[list[Branch], list[Recovery], list[Unresolved]]:
    """The branches of start-up recovery in order, and what becomes of every (vm_state, task_state, power_state)."""
    module = tree.module(FILE)
    definition = module.find(NAME, OWNER) if module else None
    if definition is None:
        return [], [], [Unresolved(Place(FILE, OWNER, 1), f"no {NAME} could be read")]
    return _branches(definition, writes), _table(tree, definition, vocabulary, domains), []


def _branches(definition: Definition, writes: Sequence[Write]) -> list[Branch]:
    found: list[Branch] = []

    def add(node: ast.AST, condition: str, body: list[ast.stmt]) -> None:
        first, last = body[0].lineno, body[-1].end_lineno or body[-1].lineno
        own: list[dict[str, StateName]] = []
        for write in writes:
            in_branch = write.place.citation == definition.citation and first <= write.place.line <= last
            if in_branch and write.sets and dict(write.sets) not in own:
                own.append(dict(write.sets))
        stops = isinstance(body[-1], ast.Return)
        found.append(Branch(definition.place(node), len(found) + 1, condition, _calls(body), tuple(own), stops))

    for statement in definition.node.body:
        match statement:
            case ast.If():
                node: ast.stmt = statement
                while isinstance(node, ast.If):
                    add(node, ast.unparse(node.test), node.body)
                    if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                        node = node.orelse[0]
                    else:
                        if node.orelse:
                            add(node.orelse[0], "otherwise", node.orelse)
                        break
            case ast.Try():
                tried = next(iter(_calls(statement.body)), "the block")
                for handler in statement.handlers:
                    raised = ast.unparse(handler.type) if handler.type else "any exception"
                    add(handler, f"{tried} raises {raised}", handler.body)
    return found


def _calls(body: list[ast.stmt]) -> tuple[str, ...]:
    names = [
        ast.unparse(node.func).removeprefix("self.")
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("self.")
    ]
    return tuple(dict.fromkeys(names))


def _table(
    tree: SourceTree, definition: Definition, vocabulary: dict[str, Value], domains: dict[str, tuple[str, ...]]
) -> list[Recovery]:
    entered = frozenset(f"{OWNER}.{name}" for name in ENTERED)
    found = []
    for vm, task, power in all_states(domains):
        record: dict[str, Value] = {"vm_state": vm, "task_state": task, "power_state": power}
        interpreter = Interpreter(tree, vocabulary, power, entered)
        outcomes = {_outcome(path, record) for path in interpreter.run(definition, Path({}, record))}
        found.append(Recovery(vm.name, atom(task), power.name, tuple(sorted(outcomes))))
    return found


def _outcome(path: Path, before: dict[str, Value]) -> tuple[str, ...]:
    """What was called, then how the record ends, in words that sort and compare."""
    calls = [action for action in path.actions if action not in ("save", *QUIET)]
    changed = [
        f"{variable}={atom(path.record[variable])}"
        for variable in ("vm_state", "task_state")
        if path.record[variable] != before[variable]
    ]
    return (*calls, *changed)
