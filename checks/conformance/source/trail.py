"""What is known while the paths of a function are followed: where one stands, and what was seen."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable as Predicate
from dataclasses import dataclass, field

from checks.conformance.source.evaluate import Environment, Scope
from checks.conformance.source.facts import Place
from checks.conformance.source.relevant import awaited_calls, relevant_names
from checks.conformance.source.tree import Definition, SourceTree
from checks.conformance.source.values import Mapping, Value

PATH_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Save:
    """A save as one path reaches it: the calls that led to it, and the values."""

    places: tuple[Place, ...]
    kind: str
    expected: Value | None
    expected_vm: Value | None
    sets: tuple[tuple[str, Value], ...]
    record: str


@dataclass(slots=True)
class Outcome:
    """Where the paths of a block end: after it, or out of the function."""

    after: list[Environment] = field(default_factory=list)
    gone: list[Environment] = field(default_factory=list)


@dataclass
class Trail(ABC):
    """The trail of paths.  ``follow`` says which calls to enter; ``saves`` collects what was seen."""

    tree: SourceTree
    vocabulary: dict[str, Value]
    follow: Predicate[[Definition, bool], bool]
    callbacks: dict[str, list[tuple[Place, Mapping]]]
    followed_names: frozenset[str] = frozenset()
    saves: list[Save] = field(default_factory=list)
    depends: set[str] = field(default_factory=set)
    left_dirty: bool = False
    truncated: bool = False
    undetermined: set[tuple[Place, str]] = field(default_factory=set)
    _stack: list[Place] = field(default_factory=list)
    _scopes: list[Definition] = field(default_factory=list)
    _points: list[list[Environment]] = field(default_factory=list)
    _tracked: dict[ast.AST, frozenset[str]] = field(default_factory=dict)
    _awaited: set[ast.Call] = field(default_factory=set)
    _returned: list[list[tuple[Environment, Value]]] = field(default_factory=list)

    @abstractmethod
    def _body(self, definition: Definition, env: Environment) -> Outcome:
        """Follow the body of *definition*; where its paths end."""

    @property
    def _scope(self) -> Scope:
        return Scope(self._scopes[-1], self.vocabulary)

    def _names_that_matter(self) -> frozenset[str]:
        node = self._scopes[-1].node
        if node not in self._tracked:
            self._tracked[node] = relevant_names(node, self.followed_names)
            self._awaited |= awaited_calls(node)
        return self._tracked[node]

    def _distinct(self, envs: list[Environment]) -> list[Environment]:
        if len(envs) < 2:
            return envs
        found = {env.signature(): env for env in envs}
        if len(found) > PATH_LIMIT:
            self.truncated = True
        return list(found.values())[:PATH_LIMIT]


def copied(dirty: dict[str, dict[str, Value]]) -> dict[str, dict[str, Value]]:
    """A copy of what is changed and not saved."""
    return {key: dict(fields) for key, fields in dirty.items()}
