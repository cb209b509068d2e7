"""``python -m benchmarks.concurrency``: exact exploration for k = 1, 2, 3, 4 beside Spin on the exported model.

Each model is explored by both in the same run, with slots told apart, so both count the same states and steps; beside
that stands what we need when slots are interchangeable, as in use.  The models are the operations of a few families,
reduced, and all operations over the smallest record that a search of three at once looks at.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.spin import spin
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
#: How gcc compiles Spin's model: all steps are one function, which takes minutes to optimise when they are thousands.
OPTIMISED, PLAIN = "-O1", "-O0"


def main(words: Sequence[str] | None = None) -> None:
    """Prints one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, default=Path("model/tables"))
    parser.add_argument("--scenario", default="concurrent-2")
    parser.add_argument("--limit", type=int, default=5_000_000, help="configurations at which our own search stops")
    given = parser.parse_args(words)
    lifecycle = read_tables(given.tables)
    scenario = lifecycle.scenarios[given.scenario]
    semantics = Semantics(lifecycle)
    print("k  states  steps  CPU  growth | interchangeable: states  CPU | Spin: CPU  memory | CPU of Spin / ours")
    for families, most in MODELS:
        automaton = chosen(semantics, scenario, set(families))
        beside_spin(lifecycle, " and ".join(families), automaton, most, OPTIMISED)
    automaton = everything(lifecycle, scenario)
    beside_spin(lifecycle, "all operations", automaton, 2, PLAIN)
    alone(automaton, 3, given.limit)


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
    installed = shutil.which("spin") is not None
    states, steps = 1, 1
    for bound in range(1, most + 1):
        explored, seconds = timed(automaton, bound, ordered=True)
        alike, less = timed(automaton, bound, ordered=False)
        line = f"{bound}  {explored[0]:,}  {explored[1]:,}  {seconds:.3f} s  x{explored[0] / states:.0f}"
        line += f" | {alike[0]:,}  {less:.3f} s | "
        states, steps = explored
        if not installed:
            print(f"{line}Spin is not installed", flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder:
            counted = spin(promela(automaton, bound, values, {}), Path(folder), optimised)
        same = "" if (counted.states, counted.transitions) == (states, steps) else f"; Spin: {counted.states:,} states!"
        line += f"{counted.seconds:.2f} s  {counted.megabytes:.0f} MB | {counted.seconds / seconds:.1f}"
        print(f"{line}, {counted.seconds / less:.1f} with interchangeable slots{same}", flush=True)


def timed(automaton: Automaton, bound: int, *, ordered: bool) -> tuple[tuple[int, int], float]:
    """States and transitions, and CPU seconds; the step relation is made anew."""
    start = time.process_time()
    explored = explore(automaton, bound, ordered=ordered)
    return (explored.states, explored.transitions), time.process_time() - start


def alone(automaton: Automaton, bound: int, limit: int) -> None:
    """How far our own search comes with *bound* processes before *limit*, with interchangeable slots."""
    start = time.process_time()
    explored = explore(automaton, bound, limit)
    seconds = time.process_time() - start
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cut = f", stopped at level {len(explored.levels)}" if explored.truncated else ""
    print(f"{bound}  {explored.states:,}  {explored.transitions:,}  {seconds:.1f} s  {megabytes:.0f} MB in all{cut}")


if __name__ == "__main__":
    main()
