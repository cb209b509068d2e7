"""The facts of every release, read once and kept, and what changed from each to the next."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from itertools import pairwise
from pathlib import Path

from checks.conformance.source.diff import Change, diff
from checks.conformance.source.facts import SourceFacts, as_json, from_json
from checks.conformance.source.fetch import Tree, newest_of_each_major, open_source
from checks.conformance.source.read import read_source
from checks.workers import workers
from model.cache import cache_folder
from model.errors import Fault, InputError


def facts_of(source: str, *, cache: Path | None = None) -> SourceFacts:
    """The facts of a path or version (see :func:`open_source`); those of a released version are read only once.

    What is kept is bound to the readers that made it, so that a changed reader reads again.
    """
    tree = open_source(source, cache=cache / "sources" if cache else None)
    if tree.version is None or Path(source).exists():
        return _read(tree, source)
    kept = (cache or cache_folder()) / "facts" / f"{tree.version}-{READERS}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # a torn or foreign file is made anew
        return from_json(json.loads(kept.read_bytes()))
    facts = _read(tree, source)
    with contextlib.suppress(OSError):  # what cannot be kept is read again
        kept.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=kept.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(as_json(facts), file)
        Path(scratch).replace(kept)
    return facts


def _read(tree: Tree, source: str) -> SourceFacts:
    try:
        return read_source(tree)
    except UnicodeDecodeError as error:
        remedy = "give Nova's source as it was released"
        raise InputError(Fault(source, f"a module in it is not text: {error}", remedy)) from None


#: What only fetches sources or compares facts: to change it leaves the facts as they are.
BESIDE = ("behaviour", "compare", "conform", "diff", "fetch", "history", "index", "needed", "releases")


def _readers() -> str:
    """A digest of the readers' own source."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.stem not in BESIDE:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


READERS = _readers()


def facts_of_releases(versions: list[str] | None = None, *, processes: int = 2) -> dict[str, SourceFacts]:
    """The facts of each of *versions*, oldest first; by default the newest point release of each major release."""
    wanted = versions if versions is not None else newest_of_each_major()
    with workers(processes) as pool:
        return dict(zip(wanted, pool.map(facts_of, wanted), strict=True))


def changes(releases: dict[str, SourceFacts]) -> dict[tuple[str, str], list[Change]]:
    """What changed from each release to the next, in the order given."""
    versions = list(releases)
    return {(older, newer): diff(releases[older], releases[newer]) for older, newer in pairwise(versions)}
