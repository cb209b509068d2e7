"""Doing something to a module when the program has imported it, and not before."""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from .events import guarded

Handler = Callable[[ModuleType], None]


class _AfterImport(importlib.abc.MetaPathFinder):
    """Lets the path find a module of *handlers* and calls its handler when the module has run."""

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self.handlers = handlers

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find *fullname* once, as the path would have found it, with the handler tied to its execution."""
        handler = self.handlers.pop(fullname, None)
        spec = None if handler is None else PathFinder.find_spec(fullname, path, target)
        if handler is None or spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            guarded(handler, module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def call_after_import(handlers: Mapping[str, Handler]) -> None:
    """Call each handler with its module: now if that has been imported, else as soon as it is."""
    waiting = dict(handlers)
    for name in [name for name in waiting if name in sys.modules]:
        guarded(waiting.pop(name), sys.modules[name])
    sys.meta_path.insert(0, _AfterImport(waiting))
