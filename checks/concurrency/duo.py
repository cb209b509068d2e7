"""Exact exploration of two processes, 64 configurations at a time.

A configuration of two processes is a record and two places.  For each pair (record, place of one process) a row of
bits says at which places the other process may stand; a step of the one process moves its whole row at once, and a
row that grew is mirrored, since either process may be called the one.  Rounds are levels of breadth-first search, so
the first round in which a configuration appears is the length of a shortest way to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from checks.concurrency.automaton import Automaton
from checks.concurrency.records import Ints
from checks.concurrency.relation import Relation

Words = npt.NDArray[np.uint64]

#: Words that one operation moves; bounds the memory beside the rows.
PIECE = 1 << 22


@dataclass(slots=True)
class Duo:
    """The explored space.

    Row ``n`` belongs to the pair ``pairs[n]`` (record and place packed as in the relation; an empty slot is a place
    too).  ``levels`` has, for each level, the rows that grew and the bits that were new.
    """

    relation: Relation
    words: int
    pairs: Ints
    rows: Words
    levels: list[tuple[Ints, Words]] = field(default_factory=list)
    numbers: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def states(self) -> int:
        """How many configurations there are; the two processes are not told apart."""
        place = self.pairs % self.relation.width
        own = self.rows[np.arange(len(self.pairs)), place >> 6] >> (place & 63).astype(np.uint64) & np.uint64(1)
        return (int(np.bitwise_count(self.rows).sum()) + int(own.sum())) // 2

    @property
    def transitions(self) -> int:
        """How many steps leave them."""
        relation = self.relation
        heads, counts = relation.heads[self.pairs], relation.counts[self.pairs].astype(np.int64)
        taking = np.concatenate([[0], np.cumsum(relation.rules.acquires[relation.rule[: relation.size]])])
        locking = taking[heads + counts] - taking[heads]
        locking[relation.holds[self.pairs % relation.width]] = 0
        free = np.bitwise_count(self.rows & _without_lock(relation, self.words)).sum(axis=1, dtype=np.int64)
        every = np.bitwise_count(self.rows).sum(axis=1, dtype=np.int64)
        blocked = counts - (taking[heads + counts] - taking[heads])
        return int((blocked * every + locking * free).sum())

    def contains(self, record: int, first: int, second: int) -> bool:
        """Whether the configuration of *record* and two places is reached."""
        pair = record * self.relation.width + first
        row = int(self.numbers[pair]) if pair < len(self.numbers) else -1
        return row >= 0 and bool(int(self.rows[row, second >> 6]) >> (second & 63) & 1)


class NotTwo(ValueError):
    """The automaton has crashes or unbounded starts: more than two may be in flight."""


def _without_lock(relation: Relation, words: int) -> Words:
    flags = np.zeros(words * 64, np.uint8)
    flags[: relation.width] = ~relation.holds
    return np.packbits(flags, bitorder="little").view(np.uint64)


def explore_two(automaton: Automaton) -> Duo:
    """Every configuration with at most two processes in flight; NotTwo when there are crashes or unbounded starts."""
    if automaton.crashes or any(origin.unbounded for origin in automaton.origins):
        raise NotTwo
    relation = Relation(automaton)
    words = -(-relation.width // 64)
    return _Search(relation, words).run()


class _Search:
    def __init__(self, relation: Relation, words: int) -> None:
        self.relation = relation
        self.words = words
        self.numbers: Ints = np.empty(0, np.int64)
        self.pairs: Ints = np.empty(1024, np.int64)
        self.rows: Words = np.zeros((1024, words), np.uint64)
        self.count = 0
        self.free = _without_lock(relation, words)

    def run(self) -> Duo:
        relation = self.relation
        start = self._number(np.array([relation.empty], np.int64))
        grown = np.zeros((1, self.words), np.uint64)
        grown[0, relation.empty >> 6] = np.uint64(1 << (relation.empty & 63))
        levels: list[tuple[Ints, Words]] = []
        fresh = start
        while len(fresh):
            self.rows[fresh] |= grown
            levels.append((fresh, grown))
            fresh, grown = self._mirrored(*self._stepped(fresh, grown))
        return Duo(relation, self.words, self.pairs[: self.count], self.rows[: self.count], levels, self.numbers)

    def _number(self, pairs: Ints) -> Ints:
        """The rows of *pairs* (each once); new pairs get new rows."""
        most = int(pairs.max()) + 1
        if most > len(self.numbers):
            self.numbers = np.concatenate([self.numbers, np.full(2 * most - len(self.numbers), -1, np.int64)])
        found = self.numbers[pairs]
        missing = np.flatnonzero(found < 0)
        if len(missing):
            found[missing] = np.arange(self.count, self.count + len(missing))
            self.numbers[pairs[missing]] = found[missing]
            self.count += len(missing)
            if self.count > len(self.pairs):
                extra = 2 * self.count - len(self.pairs)
                self.pairs = np.concatenate([self.pairs, np.empty(extra, np.int64)])
                self.rows = np.concatenate([self.rows, np.zeros((extra, self.words), np.uint64)])
            self.pairs[found[missing]] = pairs[missing]
        return found

    def _stepped(self, fresh: Ints, grown: Words) -> tuple[Ints, Words]:
        """The rows that the steps of the *fresh* ones lead to, and what is new in them."""
        relation = self.relation
        pairs = self.pairs[fresh]
        relation.demand(pairs)
        count = relation.counts[pairs]
        source = np.repeat(np.arange(len(pairs)), count)
        step = np.arange(len(source)) + np.repeat(relation.heads[pairs] - (np.cumsum(count) - count), count)
        target = relation.record[step].astype(np.int64) * relation.width + relation.rules.to[relation.rule[step]]
        acquires = relation.rules.acquires[relation.rule[step]]
        if acquires.any():
            kept = ~(acquires & relation.holds[pairs % relation.width][source])
            source, target, acquires = source[kept], target[kept], acquires[kept]
        order = np.argsort(target, kind="stable")
        source, target, acquires = source[order], target[order], acquires[order]
        heads = np.flatnonzero(np.diff(target, prepend=-1))
        rows = self._number(target[heads])
        new = np.zeros((len(rows), self.words), np.uint64)
        size = max(1, PIECE // self.words)
        first = 0
        while first < len(heads):
            last = max(first + 1, int(np.searchsorted(heads, heads[first] + size)))
            stop = heads[last] if last < len(heads) else len(target)
            moved = grown[source[heads[first] : stop]]
            moved[acquires[heads[first] : stop]] &= self.free
            new[first:last] = np.bitwise_or.reduceat(moved, heads[first:last] - heads[first], axis=0)
            first = last
        new &= ~self.rows[rows]
        some = new.any(axis=1)
        return rows[some], new[some]

    def _mirrored(self, rows: Ints, new: Words) -> tuple[Ints, Words]:
        """The same configurations seen from the other process too."""
        if not len(rows):
            return rows, new
        width = self.relation.width
        bytes_ = np.unpackbits(new.view(np.uint8), axis=1, bitorder="little")
        line, place = np.nonzero(bytes_)
        record, own = self.pairs[rows] // width, self.pairs[rows] % width
        mirrored = record[line] * width + place
        others, inverse = _distinct(mirrored, int(self.numbers.size))
        every = np.union1d(others, self.pairs[rows])
        found = self._number(every)
        flags = np.zeros((len(every), self.words * 64), np.uint8)
        flags[np.searchsorted(every, self.pairs[rows])] = bytes_
        flags[np.searchsorted(every, others)[inverse], own[line]] = 1
        return found, np.packbits(flags, axis=1, bitorder="little").view(np.uint64)


def _distinct(values: Ints, size: int) -> tuple[Ints, Ints]:
    """The distinct values, sorted, and where each value is among them; by a table, since values are small."""
    table = np.zeros(max(size, int(values.max()) + 1), np.int64)
    table[values] = 1
    distinct = np.flatnonzero(table)
    table[distinct] = np.arange(len(distinct))
    return distinct, table[values]
