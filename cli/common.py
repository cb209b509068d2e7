"""What the commands share: options, output as text or JSON, and the lifecycle that is asked about."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from model.errors import Fault, InputError, nearest
from model.lifecycle import Lifecycle
from model.load import load
from model.state import State, state_name

Command = TypeVar("Command", bound=Callable[..., Any])


class _Place(click.Path):
    """A file or folder; an empty name, as of a variable of the shell that is not set, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """*value* as a path; InputError when it is empty."""
        if value == "":
            place = "argument" if param is None else param.opts[-1]
            raise InputError(Fault(place, "the name is empty", "give a file or folder"))
        return super().convert(value, param, ctx)


#: The type of an argument or option that names a file or folder.
PLACE = _Place(path_type=Path)

VOCABULARY_ONLY = "only the vocabulary of this release is claimed: its operations are not in the tables"


def common(command: Command) -> Command:
    """The options that every question has: ``--json``, ``--release``, ``--tables``."""
    command = click.option("--json", "as_json", is_flag=True, help="Answer as JSON, for machines.")(command)
    command = click.option("--release", help="The release of Nova to answer for (default: the newest).")(command)
    return click.option("--tables", type=PLACE, help="A folder with the tables of another lifecycle.")(command)


def scenario_option(command: Command) -> Command:
    """``--scenario``: under which assumptions."""
    return click.option(
        "--scenario", default="sequential", show_default=True, help="The assumptions under which to answer."
    )(command)


def lifecycle_for(tables: Path | None, release: str | None) -> Lifecycle:
    """The lifecycle to ask about."""
    return load(tables, release)


def full_lifecycle(tables: Path | None, release: str | None) -> Lifecycle:
    """The same, for questions that need operations; InputError where the release has only a vocabulary."""
    lifecycle = load(tables, release)
    if lifecycle.vocabulary_only:
        raise InputError(Fault("--release", f"{lifecycle.release}: {VOCABULARY_ONLY}", "ask about a later release"))
    return lifecycle


def one_of(name: str, legal: Sequence[str] | Mapping[str, Any], what: str) -> str:
    """*name* if it is legal; InputError with the nearest legal name if not."""
    names = list(legal)
    if name in names:
        return name
    near = nearest(name, names)
    hint = f"did you mean {near}? " if near else ""
    raise InputError(Fault(f"--{what}", f"unknown {what} {name!r}", f"{hint}known: {', '.join(names)}"))


#: Formats by endings of names that are not their own.
ENDINGS = {"mmd": "mermaid", "txt": "text", "gv": "dot"}


def format_for(output: Path | None, form: str | None = None) -> str:
    """The format *form* of a picture, or that which the name of *output* ends in; SVG without either."""
    from render.registry import format_names

    ending = "" if output is None else output.suffix.removeprefix(".")
    chosen = form or ending or "svg"
    chosen = ENDINGS.get(chosen, chosen)
    if form is None and chosen not in format_names():
        raise InputError(
            Fault(str(output), f"unknown format {ending!r}", f"end it in one of {', '.join(format_names())}")
        )
    return chosen


def plain(value: object, lifecycle: Lifecycle) -> Any:
    """*value* as what JSON can hold; states (tuples of numbers named ``state``) become names."""
    if is_dataclass(value) and not isinstance(value, type):
        made = {}
        for field in fields(value):
            inner = getattr(value, field.name)
            if field.name in ("state", "start", "source", "target") and _is_state(inner, lifecycle):
                made[field.name] = state_name(lifecycle, inner)
            else:
                made[field.name] = plain(inner, lifecycle)
        return made
    if isinstance(value, Mapping):
        return {str(key): plain(inner, lifecycle) for key, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(inner, lifecycle) for inner in value)
    if isinstance(value, list | tuple):
        if _is_state(value, lifecycle):
            return state_name(lifecycle, tuple(value))
        return [plain(inner, lifecycle) for inner in value]
    return value


def _is_state(value: object, lifecycle: Lifecycle) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == len(lifecycle.state_variables)
        and all(type(number) is int for number in value)
    )


def show_json(value: object, lifecycle: Lifecycle) -> None:
    """Print *value* as JSON."""
    json.dump(plain(value, lifecycle), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def named(lifecycle: Lifecycle, state: State | None, *, destroyed: bool = False) -> str:
    """*state* for a reader."""
    if state is None:
        return "(no instance)"
    return state_name(lifecycle, state) + (" (row destroyed)" if destroyed else "")


def heading(text: str) -> str:
    """*text* as a heading, bold on a terminal."""
    return click.style(text, bold=True)


def dim(text: str) -> str:
    """*text* of less weight, dimmed on a terminal."""
    return click.style(text, dim=True)
