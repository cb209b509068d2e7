"""Writes docs/properties.md from the properties and the expectations (``make output``; a test compares)."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
PAGE = ROOT / "docs" / "properties.md"


def refreshed() -> str:
    """The page as it should be."""
    from checks.expectations import read_expectations
    from checks.properties.page import properties_page
    from model.load import TABLES, load

    lifecycle = load()
    return properties_page(lifecycle, read_expectations(TABLES, lifecycle.scenarios))


if __name__ == "__main__":
    PAGE.write_text(refreshed(), encoding="utf-8")
