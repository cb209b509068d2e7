"""Questions as functions, for the REPL and for notebooks; answers print as the command prints them.

>>> from cli.session import Session
>>> nova = Session()
>>> nova.allowed("stopped/none/shutdown")  # doctest: +ELLIPSIS
STOPPED/None: ... operations pass their guard
...
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import click

from cli.common import one_of
from model.forget import assumed
from model.lifecycle import Lifecycle
from model.load import load
from model.network import Network, build_network
from model.space import StateSpace, build_space
from model.state import State, parse_state, state_name


class Answer:
    """An answer: ``data`` is what ``--json`` prints; it shows itself as text, and in a notebook as a figure or text."""

    def __init__(self, data: Any, show: Callable[[], None], figure: Callable[[], str] | None = None) -> None:
        self.data = data
        self._show = show
        self._figure = figure

    def __repr__(self) -> str:
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            self._show()
        return click.unstyle(text.getvalue()).rstrip()

    def _repr_html_(self) -> str:
        if self._figure is not None:
            return self._figure()
        return f"<pre>{escape(repr(self))}</pre>"


class StateAnswer(Answer):
    """One state; in a notebook it draws what can happen from it."""

    def __init__(self, session: Session, state: State) -> None:
        from cli.commands.explain import show
        from model.questions.explain import explain

        view = session.view("sequential")
        explanation = explain(session.lifecycle, view, session.space(), session.network(), state)
        super().__init__(
            explanation, lambda: show(explanation, session.lifecycle, view, "en", "sequential"), self._drawn
        )
        self._lifecycle = session.lifecycle
        self.state = state
        self.name = state_name(session.lifecycle, state)

    def _drawn(self) -> str:
        from render.notebook import state_html

        return state_html(self._lifecycle, self.state)

    def _repr_svg_(self) -> str:
        from render.notebook import state_svg

        return state_svg(self._lifecycle, self.state)


class Session:
    """A lifecycle to ask, kept in memory: ``Session()`` is Nova's newest release."""

    def __init__(self, tables: Path | None = None, release: str | None = None) -> None:
        self._tables, self._release = tables, release
        self._spaces: dict[str, StateSpace] = {}
        self._networks: dict[str, Network] = {}
        self._views: dict[str, Lifecycle] = {}

    @cached_property
    def lifecycle(self) -> Lifecycle:
        """The tables, read."""
        return load(self._tables, self._release)

    def space(self, scenario: str = "sequential") -> StateSpace:
        """The state space under *scenario*."""
        if scenario not in self._spaces:
            one_of(scenario, self.lifecycle.scenarios, "scenario")
            self._spaces[scenario] = build_space(self.lifecycle, scenario)
        return self._spaces[scenario]

    def network(self, scenario: str = "sequential") -> Network:
        """The configurations of *scenario*."""
        if scenario not in self._networks:
            one_of(scenario, self.lifecycle.scenarios, "scenario")
            self._networks[scenario] = build_network(self.lifecycle, scenario)
        return self._networks[scenario]

    def view(self, scenario: str) -> Lifecycle:
        """The lifecycle as *scenario* looks at it."""
        if scenario not in self._views:
            one_of(scenario, self.lifecycle.scenarios, "scenario")
            self._views[scenario] = assumed(self.lifecycle, scenario)
        return self._views[scenario]

    def graph(self, scenario: str = "sequential") -> Any:
        """The state space as a networkx MultiDiGraph."""
        from model.graph import state_graph

        one_of(scenario, self.lifecycle.scenarios, "scenario")
        return state_graph(self.lifecycle, scenario)

    def explain(self, state: str) -> StateAnswer:
        """All that is known of *state*."""
        return StateAnswer(self, parse_state(self.lifecycle, state))

    def allowed(self, state: str) -> Answer:
        """Which requests pass their guard in *state*."""
        from cli.commands.allowed import answers, show

        data = answers(self.lifecycle, state)
        return Answer(data, lambda: show(data, self.lifecycle))

    def restart(self, state: str) -> Answer:
        """What start-up recovery makes of *state*."""
        from cli.commands.restart import answers, show

        data = answers(self.lifecycle, state)
        return Answer(data, lambda: show(data, self.lifecycle))

    def sync(self, state: str, driver: str) -> Answer:
        """What power synchronisation does in *state* when the driver reports *driver*."""
        from cli.commands.sync import answers, show

        seen, data = answers(self.lifecycle, state, driver)
        return Answer(data, lambda: show(data, seen, self.lifecycle))

    def paths(
        self,
        source: str,
        target: str,
        *,
        avoid: tuple[str, ...] = (),
        via: tuple[str, ...] = (),
        kinds: str | None = None,
        shortest: int = 5,
        scenario: str = "sequential",
    ) -> Answer:
        """Paths from *source* to *target*, shortest first."""
        from cli.commands.paths import question, show
        from model.paths import Search

        view = self.view(scenario)
        asked = question(view, source, target, avoid, via, kinds)
        data = Search(view, self.network(scenario), asked).answer(shortest)

        def drawn() -> str:
            from render.notebook import path_svg

            return "".join(path_svg(view, path) for path in data.paths)

        return Answer(data, lambda: show(data, view, shortest), drawn if data.paths else None)
