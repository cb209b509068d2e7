"""The one hierarchy of errors: what a user can cause, as opposed to a defect of the program.

Bad input is answered with *all* of its faults, each with its place and its remedy, and exit status 2.
Everything that is not an :class:`InputError` is a defect (exit status 3).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input.

    ``place`` is a file with its line (``operations/stop.yaml:12``), a line of a stream, or an argument's name;
    ``found`` says what stands there; ``remedy`` says what is legal and, where one is near, which name was meant.
    """

    place: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.found}; {self.remedy}" if self.remedy else f"{self.place}: {self.found}"


class LifecycleError(Exception):
    """Whatever this program raises on purpose."""


class InputError(LifecycleError):
    """An input that cannot be used; ``faults`` holds every fault found in it, in the order of their places."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))

    def __reduce__(self) -> tuple[type[InputError], tuple[Fault, ...]]:
        """What another process needs to raise the same error."""
        return InputError, self.faults


def nearest(name: str, legal: tuple[str, ...] | list[str]) -> str | None:
    """The legal name closest to *name* (case ignored), or None when none is near."""
    from difflib import get_close_matches

    folded = {candidate.casefold(): candidate for candidate in legal}
    matches = get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None
