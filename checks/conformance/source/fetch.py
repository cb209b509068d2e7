"""Where Nova's source comes from: a directory, an sdist, or a version that is fetched once and then cached.

Nothing of an sdist is ever executed: it is looked up in the package index's simple API, checked against its
SHA-256, and unpacked as plain files.  `pip download` is not used because it runs an sdist's build backend.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import ssl
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zlib
from dataclasses import dataclass
from pathlib import Path

from checks.conformance.source.index import Archive, index_urls, parse_index
from model.cache import cache_folder
from model.errors import Fault, InputError, nearest

KNOWN_HASHES = Path(__file__).with_name("sha256.json")
VERSION = re.compile(r"\d+(\.\d+)*")
TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Tree:
    """An unpacked source tree: its root (the directory that holds ``nova/``) and its version, if known."""

    root: Path
    version: str | None


def open_source(source: str, *, cache: Path | None = None) -> Tree:
    """The source tree that *source* names: a directory, an sdist file, or a version (``34.0.0``, or ``34``).

    Parameters
    ----------
    source
        A path that exists wins over a version.  A version with fewer than two dots names the newest release
        that starts with it.
    cache
        Where fetched versions are kept; by default the user's cache directory.

    Raises
    ------
    InputError
        When it is neither, when the index has no such version or cannot be reached, when the hash differs,
        or when what was found is not Nova's source.

    """
    if not source.strip():
        raise InputError(Fault("PATH|VERSION", "it is empty", "give a path or a version such as 34.0.0"))
    path = Path(source)
    store = cache or cache_folder() / "sources"
    if path.is_dir():
        return Tree(_root_of(path, source), _version_of(path))
    if path.is_file():
        digest = _sha256(path)
        return _unpacked(path, store / f"file-{digest[:16]}", source)
    if not VERSION.fullmatch(source):
        raise InputError(
            Fault(source, "no such directory or sdist, and not a version", "give a path or a version such as 34.0.0")
        )
    version = source if source.count(".") >= 2 and (store / source).is_dir() else resolve_version(source)
    target = store / version
    if target.is_dir():
        return Tree(_root_of(target, source), version)
    archive = _archives()[version]
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store) as scratch:
        downloaded = Path(scratch) / archive.filename
        downloaded.write_bytes(_get(archive.url, accept="*/*"))
        _check_hash(version, archive, _sha256(downloaded))
        return Tree(_unpacked(downloaded, target, source).root, version)


def resolve_version(wanted: str) -> str:
    """The newest release on the index that *wanted* names: itself, or the newest that starts with it."""
    versions = releases()
    matching = [v for v in versions if v == wanted or v.startswith(wanted + ".")]
    if not matching:
        near = nearest(wanted, versions)
        raise InputError(
            Fault(wanted, "the package index has no such Nova sdist", f"did you mean {near}?" if near else "")
        )
    return matching[-1]


def releases() -> list[str]:
    """Every final version with an sdist on the index, oldest first."""
    return sorted(_archives(), key=_version_key)


def newest_of_each_major() -> list[str]:
    """The newest point release of each major release on the index, oldest first."""
    newest = {version.split(".")[0]: version for version in releases()}
    return list(newest.values())


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


_archives_found: dict[str, Archive] = {}


def _archives() -> dict[str, Archive]:
    if not _archives_found:
        failures: list[Fault] = []
        for index in index_urls():
            url = index.rstrip("/") + "/nova/"
            try:
                page = _get(url, accept="application/vnd.pypi.simple.v1+json, text/html;q=0.1")
            except InputError as error:
                failures.extend(error.faults)
                continue
            for archive in parse_index(page, url):
                _archives_found.setdefault(archive.version, archive)
        if not _archives_found:
            raise InputError(*(failures or [Fault("package index", "it lists no Nova sdist", "give a path")]))
    return _archives_found


def _get(url: str, accept: str) -> bytes:
    request = urllib.request.Request(url, headers={"Accept": accept, "User-Agent": "nova-lifecycle"})  # noqa: S310
    certificates = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    try:
        context = ssl.create_default_context(cafile=certificates or None)
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=context) as answer:  # noqa: S310
            return bytes(answer.read())
    except (urllib.error.URLError, OSError, ValueError) as error:
        place = urllib.parse.urlsplit(url)._replace(netloc=urllib.parse.urlsplit(url).hostname or "").geturl()
        raise InputError(
            Fault(place, f"cannot be fetched: {error}", "give the path of an unpacked source tree or an sdist")
        ) from error


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_hash(version: str, archive: Archive, actual: str) -> None:
    known: dict[str, str] = json.loads(KNOWN_HASHES.read_text(encoding="utf-8"))
    for expected, whose in ((known.get(version), "the known release"), (archive.sha256, "the index")):
        if expected is not None and expected != actual:
            raise InputError(
                Fault(
                    archive.filename,
                    f"its SHA-256 is {actual}, that of {whose} is {expected}",
                    "the download is damaged or not the release; it was discarded",
                )
            )


def _unpacked(archive: Path, target: Path, source: str) -> Tree:
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=target.parent))
        try:
            _unpack(archive, scratch, source)
            _root_of(scratch, source)
            scratch.rename(target)
        except OSError:
            # Another process that unpacked the same archive may have been first.
            if not target.is_dir():
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return Tree(_root_of(target, source), _version_of(target))


def _unpack(archive: Path, target: Path, source: str) -> None:
    try:
        with tarfile.open(archive) as members:
            wanted = [member for member in members if member.isfile() and _is_wanted(member.name)]
            members.extractall(target, members=wanted, filter="data")
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise InputError(Fault(source, f"not an sdist that can be read: {error}", "give a .tar.gz of Nova")) from error


def _is_wanted(name: str) -> bool:
    inner = name.partition("/")[2]
    if inner.startswith("nova/tests/"):
        return False
    return inner == "PKG-INFO" or inner.startswith("doc/") or (inner.startswith("nova/") and inner.endswith(".py"))


def _root_of(path: Path, source: str) -> Path:
    for candidate in (path, *sorted(path.iterdir())):
        if (candidate / "nova" / "compute" / "manager.py").is_file():
            return candidate
    raise InputError(
        Fault(source, "no nova/compute/manager.py in it", "give the directory that holds Nova's nova/ directory")
    )


def _version_of(path: Path) -> str | None:
    for info in (path / "PKG-INFO", *sorted(path.glob("*/PKG-INFO"))):
        if info.is_file():
            found = re.search(r"(?m)^Version: (\S+)", info.read_text(encoding="utf-8", errors="replace"))
            return found[1] if found else None
    return None
