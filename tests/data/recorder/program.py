"""A program that uses the stand-in, as a service or a test would use Nova."""

from __future__ import annotations

import contextlib
import sys
import unittest

from nova.compute import manager
from nova.db.main import api, models

CONTEXT = api.make_context("request-1")


class LampTest(unittest.TestCase):
    """A test of the stand-in."""

    def test_life(self) -> None:
        manager.make(CONTEXT, "lamp-1")
        models.ACTIONS.append({"id": 1, "action": "light", "instance_uuid": "lamp-1", "request_id": "request-1"})
        manager.ask(CONTEXT, "lamp-1")
        manager.done(CONTEXT, "lamp-1")
        manager.rename(CONTEXT, "lamp-1")


if sys.argv[1:] == ["test"]:
    unittest.main(argv=["program", "LampTest"])
manager.make(CONTEXT, "lamp-2")
with contextlib.suppress(api.UnexpectedTaskStateError):
    manager.done(CONTEXT, "lamp-2")
manager.ask(CONTEXT, "lamp-2")
manager.fails(CONTEXT, "lamp-2")
manager.scrap(CONTEXT, "lamp-2")
with contextlib.suppress(api.InstanceNotFound):
    manager.done(CONTEXT, "lamp-2")
sys.exit(3)
