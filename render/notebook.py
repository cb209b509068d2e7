"""What a notebook shows of a state, a path, a trace or a verdict: SVG or HTML as text, for ``_repr_svg_`` and such."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

from model.questions.allowed import allowed
from model.state import state_name
from render.clean import clean
from render.figures import build
from render.figures.trace import path_picture, trace_picture
from render.formats import html, svg

if TYPE_CHECKING:
    from checks.verdict import Trace, Verdict
    from model.lifecycle import Lifecycle
    from model.paths import Path
    from model.state import State
    from render.figure import Picture


def state_svg(lifecycle: Lifecycle, state: State) -> str:
    """What can happen from the value of a state's first variable."""
    value = lifecycle.variables[0].values[state[0]]
    return _svg(build(lifecycle, f"state-{value}"))


def state_html(lifecycle: Lifecycle, state: State) -> str:
    """The values of a state with what they mean, what the public API shows, and what the guards allow."""
    rows = []
    for name, number in zip(lifecycle.state_variables, state, strict=True):
        value = lifecycle.values[name][number]
        rows.append((name, value.name, value.meaning.en))
    names = [lifecycle.variables[position].values[number] for position, number in enumerate(state)]
    status = lifecycle.status.get((names[0], names[1]))
    if status is not None:
        rows.append(("status", status, ""))
    rows.append(("allowed", ", ".join(one.operation for one in allowed(lifecycle, state)) or "nothing", ""))
    return _table(state_name(lifecycle, state), ("", "value", "meaning"), rows)


def path_svg(lifecycle: Lifecycle, path: Path) -> str:
    """A path, one lane for each operation on it."""
    return _svg(path_picture(lifecycle, path))


def path_html(lifecycle: Lifecycle, path: Path) -> str:
    """The steps of a path as a table."""
    return html.render(_named(path_picture(lifecycle, path))).decode()


def trace_svg(lifecycle: Lifecycle, trace: Trace) -> str:
    """An execution, one lane for each process."""
    return _svg(trace_picture(lifecycle, trace))


def trace_html(lifecycle: Lifecycle, trace: Trace) -> str:
    """The steps of an execution as a table."""
    return html.render(_named(trace_picture(lifecycle, trace))).decode()


def verdict_svg(lifecycle: Lifecycle, verdict: Verdict) -> str | None:
    """The shortest execution that shows the verdict's first finding; None when it has none."""
    for finding in verdict.findings:
        if finding.trace is not None:
            title = f"{verdict.property}, {verdict.scenario}"
            return _svg(trace_picture(lifecycle, finding.trace, title=title))
    return None


def verdict_html(verdict: Verdict) -> str:
    """A verdict as a table: what each engine decided, and the findings."""
    rows = [
        (engine.name, engine.outcome.value, f"{engine.seconds:.2f} s {engine.detail}") for engine in verdict.engines
    ]
    for finding in verdict.findings:
        key = ", ".join(f"{name} {value}" for name, value in finding.key.items())
        rows.append(("finding", key, f"{finding.count} times, {finding.source}"))
    caption = f"{verdict.property} in {verdict.scenario}: {verdict.outcome.value}, {verdict.exercised} exercised"
    return _table(caption, ("", "outcome", "detail"), rows)


def _named(picture: Picture) -> Picture:
    """The picture under an id of its own content, so that several in one notebook do not share ids."""
    return replace(picture, id=f"{picture.id}-{sha256(repr(picture).encode()).hexdigest()[:8]}")


def _svg(picture: Picture) -> str:
    return svg.render(_named(picture)).decode()


def _table(caption: str, headings: tuple[str, ...], rows: list[tuple[str, str, str]]) -> str:
    head = "".join(f'<th scope="col">{escape(clean(text))}</th>' for text in headings)
    body = "".join(
        f'<tr><th scope="row">{escape(clean(row[0]))}</th>'
        + "".join(f"<td>{escape(clean(text))}</td>" for text in row[1:])
        + "</tr>\n"
        for row in rows
    )
    caption = escape(clean(caption))
    return f"<table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n"
