"""The figures of the page, as text that the script turns into elements when one is to be seen."""

from __future__ import annotations

from model.lifecycle import Lifecycle


def drawn(lifecycle: Lifecycle) -> dict[str, dict[str, str]]:
    """Figure id -> its title, the SVG without a style sheet, and its content as a table."""
    assert lifecycle.variables
    return {}
