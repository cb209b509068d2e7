"""``nova-lifecycle repl``: Python with the questions at hand, completion of names, and history."""

from __future__ import annotations

import code
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cli.common import PLACE
from cli.session import Session
from model.cache import cache_folder
from model.errors import InputError

BANNER = """nova-lifecycle: {name} {release}
  explain("error/deleting/shutdown")     what it means, how one gets there, what frees it
  allowed("active/none/running")         which requests pass their guard
  paths("active/none", "stopped/none")   ways from one to the other (avoid=, via=, kinds=, shortest=, scenario=)
  restart("active/powering-off/running") what start-up recovery makes of it
  sync("active/none/running", "shutdown") what power synchronisation does
  graph()                                the state space as a networkx graph; nova is the session
Tab completes states and operations inside quotes; help(paths) explains; Ctrl-D leaves."""

#: Annotation of what a question takes -> the type that is meant, and how to give it.
KINDS: dict[str, tuple[type, str]] = {
    "str": (str, "give text in quotes"),
    "int": (int, "give a number"),
    "tuple[str, ...]": (tuple, 'give names in brackets with a comma: ("stopped",)'),
}


@click.command()
@click.option("--tables", type=PLACE, help="A folder with the tables of another lifecycle.")
@click.option("--release", help="The release of Nova to ask about (default: the newest).")
def command(tables: Path | None, release: str | None) -> None:
    """Ask questions at a Python prompt."""
    session = Session(tables, release)
    lifecycle = session.lifecycle
    names: dict[str, Any] = {
        "nova": session,
        "explain": _forgiving(session.explain),
        "allowed": _forgiving(session.allowed),
        "paths": _forgiving(session.paths),
        "restart": _forgiving(session.restart),
        "sync": _forgiving(session.sync),
        "graph": _forgiving(session.graph),
        "space": _forgiving(session.space),
    }
    history = cache_folder() / "history"
    with contextlib.suppress(ImportError):
        import readline

        readline.set_completer(Completer(session, names).complete)
        readline.set_completer_delims(" \t\n\"'(,=")
        readline.parse_and_bind("tab: complete")
        with contextlib.suppress(OSError):
            readline.read_history_file(history)
    banner = BANNER.format(name=lifecycle.name, release=lifecycle.release)
    try:
        code.interact(banner=banner if sys.stdin.isatty() else "", local=names, exitmsg="")
    finally:
        with contextlib.suppress(ImportError, OSError):
            import readline

            history.parent.mkdir(parents=True, exist_ok=True)
            readline.set_history_length(1000)
            readline.write_history_file(history)


def _forgiving(question: Callable[..., Any]) -> Callable[..., Any]:
    """*question*, which at the prompt says what is wrong with its input and raises nothing."""
    from functools import wraps
    from inspect import signature

    expected = signature(question)

    @wraps(question)
    def ask(*args: Any, **kwargs: Any) -> Any:
        name = question.__name__
        try:
            given = expected.bind(*args, **kwargs).arguments
        except TypeError as error:
            click.echo(f"{name}: {error}; help({name}) tells what it takes", err=True)
            return None
        for parameter, value in given.items():
            kind, remedy = KINDS.get(expected.parameters[parameter].annotation, (object, ""))
            if not isinstance(value, kind):
                click.echo(f"{name}: {parameter} is {value!r}: {remedy}", err=True)
                return None
        try:
            return question(*args, **kwargs)
        except InputError as error:
            for fault in error.faults:
                click.echo(str(fault), err=True)
            return None

    return ask


class Completer:
    """Completes names of the prompt, and inside quotes the parts of a state and the names of operations."""

    def __init__(self, session: Session, names: dict[str, Any]) -> None:
        self.session, self.names = session, names

    def candidates(self, text: str) -> list[str]:
        """Everything that *text* may become, in order."""
        lifecycle = self.session.lifecycle
        head, slash, last = text.rpartition("/")
        position = text.count("/")
        found = []
        if position < len(lifecycle.state_variables):
            variable = lifecycle.state_variables[position]
            end = "/" if position + 1 < len(lifecycle.state_variables) else ""
            found = [
                f"{head}{slash}{value.name}{end}"
                for value in lifecycle.values[variable]
                if value.name.casefold().startswith(last.casefold())
            ]
        if not position:
            found += [name for name in (*lifecycle.operations, *self.names) if name.startswith(text)]
        return sorted(dict.fromkeys(found))

    def complete(self, text: str, number: int) -> str | None:
        """The *number*-th candidate for *text*, as readline asks for it."""
        found = self.candidates(text)
        return found[number] if number < len(found) else None
