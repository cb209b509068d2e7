"""The notifications of each instance, put in order and judged against the rows.

A collector sees less than the database: messages come late, twice or not at all. So three answers are told
apart. A change that a row makes is *explained*. Where messages are missing and some path of rows leads
across, it is a *gap*. Only what no path can explain is a *contradiction*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from checks.conformance.notifications.parse import Observation, State, parse_notification
from checks.conformance.notifications.paths import UNKNOWN, Moves, fitting_moves, make_moves, reachable
from checks.conformance.runs.vocabulary import Vocabulary
from model.errors import Fault
from model.rows import WriteRow

FAULTS_KEPT = 100
LOOK_AHEAD = 8
SKEW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A gap or a contradiction: where it was noticed, of which instance, from what to what, in words."""

    place: str
    uuid: str
    event: str
    old: State
    new: State
    what: str


@dataclass(frozen=True, slots=True)
class NotificationsReport:
    """The outcome. ``ignored`` counts notifications without state, ``duplicates`` repeated messages.

    ``changes`` counts the updates that a row explains, ``confirmed`` those notifications that show the state
    already known. ``observed`` maps each row that alone explains some change to how many changes.
    """

    lines: int
    instances: int
    changes: int
    confirmed: int
    ignored: int
    duplicates: int
    gaps: tuple[Finding, ...]
    contradictions: tuple[Finding, ...]
    observed: Mapping[str, int]
    broken_lines: int
    faults: tuple[Fault, ...]


def judge_notifications(
    rows: Iterable[WriteRow],
    vocabulary: Vocabulary,
    stream: Iterable[bytes],
    *,
    skew_seconds: float = SKEW_SECONDS,
) -> NotificationsReport:
    """Judge a collection of versioned notifications, one JSON a line, in any order.

    Parameters
    ----------
    rows
        All rows that write the record.
    vocabulary
        With the three variables in the order vm_state, task_state, power_state.
    stream
        The lines; consumed once. What they say of state is kept until the end, since any line may be the
        earliest: memory is linear in the number of distinct notifications (about 500 bytes each).
    skew_seconds
        How far the clocks of the senders may lie apart: within it, an update that continues the known state
        goes first.
    """
    tally: Counter[str] = Counter()
    faults: list[Fault] = []
    by_instance: dict[str, dict[object, Observation]] = {}
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        tally["lines"] += 1
        found = parse_notification(line, f"line {number}", vocabulary)
        if found is None:
            tally["ignored"] += 1
        elif isinstance(found, Fault):
            tally["broken"] += 1
            if len(faults) < FAULTS_KEPT:
                faults.append(found)
        else:
            known = by_instance.setdefault(found.uuid, {})
            key: object = found.message or number
            tally["duplicates"] += key in known
            known.setdefault(key, found)
    moves = make_moves(rows, vocabulary)
    gaps: list[Finding] = []
    contradictions: list[Finding] = []
    observed: Counter[str] = Counter()
    for uuid in sorted(by_instance):
        ordered = sorted(by_instance[uuid].values(), key=lambda one: (one.time, one.message))
        _judge_instance(_untangle(ordered, skew_seconds), moves, tally, observed, gaps, contradictions)
    return NotificationsReport(
        lines=tally["lines"],
        instances=len(by_instance),
        changes=tally["changes"],
        confirmed=tally["confirmed"],
        ignored=tally["ignored"],
        duplicates=tally["duplicates"],
        gaps=tuple(gaps),
        contradictions=tuple(contradictions),
        observed=dict(sorted(observed.items())),
        broken_lines=tally["broken"],
        faults=tuple(faults),
    )


