"""Who writes: read from the stack of the recorded program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

ROOT = "nova."
TESTS = "nova.tests."
BELOW = ("nova.db.", "nova.objects.", "nova.exception_wrapper", "nova.safe_utils")
"""Modules below which a write is only carried out; who asked for it stands above."""
HELPERS = frozenset({"_instance_update", "_set_instance_obj_error_state"})
"""Functions that write for their caller."""
SERVICES = (
    ("nova.compute.api", "api"),
    ("nova.api.", "api"),
    ("nova.conductor.", "conductor"),
    ("nova.scheduler.", "conductor"),
    ("nova.compute.", "compute"),
    ("nova.virt.", "compute"),
)

Frame = tuple[str, str, int]


def describe_stack() -> dict[str, Any]:
    """The writer of the write in progress, as fields of an event.

    ``caller`` is the nearest frame with its line, ``func`` the nearest that is not a helper; ``service`` belongs to
    the caller, ``process`` to the outermost frame; ``ctx`` names the functions on the stack, the nearest first.
    """
    frames = list(_frames())
    if not frames:
        return _nobody("unknown", by_test=False)
    if frames[0][0].startswith(TESTS):
        return _nobody("TEST {}:{}".format(*frames[0][:2]), by_test=True)
    frames = [frame for frame in frames if not frame[0].startswith(TESTS)]
    writer = next((frame for frame in frames if frame[1] not in HELPERS), frames[0])
    names = [frame[1] for frame in frames if frame[1] != writer[1]]
    return {
        "caller": "{}:{}:{}".format(*frames[0]),
        "func": "{}:{}".format(*writer[:2]),
        "service": _service(frames[0][0]),
        "process": _service(frames[-1][0]) or _service(frames[0][0]),
        "ctx": list(dict.fromkeys(names)),
        "by_test": False,
    }


def _nobody(function: str, *, by_test: bool) -> dict[str, Any]:
    return {"caller": None, "func": function, "service": None, "process": None, "ctx": [], "by_test": by_test}


def _frames() -> Iterator[Frame]:
    """Nova's frames above its database and object layers, the nearest first: (module, function, line)."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the way to the stack that costs no source lines
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(ROOT) and not module.startswith(BELOW):
            name = frame.f_code.co_name
            if "function" in frame.f_code.co_freevars and not name.startswith("<"):
                wrapped = frame.f_locals.get("function")
                name = f"{name}[{getattr(wrapped, '__name__', '?')}]"
            yield module, name, frame.f_lineno
        frame = frame.f_back


def _service(module: str) -> str | None:
    return next((service for prefix, service in SERVICES if module.startswith(prefix)), None)
