"""The inner loop of exact exploration, compiled: expands packed configurations and keeps those that are new.

The machine code is kept on disk after the first run.  The functions here know nothing but arrays of integers; the
meaning of a configuration and of a step is :mod:`checks.concurrency.exact`'s and
:mod:`checks.concurrency.relation`'s, and :func:`checks.concurrency.exact.steps` says the same in NumPy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]

#: An unused place of the table; no configuration is negative.
FREE = -1


@njit(cache=True)
def missing(
    packed: Ints, heads: Small, counts: Small, width: int, slots: int, bits: int, found: Ints
) -> tuple[int, int]:
    """Writes to *found* the pairs of *packed* without steps in ``heads``; how many, and the steps of the others.

    A pair is marked with -1 when it is written, so each is written once.
    """
    number, steps = 0, 0
    mask = (1 << bits) - 1
    for configuration in packed:
        base = (configuration >> (bits * slots)) * width
        rest = configuration
        for slot in range(slots + 1):
            pair = base + (rest & mask if slot < slots else width - 1)
            rest >>= bits
            if heads[pair] == 0:
                heads[pair] = -1
                found[number] = pair
                number += 1
            else:
                steps += counts[pair]
    return number, steps


@njit(cache=True)
def _place(table: Ints, packed: int) -> int:
    """Where *packed* is in *table*, or would be: open addressing, linear probing, Fibonacci hashing."""
    mask = len(table) - 1
    at = ((packed * -7046029254386353131) >> 20) & mask
    while table[at] != packed and table[at] != FREE:
        at = (at + 1) & mask
    return at


@njit(cache=True)
def insert(table: Ints, packed: Ints, fresh: Ints) -> int:
    """Adds *packed* to *table*, which has room; writes those that are new to *fresh*, returns how many."""
    number = 0
    for configuration in packed:
        at = _place(table, configuration)
        if table[at] == FREE:
            table[at] = configuration
            fresh[number] = configuration
            number += 1
    return number


@njit(cache=True)
def expand(
    packed: Ints,
    bound: int,
    slots: int,
    bits: int,
    ordered: bool,  # noqa: FBT001 - compiled functions take positions
    heads: Small,
    counts: Small,
    records: Small,
    rules: Small,
    to: Ints,
    refused: npt.NDArray[np.int8],
    blocks: npt.NDArray[np.int8],
    after: Ints,
) -> int:
    """Writes what follows each of *packed* to *after*; how many, or -1 when a start that needs no room found none.

    ``refused`` of a rule: bit 0 when it takes the lock, 1 when it needs room, 2 always, 3 when it is patient;
    ``blocks`` of a place: the bits of what a process there makes others refuse.
    """
    width = len(blocks)
    empty = width - 1
    mask = (1 << bits) - 1
    places = np.empty(slots, np.int64)
    others = np.empty(slots, np.int64)
    number = 0
    for configuration in packed:
        rest = configuration
        blocked, flying = 0, 0
        for slot in range(slots - 1, -1, -1):
            place = rest & mask
            rest >>= bits
            places[slot] = place
            blocked |= blocks[place]
            flying += place != empty
        base = rest * width
        stop = 4 | blocked | (2 if flying >= bound else 0)
        if flying == slots:
            head = heads[base + empty] - 1
            for step in range(head, head + counts[base + empty]):
                if not refused[rules[step]] & stop:
                    return -1
        for slot in range(slots):
            place = places[slot]
            if slot and not ordered and places[slot - 1] == place:
                continue
            head = heads[base + place] - 1
            count = counts[base + place]
            if not count:
                continue
            if ordered:
                shift = bits * (slots - 1 - slot)
                kept = configuration & ((1 << (bits * slots)) - 1) & ~(mask << shift)
                for step in range(head, head + count):
                    rule = rules[step]
                    if not refused[rule] & stop:
                        after[number] = (
                            (np.int64(records[step]) << (bits * slots)) | kept | (np.int64(to[rule]) << shift)
                        )
                        number += 1
                continue
            left = 0
            for other in range(slots):
                if other != slot:
                    others[left] = places[other]
                    left += 1
            for step in range(head, head + count):
                rule = rules[step]
                if refused[rule] & stop:
                    continue
                moved = to[rule]
                made = np.int64(records[step])
                waiting = True
                for other in range(left):
                    if waiting and moved <= others[other]:
                        made = (made << bits) | moved
                        waiting = False
                    made = (made << bits) | others[other]
                if waiting:
                    made = (made << bits) | moved
                after[number] = made
                number += 1
    return number


@njit(cache=True)
def mark(
    packed: Ints,
    slots: int,
    bits: int,
    pending: npt.NDArray[np.bool_],
    pairs: npt.NDArray[np.bool_],
    cases: npt.NDArray[np.bool_],
) -> None:
    """Marks the pairs that stand in *packed*, and by record whether nothing is in flight (2) or a place pends (1)."""
    width = len(pending)
    empty = width - 1
    mask = (1 << bits) - 1
    for configuration in packed:
        record = configuration >> (bits * slots)
        case = 2
        rest = configuration
        for _ in range(slots):
            place = rest & mask
            rest >>= bits
            pairs[record * width + place] = True
            if place != empty:
                case &= 1
            if pending[place]:
                case |= 1
        cases[case, record] = True
