"""Records as numbers, so that guarded assignments apply to many of them at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


class Records:
    """The records met so far, numbered in the order in which they were met.

    A record is packed into one integer in mixed radix over ``sizes``; ``values`` has a row a variable, a column a
    record.
    """

    def __init__(self, sizes: tuple[int, ...], records: list[tuple[int, ...]]) -> None:
        weights = np.ones(len(sizes), dtype=np.int64)
        for variable in range(len(sizes) - 2, -1, -1):
            weights[variable] = weights[variable + 1] * sizes[variable + 1]
        self.sizes = sizes
        self.weights = weights
        self.values: Ints = np.empty((len(sizes), 0), dtype=np.int64)
        self.codes: Ints = np.empty(0, dtype=np.int64)
        self._sorted: Ints = self.codes
        self._order: Ints = self.codes
        self.numbers(np.array(records, dtype=np.int64).reshape(-1, len(sizes)) @ weights)

    def __len__(self) -> int:
        return len(self.codes)

    def numbers(self, codes: Ints) -> Ints:
        """The numbers of packed records; those not met before are added, in the order of their codes."""
        distinct, inverse = np.unique(codes, return_inverse=True)
        positions = np.searchsorted(self._sorted, distinct)
        inside = positions < len(self._sorted)
        known = np.zeros(len(distinct), dtype=bool)
        known[inside] = self._sorted[positions[inside]] == distinct[inside]
        found = np.empty(len(distinct), dtype=np.int64)
        found[known] = self._order[positions[known]]
        fresh = distinct[~known]
        if len(fresh):
            found[~known] = np.arange(len(self.codes), len(self.codes) + len(fresh))
            self.codes = np.concatenate([self.codes, fresh])
            unpacked = fresh[None, :] // self.weights[:, None] % np.array(self.sizes, np.int64)[:, None]
            self.values = np.concatenate([self.values, unpacked], axis=1)
            self._order = np.argsort(self.codes, kind="stable")
            self._sorted = self.codes[self._order]
        return found[inverse]

    def record(self, number: int) -> tuple[int, ...]:
        """The record numbered *number*."""
        return tuple(self.values[:, number].tolist())
