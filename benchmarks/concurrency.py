"""``python -m benchmarks.concurrency``: exact exploration for k = 1, 2, 3, ... beside Spin on the exported model.

The first part takes the operations of a few families, reduced, so that Spin's model stays small enough for a C
compiler; both tell the slots apart, so both count the same states and steps.  The second part explores all operations
with all reductions.
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
from checks.concurrency.abstraction import copies, reports
from checks.concurrency.automaton import Automaton, assemble
from checks.concurrency.exact import explore
from checks.concurrency.reduce import reduce
from checks.export.promela import promela
from model.forget import forget
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics
from model.tables_reader import read_tables


def main(words: Sequence[str] | None = None) -> None:
    """Prints one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, default=Path("model/tables"))
    parser.add_argument("--scenario", default="concurrent-2")
    parser.add_argument("--family", action="append", help="families of operations (default: create, delete)")
    parser.add_argument("--most", type=int, default=3, help="the largest k of the first part")
    parser.add_argument("--limit", type=int, default=5_000_000, help="configurations at which a search stops")
    given = parser.parse_args(words)
    lifecycle = read_tables(given.tables)
    scenario = lifecycle.scenarios[given.scenario]
    semantics = Semantics(lifecycle)
    families = set(given.family or ("create", "delete"))
    beside_spin(lifecycle, chosen(semantics, scenario, families), given.most, given.limit)
    everything(lifecycle, scenario, given.most, given.limit)


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


def beside_spin(lifecycle: Lifecycle, automaton: Automaton, most: int, limit: int) -> None:
    """Both explorers on the same model, k = 1 to *most*."""
    values = {variable.name: variable.values for variable in lifecycle.variables}
    print(f"beside Spin: {len(automaton.places)} places, slots told apart")
    explore(automaton, 1)  # compiles, on the first run
    installed = shutil.which("spin") is not None
    for bound in range(1, most + 1):
        explored, seconds = timed(automaton, bound, limit, ordered=True)
        symmetric, less = timed(automaton, bound, limit, ordered=False)
        line = f"k={bound} states {explored[0]} steps {explored[1]} CPU {seconds:.2f} s"
        line += f"; interchangeable: states {symmetric[0]} CPU {less:.2f} s"
        if not installed:
            print(f"{line}; Spin is not installed", flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder:
            counted = spin(promela(automaton, bound, values, {}), Path(folder))
        same = (counted.states, counted.transitions) == explored
        line += f"; Spin states {counted.states} CPU {counted.seconds:.2f} s {counted.megabytes:.0f} MB"
        line += f"; same: {same}; CPU of Spin / ours: {counted.seconds / seconds:.1f}"
        print(f"{line}, with symmetry {counted.seconds / less:.1f}", flush=True)


def timed(automaton: Automaton, bound: int, limit: int, *, ordered: bool) -> tuple[tuple[int, int], float]:
    """States and transitions, and CPU seconds."""
    start = time.process_time()
    explored = explore(automaton, bound, limit, ordered=ordered)
    return (explored.states, explored.transitions), time.process_time() - start


def everything(lifecycle: Lifecycle, scenario: Scenario, most: int, limit: int) -> None:
    """All operations, reduced, with the variables forgotten that only mirror others."""
    start = time.process_time()
    read = read_at_rest(lifecycle)
    gone = reports(lifecycle) | copies(lifecycle) | set(scenario.forget)
    automaton = reduce(assemble(Semantics(forget(lifecycle, gone)), scenario), read)
    print(f"all operations: {len(automaton.places)} places, reduced in {time.process_time() - start:.2f} s CPU")
    for bound in range(1, most + 1):
        start = time.process_time()
        explored = explore(automaton, bound, limit)
        seconds = time.process_time() - start
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cut = f" (stopped at level {len(explored.levels)})" if explored.truncated else ""
        print(
            f"k={bound} states {explored.states} steps {explored.transitions} CPU {seconds:.2f} s "
            f"{megabytes:.0f} MB{cut}",
            flush=True,
        )


if __name__ == "__main__":
    main()
