"""The package index's simple API (PEP 503 and 691): which sdists of Nova there are, where, and their hashes.

The index is the one that pip or uv is configured to use, so that mirrors and closed networks work.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import sys
import urllib.parse
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

DEFAULT_INDEX = "https://pypi.org/simple"
SDIST = re.compile(r"nova-(?P<version>\d+(\.\d+)+)\.tar\.gz")


@dataclass(frozen=True, slots=True)
class Archive:
    """One sdist: its version, file name, address, and SHA-256 if the index gives it."""

    version: str
    filename: str
    url: str
    sha256: str | None


def index_urls() -> list[str]:
    """The configured indexes that can be asked over the network, the main one first."""
    settings = _settings()
    main = [settings.get("index-url", DEFAULT_INDEX)]
    extra = settings.get("extra-index-url", "").split()
    return [url for url in (*main, *extra) if url.startswith(("https://", "http://"))]


def _settings() -> dict[str, str]:
    settings: dict[str, str] = {}
    home = Path.home()
    files = [Path("/etc/pip.conf"), home / ".pip/pip.conf", home / ".config/pip/pip.conf"]
    files.append(Path(sys.prefix) / "pip.conf")
    if named := os.environ.get("PIP_CONFIG_FILE"):
        files.append(Path(named))
    for file in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        if parser.has_section("global"):
            settings.update(parser["global"])
    for setting, names in {
        "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"),
        "extra-index-url": ("UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"),
    }.items():
        for name in names:
            if value := os.environ.get(name):
                settings[setting] = value
    return settings


def parse_index(page: bytes, url: str) -> list[Archive]:
    """The final releases that have an sdist, from a page of the simple API in JSON or HTML, without yanked ones."""
    text = page.decode("utf-8", errors="replace")
    if text.lstrip().startswith("{"):
        files = [
            (file["filename"], file["url"], file.get("hashes", {}).get("sha256"))
            for file in json.loads(text).get("files", [])
            if not file.get("yanked")
        ]
    else:
        anchors = _Anchors()
        anchors.feed(text)
        files = []
        for name, href in anchors.found:
            address, _, fragment = href.partition("#")
            files.append((name, address, fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else None))
    found = []
    for name, address, digest in files:
        if match := SDIST.fullmatch(name):
            found.append(Archive(match["version"], name, urllib.parse.urljoin(url, address), digest))
    return found


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._href: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._href = given.get("href") if tag == "a" and "data-yanked" not in given else None

    def handle_data(self, data: str) -> None:
        if self._href is not None and data.strip():
            self.found.append((data.strip(), self._href))
            self._href = None
