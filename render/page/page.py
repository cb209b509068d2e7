"""The page, put together: template, style sheet and script, and under them the data."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from model.lifecycle import Lifecycle
from model.network import build_network
from model.space import all_states
from render.clean import identifier, safe_href
from render.page import figures
from render.page.content import operation_entries, shared_procedures, value_entries
from render.page.data import dumped, embedded
from render.page.steps import SCENARIO, all_edges
from render.page.verdicts import judged
from render.sheet import style_sheet
from render.style import PALETTE

HERE = Path(__file__).parent


def write_page(
    lifecycle: Lifecycle,
    path: Path,
    verdicts: Sequence[Mapping[str, Any]] | None = None,
    releases: Mapping[str, Any] | None = None,
    source_address: str | None = None,
) -> None:
    """Write the reference page of *lifecycle* to *path*: see :func:`page`.  Raises OSError."""
    path.write_text(page(lifecycle, verdicts, releases, source_address), encoding="utf-8", newline="\n")


def page(
    lifecycle: Lifecycle,
    verdicts: Sequence[Mapping[str, Any]] | None = None,
    releases: Mapping[str, Any] | None = None,
    source_address: str | None = None,
) -> str:
    """The reference page of *lifecycle* as one HTML file; the same input gives the same text.

    Parameters
    ----------
    lifecycle:
        Any lifecycle; its names may contain anything.
    verdicts:
        The verdicts of a run as plain data, keyed as :class:`checks.verdict.Verdict`; None leaves out what was decided.
    releases:
        What changed between releases, as plain data; None leaves the section out.
    source_address:
        Where the described source can be read, with ``{release}`` and ``{file}`` in it; None: sources are no links.

    """
    data = embedded(lifecycle, all_edges(lifecycle))
    properties, data["traces"] = judged(verdicts or (), lifecycle.rows)
    data["figures"] = figures.drawn(lifecycle)
    style = _palette() + style_sheet() + (HERE / "style.css").read_text(encoding="utf-8")
    script = (HERE / "script.js").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(id=identifier, source=lambda place: _source(place, lifecycle.release, source_address))
    # The style sheet and the script are our own files, and JSON without "<" cannot end its element.
    return environment.get_template("template.html.j2").render(
        lifecycle=lifecycle,
        values=value_entries(lifecycle),
        families=operation_entries(lifecycle),
        shared=shared_procedures(lifecycle),
        properties=properties,
        decided=verdicts is not None,
        releases=releases,
        figures=data["figures"]["titles"],
        counts=_counts(lifecycle),
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=Markup(dumped(data)),  # noqa: S704
    )


def _hash(text: str) -> str:
    """The hash by which the page's own policy allows *text* to be used, and nothing else."""
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _palette() -> str:
    """The palette for the page around the pictures, as custom properties."""
    light = "".join(f"--{role}:{both.light};" for role, both in PALETTE.items())
    dark = "".join(f"--{role}:{both.dark};" for role, both in PALETTE.items())
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{color-scheme:dark;{dark}}}}}\n"
        f":root[data-theme=light]{{color-scheme:light;{light}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}\n"
    )


def _source(place: str, release: str, address: str | None) -> str | None:
    """Where the file of a citation can be read."""
    file = place.partition(":")[0]
    return safe_href(address.format(release=release, file=file)) if address and file else None


def _counts(lifecycle: Lifecycle) -> dict[str, int]:
    """The numbers in the page's prose."""
    network = build_network(lifecycle, SCENARIO)
    return {
        "states": sum(1 for _ in all_states(lifecycle)),
        "reached": len({state for state in network.states if state is not None}),
        "configurations": len(network.states),
        "steps": sum(len(leaving) for leaving in network.leaving),
        "rows": len(lifecycle.rows),
        "operations": len(lifecycle.operations),
    }
