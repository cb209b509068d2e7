"""The obligations of a proof as SMT-LIB 2.6 files, so that a solver that this program does not use can judge them.

Each file asks one question of one scenario and says what the answer must be: ``unsat``.  It holds only the definitions
that its question needs.  A file stands for itself: any solver of ``QF_BV`` (``QF_LIA`` for the rankings) reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from checks.anatomy import Anatomy
from checks.candidate import candidate
from checks.graph.product import Product, Remembers, remembers
from checks.graph.search import decide
from checks.graph.view import View
from checks.properties.catalogue import asked, formulas, properties
from checks.properties.definition import Always, Leaves, Property
from checks.smt.prove import Questions, pose, ranking
from checks.smt.system import System
from checks.smt.text import disjunction
from checks.smt.transition import Phase
from checks.spaces import explored
from model.forget import assumed
from model.lifecycle import Lifecycle
from model.semantics import Semantics

_NAME = re.compile(r"[A-Za-z_]\w*")
_NAMED = re.compile(r"\((?:declare-const|define-fun) (\w+)")


def write_obligations(lifecycle: Lifecycle, folder: Path, scenarios: Iterable[str]) -> list[Path]:
    """Write every obligation of *scenarios* into *folder*, and return the files in their order.

    A file is named ``SCENARIO.NUMBER.QUESTION.smt2``: the number is that of the group of properties that are proved by
    one invariant; the questions are ``initial`` and ``closed`` (the invariant is one), a property's id (it is violated
    only as listed) and ``ranking`` (the ranks fall with every step).  A question that folding constants answers while
    it is written has no file.  Raises KeyError for an unknown scenario.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name in scenarios:
        for number, questions in enumerate(_questions(lifecycle, name)):
            for question, text in _texts(questions):
                path = folder / f"{name}.{number}.{question}.smt2"
                path.write_text(text, encoding="ascii")
                written.append(path)
    return written


def _questions(lifecycle: Lifecycle, name: str) -> Iterator[Questions]:
    """What is asked of one scenario: properties that remember the same of the past share an invariant."""
    scenario = lifecycle.scenarios[name]
    smaller = assumed(lifecycle, name)
    found = explored(Semantics(smaller), scenario)
    view = View(found.space, Anatomy(smaller), found.disturbed)
    groups: dict[Remembers, list[Property]] = {}
    for one in properties(smaller):
        if isinstance(one.form, (Always, Leaves)) and asked(one, scenario):
            groups.setdefault(remembers(formulas(one)), []).append(one)
    for what, together in groups.items():
        product = Product(view, what)
        phases = [Phase(scenario)]
        if found.disturbed is not None:
            phases = [Phase(scenario, after=1), Phase(scenario, disturbed=True)]
        system = System(smaller, phases, candidate(product), view.anatomy)
        listed = {one: {name: frozenset(decide(view, product, one).witnesses)} for one in together}
        yield pose(system, listed)


def _texts(questions: Questions) -> Iterator[tuple[str, str]]:
    """Each question with its file's text."""
    definitions: dict[str, str] = {}
    domains: dict[str, str] = {}
    for line in questions.system.script.text().splitlines():
        named = _NAMED.match(line)
        if named is not None:
            definitions[named.group(1)] = line
        elif line.startswith("(assert"):
            (variable,) = (name for name in _NAME.findall(line) if name in definitions)
            domains[variable] = line
    for question, obligations in questions.asked.items():
        if obligations:
            claim = disjunction(obligations)
            lines = [*_needed(claim, definitions, domains), f"(assert {claim})"]
            yield question, _file("QF_BV", lines)
    ranks = ranking(questions.onward)
    if ranks:
        falls = " ".join(f"(> {ranks[before]} {ranks[after]})" for before, after in sorted(questions.onward))
        yield "ranking", _file("QF_LIA", [f"(assert (not (and true {falls})))"])


def _needed(claim: str, definitions: dict[str, str], domains: dict[str, str]) -> Iterator[str]:
    """The definitions that *claim* rests on, in their order."""
    wanted: set[str] = set()
    todo = [claim]
    while todo:
        for name in _NAME.findall(todo.pop()):
            if name in definitions and name not in wanted:
                wanted.add(name)
                todo.append(definitions[name])
    for name, line in definitions.items():
        if name in wanted:
            yield line
            if name in domains:
                yield domains[name]


def _file(logic: str, lines: Iterable[str]) -> str:
    return "\n".join([f"(set-logic {logic})", "(set-info :status unsat)", *lines, "(check-sat)"]) + "\n"
