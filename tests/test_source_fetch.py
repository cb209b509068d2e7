"""Where source comes from: paths, sdists, the index; and every way in which that can fail."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from small_nova import FILES, write_tree

from checks.conformance.source import fetch
from checks.conformance.source.fetch import newest_of_each_major, open_source, resolve_version
from checks.conformance.source.index import Archive, index_urls, parse_index
from model.errors import InputError


def sdist(version: str = "1.2.3", files: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        contents = {"PKG-INFO": f"Metadata-Version: 2.1\nName: nova\nVersion: {version}\n", **(files or FILES)}
        contents["setup.py"] = "raise SystemExit('an sdist was executed')\n"
        for name, text in contents.items():
            member = tarfile.TarInfo(f"nova-{version}/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """An index with three releases, reached without a network."""
    answers = {f"https://index.test/{v}": sdist(v) for v in ("1.2.3", "1.10.0", "2.0.1")}
    archives = {
        url.rpartition("/")[2]: Archive(
            url.rpartition("/")[2], f"nova-{url.rpartition('/')[2]}.tar.gz", url, hashlib.sha256(data).hexdigest()
        )
        for url, data in answers.items()
    }
    monkeypatch.setattr(fetch, "_archives", lambda: archives)
    monkeypatch.setattr(fetch, "_get", lambda url, accept: answers[url])  # noqa: ARG005 - the same signature
    return answers


def test_a_directory(tmp_path: Path) -> None:
    assert open_source(str(write_tree(tmp_path))).root == tmp_path


def test_an_sdist_file_is_unpacked_and_not_executed(tmp_path: Path) -> None:
    file = tmp_path / "nova.tar.gz"
    file.write_bytes(sdist())
    tree = open_source(str(file), cache=tmp_path / "cache")
    assert tree.version == "1.2.3"
    assert (tree.root / "nova/compute/manager.py").is_file()
    assert not (tree.root / "setup.py").exists()


def test_a_version_is_fetched_once(tmp_path: Path, index: dict[str, bytes]) -> None:
    first = open_source("1.2.3", cache=tmp_path)
    index.clear()
    assert open_source("1.2.3", cache=tmp_path) == first
    assert [entry.name for entry in tmp_path.iterdir()] == ["1.2.3"]


def test_a_major_version_is_its_newest_release(index: dict[str, bytes]) -> None:
    assert index
    assert resolve_version("1") == "1.10.0"
    assert newest_of_each_major() == ["1.10.0", "2.0.1"]


def test_an_unknown_version_names_a_near_one(index: dict[str, bytes]) -> None:
    assert index
    with pytest.raises(InputError, match="did you mean"):
        resolve_version("1.10.1")


def test_a_wrong_hash_is_refused_and_not_kept(tmp_path: Path, index: dict[str, bytes]) -> None:
    index["https://index.test/1.2.3"] += b"x"
    with pytest.raises(InputError, match="SHA-256"):
        open_source("1.2.3", cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_known_hash_is_checked(tmp_path: Path, index: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    assert index
    known = tmp_path / "sha256.json"
    known.write_text(json.dumps({"1.2.3": "0" * 64}), encoding="utf-8")
    monkeypatch.setattr(fetch, "KNOWN_HASHES", known)
    with pytest.raises(InputError, match="known release"):
        open_source("1.2.3", cache=tmp_path / "cache")


@pytest.mark.parametrize("source", ["no/such/path", "latest", "", "34.x"])
def test_neither_path_nor_version(source: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        open_source(source or "none", cache=tmp_path)
    assert caught.value.faults[0].remedy


def test_a_directory_without_nova(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nova/compute/manager\.py"):
        open_source(str(tmp_path))


def test_a_file_that_is_no_sdist(tmp_path: Path) -> None:
    file = tmp_path / "nova.tar.gz"
    file.write_text("not an archive", encoding="utf-8")
    with pytest.raises(InputError, match="not an sdist"):
        open_source(str(file), cache=tmp_path / "cache")


def test_an_sdist_cannot_write_outside(tmp_path: Path) -> None:
    file = tmp_path / "nova.tar.gz"
    file.write_bytes(sdist(files={**FILES, "nova/../../../escaped.py": "x = 1\n"}))
    with pytest.raises(InputError, match="not an sdist"):
        open_source(str(file), cache=tmp_path / "cache")
    assert not list(tmp_path.rglob("escaped.py"))


def test_the_index_in_json() -> None:
    page = {
        "files": [
            {"filename": "nova-1.0.0.tar.gz", "url": "../a/nova-1.0.0.tar.gz", "hashes": {"sha256": "ab"}},
            {"filename": "nova-1.0.0-py3-none-any.whl", "url": "../a/nova.whl", "hashes": {}},
            {"filename": "nova-1.1.0.0rc1.tar.gz", "url": "../a/nova-1.1.0.0rc1.tar.gz", "hashes": {}},
            {"filename": "nova-0.9.0.tar.gz", "url": "../a/nova-0.9.0.tar.gz", "hashes": {}, "yanked": "broken"},
        ]
    }
    found = parse_index(json.dumps(page).encode(), "https://index.test/simple/nova/")
    assert found == [Archive("1.0.0", "nova-1.0.0.tar.gz", "https://index.test/simple/a/nova-1.0.0.tar.gz", "ab")]


def test_the_index_in_html() -> None:
    page = b"""<a href="nova-1.0.0.tar.gz#sha256=ab">nova-1.0.0.tar.gz</a>
    <a href="nova-0.9.0.tar.gz" data-yanked="">nova-0.9.0.tar.gz</a> <a href="x">other</a>"""
    found = parse_index(page, "https://index.test/nova/")
    assert found == [Archive("1.0.0", "nova-1.0.0.tar.gz", "https://index.test/nova/nova-1.0.0.tar.gz", "ab")]


def test_the_configured_index_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.test/simple")
    assert index_urls()[0] == "https://mirror.test/simple"
