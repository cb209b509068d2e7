"""A computation in a thread of its own: compiled loops and NumPy let others run, on other processors."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Beside(Generic[Result]):
    """What *compute* returns, computed while the caller does something else; an interrupt does not wait for it."""

    def __init__(self, compute: Callable[[], Result]) -> None:
        self._compute = compute
        self._found: list[Result] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found.append(self._compute())
        except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
            self._error = error

    def result(self) -> Result:
        """The result, when it is there; raises what the computation raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]
