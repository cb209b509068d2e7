"""Every save of the state variables in a source tree, with the values it writes and the task that it expects.

A helper whose arguments decide what is written is followed from each of its callers, so that a write is known by
the place that decides its values; the helper itself is kept too, marked generic.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from checks.conformance.source.binding import bind
from checks.conformance.source.evaluate import Environment, Scope, keywords
from checks.conformance.source.facts import Place, StateName, Unresolved, Write
from checks.conformance.source.paths import Explorer
from checks.conformance.source.trail import Save
from checks.conformance.source.tree import Definition, SourceTree
from checks.conformance.source.values import VARIABLES, Literal, Mapping, Parameter, Sequence, Value, atom

ROUNDS = 12


@dataclass(slots=True)
class Writers:
    """The functions that write states, by citation: those whose callers decide what (``helpers``), and the savers."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    mentions: dict[str, frozenset[str]] = field(default_factory=dict)
    helpers: set[str] = field(default_factory=set)
    savers: set[str] = field(default_factory=set)
    producers: set[str] = field(default_factory=set)
    touching: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)

    def follow(self, definition: Definition, takes_dirty: bool) -> bool:  # noqa: FBT001 - one more fact about the call
        """Whether a call of *definition* must be entered to know what is written."""
        name = definition.citation
        return name in self.helpers or name in self.producers or (takes_dirty and name in self.savers)

    def followed_names(self) -> frozenset[str]:
        """The last parts of the names of the functions that are followed."""
        return frozenset(re.split(r"[.:]", name)[-1] for name in self.helpers | self.producers)


def read_writes(tree: SourceTree, vocabulary: dict[str, Value]) -> tuple[list[Write], list[Unresolved]]:
    """The writes of *tree*, and those whose values could not be determined, both by place."""
    writers = _find_writers(tree)
    callbacks = _callbacks(tree, vocabulary)
    results: dict[str, Explorer] = {}
    pending = set(writers.touching)
    for _ in range(ROUNDS):
        before = set(writers.helpers)
        for name in sorted(pending):
            explorer = Explorer(tree, vocabulary, writers.follow, callbacks, writers.followed_names())
            explorer.explore(writers.definitions[name])
            results[name] = explorer
            writers.decided |= explorer.depends
            writers.helpers |= explorer.depends | _owners(explorer.saves)
            if explorer.left_dirty:
                writers.helpers.add(name)
        new = writers.helpers - before
        if not new:
            break
        simple = {name.rpartition(".")[2].rpartition(":")[2] for name in new}
        closures = {name.rpartition(".")[0] for name in new}
        pending = {
            name for name in writers.definitions if writers.mentions[name] & simple or name in closures or name in new
        }
    saves = [save for explorer in results.values() for save in explorer.saves]
    undetermined = [
        Unresolved(place, f"what {text} writes could not be determined")
        for place, text in sorted({item for explorer in results.values() for item in explorer.undetermined})
    ]
    truncated = [
        Unresolved(writers.definitions[name].place(writers.definitions[name].node), "too many paths to follow them all")
        for name, explorer in results.items()
        if explorer.truncated
    ]
    return _writes(saves, writers), truncated + undetermined + _undetermined(saves)


def _find_writers(tree: SourceTree) -> Writers:
    writers = Writers()
    for module in tree.writers():
        for definition in module.definitions.values():
            about = _looked_at(definition.node)
            if about.saves:
                writers.savers.add(definition.citation)
            if about.produces:
                writers.producers.add(definition.citation)
            if not definition.is_closure:
                writers.definitions[definition.citation] = definition
                writers.mentions[definition.citation] = about.mentions
                if about.touches:
                    writers.touching.add(definition.citation)
    return writers


@dataclass(frozen=True, slots=True)
class _About:
    """What one look at a function tells: the names in it, whether it saves, names a state variable, returns one."""

    mentions: frozenset[str]
    saves: bool
    touches: bool
    produces: bool


def _looked_at(function: ast.AST) -> _About:
    mentions: set[str] = set()
    saves = names_variable = builds = returns = False
    for node in ast.walk(function):
        match node:
            case ast.Attribute(_, name):
                mentions.add(name)
                names_variable = names_variable or (name in VARIABLES and isinstance(node.ctx, ast.Store))
            case ast.Name(name):
                mentions.add(name)
            case ast.Constant(name) if name in VARIABLES:
                names_variable = True
            case ast.Call(ast.Attribute(_, "save" | "create")):
                saves = True
            case ast.Return(value) if value is not None:
                returns = True
            case ast.Dict(keys):
                builds = builds or any(isinstance(key, ast.Constant) and key.value in VARIABLES for key in keys)
    return _About(frozenset(mentions), saves, saves or names_variable, builds and returns)


