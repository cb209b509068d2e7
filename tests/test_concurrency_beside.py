"""What is computed in a thread of its own comes back, and so does what goes wrong there."""

from __future__ import annotations

from threading import Event

import pytest

from checks.concurrency.beside import Beside


def test_both_are_computed_at_once() -> None:
    asked, answered = Event(), Event()

    def answer() -> bool:
        answered.set()
        return asked.wait(10)

    beside = Beside(answer)
    assert answered.wait(10)
    asked.set()
    assert beside.result()
    assert beside.result()


def test_an_error_reaches_whoever_waits() -> None:
    def fail() -> None:
        raise OverflowError("too many")

    beside = Beside(fail)
    with pytest.raises(OverflowError, match="too many"):
        beside.result()
