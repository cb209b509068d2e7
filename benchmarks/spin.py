"""Spin on an exported model: compile it, run it, read what it counted."""

from __future__ import annotations

import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: As many states as the explorer counts: no partial-order reduction, no bound on depth that would cut the search.
COMPILE = ("-w", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=4000")
RUN = ("-E", "-c0", "-n", "-m10000000", "-w22")


@dataclass(frozen=True, slots=True)
class Counted:
    """What Spin counted: stored states, transitions (the first state is not one), errors; CPU seconds and megabytes."""

    states: int
    transitions: int
    errors: int
    seconds: float
    megabytes: float


def spin(model: str, folder: Path, optimised: str = "-O1") -> Counted:
    """Runs Spin on *model* in *folder*; subprocess.CalledProcessError when a tool fails, ValueError when cut short."""
    (folder / "model.pml").write_text(model, encoding="utf-8")
    subprocess.run(["spin", "-a", "-o3", "model.pml"], cwd=folder, check=True, capture_output=True)
    subprocess.run(["gcc", optimised, *COMPILE, "-o", "pan", "pan.c"], cwd=folder, check=True, capture_output=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run(["./pan", *RUN], cwd=folder, capture_output=True, text=True, check=False).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "max search depth too small" in said or "out of memory" in said or "Search not completed" in said:
        raise ValueError(f"Spin did not finish:\n{said}")

    def number(pattern: str) -> float:
        found = re.search(pattern, said)
        if found is None:
            raise ValueError(f"no {pattern!r} in what Spin said:\n{said}")
        return float(found[1])

    return Counted(
        int(number(r"(\d+) states, stored")),
        int(number(r"(\d+) transitions")) - 1,
        int(number(r"errors: (\d+)")),
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        number(r"(\S+)\s+total actual memory"),
    )
