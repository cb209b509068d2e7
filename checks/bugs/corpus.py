"""Runs the corpus: each bug is put back, and must be found then and not without."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from checks.bugs.patch import FOLDER, Patch, read_patches
from checks.bugs.patched import patched, read_plain
from checks.bugs.violations import violations
from checks.verdict import Trace
from checks.workers import workers as processes
from model.errors import Fault, InputError, nearest
from model.lifecycle import Lifecycle
from model.load import TABLES, load


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one bug.

    ``found``: a violation as the patch describes it, that the tables without the bug do not have; ``without``: the
    classes as described that they have all the same (must be none).  For a bug that is open, ``found`` is in the tables
    as they are.  ``demand`` is the bug's own sentence, where the catalogue has only the general one.  ``steps`` is the
    length of the shortest trace; ``refuted`` what the checker finds wrong with it (must be nothing).
    """

    id: str
    launchpad: tuple[int, ...]
    title: str
    note: str
    property: str
    demand: str
    scenario: str
    requests: int
    is_open: bool
    found: bool
    without: int
    new: int
    finding: Mapping[str, str]
    steps: int
    trace: Trace | None
    refuted: tuple[str, ...]
    configurations: int
    seconds: float


def as_expected(result: Result) -> bool:
    """Whether the bug is found with itself and not without."""
    return result.found and not result.without


def examine(patch: Patch, folder: Path | None = None, release: str | None = None) -> Result:
    """Put the bug of *patch* back into the tables in *folder* and look for it.  Raises InputError."""
    began = time.perf_counter()
    base, plain = _base(folder or TABLES, release)
    before = violations(base, patch)
    after = violations(patched(patch, folder or TABLES, plain, release), patch) if patch.edits else before
    known = {one.values for one in before.found}
    matching = [one for one in after.found if one.matches(patch.finding)]
    alike = [one for one in before.found if one.matches(patch.finding)] if patch.edits else []
    new = [one for one in matching if not patch.edits or one.values not in known]
    shortest = min(new, key=lambda one: len(one.way), default=None)
    complete = patch.every is None or set(patch.finding[patch.every]) <= {
        value for one in new for name, value in one.values if name == patch.every
    }
    refuted = tuple(after.refuted(shortest)) if shortest else ()
    return Result(
        patch.id, tuple(patch.launchpad), patch.title, patch.note, patch.property,
        patch.demand.statement if patch.demand else "", patch.scenario, patch.requests, not patch.edits,
        shortest is not None and complete and not refuted, len(alike), len(new),
        dict(shortest.values) if shortest else {}, len(shortest.way) if shortest else 0,
        after.shown(shortest) if shortest else None, refuted, after.configurations, time.perf_counter() - began,
    )  # fmt: skip


def examine_all(
    patches: Iterable[Patch], folder: Path | None = None, release: str | None = None, workers: int | None = None
) -> Iterator[Result]:
    """:func:`examine` for each of *patches*, on all cores, in their order.

    Raises InputError, after the last, with the faults of all patches that do not apply.
    """
    chosen = list(patches)
    workers = min(workers or os.cpu_count() or 1, len(chosen) or 1)
    one = partial(_examined, folder=folder, release=release)
    faults: list[Fault] = []
    with nullcontext() if workers == 1 else processes(workers) as pool:
        for answer in map(one, chosen) if pool is None else pool.map(one, chosen):
            if isinstance(answer, Result):
                yield answer
            else:
                faults += answer
    if faults:
        raise InputError(*faults)


def _examined(patch: Patch, folder: Path | None, release: str | None) -> Result | tuple[Fault, ...]:
    """:func:`examine`, with faults as an answer: a worker's exception would lose them on its way."""
    try:
        return examine(patch, folder, release)
    except InputError as error:
        return error.faults


def corpus(ids: Iterable[str] = ()) -> tuple[Patch, ...]:
    """The bugs called *ids* (all by default): those that were fixed, then those that are open.  Raises InputError."""
    everything = read_patches() + read_patches(FOLDER / "open")
    wanted = list(ids)
    known = {patch.id: patch for patch in everything}
    unknown = [one for one in wanted if one not in known]
    if unknown:
        faults = []
        for one in unknown:
            near = nearest(one, list(known))
            remedy = f"did you mean {near}?" if near else f"{len(known)} are known, from {everything[0].id}"
            faults.append(Fault("bugs", f"no bug {one!r}", remedy))
        raise InputError(*faults)
    return tuple(known[one] for one in wanted) if wanted else everything


@lru_cache(maxsize=1)
def _base(folder: Path, release: str | None) -> tuple[Lifecycle, dict[str, Any]]:
    return load(folder, release), read_plain(folder)
