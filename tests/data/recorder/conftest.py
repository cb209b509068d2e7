"""The stand-in is run by the tests of the recorder, in a process of its own: nothing here is a test."""

from __future__ import annotations

collect_ignore_glob = ["*"]
