"""Fills the console blocks of README.md with what the commands in them print (``make output``; a test compares).

A block is fenced as ``console``; each line that begins with ``$ `` is run, and what follows up to the next one is its
output.  Long outputs are cut after the number of lines that a comment before the block gives: ``<!-- lines: 12 -->``.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

BLOCK = re.compile(r"(?:<!-- lines: (\d+) -->\n)?```console\n(.*?)```", re.DOTALL)


def printed(command: str) -> str:
    """What ``nova-lifecycle ...`` prints."""
    from cli.main import main

    words = shlex.split(command)
    assert words[0] == "nova-lifecycle", command
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        main(words[1:])
    return "\n".join(line.rstrip() for line in output.getvalue().rstrip().splitlines()) + "\n"


def refreshed(text: str) -> str:
    """*text* with every console block filled."""

    def fill(match: re.Match[str]) -> str:
        limit, body = match.groups()
        made = ""
        for line in body.splitlines():
            if line.startswith("$ "):
                output = printed(line[2:]).splitlines()
                if limit and len(output) > int(limit):
                    output = [*output[: int(limit)], f"... ({len(output) - int(limit)} more lines)"]
                made += line + "\n" + "\n".join(output) + "\n"
        note = f"<!-- lines: {limit} -->\n" if limit else ""
        return f"{note}```console\n{made}```"

    return BLOCK.sub(fill, text)


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(refreshed(readme.read_text()))
