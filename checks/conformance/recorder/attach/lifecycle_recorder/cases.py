"""Which test is running, and how it ended: known from the runner's own class of test cases."""

from __future__ import annotations

import functools
import json
from types import ModuleType
from typing import Any

from .events import append, current_test


def wrap_tests(module: ModuleType) -> None:
    """Wrap ``TestCase.run`` of *module*. A case that calls the run of its base class is noted once."""
    case: Any = module.TestCase
    run = case.run

    @functools.wraps(run)
    def recorded_run(self: Any, result: Any = None) -> Any:
        name = self.id()
        if current_test.name == name:
            return run(self, result)
        current_test.name, current_test.number = name, current_test.number + 1
        before = _failures(result)
        try:
            return run(self, result)
        finally:
            if before is not None:
                status = "ok" if _failures(result) == before else "failed"
                append("events", json.dumps({"test": name, "number": current_test.number, "status": status}))
            current_test.name = None

    case.run = recorded_run


def _failures(result: Any) -> int | None:
    """How many tests failed so far; None when the result does not tell."""
    try:
        return len(result.failures) + len(result.errors)
    except (AttributeError, TypeError):
        return None
