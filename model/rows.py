"""The rows of the tables that write the record, in the flat form that conformance checks read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WriteRow:
    """One write of the record by one operation.

    ``id`` is stable; ``kind`` is one of request, step, failure, event, periodic, recovery, admin;
    ``service`` one of api, conductor, compute, peer. ``source`` is ``file:qualified name``. ``expect`` holds
    the task_state constants of the compare-and-swap (``"None"`` for NULL), None when there is none.
    ``writes`` maps each variable to a constant, to several joined by ``|``, or to ``"$..."`` where the value
    is computed at run time. ``vm_state`` holds the vm_states in which the row can occur, None when any.
    """

    id: str
    operation: str
    kind: str
    service: str
    source: str
    expect: frozenset[str] | None
    writes: Mapping[str, str]
    vm_state: frozenset[str] | None
