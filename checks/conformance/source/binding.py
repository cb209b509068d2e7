"""What a function's names stand for when it is entered, and what its result means to its caller."""

from __future__ import annotations

import ast

from checks.conformance.source.evaluate import Environment, Scope, evaluate
from checks.conformance.source.relevant import is_instance
from checks.conformance.source.tree import Definition
from checks.conformance.source.values import (
    VARIABLES,
    Fresh,
    Literal,
    Mapping,
    Parameter,
    Record,
    Sequence,
    Unknown,
    Value,
)


def bind(
    definition: Definition,
    given: tuple[list[Value], Mapping] | None,
    closure: dict[str, Value],
    vocabulary: dict[str, Value],
) -> dict[str, Value]:
    """What the names of a function stand for on entry: its arguments, defaults, and what it closes over.

    With *given* None every parameter is unknown, save that a record stays a record.
    """
    arguments = definition.node.args
    owner = definition.citation
    names = dict(closure)
    listed = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[str, ast.expr] = dict(
        zip([a.arg for a in listed[len(listed) - len(arguments.defaults) :]], arguments.defaults, strict=True)
    )
    defaults.update({a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d})
    everything = [a.arg for a in (*listed, *arguments.kwonlyargs)]
    if arguments.kwarg:
        names[arguments.kwarg.arg] = Parameter(arguments.kwarg.arg, owner)
    for name in everything:
        names.pop(name, None)
        if not is_instance(ast.Name(name)) and name not in ("self", "cls", "context"):
            names[name] = Parameter(name, owner)
    if given is None:
        return names
    positional, named = given
    names.pop("self", None)
    ordered = [a.arg for a in listed if a.arg not in ("self", "cls")]
    bound = dict(zip(ordered, positional, strict=False))
    extra: list[tuple[Value, Value]] = []
    for key, value in named.items:
        if isinstance(key, Literal) and isinstance(key.value, str) and key.value in everything:
            bound[key.value] = value
        else:
            extra.append((key, value))
    names.update(bound)
    for name, default in defaults.items():
        if name not in bound:
            names[name] = evaluate(default, Environment(dict(closure)), Scope(definition, vocabulary))[0]
    if arguments.kwarg:
        names[arguments.kwarg.arg] = Mapping(tuple(extra))
    return names


def shared(value: Value) -> Value | None:
    """*value* if it means the same to a caller: a record, or data that holds no name of the callee."""
    match value:
        case Mapping(items):
            return Mapping(tuple(pair for pair in items if not is_other_name(pair[0])))
        case Record() | Fresh():
            return value
        case Sequence(items) if any(isinstance(item, Record | Mapping) for item in items):
            return Sequence(tuple(shared(item) or Unknown("") for item in items))
    return None


def is_other_name(key: Value) -> bool:
    """Whether the key of an item names neither a state nor a state variable."""
    return isinstance(key, Literal) and isinstance(key.value, str) and key.value not in VARIABLES
