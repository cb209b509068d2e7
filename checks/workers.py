"""Processes that work for this one: an interrupt is for this one to handle, and none of them outlives it.

A terminal sends an interrupt to all processes at once, ``kill`` to one.  Workers never see one: it is held back while
they start, and what is held back is inherited.  Each waits, in a thread of its own, for the end of the process that
started it, however that came, and ends then; so do the workers of workers.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread, current_thread, main_thread
from types import FrameType
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold interrupts back: for ever in the processes that are started meanwhile, in this one until the end."""
    if current_thread() is not main_thread() or not hasattr(signal, "pthread_sigmask"):  # as on Windows
        yield
        return
    came: list[FrameType | None] = []
    # Two ways at once: the mask is inherited, but another thread, which has none, may take what this one holds back.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handler = signal.signal(signal.SIGINT, lambda _, frame: came.append(frame))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        if came and callable(handler):
            handler(signal.SIGINT, came[0])


class Workers:
    """A pool of processes to give work to; they start, uninterrupted, when there is some."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def submit(self, function: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Future[Result]:
        """What *function* will return."""
        with uninterrupted():
            return self._pool.submit(function, *args, **kwargs)

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """What *function* returns of each of *items*, in their order.

        Unlike :meth:`Executor.map` it cancels nothing when it is broken off: the pool's own thread, told meanwhile that
        its processes have ended, would trip over what is cancelled.
        """
        for future in [self.submit(function, item) for item in items]:
            yield future.result()


@contextmanager
def workers(count: int, begin: Callable[..., None] | None = None, arguments: tuple[Any, ...] = ()) -> Iterator[Workers]:
    """*count* processes, each of which first calls *begin* with *arguments*.

    When the block is left by an exception, an interrupt among them, the processes are ended at once; else when all that
    was given to them is done.
    """
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=_begun, initargs=(begin, arguments)) as pool:
        try:
            yield Workers(pool)
        except BaseException:
            with _writing_to_nobody():
                for process in active_children():
                    process.terminate()
                pool.shutdown()
            raise


@contextmanager
def _writing_to_nobody() -> Iterator[None]:
    """Survive that the pool's thread writes to processes that have ended, which by default ends a command."""
    if current_thread() is not main_thread() or not hasattr(signal, "SIGPIPE"):
        yield
        return
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before)


def _begun(begin: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    parent = parent_process()
    assert parent is not None
    Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    if begin is not None:
        begin(*arguments)


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
