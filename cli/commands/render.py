"""``nova-lifecycle render``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.common import PLACE, common, format_for, full_lifecycle
from model.errors import Fault, InputError
from model.files import write_bytes
from model.lifecycle import Lifecycle

if TYPE_CHECKING:
    from render.figure import Picture

FORMATS = ("svg", "png", "mermaid", "rst", "dot", "text", "html")


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle render list
  nova-lifecycle render vm-states -o vm-states.svg
  nova-lifecycle render operation resize --format png -o resize.png
  nova-lifecycle render state error --format mermaid
  nova-lifecycle render path active/none/running stopped/none -o path.svg
  nova-lifecycle render figures -o docs/figures
  nova-lifecycle render page -o reference.html
  nova-lifecycle render vm-states-page -o vm-states.rst"""
)
@click.argument("what")
@click.argument("names", nargs=-1)
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: by the ending of -o, else svg.")
@click.option("-o", "--output", type=PLACE, help="File or folder to write; default: the output.")
@click.option("--theme", type=click.Choice(["auto", "light", "dark"]), default="auto", show_default=True)
@click.option(
    "--dot", type=click.Path(path_type=Path, exists=True), help="Another Graphviz `dot` than the embedded one."
)
@common
def command(
    what: str,
    names: tuple[str, ...],
    form: str | None,
    output: Path | None,
    theme: str,
    dot: Path | None,
    tables: Path | None,
    release: str | None,
    as_json: bool,
) -> None:
    """Draw a figure (`render list` names them all), all figures, or the reference page."""
    lifecycle = full_lifecycle(tables, release)
    from render.figures import build, catalogue

    if what == "list":
        known = list(catalogue(lifecycle))
        click.echo(json.dumps(known, indent=1) if as_json else "\n".join(known))
        return
    if what == "figures":
        from render.write import write_figures

        folder = _needed(output, "a folder")
        write_figures(lifecycle, folder, formats=(form or "svg",))
        return
    if what == "vm-states-page":
        from render.vm_states_page import vm_states_page

        text = vm_states_page(lifecycle).encode()
        _written(text, output)
        return
    if what == "page":
        _page(lifecycle, _needed(output, "a file"))
        return
    chosen = format_for(output, form)
    from render.registry import render_picture

    picture = _path(lifecycle, names) if what == "path" else build(lifecycle, _identifier(lifecycle, what, names))
    options = {} if dot is None else {"dot": str(dot)}
    if theme != "auto":
        options["theme"] = theme
    _written(render_picture(picture, chosen, **options), output)


def _written(content: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(content)
    else:
        write_bytes(output, content)


def _needed(output: Path | None, what: str) -> Path:
    if output is None:
        raise InputError(Fault("-o", "nowhere to write", f"give {what} with -o"))
    return output


def _identifier(lifecycle: Lifecycle, what: str, names: tuple[str, ...]) -> str:
    """The id of a figure from words: ``operation resize`` is ``operation-resize``; a state may be a wire name."""
    from model.state import value_number

    if what == "state" and names:
        first = lifecycle.state_variables[0]
        number = value_number(lifecycle, first, names[0])
        if number is not None:
            return f"state-{lifecycle.values[first][number].name}"
    return "-".join((what, *names))


def _path(lifecycle: Lifecycle, names: tuple[str, ...]) -> Picture:
    """The shortest path between the two states that *names* are."""
    from cli.commands.paths import question
    from model.network import build_network
    from model.paths import Search
    from render.figures.trace import path_picture

    if len(names) != 2:
        raise InputError(Fault("path", f"{len(names)} states given", "give two: from and to"))
    asked = question(lifecycle, *names, (), (), None)
    answer = Search(lifecycle, build_network(lifecycle), asked).answer(1)
    if not answer.paths:
        raise InputError(Fault("path", "there is no path", str(answer.reason)))
    return path_picture(lifecycle, answer.paths[0], "path", f"From {names[0]} to {names[1]}")


def _page(lifecycle: Lifecycle, output: Path) -> None:
    """The reference page, with the verdicts and the releases that stand beside it if they do."""
    from render.page import page

    beside = {name: _data(output.parent / f"{name}.json") for name in ("verdicts", "releases")}
    verdicts = beside["verdicts"]
    text = page(
        lifecycle, None if verdicts is None else verdicts["verdicts"], beside["releases"], lifecycle.source_address
    )
    write_bytes(output, text.encode())


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _data(path: Path) -> dict[str, Any] | None:
    """The JSON object in *path*; None when there is no such file."""
    try:
        made = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(Fault(str(path), str(error), "make output writes it")) from None
    if not isinstance(made, dict) or not _is_list_of_objects(made.get(path.stem)):
        remedy = "write the page into another folder, or the file anew (make output)"
        raise InputError(Fault(str(path), f"no object with a list of {path.stem}", remedy))
    return made
