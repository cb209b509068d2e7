"""Which names, calls and blocks of a function can matter for what is written: the others need no paths."""

from __future__ import annotations

import ast

from checks.conformance.source.kept import kept
from checks.conformance.source.tree import text_of
from checks.conformance.source.values import VARIABLES

SINKS = ("save", "create", "update", "setattr", "Instance", "partial")


def is_instance(node: ast.expr) -> bool:
    """Whether *node* is called as Nova calls an instance's record."""
    last = text_of(node).rpartition(".")[2].lstrip("_")
    return last == "inst" or last.endswith("instance")


@kept
def calls_in(node: ast.expr) -> tuple[ast.Call, ...]:
    """The calls of an expression, inner ones first, without those of lambdas."""
    found: list[ast.Call] = []

    def visit(current: ast.AST) -> None:
        if isinstance(current, ast.Lambda):
            return
        for child in ast.iter_child_nodes(current):
            visit(child)
        if isinstance(current, ast.Call):
            found.append(current)

    visit(node)
    return tuple(found)


def writes(body: list[ast.stmt]) -> bool:
    """Whether *body* assigns a state variable."""
    return any(
        isinstance(node, ast.Attribute) and node.attr in VARIABLES and isinstance(node.ctx, ast.Store)
        for statement in body
        for node in ast.walk(statement)
    )


@kept
def relevant_names(function: ast.AST, followed: frozenset[str]) -> frozenset[str]:
    """The local names that can reach a state variable, a save, an argument or a test: the others need no paths."""
    wanted: set[str] = set()
    sources: dict[str, set[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            loads = _names_in(node.value)
            for target in node.targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                        sources.setdefault(name.id, set()).update(loads)
                if isinstance(target, ast.Attribute) and target.attr in VARIABLES:
                    wanted |= loads | _names_in(target)
        elif isinstance(node, ast.Call):
            called = text_of(node.func).rpartition(".")[2]
            if called in followed or called in SINKS:
                for argument in (*node.args, *(k.value for k in node.keywords)):
                    wanted |= _names_in(argument)
            if isinstance(node.func, ast.Attribute) and node.func.attr in SINKS:
                wanted |= _names_in(node.func.value)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and carried_record(node.value):
            wanted |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and _names_in(node.left) & wanted:
            wanted |= {name.id for right in node.comparators for name in [right] if isinstance(name, ast.Name)}
        elif isinstance(node, ast.Compare) and any(_names_in(right) & wanted for right in node.comparators):
            wanted |= {node.left.id} if isinstance(node.left, ast.Name) else set()
    queue = list(wanted)
    while queue:
        for source in sources.get(queue.pop(), ()):
            if source not in wanted:
                wanted.add(source)
                queue.append(source)
    return frozenset(wanted & set(sources))


def carried_record(node: ast.Call) -> ast.expr | None:
    """The instance that a call makes an object of, as ``BuildRequest(instance=...)`` does."""
    made = text_of(node.func).rpartition(".")[2]
    return next((k.value for k in node.keywords if k.arg == "instance" and made[:1].isupper()), None)


@kept
def awaited_calls(function: ast.AST) -> frozenset[ast.Call]:
    """The calls whose result a record is updated with: what they return decides what is written."""
    given = {
        argument.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "update"
        and is_instance(node.func.value)
        for argument in node.args
        if isinstance(argument, ast.Name)
    }
    return frozenset(
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and any(isinstance(target, ast.Name) and target.id in given for target in node.targets)
    )


def _names_in(node: ast.AST) -> set[str]:
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
