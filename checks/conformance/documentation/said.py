"""What the model says, in the form in which a page can be held against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NULL = "None"


@dataclass(frozen=True, slots=True)
class DocumentedOperation:
    """One operation, as its guard and its successful end define it.

    ``commands`` are the names under which pages and users call it (``soft delete``); case, hyphens and
    underscores do not matter. ``vm_states`` and ``task_states`` are the constants that its guard admits,
    None when it does not test them, ``"None"`` for an unset task. ``moves`` holds the pairs (vm_state
    before, vm_state after success); a failure's ERROR belongs here no more than in the page's graph.
    ``source`` is the place of the guard.
    """

    name: str
    commands: frozenset[str]
    vm_states: frozenset[str] | None
    task_states: frozenset[str] | None
    moves: frozenset[tuple[str, str]]
    source: str


@dataclass(frozen=True, slots=True)
class Names:
    """The vocabulary against which the page's words are read.

    ``vm_states`` and ``task_states`` are all constants. ``aliases`` maps other words for a vm_state (the
    status that the API shows, say) to its constant: the page's word is then understood, and reported as not
    being the name. ``everywhere`` are the vm_states that the page's graph leaves out because every state leads to
    them, beside those that its caption names; ``gone`` are those without an instance, in which no command is possible.
    """

    vm_states: frozenset[str]
    task_states: frozenset[str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    everywhere: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


def fold(word: str) -> str:
    """The form in which names are compared: upper case, with underscores.

    >>> fold("Soft Deleted"), fold("soft-delete")
    ('SOFT_DELETED', 'SOFT_DELETE')
    """
    return "_".join(word.replace("-", " ").replace("_", " ").upper().split())


def vm_state_named(word: str, names: Names) -> str | None:
    """The vm_state that *word* means, by its own name or by an alias; None when it means none."""
    folded = fold(word)
    if folded in names.vm_states:
        return folded
    return next((constant for alias, constant in names.aliases.items() if fold(alias) == folded), None)
