"""The process of the second engine: a task from standard input, its replies to standard output, both pickled.

The task stands behind its length in bytes.  Standard input then stays open as long as somebody waits for the replies:
when it is closed, as it is when that process ends, this one ends too.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from threading import Thread


def _end_with_input() -> None:
    os.read(sys.stdin.fileno(), 1)  # not by its buffer, whose lock the end of the program would wait for
    os._exit(1)


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # replies that nobody waits for any more are no error
    # Read before anything that takes long to import: whoever writes the task goes on meanwhile.
    size = int.from_bytes(sys.stdin.buffer.read(8), "big")
    written = sys.stdin.buffer.read(size)
    if len(written) < size or not size:
        sys.exit(1)
    Thread(target=_end_with_input, daemon=True).start()
    from checks.smt.second import decided

    # What is written stays until the process ends: looking through it again takes longer than all that is found.
    gc.disable()
    sys.stdout.buffer.write(pickle.dumps(decided(pickle.loads(written))))  # noqa: S301 - our own process asks
    sys.stdout.flush()
    os._exit(0)
