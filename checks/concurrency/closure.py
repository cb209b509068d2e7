"""The closure for any number of processes: what one process can meet, whatever the others do.

The least set of pairs (record, place) that is closed under the process's own steps and under everybody else's writes.
It over-approximates every number of processes, so a record property that holds of all its pairs holds of any number
of requests.  The lock is respected where it excludes others: its holder is not disturbed by steps taken under it.
The idea is the local proof of Owicki and Gries (An axiomatic proof technique for parallel programs I, Acta
Informatica 6, 1976), computed instead of guessed.

A round extends the set by the steps of the pairs that are new, then lets the writes of all steps run through the
records; a row of bits a record stands for the places that can meet it, so that one write disturbs 64 places at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from checks.concurrency.automaton import END, Automaton
from checks.concurrency.records import Ints, Records
from checks.concurrency.rules import Rules
from checks.graph.arrays import distinct

Words = npt.NDArray[np.uint64]

#: Where the record after a write stands in its packed form, above the record before it.
SHIFT = 32

#: Pairs that take a step, and words that are disturbed, in one piece; bounds the memory of a round.
PIECE = 1 << 20


@dataclass(slots=True)
class Closure:
    """The closed set: ``bits[record]`` has bit *place* set when the pair is in it.

    Every record of ``records`` can be met with nothing in flight that matters to the reader.  ``writes`` are the
    disturbances: for each class of them, the distinct pairs of record before and after, packed by :data:`SHIFT`.
    """

    automaton: Automaton
    rules: Rules
    bits: Words
    masks: Words
    rounds: int = 0
    writes: list[Ints] = field(default_factory=list)

    def places(self, record: int) -> Ints:
        """The places that can meet *record*, in order."""
        row = np.unpackbits(self.bits[record].view(np.uint8), bitorder="little")
        return np.flatnonzero(row).astype(np.int64)

    def pairs(self) -> tuple[Ints, Ints]:
        """All pairs as two columns, sorted by place and then record."""
        return _pairs(self.bits[: len(self.records)])

    @property
    def records(self) -> Records:
        """The records that any number of processes can lead to."""
        return self.rules.records

    @property
    def size(self) -> int:
        """How many pairs there are."""
        return int(np.bitwise_count(self.bits).sum())


def close(automaton: Automaton) -> Closure:
    """The closure of *automaton* for any number of processes."""
    words = max(1, -(-len(automaton.places) // 64))
    closure = Closure(automaton, Rules(automaton), np.zeros((1, words), np.uint64), _masks(automaton, words))
    _Growth(closure).run()
    return closure


def _masks(automaton: Automaton, words: int) -> Words:
    """For each class of writes, the places that it may disturb: all, those without the lock, survivors of a crash."""
    flags = np.zeros((2 + len(automaton.crashes), words * 64), dtype=np.uint8)
    for number, place in enumerate(automaton.places):
        flags[0, number] = 1
        flags[1, number] = not place.holds
        for index, crash in enumerate(automaton.crashes):
            flags[2 + index, number] = place.service != crash.service
    return np.packbits(flags, axis=1, bitorder="little").view(np.uint64)


def _pairs(bits: Words) -> tuple[Ints, Ints]:
    places, records = [], []
    for word in range(bits.shape[1]):
        column = bits[:, word]
        present = np.flatnonzero(column)
        if not len(present):
            continue
        flags = np.unpackbits(column[present].view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
        place, position = np.nonzero(flags.T)
        places.append(place + word * 64)
        records.append(present[position])
    if not places:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(places).astype(np.int64), np.concatenate(records).astype(np.int64)


class _Growth:
    """The fixpoint: what is new since each of the two halves of a round last looked."""

    def __init__(self, closure: Closure) -> None:
        self.closure = closure
        self.rules = closure.rules
        alone = closure.automaton.exclusive
        locked = [
            int(alone and (move.acquires or place.holds)) for place in closure.automaton.places for move in place.moves
        ]
        self.kind = np.array(locked + [0] * len(closure.automaton.origins), np.int64)
        self.writes: list[Ints] = [np.empty(0, np.int64) for _ in closure.masks]
        self.fresh: list[list[Ints]] = [[] for _ in closure.masks]
        self.stepped = np.zeros_like(closure.bits)
        self.disturbed = np.zeros_like(closure.bits)
        self.started = 0

    def run(self) -> None:
        closure = self.closure
        while True:
            closure.rounds += 1
            before = len(closure.records)
            self._start()
            stepped = self._step()
            written = self._disturb()
            if not (stepped or written) and len(closure.records) == before:
                break
        closure.bits = closure.bits[: len(closure.records)]
        closure.writes = self.writes

    def _grow(self) -> None:
        count = len(self.closure.records)
        if len(self.closure.bits) < count:
            for owner, name in ((self.closure, "bits"), (self, "stepped"), (self, "disturbed")):
                old = getattr(owner, name)
                grown = np.zeros((count * 2, old.shape[1]), np.uint64)
                grown[: len(old)] = old
                setattr(owner, name, grown)

    def _add(self, to: Ints, records: Ints) -> None:
        """Adds pairs; an empty slot is not kept."""
        inside = to != self.rules.empty
        codes = distinct((records[inside] << SHIFT) | to[inside])
        if not len(codes):
            return
        self._grow()
        records, to = codes >> SHIFT, codes & ((1 << SHIFT) - 1)
        flag = np.uint64(1) << (to & 63).astype(np.uint64)
        heads = np.flatnonzero(np.diff((records << SHIFT) | (to >> 6), prepend=-1))
        self.closure.bits[records[heads], to[heads] >> 6] |= np.bitwise_or.reduceat(flag, heads)

    def _wrote(self, kind: int, before: Ints, after: Ints) -> None:
        differs = before != after
        if differs.any():
            self.fresh[kind].append((after[differs] << SHIFT) | before[differs])

    def _start(self) -> None:
        """Processes start, and services die, in every record that is new."""
        while self.started < len(self.closure.records):
            new = np.arange(self.started, len(self.closure.records), dtype=np.int64)
            self.started = len(self.closure.records)
            position, rule, after = self.rules.apply(new, np.full(len(new), self.rules.empty))
            self._wrote(0, new[position], after)
            self._add(self.rules.to[rule], after)
            for index in range(len(self.closure.automaton.crashes)):
                position, _, after = self.rules.apply(new, np.full(len(new), self.rules.empty + 1 + index))
                self._wrote(2 + index, new[position], after)

    def _step(self) -> bool:
        """The own steps of the pairs that are new, and what their deaths lead to."""
        self._grow()
        new = self.closure.bits & ~self.stepped
        self.stepped |= new
        places, records = _pairs(new)
        for first in range(0, len(places), PIECE):
            place, before = places[first : first + PIECE], records[first : first + PIECE]
            position, rule, after = self.rules.apply(before, place)
            kinds = self.kind[rule]
            for kind in (0, 1):
                self._wrote(kind, before[position[kinds == kind]], after[kinds == kind])
            self._add(self.rules.to[rule], after)
            self._die(place, before)
        return bool(len(places))

    def _die(self, places: Ints, records: Ints) -> None:
        for index, crash in enumerate(self.closure.automaton.crashes):
            for number, place in enumerate(self.closure.automaton.places):
                if place.service != crash.service:
                    continue
                chosen = records[places == number]
                _, _, after = self.rules.apply(chosen, np.full(len(chosen), self.rules.empty + 1 + index))
                for heir in place.heirs:
                    self._add(np.full(len(after), self.rules.empty if heir == END else heir), after)

    def _disturb(self) -> bool:
        """Lets every write run through the records until no pair is new."""
        self._grow()
        bits = self.closure.bits
        fresh = [distinct(np.concatenate(pieces)) if pieces else np.empty(0, np.int64) for pieces in self.fresh]
        self.fresh = [[] for _ in self.fresh]
        any_new = False
        for kind, written in enumerate(fresh):
            codes = np.setdiff1d(written, self.writes[kind], assume_unique=True)
            if len(codes):
                self.writes[kind] = np.sort(np.concatenate([self.writes[kind], codes]))
                self._flow(kind, codes, bits)
        while True:
            changed = np.flatnonzero((bits & ~self.disturbed).any(axis=1))
            if not len(changed):
                return any_new
            any_new = True
            flag = np.zeros(len(bits), dtype=bool)
            flag[changed] = True
            delta = bits & ~self.disturbed
            self.disturbed |= bits
            for kind, codes in enumerate(self.writes):
                self._flow(kind, codes[flag[codes & ((1 << SHIFT) - 1)]], delta)

    def _flow(self, kind: int, codes: Ints, source: Words) -> None:
        """Adds, for each write of *codes* (sorted by the record after), the places of the record before."""
        bits = self.closure.bits
        step = max(1, PIECE // bits.shape[1])
        for first in range(0, len(codes), step):
            piece = codes[first : first + step]
            after, before = piece >> SHIFT, piece & ((1 << SHIFT) - 1)
            heads = np.flatnonzero(np.concatenate([[True], after[1:] != after[:-1]]))
            gathered = np.bitwise_or.reduceat(source[before], heads, axis=0)
            bits[after[heads]] |= gathered & self.closure.masks[kind]
