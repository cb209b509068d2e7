"""What is computed of a node of a syntax tree is kept on the node, and so no longer than its tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

Node = TypeVar("Node", bound=ast.AST)
Rest = ParamSpec("Rest")
Result = TypeVar("Result")


def kept(function: Callable[Concatenate[Node, Rest], Result]) -> Callable[Concatenate[Node, Rest], Result]:
    """*function* of a node (and further arguments, by position), computed once for each."""

    @wraps(function)
    def answered(node: Node, /, *rest: Rest.args, **named: Rest.kwargs) -> Result:
        held: dict[Hashable, Any] = vars(node).setdefault("_kept", {})
        key = (function.__qualname__, rest)
        if key not in held:
            held[key] = function(node, *rest, **named)
        result: Result = held[key]
        return result

    return answered
