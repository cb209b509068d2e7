"""Which rows may stand behind a recorded function.

A recording names the function that wrote, as ``module:name``; nested functions and methods appear by their
last name only. Most writes come from the function that a row cites. Three of Nova's idioms write on behalf
of another function:

- a decorator, recorded as ``module:decorator[wrapped]``: the wrapped function is known;
- the context manager that turns an exception into an error state;
- the helper that saves a fresh copy of the record for whoever failed.

For the last two the function behind is not in the recording. Then every failure row of the same service is a
candidate, and expected set, values and the request decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from model.rows import WriteRow

SHARED_WRITERS = frozenset(
    {
        "nova.compute.manager:_error_out_instance_on_exception",
        "nova.scheduler.utils:set_vm_state_and_notify",
    }
)
"""Functions that write for whoever failed, without a trace of who that was."""

FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class RowIndex:
    """The rows by the function that a recording would name, and the failure rows by service."""

    by_function: dict[str, tuple[WriteRow, ...]]
    failures: dict[str, tuple[WriteRow, ...]]


def recorded_name(source: str) -> str:
    """The name by which a recording calls the function of a citation.

    >>> recorded_name("nova/compute/manager.py:ComputeManager.stop_instance.do_stop_instance")
    'nova.compute.manager:do_stop_instance'
    """
    file, _, qualified = source.partition(":")
    module = file.removesuffix(".py").replace("/", ".")
    return f"{module}:{qualified.rpartition('.')[2]}"


def index_rows(rows: Iterable[WriteRow]) -> RowIndex:
    """Index *rows* for lookup by recorded function; the order of the rows is kept."""
    by_function: dict[str, list[WriteRow]] = {}
    failures: dict[str, list[WriteRow]] = {}
    for row in rows:
        by_function.setdefault(recorded_name(row.source), []).append(row)
        if row.kind == FAILURE:
            failures.setdefault(row.service, []).append(row)
    return RowIndex(
        {name: tuple(found) for name, found in by_function.items()},
        {name: tuple(found) for name, found in failures.items()},
    )


def candidate_rows(index: RowIndex, function: str, service: str | None) -> tuple[tuple[WriteRow, ...], ...]:
    """Groups of rows that may explain a write by *function*; a later one counts when no earlier one fits."""
    module, _, name = function.partition(":")
    if name.endswith("]"):
        helper, _, wrapped = name[:-1].partition("[")
        around = index.by_function.get(f"{module}:{wrapped}", ())
        return (
            tuple(row for row in around if row.kind == FAILURE),
            index.by_function.get(f"{module}:{helper}", ()),
        )
    direct = index.by_function.get(function, ())
    if function in SHARED_WRITERS:
        return direct, index.failures.get(service or "", ())
    return (direct,)
