"""Times of questions: from a cold start at the command line, at the prompt, and of building what they need.

Run as ``python -m benchmarks.queries``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

QUERIES = (
    ["allowed", "active/none/running"],
    ["explain", "error/deleting/shutdown"],
    ["paths", "active/none/running", "stopped/none"],
    ["restart", "active/powering-off/running"],
    ["sync", "active/none/running", "--driver", "shutdown"],
)
RUNS = 7


def seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """The median time of *work*, in seconds."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def command(words: list[str], cache: str) -> Callable[[], object]:
    """The command line *words* in a process of its own."""
    environment = {**os.environ, "NOVA_LIFECYCLE_CACHE": cache}
    return lambda: subprocess.run(
        [sys.executable, "-m", "cli.main", *words], check=True, capture_output=True, env=environment
    )


def main() -> None:
    """Print the table."""
    from cli.session import Session
    from model.explore import explore
    from model.load import TABLES
    from model.semantics import Semantics
    from model.tables_reader import read_tables

    bare = seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
    print(f"{'an empty Python process':<62} {bare * 1000:8.0f} ms")
    with tempfile.TemporaryDirectory() as cache:
        for words in QUERIES:
            command(words, cache)()
            took = seconds(command(words, cache))
            print(f"{'cold: ' + ' '.join(words):<62} {took * 1000:8.0f} ms  {took / bare:5.1f} x empty")
    session = Session()
    session.network()
    session.space()
    for name, ask in {
        "allowed": lambda: session.allowed("active/none/running"),
        "explain": lambda: session.explain("error/deleting/shutdown"),
        "paths": lambda: session.paths("active/none/running", "stopped/none"),
        "restart": lambda: session.restart("active/powering-off/running"),
    }.items():
        print(f"{'at the prompt: ' + name:<62} {seconds(ask) * 1000:8.0f} ms")
    reading = seconds(lambda: read_tables(TABLES), 3)
    print(f"{'reading the tables':<62} {reading * 1000:8.0f} ms")
    lifecycle = read_tables(TABLES)
    building = seconds(lambda: explore(Semantics(lifecycle), lifecycle.scenarios["sequential"]), 3)
    print(f"{'exploring scenario sequential':<62} {building * 1000:8.0f} ms")


if __name__ == "__main__":
    main()
