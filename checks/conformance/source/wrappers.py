"""What surrounds a method and decides what a failure does: decorators, context managers, locks."""

from __future__ import annotations

import ast

from checks.conformance.source.facts import Wrapper
from checks.conformance.source.tree import Definition, SourceTree

FILES = (
    "nova/compute/api.py",
    "nova/compute/manager.py",
    "nova/conductor/manager.py",
    "nova/conductor/tasks/",
)
LOCKS = ("synchronized",)
CONTEXTS = ("_error_out_instance_on_exception", "errors_out_migration_ctxt", "save_and_reraise_exception")


def read_wrappers(tree: SourceTree) -> list[Wrapper]:
    """The decorators of every function of the API, the conductor and the compute manager, by place.

    With them come the context managers of the same purpose inside those functions.
    """
    found: list[Wrapper] = []
    for module in tree.writers():
        if module.file.startswith(FILES):
            for definition in module.definitions.values():
                found.extend(_wrapper(definition, node, "decorator") for node in definition.node.decorator_list)
                found.extend(_contexts(definition))
    return sorted(found, key=lambda wrapper: (wrapper.place, wrapper.name))


def _wrapper(definition: Definition, node: ast.expr, kind: str) -> Wrapper:
    name = ast.unparse(node)
    arguments: tuple[str, ...] = ()
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        arguments = tuple(ast.unparse(a) for a in (*node.args, *node.keywords))
    if name.rpartition(".")[2] in LOCKS:
        kind = "lock"
    return Wrapper(definition.place(node), name, arguments, kind)


def _contexts(definition: Definition) -> list[Wrapper]:
    found = []
    queue: list[ast.AST] = list(definition.node.body)
    while queue:
        node = queue.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.With):
            for item in node.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in (*CONTEXTS, *LOCKS):
                    found.append(_wrapper(definition, call, "context"))
        queue.extend(ast.iter_child_nodes(node))
    return found
