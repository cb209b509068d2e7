"""Spin on an exported model: compile it, run it, read what it counted."""

from __future__ import annotations

import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: As many states as the explorer counts: no partial-order reduction, no bound on depth that would cut the search.
COMPILE = ("-w", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=8000")
RUN = ("-E", "-c0", "-n")
#: Steps in a row that the first run has room for; later ones have exactly the room that this one needed.
DEPTH = 10_000_000
#: Seconds after which a tool is stopped.
LIMIT = 240


@dataclass(frozen=True, slots=True)
class Counted:
    """What Spin counted: stored states, transitions (the first state is not one), errors; CPU seconds and megabytes.

    ``megabytes`` is the memory Spin says it used; ``compiled`` the CPU seconds of gcc.
    """

    states: int
    transitions: int
    errors: int
    seconds: float
    megabytes: float
    compiled: float


def spin(model: str, folder: Path, optimised: str = "-O0", hashed: int = 22, again: int = 0) -> Counted:
    """Runs Spin on *model* in *folder*, with a table of 2^*hashed* entries.

    *again*: further runs, whose search stack is as large as the first one needed; the one with the least CPU counts.
    Raises subprocess.CalledProcessError when a tool fails, subprocess.TimeoutExpired after :data:`LIMIT` seconds,
    ValueError when the search was cut short.
    """
    (folder / "model.pml").write_text(model, encoding="utf-8")
    subprocess.run(["spin", "-a", "model.pml"], cwd=folder, check=True, capture_output=True, timeout=LIMIT)
    before = children()
    gcc = ["gcc", optimised, *COMPILE, "-o", "pan", "pan.c"]
    subprocess.run(gcc, cwd=folder, check=True, capture_output=True, timeout=LIMIT)
    compiled = children() - before
    counted, depth = _run(folder, DEPTH, hashed, compiled)
    runs = [_run(folder, depth + 10, hashed, compiled)[0] for _ in range(again)]
    return min(runs, key=lambda one: one.seconds, default=counted)


def children() -> float:
    """CPU seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(folder: Path, depth: int, hashed: int, compiled: float) -> tuple[Counted, int]:
    """One run of the compiled model, and how deep its search went."""
    before = children()
    words = ["./pan", *RUN, f"-m{depth}", f"-w{hashed}"]
    said = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=LIMIT).stdout
    seconds = children() - before
    if "max search depth too small" in said or "out of memory" in said or "Search not completed" in said:
        raise ValueError(f"Spin did not finish:\n{said}")

    def number(pattern: str) -> float:
        found = re.search(pattern, said)
        if found is None:
            raise ValueError(f"no {pattern!r} in what Spin said:\n{said}")
        return float(found[1])

    counted = Counted(
        int(number(r"(\d+) states, stored")),
        int(number(r"(\d+) transitions")) - 1,
        int(number(r"errors: (\d+)")),
        seconds,
        number(r"(\S+)\s+total actual memory"),
        compiled,
    )
    return counted, int(number(r"depth reached (\d+)"))