def _judge_instance(
    ordered: list[Observation],
    moves: Moves,
    tally: Counter[str],
    observed: Counter[str],
    gaps: list[Finding],
    contradictions: list[Finding],
) -> None:
    known: State | None = None
    for seen in ordered:
        if known is not None and not seen.born:
            if seen.state[:2] == known[:2] and seen.state[2] in (known[2], UNKNOWN):
                tally["confirmed"] += 1
                continue
            found = _explain(known, seen, moves)
            if isinstance(found, tuple):
                tally["changes"] += 1
                if len(found) == 1:
                    observed[found[0]] += 1
            elif found.what.startswith("gap"):
                gaps.append(found)
            else:
                contradictions.append(found)
        elif seen.old and not seen.born:
            found = _explain((*seen.old[0], UNKNOWN), seen, moves)
            if isinstance(found, tuple):
                tally["changes"] += 1
                observed.update(found if len(found) == 1 else ())
            elif seen.old[0] != seen.state[:2]:
                contradictions.append(found)
        known = seen.state


def _explain(known: State, seen: Observation, moves: Moves) -> tuple[str, ...] | Finding:
    """The rows that explain what *seen* shows after *known*, or the gap or contradiction that it is."""
    for pair in seen.old:
        if pair != seen.state[:2] and pair == known[:2]:
            fitting = fitting_moves(moves, known, seen.state) or fitting_moves(
                moves, (*pair, UNKNOWN), seen.state
            )
            if fitting:
                return fitting
            return _finding(seen, known, "contradiction: no row makes this change in one write")
    changes = [pair for pair in seen.old if pair != seen.state[:2]]
    for pair in changes:
        if not fitting_moves(moves, (*pair, UNKNOWN), seen.state) and len(changes) == len(seen.old):
            old = (*pair, known[2])
            return _finding(seen, old, "contradiction: no row makes this change in one write")
    befores = changes if changes and len(changes) == len(seen.old) else [seen.state[:2]]
    reached = _reached(moves, known)
    if any(after[:2] == before for before in befores for after in reached):
        between = " and ".join(str(before) for before in befores)
        return _finding(seen, known, f"gap: notifications are missing; some path of rows leads to {between}")
    return _finding(seen, known, "contradiction: no path of rows leads there")


def _reached(moves: Moves, known: State) -> frozenset[State]:
    """States reachable from *known*; an unknown last value is left as it is, no row tests it."""
    return reachable(moves, known)


def _finding(seen: Observation, old: State, what: str) -> Finding:
    return Finding(seen.place, seen.uuid, seen.event, old, seen.state, what)


def _untangle(ordered: list[Observation], skew_seconds: float) -> list[Observation]:
    """Move an update that continues the known state before others, within the senders' clock skew."""
    waiting, out = list(ordered), list[Observation]()
    while waiting:
        at = 0
        if out and not _continues(out[-1].state, waiting[0]):
            near = range(1, min(LOOK_AHEAD, len(waiting)))
            at = next(
                (
                    n
                    for n in near
                    if _apart(waiting[0].time, waiting[n].time) <= skew_seconds
                    and waiting[n].old
                    and _continues(out[-1].state, waiting[n])
                ),
                0,
            )
        out.append(waiting.pop(at))
    return out


def _continues(state: State, seen: Observation) -> bool:
    return state[:2] in seen.old if seen.old else seen.state[:2] == state[:2]


def _apart(first: str, second: str) -> float:
    try:
        return abs((datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds())
    except (ValueError, TypeError):
        return float("inf")


def format_notifications(report: NotificationsReport) -> str:
    """The report as text: counts, then every contradiction and gap with its place."""
    out = [
        f"{report.lines} notifications of {report.instances} instances: {report.changes} changes explained, "
        f"{report.confirmed} confirmed a known state, {report.ignored} without state, {report.duplicates}
        repeated, " f"{len(report.gaps)} gaps, {len(report.contradictions)} contradictions,
        {report.broken_lines} broken lines"
    ]
    out += [str(fault) for fault in report.faults]
    for found in (*report.contradictions, *report.gaps):
        change = " -> ".join(
            "/".join("null" if value is None else value for value in state)
            for state in (found.old, found.new)
        )
        out.append(f"{found.place}: {found.uuid} {found.event}: {change}: {found.what}")
    return "\n".join(out) + "\n"
