"""The obligations of a proof as SMT-LIB 2.6 files, so that a solver that this program does not use can judge them.

They are those that z3 is asked.  Each file asks some of one question of one scenario and says what the answer must be:
``unsat``.  It holds only the definitions that its obligations need.  A file stands for itself: any solver of ``QF_BV``
(``QF_LIA`` for the rankings) reads it.

What follows from the files together no file says.  What is initial, and closed under every step, holds of all
executions.  A process whose rank falls with each of its steps ends.  Where some step keeps the distance and lowers the
rank, or starts a process and lowers the distance, there is a way to the goal.  And a ranking is of the steps between
control points that were found while the questions were written: that these are all is not asked of a solver.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from checks.anatomy import Anatomy
from checks.claims import claimed, with_all_variables
from checks.graph.search import decide
from checks.graph.view import View
from checks.properties.catalogue import asked, properties
from checks.properties.definition import OfTables
from checks.show import Ground
from checks.smt.distance import posed
from checks.smt.prove import Questions, in_portions, ranking
from checks.smt.second import Task, of_invariant
from checks.smt.text import disjunction
from checks.spaces import explored
from model.forget import assumed
from model.lifecycle import Lifecycle
from model.semantics import Semantics

#: Obligations of a file, at most: many of one question rest on the same definitions, and a solver reads them once.
IN_A_FILE = 400
_NAME = re.compile(r"[A-Za-z_]\w*")
_NAMED = re.compile(r"\((?:declare-const|define-fun) (\w+)")


def write_obligations(lifecycle: Lifecycle, folder: Path, scenarios: Iterable[str]) -> list[Path]:
    """Write every obligation of *scenarios*, of one request at a time, into *folder*; return the files in their order.

    A file is named ``SCENARIO.PROOF.QUESTION.PART.smt2``.  The proof is ``invariant``, or the id of a property that
    something is possible.  The questions of an invariant are ``initial`` and ``closed`` (it is one), a property's id
    (it is violated only as listed) and ``ranking`` (the ranks fall with every step); those of what is possible are told
    by :func:`checks.smt.distance.posed`, and ``ranking``.  Parts are counted from 0.  A question that folding constants
    answers while it is written has no file; nor has a property that z3 is not asked.  Raises KeyError for an unknown
    scenario.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name in scenarios:
        for told, text in obligations(task_of(lifecycle, name)):
            path = folder / f"{name}.{told}.smt2"
            path.write_text(text, encoding="ascii")
            written.append(path)
    return written


def task_of(lifecycle: Lifecycle, name: str) -> Task:
    """What z3 is asked of the scenario *name*, everything, with what the graph search claims."""
    scenario, smaller, full = lifecycle.scenarios[name], assumed(lifecycle, name), Semantics(lifecycle)
    found = explored(full if smaller is lifecycle else Semantics(smaller), scenario)
    ground = Ground(scenario, full, View(found.space, Anatomy(smaller), found.disturbed), found.bound)
    decisions = {
        one: decide(ground.view, ground.product(one), one)
        for one in properties(smaller)
        if not isinstance(one.form, OfTables) and asked(one, scenario)
    }
    return claimed(ground, decisions, with_all_variables(ground, decisions), named=True)


def obligations(task: Task) -> Iterator[tuple[str, str]]:
    """The text of each file of *task*, with its ``PROOF.QUESTION.PART``."""
    for proof, questions in _proofs(task):
        parts: dict[str, int] = {}
        for question, text in _texts(questions):
            part = parts[question] = parts.get(question, -1) + 1
            yield f"{proof}.{question}.{part}", text


def _proofs(task: Task) -> Iterator[tuple[str, Questions]]:
    """The questions of each proof; that nothing else is reached is the same in all claims of what is possible.

    Where every state is asked, too, a proof has those questions of its own.
    """
    if task.claimed is not None:
        yield "invariant", of_invariant(task, task.claimed)
    closed = False
    for one, claim in task.distances.items():
        closes = claim.closed and not closed
        closed |= closes
        yield one.id, posed(task.full, task.scenario, one, task.listed[one], claim, closes=closes)


def _texts(questions: Questions) -> Iterator[tuple[str, str]]:
    """Each portion of a question with its file's text."""
    definitions = _Definitions(questions.system.script.lines)
    for question, portion in in_portions(questions, IN_A_FILE):
        claim = disjunction(portion)
        yield question, _file("QF_BV", [*definitions.needed(claim), f"(assert {claim})"])
    if questions.onward:
        # Where steps go round there are no ranks that fall, and a file that says of zeros that they do is refuted.
        ranks = ranking(questions.onward) or dict.fromkeys({point for edge in questions.onward for point in edge}, 0)
        falls = " ".join(f"(> {ranks[before]} {ranks[after]})" for before, after in sorted(questions.onward))
        yield "ranking", _file("QF_LIA", [f"(assert (not (and true {falls})))"])


class _Definitions:
    """The *lines* of a script: what each name means, and the domain of each variable."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines: dict[str, str] = {}
        self.domains: dict[str, str] = {}
        for line in lines:
            named = _NAMED.match(line)
            if named is not None:
                self.lines[named.group(1)] = line
            elif line.startswith("(assert"):
                (variable,) = (name for name in _NAME.findall(line) if name in self.lines)
                self.domains[variable] = line

    @cached_property
    def mentioned(self) -> dict[str, list[str]]:
        """The names on which each definition rests."""
        return {
            name: [other for other in _NAME.findall(line) if other in self.lines and other != name]
            for name, line in self.lines.items()
        }

    @cached_property
    def order(self) -> dict[str, int]:
        """The place of each name's definition."""
        return {name: number for number, name in enumerate(self.lines)}

    def needed(self, claim: str) -> Iterator[str]:
        """The definitions that *claim* rests on, in their order."""
        wanted: set[str] = set()
        todo = [name for name in _NAME.findall(claim) if name in self.lines]
        while todo:
            name = todo.pop()
            if name not in wanted:
                wanted.add(name)
                todo += self.mentioned[name]
        for name in sorted(wanted, key=self.order.__getitem__):
            yield self.lines[name]
            if name in self.domains:
                yield self.domains[name]


def _file(logic: str, lines: Iterable[str]) -> str:
    return "\n".join([f"(set-logic {logic})", "(set-info :status unsat)", *lines, "(check-sat)"]) + "\n"