def _callbacks(tree: SourceTree, vocabulary: dict[str, Value]) -> dict[str, list[tuple[Place, Mapping]]]:
    """The calls of functions that were passed as arguments: by the argument's name, where, and with what."""
    found: dict[str, list[tuple[Place, Mapping]]] = {}
    for module in tree.writers():
        for definition in module.definitions.values():
            parameters = {a.arg for a in (*definition.node.args.args, *definition.node.args.kwonlyargs)}
            env = Environment(bind(definition, None, {}, vocabulary))
            for node in ast.walk(definition.node):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in parameters:
                    for given in keywords(node, env, Scope(definition, vocabulary)):
                        if isinstance(given, Mapping) and given.items:
                            found.setdefault(node.func.id, []).append((definition.place(node), given))
    return found


def _parameters(value: Value | None) -> Iterator[Parameter]:
    if isinstance(value, Parameter):
        yield value
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from _parameters(item)


def _all_parameters(save: Save) -> list[Parameter]:
    values = [save.expected, save.expected_vm, *(value for _, value in save.sets)]
    return [parameter for value in values for parameter in _parameters(value)]


def _owners(saves: list[Save]) -> set[str]:
    return {parameter.owner for save in saves for parameter in _all_parameters(save)}


def _writes(saves: list[Save], writers: Writers) -> list[Write]:
    candidates: dict[tuple[Place, ...], dict[str, Write]] = {}
    for save in saves:
        if save.kind == "none":
            continue
        decided_by_caller = len(save.places) == 1 and save.places[0].citation in writers.decided
        write = Write(
            save.places,
            save.kind,
            _expected(save.expected),
            _expected(save.expected_vm),
            _sets(save.sets),
            bool(_all_parameters(save)) or decided_by_caller,
        )
        candidates.setdefault(write.places, {})[_values(write)] = write
    followed = {write.save for places, group in candidates.items() if len(places) > 1 for write in group.values()}
    found = []
    for places, group in candidates.items():
        for values, write in group.items():
            shorter = (candidates.get(places[start:], {}).get(values) for start in range(1, len(places)))
            if any(other is not None and not other.generic for other in shorter):
                continue
            lonely = len(places) == 1 and write.save not in followed and "$" not in values.replace("$driver", "")
            found.append(replace(write, generic=False) if lonely else write)
    return sorted(found, key=_order)


def _values(write: Write) -> str:
    return repr((write.kind, write.expected, write.expected_vm, sorted(write.sets.items())))


def _order(write: Write) -> tuple[object, ...]:
    return (write.save, write.places, str(write.expected), str(sorted(write.sets.items(), key=str)))


def _sets(sets: tuple[tuple[str, Value], ...]) -> dict[str, StateName]:
    named = dict(sets)
    if "*" in named:
        rest = named.pop("*")
        named = {variable: named.get(variable, rest) for variable in VARIABLES}
    return {variable: atom(named[variable]) for variable in VARIABLES if variable in named}


def _expected(value: Value | None) -> tuple[StateName, ...] | None:
    if value is None or value == Literal(None):
        return None
    items = value.items if isinstance(value, Sequence) else (value,)
    return tuple(sorted({atom(item) for item in items}, key=lambda name: (name is not None, str(name))))


def _undetermined(saves: list[Save]) -> list[Unresolved]:
    found: dict[Unresolved, None] = {}
    known = {save.places[-1] for save in saves if not _all_parameters(save)}
    for save in saves:
        parameters = _all_parameters(save)
        if parameters and save.places[-1] not in known:
            names = ", ".join(sorted({parameter.name for parameter in parameters}))
            found[Unresolved(save.places[-1], f"no call was found that decides {names}")] = None
        for name in (*(_expected(save.expected) or ()), *_sets(save.sets).values()):
            if name is not None and name.startswith("$?"):
                found[Unresolved(save.places[0], f"the value {name[2:]} could not be determined")] = None
    return sorted(found, key=lambda unresolved: (unresolved.place, unresolved.what))
