"""The command ``nova-lifecycle``: finds the subcommand, and turns errors into exit statuses.

0 as expected; 1 a verdict or a comparison differs; 2 bad input; 3 an internal error; 130 interrupted.
"""

from __future__ import annotations

import atexit
import codecs
import contextlib
import importlib
import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import click

from model.errors import InputError

DIFFERS, BAD_INPUT, INTERNAL, INTERRUPTED = 1, 2, 3, 130

#: A message longer than this is cut: it repeats an input that nobody wants to read again.
LONGEST = 1600

#: Command -> module that holds it; its one-line help stands here so that ``--help`` imports none of them.
COMMANDS = {
    "states": "Every state variable with its values and meanings.",
    "operations": "Every operation with its guard, actor and meaning.",
    "explain": "What a state means, how one gets there, what frees it.",
    "allowed": "Which API actions pass their guard in a state.",
    "guards": "How the guards of the API relate: overlap, inclusion, releases.",
    "paths": "Paths from one state to another, and why there is none.",
    "restart": "What start-up recovery makes of a state.",
    "sync": "What power synchronisation does in a state.",
    "space": "Build the state space and print its size.",
    "export": "The whole graph and the tables, for other programs.",
    "verify": "Decide every property, and compare with what is expected.",
    "finding": "Open a finding: what, trace, source, Launchpad number.",
    "conform": "Compare the tables with Nova's source, runs, notifications or pages.",
    "releases": "What changed between releases.",
    "record": "Run a program that uses Nova and record its writes.",
    "bugs": "Put each historical bug back, and see it found.",
    "mutate": "Change every row in turn, and see it noticed.",
    "render": "Draw a figure, or write the reference page.",
    "schema": "The JSON Schema of the tables, for editors.",
    "repl": "Ask questions at a prompt.",
}


class Commands(click.Group):
    """Imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All commands, in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command called *cmd_name*; None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f"cli.commands.{cmd_name}").command  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that *args* begin with; an unknown one is answered with the nearest."""
        from model.errors import nearest

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], list(COMMANDS))
            hint = f" Did you mean {near!r}?" if near else ""
            ctx.fail(f"No command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  nova-lifecycle explain error/deleting/shutdown
  nova-lifecycle allowed ACTIVE/None/RUNNING
  nova-lifecycle paths active stopped --avoid '*/deleting'
  nova-lifecycle verify --property rest --scenario crash
A state is written vm_state/task_state/power_state; '*' is any value; case does not matter.""",
)
@click.version_option(package_name="nova-lifecycle", message="%(prog)s %(version)s")
def cli() -> None:
    """Model checker and diagram generator for the life of an OpenStack Nova instance."""


def _prepare_streams() -> None:
    """Make the standard streams take all that is said: closed ones, and ones that cannot encode every sign."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that has seen enough is no error
    codecs.register_error("escape", _escaped)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="escape")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """What cannot be encoded, as JSON escapes it: JSON stays JSON."""
    assert isinstance(error, UnicodeEncodeError)
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _discard_output() -> None:
    """Throw away what could not be written, so that the end of the program does not try again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _defect() -> NoReturn:
    """Tell of the exception that is being handled, and exit."""
    import traceback

    traceback.print_exc()
    click.echo("nova-lifecycle: this is a defect of nova-lifecycle, not of its input", err=True)
    sys.exit(INTERNAL)


def _stop() -> NoReturn:
    """End as interrupted, and at once: to take large spaces apart, as the interpreter would, lasts for seconds."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    atexit._run_exitfuncs()  # noqa: SLF001 - what was asked for at the end: the pools' semaphores are given back
    os._exit(INTERRUPTED)


def _one_line(text: str) -> str:
    """*text* on one line for a terminal: control characters escaped, the middle of a very long one left out."""
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2]} ... {shown[-LONGEST // 2 :]}"


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit with its status."""
    if arguments is None:
        _prepare_streams()
    try:
        status = cli.main(args=arguments, prog_name="nova-lifecycle", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(BAD_INPUT)
    except (click.Abort, KeyboardInterrupt) as error:
        if isinstance(error.__cause__, EOFError):  # which click takes for an interrupt
            _defect()
        click.echo("nova-lifecycle: interrupted", err=True)
        if arguments is None:
            _stop()
        sys.exit(INTERRUPTED)
    except InputError as error:
        count = len(error.faults)
        for fault in error.faults[:200]:
            click.echo(f"nova-lifecycle: {_one_line(str(fault))}", err=True)
        if count > 200:
            click.echo(f"nova-lifecycle: and {count - 200} more", err=True)
        sys.exit(BAD_INPUT)
    except OSError as error:
        place = "output" if error.filename is None else str(error.filename)
        said = f"{place}: {error.strerror or error}; give a place that can be read and written"
        click.echo(f"nova-lifecycle: {_one_line(said)}", err=True)
        _discard_output()
        sys.exit(BAD_INPUT)
    except Exception:  # noqa: BLE001 - the last line of defence: a defect of the program, told as such
        _defect()


if __name__ == "__main__":
    main()
