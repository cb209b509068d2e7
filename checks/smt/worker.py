"""The process of the second engine: a task from standard input, its replies to standard output, both pickled."""

from __future__ import annotations

import pickle
import sys

from checks.smt.second import decided

if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(decided(pickle.load(sys.stdin.buffer))))  # noqa: S301 - our own process asks
