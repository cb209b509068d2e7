"""``python -m benchmarks.concurrency``: exact exploration for k = 1, 2, 3, 4 beside Spin on the exported model.

Each model is explored by both in the same run, with slots told apart, so both count the same states and steps; beside
that stands what we need when slots are interchangeable, as in use.  The models are the operations of a few families,
reduced, and all operations over the smallest record that a search of three at once looks at.  CPU is the least of
several runs, without what compiling takes; ours includes making the step relation.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from benchmarks.spin import Counted, children, spin
from checks.concurrency.abstraction import copies, reports, truths
from checks.concurrency.automaton import Automaton, assemble
from checks.concurrency.exact import explore
from checks.concurrency.reduce import reduce
from checks.export.promela import promela
from model.forget import forget
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics
from model.tables_reader import read_tables

#: The families of operations of each model beside Spin, and the largest k that both can do.
MODELS = ((("create", "delete"), 3), (("create", "power"), 4))
#: How gcc compiles Spin's model.  All steps are one function: thousands of them take it minutes to optimise.
OPTIMISED, PLAIN = "-O2", "-O0"
#: Runs of each measurement; Spin has one more before, which tells how deep it searches.
RUNS = 2


@dataclass(frozen=True, slots=True)
class Measured:
    """One exploration of ours: CPU seconds, and the most megabytes of the process, the interpreter's included."""

    states: int
    transitions: int
    seconds: float
    megabytes: float
    levels: int
    truncated: bool


def main(words: Sequence[str] | None = None) -> None:
    """Prints one line a measurement, as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, default=Path("model/tables"))
    parser.add_argument("--scenario", default="concurrent-2")
    parser.add_argument("--limit", type=int, default=50_000_000, help="configurations at which our own search stops")
    given = parser.parse_args(words)
    lifecycle = read_tables(given.tables)
    scenario = lifecycle.scenarios[given.scenario]
    semantics = Semantics(lifecycle)
    first_run()
    print("k  states  steps | ours: CPU  memory | slots alike: states  CPU  memory | Spin: CPU  memory (gcc)", end="")
    print(" | CPU of Spin / ours  / slots alike | growth of states, of our CPU, of Spin's CPU")
    for families, most in MODELS:
        automaton = chosen(semantics, scenario, set(families))
        beside_spin(lifecycle, " and ".join(families), automaton, most, OPTIMISED)
        if most < 4:
            alone(automaton, most + 1, given.limit)
    automaton = everything(lifecycle, scenario)
    beside_spin(lifecycle, "all operations", automaton, 2, PLAIN)
    alone(automaton, 3, given.limit)


def first_run() -> None:
    """What the first exploration on a machine takes: with no machine code on disk, and once more with it."""
    program = (
        "from benchmarks.concurrency import *; lifecycle = read_tables(Path('model/tables'));"
        "model = chosen(Semantics(lifecycle), lifecycle.scenarios['concurrent-2'], {'create'}); explore(model, 2)"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in ("nothing compiled yet", "compiled before"):
            before = children()
            environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
            subprocess.run([sys.executable, "-c", program], check=True, env=environment)
            seconds = children() - before
            print(f"a process that explores create, {name}: {seconds:.1f} s CPU", flush=True)


def chosen(semantics: Semantics, scenario: Scenario, families: set[str]) -> Automaton:
    """The automaton of the operations of *families*, reduced to what their guards and rest read."""
    lifecycle = semantics.lifecycle
    automaton = assemble(semantics, scenario)
    origins = tuple(
        origin
        for origin in automaton.origins
        if lifecycle.operations[lifecycle.rows[origin.rows[0]].operation].family in families
    )
    return reduce(replace(automaton, origins=origins), read_at_rest(lifecycle))


def read_at_rest(lifecycle: Lifecycle) -> list[str]:
    """The variables that tell whether nothing is going on."""
    return [lifecycle.variables[variable].name for tests in lifecycle.predicates["rest"] for variable, _ in tests]


def everything(lifecycle: Lifecycle, scenario: Scenario) -> Automaton:
    """All operations, reduced, over the smallest record."""
    gone = reports(lifecycle) | copies(lifecycle) | truths(lifecycle) | set(scenario.forget)
    gone -= set(read_at_rest(lifecycle))
    return reduce(assemble(Semantics(forget(lifecycle, gone)), scenario), read_at_rest(lifecycle))


def beside_spin(lifecycle: Lifecycle, name: str, automaton: Automaton, most: int, optimised: str) -> None:
    """Both explorers on the same model, k = 1 to *most*; Spin's model is compiled with *optimised*."""
    values = {variable.name: variable.values for variable in lifecycle.variables}
    moves = sum(len(place.moves) for place in automaton.places)
    print(f"{name}: {', '.join(automaton.names)}; {len(automaton.places)} places, {moves} moves; gcc {optimised}")
    explore(automaton, 1)  # compiles, on the first run
    explore(automaton, 1, ordered=True)
    before: tuple[Measured, Counted | None] | None = None
    for bound in range(1, most + 1):
        apart, alike = ours(automaton, bound, ordered=True), ours(automaton, bound, ordered=False)
        print(
            f"{bound}  {apart.states:,}  {apart.transitions:,} | {cost(apart)} | {alike.states:,}  {cost(alike)}",
            end="",
        )
        print(" | ", end="", flush=True)
        counted, said = theirs(promela(automaton, bound, values, {}), apart, optimised)
        ratios = f" | {counted.seconds / apart.seconds:.1f}  {counted.seconds / alike.seconds:.1f}" if counted else ""
        print(f"{said}{ratios}{grown(before, (apart, counted))}", flush=True)
        before = apart, counted


