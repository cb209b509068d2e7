"""Terms and formulas as SMT-LIB text, folded while they are written.

A term is a constant (an int) or the text of a bit-vector; a formula is the text of a Bool, ``"true"`` or ``"false"``.
Text is read by z3 in one call and by cvc5 as it is, and is far cheaper to build from Python than syntax trees.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

TRUE, FALSE = "true", "false"
Term = int | str


def conjunction(parts: Iterable[str]) -> str:
    """All of *parts*, up to the first that is false; false when one of them is the negation of another."""
    kept: dict[str, None] = {}
    negated: list[str] = []
    for part in parts:
        if part == FALSE:
            return FALSE
        if part != TRUE:
            kept[part] = None
            if part[0] == "(" and part[1:5] == "not ":
                negated.append(part[5:-1])
    if not kept:
        return TRUE
    if len(kept) == 1:
        return next(iter(kept))
    if negated and not kept.keys().isdisjoint(negated):
        return FALSE
    return f"(and {' '.join(kept)})"


def disjunction(parts: Iterable[str]) -> str:
    """One of *parts*."""
    kept = [part for part in dict.fromkeys(parts) if part != FALSE]
    if TRUE in kept:
        return TRUE
    return FALSE if not kept else kept[0] if len(kept) == 1 else f"(or {' '.join(kept)})"


def negation(part: str) -> str:
    """Not *part*."""
    return FALSE if part == TRUE else TRUE if part == FALSE else f"(not {part})"


class Script:
    """Definitions that share what is written more than once: terms, memberships, formulas."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._members: dict[tuple[str, int, frozenset[int]], str] = {}
        self._named: dict[str, str] = {}
        self._choices: dict[tuple[str, Term, Term, int], str] = {}

    def flag(self, name: str) -> str:
        """A Bool constant."""
        self.lines.append(f"(declare-const {name} Bool)")
        return name

    def declare(self, name: str, size: int) -> str:
        """A constant that has one of *size* values: a bit-vector that is kept below *size*."""
        width = bits(size)
        self.lines.append(f"(declare-const {name} (_ BitVec {width}))")
        if size < 1 << width:
            self.lines.append(f"(assert (bvult {name} {constant(size, width)}))")
        return name

    def define(self, formula: str) -> str:
        """A name for *formula*, one for each text."""
        if not formula.startswith("("):
            return formula
        known = self._named.get(formula)
        if known is None:
            known = self._named[formula] = f"n{len(self._named)}"
            self.lines.append(f"(define-fun {known} () Bool {formula})")
        return known

    def choice(self, condition: str, then: Term, otherwise: Term, width: int) -> Term:
        """*then* if *condition*, else *otherwise*; both of *width* bits."""
        if condition == TRUE or then == otherwise:
            return then
        if condition == FALSE:
            return otherwise
        key = (condition, then, otherwise, width)
        known = self._choices.get(key)
        if known is None:
            known = self._choices[key] = f"t{len(self._choices)}"
            both = f"(ite {condition} {constant(then, width)} {constant(otherwise, width)})"
            self.lines.append(f"(define-fun {known} () (_ BitVec {width}) {both})")
        return known

    def member(self, term: Term, values: frozenset[int], width: int, size: int) -> str:
        """Whether *term*, one of *size* values, is in *values*."""
        if isinstance(term, int):
            return TRUE if term in values else FALSE
        if len(values) == size:
            return TRUE
        if not values:
            return FALSE
        key = (term, size, values)
        known = self._members.get(key)
        if known is None:
            inside = 2 * len(values) <= size
            listed = sorted(values) if inside else [value for value in range(size) if value not in values]
            body = disjunction(f"(= {term} {constant(value, width)})" for value in listed)
            known = self._members[key] = self.define(body if inside else negation(body))
        return known

    def text(self) -> str:
        """The script so far."""
        return "\n".join(self.lines)


@cache
def within(mask: int) -> frozenset[int]:
    """The numbers of the bits of *mask*."""
    return frozenset(place for place in range(mask.bit_length()) if mask >> place & 1)


def bits(size: int) -> int:
    """The width of a bit-vector for *size* values."""
    return max(1, (size - 1).bit_length())


def constant(term: Term, width: int) -> str:
    """*term* as text."""
    return term if isinstance(term, str) else f"(_ bv{term} {width})"
