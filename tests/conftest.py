"""What the tests share: Nova's own lifecycle, and a small one whose every consequence can be worked out by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from model.lifecycle import Lifecycle
from model.load import TABLES
from model.tables_reader import read_tables

DOOR = Path(__file__).parent / "lifecycles" / "door"


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The tests neither read nor write the user's cache."""
    import os

    os.environ["NOVA_LIFECYCLE_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def nova() -> Lifecycle:
    """Nova, newest release."""
    return read_tables(TABLES)


@pytest.fixture(scope="session")
def door() -> Lifecycle:
    """A door with a motor: opened and closed by request, jammed by failure."""
    return read_tables(DOOR)


@pytest.fixture
def door_tables(tmp_path: Path) -> Path:
    """A copy of the door's tables, to break."""
    return Path(shutil.copytree(DOOR, tmp_path / "door"))