def ours(automaton: Automaton, bound: int, limit: int | None = None, runs: int = RUNS, *, ordered: bool) -> Measured:
    """Our search in processes of their own, so that memory is that of one; the step relation is made anew."""
    measured = []
    for _ in range(runs):
        with ProcessPoolExecutor(1, get_context("fork")) as pool:
            measured.append(pool.submit(search, automaton, bound, limit, ordered).result())
    return min(measured, key=lambda one: one.seconds)


def search(automaton: Automaton, bound: int, limit: int | None, ordered: bool) -> Measured:  # noqa: FBT001
    """One search, in this process."""
    start = time.process_time()
    explored = explore(automaton, bound, limit, ordered=ordered)
    seconds = time.process_time() - start
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    levels = len(explored.levels)
    return Measured(explored.states, explored.transitions, seconds, megabytes, levels, explored.truncated)


def cost(measured: Measured) -> str:
    """CPU and memory."""
    return f"{measured.seconds:.3f} s  {measured.megabytes:.0f} MB"


def theirs(model: str, expected: Measured, optimised: str) -> tuple[Counted | None, str]:
    """Spin on *model*, and what to say of it; its table of hashes is two to four times as large as the states."""
    if shutil.which("spin") is None:
        return None, "Spin is not installed"
    hashed = max(16, expected.states.bit_length() + 1)
    with tempfile.TemporaryDirectory() as folder:
        try:
            counted = spin(model, Path(folder), optimised, hashed, RUNS)
        except subprocess.TimeoutExpired as late:
            return None, f"{late.cmd[0]}: stopped after {late.timeout:.0f} s"
    said = f"{counted.seconds:.3f} s  {counted.megabytes:.0f} MB (gcc {counted.compiled:.0f} s)"
    if (counted.states, counted.transitions) != (expected.states, expected.transitions):
        said += f" counts {counted.states:,} states and {counted.transitions:,} steps!"
    return counted, said


def grown(before: tuple[Measured, Counted | None] | None, now: tuple[Measured, Counted | None]) -> str:
    """How much more than with one process less: states, our CPU, Spin's CPU."""
    if before is None:
        return ""
    spins = f" x{now[1].seconds / before[1].seconds:.0f}" if now[1] and before[1] and before[1].seconds else ""
    return f" | x{now[0].states / before[0].states:.0f} x{now[0].seconds / before[0].seconds:.0f}{spins}"


def alone(automaton: Automaton, bound: int, limit: int) -> None:
    """How far our own search comes with *bound* processes before *limit*, with interchangeable slots."""
    alike = ours(automaton, bound, limit, 1, ordered=False)
    cut = f", stopped at level {alike.levels}" if alike.truncated else ""
    print(f"{bound}  slots alike only: {alike.states:,}  {alike.transitions:,}  {cost(alike)}{cut}", flush=True)


if __name__ == "__main__":
    main()
