"""What the README shows is what the commands print."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))


def test_the_readme_shows_real_output() -> None:
    from refresh_readme import refreshed

    text = (ROOT / "README.md").read_text()
    assert refreshed(text) == text, "run: make output"


def test_every_file_that_the_readme_names_is_there() -> None:
    text = (ROOT / "README.md").read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / target).exists(), target


def test_the_first_two_commands_are_verify_and_test() -> None:
    text = (ROOT / "README.md").read_text()
    assert re.search(r"```sh\n(make \w+)", text).group(1) == "make verify"  # type: ignore[union-attr]
    assert "\nmake test" in text.split("```sh\n")[1]
