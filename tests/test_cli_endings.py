"""How the command ends when it cannot go on: interrupted, or by a defect of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.workers import uninterrupted, workers
from cli.main import main

ROOT = Path(__file__).parent.parent
DOOR = str(ROOT / "tests" / "lifecycles" / "door")
#: What is interrupted is over after a second or so; on a busy machine it may take longer, but not as long as the work.
SOON, LONG = 20, 300


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Whoever starts the tests in the background has interrupts ignored, and what a process ignores its children do."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(arguments: list[str], until: str, *, everybody: bool) -> list[str | int]:
    """Interrupt a command once its progress says *until*; what it says on the standard error after that.

    Where *everybody* is, as at a terminal, the signal goes to its processes as well.  They share its standard error: it
    is at its end when the last of them is.
    """
    said = ended([sys.executable, "-m", "cli.main", *arguments], until, everybody=everybody)
    assert said.pop(0) == 130
    return [line for line in said if line and not line.startswith("...")]


def ended(command: list[str], until: str, *, everybody: bool) -> list[str | int]:
    """The exit status of *command*, interrupted when it says *until*, and the lines that it says then."""
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        try:
            while (line := process.stderr.readline()) and until not in line:
                pass
            assert line, f"it ended before it said {until!r}"
            (os.killpg if everybody else os.kill)(process.pid, signal.SIGINT)
            _, said = process.communicate(timeout=SOON)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return [process.returncode, *said.splitlines()]


@pytest.mark.parametrize("everybody", [True, False])
def test_an_interrupt_ends_the_second_engine_too(*, everybody: bool) -> None:
    arguments = ["verify", "--scenario", "sequential", "--property", "final", "--property", "rest"]
    said = interrupted(arguments, "wait for z3", everybody=everybody)
    assert said == ["nova-lifecycle: interrupted"]


@pytest.mark.parametrize("everybody", [True, False])
def test_an_interrupt_ends_what_runs_beside(*, everybody: bool) -> None:
    arguments = ["verify", "--tables", DOOR, "--scenario", "crash", "--scenario", "pair"]
    said = interrupted(arguments, "explore crash", everybody=everybody)
    assert said == ["nova-lifecycle: interrupted"]


@pytest.mark.parametrize("everybody", [True, False])
def test_an_interrupt_ends_workers_who_have_much_to_do(*, everybody: bool) -> None:
    code = (
        "import sys, time; from checks.workers import workers\n"
        "if __name__ == '__main__':\n"
        "    with workers(2) as pool:\n"
        "        made = pool.map(time.sleep, [0, 0] + [60] * 20)\n"
        "        next(made), next(made), print('begun', file=sys.stderr, flush=True)\n"
        "        next(made)\n"
    )
    said = ended([sys.executable, "-c", code], "begun", everybody=everybody)
    assert said[0] in (130, -signal.SIGINT)
    assert [str(line).startswith("Traceback") for line in said].count(True) == 1
    assert said[-1] == "KeyboardInterrupt"


def test_workers_end_with_an_error_at_once() -> None:
    def fail() -> None:
        with workers(1) as pool:
            pool.submit(time.sleep, LONG)
            raise ValueError("of the caller")

    began = time.monotonic()
    with pytest.raises(ValueError, match="of the caller"):
        fail()
    assert time.monotonic() - began < SOON


def test_no_worker_outlives_who_asked_it() -> None:
    """The one that asks is killed, and can do nothing any more: the pipe that both write to is closed all the same."""
    code = (
        "import os, time; from checks.workers import workers\n"
        "if __name__ == '__main__':\n"
        "    with workers(1) as pool:\n"
        "        pool.submit(abs, 1).result(); pool.submit(time.sleep, 300); time.sleep(1); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=LONG / 2, check=False)
    assert done.returncode == -signal.SIGKILL


def test_an_interrupt_that_is_held_back_is_not_lost() -> None:
    reached = []

    def interrupt() -> None:
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            reached.append(1)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert reached
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (RuntimeError("of its own"), 3, "this is a defect of nova-lifecycle"),
        (EOFError("of its own"), 3, "this is a defect of nova-lifecycle"),
        (KeyboardInterrupt(), 130, "nova-lifecycle: interrupted"),
    ],
)
def test_exit_statuses(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    words: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("cli.commands.space.full_lifecycle", fail)
    with pytest.raises(SystemExit) as ended:
        main(["space"])
    assert ended.value.code == status
    said = capsys.readouterr().err
    assert words in said
    assert ("Traceback" in said) is (status == 3)
