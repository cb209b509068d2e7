"""Who notices a mutant where several requests run at once, of those that nobody notices with one.

The mutant's space is explored whole, with variables left out as :mod:`checks.concurrency.decide` does.  A mutant is
noticed by a way of violating a property that this space has, that of the tables has not, and that an execution with all
variables confirms; and by one that is confirmed as the tables are and that the mutant's space has not.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from checks.concurrency.automaton import Automaton
from checks.concurrency.confirm import Confirmer
from checks.concurrency.decide import confirmed, first_space
from checks.concurrency.exact import explore
from checks.concurrency.seen import Seen, Shown, violations
from checks.concurrency.verdicts import OF_STEPS, asked_of_several
from checks.mutation.notice import Notice
from checks.properties.formula import And
from model.collector import uncollected
from model.lifecycle import Lifecycle
from model.semantics import Semantics

#: The values that tell one way of violating a property from another.
Told = tuple[tuple[str, str], ...]


class Several:
    """The tables as they are in one scenario with several requests at once, made when it is first asked for."""

    def __init__(self, lifecycle: Lifecycle, scenario: str) -> None:
        self.lifecycle, self.scenario = lifecycle, lifecycle.scenarios[scenario]
        self.wanted = tuple(one for one in asked_of_several(lifecycle, self.scenario) if one.id in OF_STEPS)

    def notices(self, mutant: Lifecycle) -> tuple[Notice, ...]:
        """What tells *mutant* from the tables as they are."""
        with uncollected():
            automaton, both = first_space(mutant, self.scenario, self.wanted)
            if automaton == self._usual[0]:
                return ()
            here = self._ways(mutant, automaton, both)
            confirmer = Confirmer(Semantics(mutant), self.scenario, automaton.names)
            told: list[Notice] = []
            for name, found in here.items():
                known, real = self._usual[1][name]
                new = any(confirmed(confirmer, found[way].ways) is not None for way in found.keys() - known)
                if new or real - found.keys():
                    told.append(Notice(name, self.scenario.name, new))
            return tuple(told)

    @cached_property
    def _usual(self) -> tuple[Automaton, dict[str, tuple[frozenset[Told], frozenset[Told]]]]:
        """What is explored of the tables as they are; the ways of violating each property, and those confirmed."""
        automaton, both = first_space(self.lifecycle, self.scenario, self.wanted)
        confirmer = Confirmer(Semantics(self.lifecycle), self.scenario, automaton.names)
        return automaton, {
            name: (
                frozenset(found),
                frozenset(way for way, shown in found.items() if confirmed(confirmer, shown.ways) is not None),
            )
            for name, found in self._ways(self.lifecycle, automaton, both).items()
        }

    def _ways(self, lifecycle: Lifecycle, automaton: Automaton, both: And) -> Mapping[str, Mapping[Told, Shown]]:
        assert self.scenario.processes is not None
        explored = explore(automaton, self.scenario.processes)
        seens = [Seen(lifecycle, explored, one, both) for one in self.wanted]
        return {
            one.id: {tuple(sorted(shown.key.items())): shown for shown in found}
            for one, found in zip(self.wanted, violations(seens), strict=True)
        }
