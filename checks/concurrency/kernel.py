"""The inner loop of exact exploration, compiled: takes every step of packed configurations and keeps what is new.

The machine code is kept on disk after the first run.  The functions here know nothing but arrays of integers; the
meaning of a configuration and of a step is :mod:`checks.concurrency.exact`'s and
:mod:`checks.concurrency.relation`'s, and :func:`checks.concurrency.exact.steps` says the same in NumPy.
What is known of pairs and records, :mod:`checks.concurrency.visited` says.  Indices are unsigned: signed ones would
be looked at for being negative.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]

#: What is known of pairs and records: ``number``, ``room``, ``offset``, ``choose`` and ``bits``.
Known = tuple[Small, Words, Words, Words, Words]

#: Where a set has no bit for a configuration, since one of its places is not numbered.
NOWHERE = np.uint64(0xFFFFFFFFFFFFFFFF)

#: Of a step as one word: the bits of what refuses it, those of the place that it leads to, and the record above.
REFUSED, RECORD = np.uint64(4), np.uint64(28)
PLACE = np.uint64((1 << 24) - 1)

_ONE = np.uint64(1)
_WORD = np.uint64(6)
_IN_WORD = np.uint64(63)


@njit(cache=True, nogil=True)
def _told_apart(base: np.uint64, radix: np.uint64, places: Words, number: Small) -> np.uint64:
    """The rank of a configuration whose slots are told apart, or :data:`NOWHERE`; *base*: the first pair."""
    at = np.uint64(0)
    complete = True
    for place in places:
        digit = number[base + place]
        complete &= digit > 0
        at = at * radix + np.uint64(digit)
    return at if complete else NOWHERE


@njit(cache=True, nogil=True)
def _alike(base: np.uint64, places: Words, number: Small, choose: Words, digits: Words) -> np.uint64:
    """The rank of a configuration whose slots are alike, or :data:`NOWHERE`; *digits* is room for one a slot."""
    at = np.uint64(0)
    complete = True
    for slot in range(len(places)):
        digit = number[base + places[slot]]
        complete &= digit > 0
        larger = np.uint64(max(digit, 0))
        for other in range(slot):
            smaller = min(digits[other], larger)
            larger = max(digits[other], larger)
            digits[other] = smaller
        digits[slot] = larger
    for slot in range(len(places)):
        at += choose[slot, digits[slot]]
    return at if complete else NOWHERE


@njit(cache=True, nogil=True)
def _want(base: np.uint64, places: Words, number: Small, wanted: Ints, wants: int) -> int:
    """Adds the pairs that are not numbered to *wanted*, marked so that each is added once."""
    for place in places:
        if number[base + place] == 0:
            number[base + place] = -1
            wanted[wants] = base + place
            wants += 1
    return wants


@njit(cache=True, nogil=True)
def advance(
    frontier: Ints,
    first: int,
    bound: int,
    shape: tuple[int, int, int],
    ordered: bool,  # noqa: FBT001 - compiled functions take positions
    unbounded: bool,  # noqa: FBT001
    relation: tuple[Small, Small, Words, Small],
    rules: tuple[npt.NDArray[np.int8], npt.NDArray[np.int8], npt.NDArray[np.bool_]],
    known: Known,
    cases: npt.NDArray[np.uint8],
    fresh: Ints,
    again: Ints,
    wanted: Ints,
) -> tuple[int, int, int, int, int]:
    """Takes every step of *frontier* from *first* on; writes to *fresh* what is new.

    Returns where it stopped (for want of room), the numbers of those in *fresh*, *again* and *wanted*, and of steps.
    Configurations that lead to pairs without a number, *wanted*, are in *again*; their steps are not counted.
    ``shape``: slots, bits a slot, and how many steps a pair has at most.  ``rules``: the bits of what refuses each, and
    of what a process at a place makes others refuse; which places are pending.  ``cases`` gets, by record, bit 0 for
    something in flight, 1 for that with a pending place, 2 for nothing in flight.  A start that needs no room and
    finds none is -1 for where it stopped.
    """
    slots, shift = shape[0], np.uint64(shape[1])
    heads, counts, words, numbers = relation
    refused, blocks, pending = rules
    number, room, offset, choose, bits = known
    width = np.uint64(len(blocks))
    empty = width - _ONE
    mask = (_ONE << shift) - _ONE
    places = np.empty(slots, np.uint64)
    others = np.empty(slots, np.uint64)
    made = np.empty(slots, np.uint64)
    digits = np.empty(slots, np.uint64)
    news, agains, wants, steps = np.uint64(0), 0, 0, 0
    last_news = np.uint64(len(fresh) - slots * shape[2])
    last_wants = len(wanted) - slots * slots * shape[2] - 1
    for at in range(first, len(frontier)):
        if news > last_news or wants > last_wants:
            return at, int(news), agains, wants, steps
        record = np.uint64(frontier[at])
        blocked, flying, case = 4, 0, 0
        for slot in range(slots - 1, -1, -1):
            place = record & mask
            record >>= shift
            places[slot] = place
            made[slot] = place
            blocked |= blocks[place]
            case |= pending[place]
            flying += place != empty
        start = record * width
        stop = np.uint64(blocked | (2 if flying >= bound else 0))
        complete = True
        taken = 0
        if unbounded and flying == slots:
            if heads[start + empty] == 0:
                others[:] = empty
                wants = _want(start, others, number, wanted, wants)
                complete = False
            head = np.uint64(heads[start + empty] - 1)
            for step in range(head, head + np.uint64(counts[start + empty])):
                if not words[step] & stop:
                    return -1, int(news), agains, wants, steps
        for slot in range(slots):
            place = places[slot]
            if not ordered:
                if slot and places[slot - 1] == place:
                    continue
                left = 0
                for other in range(slots):
                    if other != slot:
                        others[left] = places[other]
                        left += 1
            head = np.uint64(heads[start + place] - 1)
            for step in range(head, head + np.uint64(counts[start + place])):
                word = words[step]
                if place == empty:
                    if np.uint64(refused[np.uint64(numbers[step])]) & stop:
                        continue
                elif word & stop:
                    continue
                target = word >> REFUSED & PLACE
                if ordered:
                    made[slot] = target
                else:
                    for other in range(slots - 1):
                        made[other] = min(others[other], target)
                        target = max(others[other], target)
                    made[slots - 1] = target
                after = word >> RECORD
                base = after * width
                bit = (
                    _told_apart(base, room[after], made, number)
                    if ordered
                    else _alike(base, made, number, choose, digits)
                )
                if bit == NOWHERE:
                    wants = _want(base, made, number, wanted, wants)
                    complete = False
                    continue
                bit += offset[after]
                taken += 1
                packed = after
                for other in range(slots):
                    packed = packed << shift | made[other]
                # without a branch: whether a configuration is new cannot be predicted
                before = bits[bit >> _WORD]
                present = before | _ONE << (bit & _IN_WORD)
                fresh[news] = packed
                news += np.uint64(before != present)
                bits[bit >> _WORD] = present
            made[slot] = place
        if complete:
            steps += taken
            cases[record] |= 1 << (case if flying else 2)
        else:
            again[agains] = frontier[at]
            agains += 1
    return len(frontier), int(news), agains, wants, steps


@njit(cache=True, nogil=True)
def enter(wanted: Ints, width: int, number: Small, used: Ints) -> None:
    """Numbers the pairs *wanted*, those of each record from 1 on."""
    for pair in wanted:
        record = pair // width
        used[record] += 1
        number[pair] = used[record]


@njit(cache=True, nogil=True)
def move(records: Ints, slots: int, known: Known, more_room: Words, more_offset: Words) -> None:
    """Moves the bits of *records* to where they have more room."""
    _, room, offset, choose, bits = known
    digits = np.empty(slots, np.uint64)
    for position, record in enumerate(records):
        start = offset[record]
        size = _ONE
        if len(choose):
            size = choose[slots - 1, room[record]]
        else:
            for _ in range(slots):
                size *= room[record]
        for word in range((size + _IN_WORD) >> _WORD):
            rest = bits[(start >> _WORD) + word]
            if len(choose):
                bits[(more_offset[position] >> _WORD) + word] = rest
                continue
            at = word << _WORD
            while rest:
                if rest & _ONE:
                    left = at
                    for slot in range(slots - 1, -1, -1):
                        digits[slot] = left % room[record]
                        left //= room[record]
                    new = np.uint64(0)
                    for slot in range(slots):
                        new = new * more_room[position] + digits[slot]
                    new += more_offset[position]
                    bits[new >> _WORD] |= _ONE << (new & _IN_WORD)
                rest >>= _ONE
                at += _ONE
        room[record] = more_room[position]
        offset[record] = more_offset[position]
