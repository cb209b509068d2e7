"""Functions that judge an instance's state by tests of their own: a helper that refuses, or one that says yes or no.

Some judge by a word that they are given (``action``): each word is a judgement of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from checks.conformance.source.facts import Asked, Need, StateName, Unresolved
from checks.conformance.source.guards import DECORATORS, OWN_TESTS, mentions_state, refuses, statements
from checks.conformance.source.interpret import Interpreter, Path
from checks.conformance.source.tree import Definition, SourceTree, text_of
from checks.conformance.source.values import VARIABLES, Literal, State, Unknown, Value

MANAGER = "nova/compute/manager.py"
NO_TASK = "None"
Triple = tuple[StateName, ...]


def read_judgements(
    tree: SourceTree, vocabulary: dict[str, Value], domains: dict[str, tuple[str, ...]]
) -> tuple[list[Asked], list[Unresolved]]:
    """What each function accepts that only judges, for each of its words, and those that could not be determined."""
    asked: list[Asked] = []
    unresolved: list[Unresolved] = []
    for module in tree.writers():
        for definition in module.definitions.values():
            refusals = _refusals(definition) if module.file.startswith(OWN_TESTS) else []
            if refusals or (module.file == MANAGER and _says_yes_or_no(definition)):
                variables = VARIABLES[: 2 if refusals else 3]
                for word in _words(definition) or [None]:
                    place = definition.place(refusals[0] if refusals else definition.node)
                    accepted = _accepted(tree, definition, word, vocabulary, domains, variables)
                    values = [sorted({state[n] for state in accepted or ()}, key=str) for n in range(len(variables))]
                    if accepted is None or len(accepted) != len(list(product(*values))):
                        unresolved.append(Unresolved(place, "which states this accepts could not be determined"))
                        continue
                    needs = tuple(
                        Need(
                            place, variable, tuple(NO_TASK if v is None else v for v in found), None, word or "its test"
                        )
                        for variable, found in zip(variables, values, strict=True)
                    )
                    asked.append(Asked(definition.place(definition.node), needs, variables, word))
    return asked, unresolved


def _refusals(definition: Definition) -> list[ast.If]:
    """The tests by which an undecorated function of the API refuses a state."""
    decorated = any(name in text_of(node) for node in definition.node.decorator_list for name in DECORATORS)
    if decorated or definition.name.split(".")[0] in DECORATORS:
        return []
    return [
        node
        for node in statements(definition.node)
        if isinstance(node, ast.If) and mentions_state(node.test) and refuses(node.body)
    ]


def _says_yes_or_no(definition: Definition) -> bool:
    returned = [node.value for node in statements(definition.node) if isinstance(node, ast.Return)]
    return (
        len(returned) > 1
        and all(isinstance(value, ast.Constant) and isinstance(value.value, bool) for value in returned)
        and any(isinstance(node, ast.If) and mentions_state(node.test) for node in definition.node.body)
    )


def _words(definition: Definition) -> list[str | None]:
    """The comparisons of a parameter with a word, each as text."""
    parameters = {argument.arg for argument in definition.node.args.args}
    return list(
        dict.fromkeys(
            text_of(node)
            for node in statements(definition.node)
            if isinstance(node, ast.Compare)
            and isinstance(node.ops[0], ast.Eq)
            and isinstance(node.left, ast.Name)
            and node.left.id in parameters
        )
    )


class _Given(ast.NodeTransformer):
    """The function as it runs when of the comparisons in *words* only *word* holds."""

    def __init__(self, words: list[str | None], word: str | None) -> None:
        self.words, self.word = words, word

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        text = ast.unparse(node)
        return ast.copy_location(ast.Constant(text == self.word), node) if text in self.words else node


def _accepted(
    tree: SourceTree,
    definition: Definition,
    word: str | None,
    vocabulary: dict[str, Value],
    domains: dict[str, tuple[str, ...]],
    variables: tuple[str, ...],
) -> set[Triple] | None:
    """The states that are accepted with *word*; None when of one of them it is not known."""
    given = replace(
        definition, node=_Given(_words(definition), word).visit(ast.parse(text_of(definition.node)).body[0])
    )
    found: set[Triple] = set()
    for state in product(*(((None,) if name == "task_state" else ()) + domains[name] for name in variables)):
        record: dict[str, Value] = {
            name: Literal(None) if value is None else State(name, value)
            for name, value in zip(variables, state, strict=True)
        }
        answers = set(_answers(Interpreter(tree, vocabulary, Unknown("power_state")), given, record))
        if len(answers) != 1 or None in answers:
            return None
        if answers == {True}:
            found.add(state)
    return found


def _answers(interpreter: Interpreter, given: Definition, record: dict[str, Value]) -> Iterator[bool | None]:
    """Whether *record* is accepted, on each path."""
    refusals = _refusals(given)
    if refusals:
        known = [answer for node in refusals for answer in interpreter.holds(given, node.test, Path({}, record))]
        yield False if True in known else None if None in known else True
        return
    for end in interpreter.run(given, Path({}, record)):
        yield end.result.value if isinstance(end.result, Literal) and isinstance(end.result.value, bool) else None
