"""What was built from the tables, kept between runs.

An entry is keyed by the contents of the tables and of the program that reads them, written to a temporary file and
moved into place, and checked by a digest when it is read: a torn, foreign or old file is ignored and made anew, and two
runs at once do no harm.  The cache is a convenience: when it cannot be written nothing is said and nothing is lost.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable
from functools import cache as remember
from pathlib import Path
from typing import TypeVar

from model.collector import uncollected

Built = TypeVar("Built")

VARIABLE = "NOVA_LIFECYCLE_CACHE"


def cache_folder() -> Path:
    """Where entries are kept: the user's cache folder, or the folder that the environment variable names."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    from platformdirs import user_cache_path

    return user_cache_path("nova-lifecycle", appauthor=False)


@remember
def program_digest(folder: Path = Path(__file__).parent, modules: str = "*.py") -> str:
    """A hash of the modules whose work is kept: those of *folder* that match *modules*, of this package by default."""
    made = hashlib.sha256()
    for path in sorted(folder.glob(modules)):
        made.update(path.read_bytes())
    return made.hexdigest()


def cached(name: str, key: str, build: Callable[[], Built]) -> Built:
    """What *build* returns, from the cache when *name* was built for *key* before."""
    found = _read(_path(name, key))
    if found is not None:
        return found[0]  # type: ignore[return-value]
    built = build()
    keep(name, key, built)
    return built


def keep(name: str, key: str, built: object) -> None:
    """Keep *built* as what *name* is for *key*."""
    _write(_path(name, key), built)


def kept(name: str, key: str) -> object | None:
    """What was built for *key*, and not None, as *name* before; None when nothing was."""
    found = _read(_path(name, key))
    return None if found is None else found[0]


def _path(name: str, key: str) -> Path:
    token = hashlib.sha256(f"{name}\0{key}\0{program_digest()}".encode()).hexdigest()
    return cache_folder() / f"{name}-{token[:32]}.pickle"


def _read(path: Path) -> tuple[object] | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, body = content[:32], content[32:]
    if hashlib.sha256(body).digest() != digest:
        return None
    try:
        with uncollected():
            return (pickle.loads(body),)  # noqa: S301 - our own file in the user's own cache, checked by its digest
    except Exception:  # noqa: BLE001 - whatever is wrong with an entry, it is made anew
        return None


def _write(path: Path, built: object) -> None:
    body = pickle.dumps(built, protocol=pickle.HIGHEST_PROTOCOL)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(hashlib.sha256(body).digest() + body)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
