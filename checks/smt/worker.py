"""The process of the second engine: a task from standard input, its replies to standard output, both pickled."""

from __future__ import annotations

import gc
import pickle
import sys

if __name__ == "__main__":
    # Read before anything that takes long to import: whoever writes the task goes on meanwhile.
    written = sys.stdin.buffer.read()
    from checks.smt.second import decided

    # What is written stays until the process ends: looking through it again takes longer than all that is found.
    gc.disable()
    sys.stdout.buffer.write(pickle.dumps(decided(pickle.loads(written))))  # noqa: S301 - our own process asks
