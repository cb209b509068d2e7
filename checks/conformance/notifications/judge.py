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

    @property
    def conforms(self) -> bool:
        """Whether something was judged, nothing of it contradicts the rows and no line was broken."""
        return self.instances > 0 and not self.contradictions and not self.broken_lines


def judge_notifications(
    rows: Iterable[WriteRow],
    vocabulary: Vocabulary,
    stream: Iterable[tuple[str, bytes]],
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
        The lines, each with its place; consumed once. What they say of state is kept until the end, since any line
        may be the earliest: memory is linear in the number of distinct notifications (about 500 bytes each).
    skew_seconds
        How far the clocks of the senders may lie apart: within it, an update that continues the known state
        goes first.

    """
    tally: Counter[str] = Counter()
    faults: list[Fault] = []
    by_instance: dict[str, dict[object, Observation]] = {}
    for number, (place, line) in enumerate(stream):
        if not line.strip():
            continue
        tally["lines"] += 1
        found = parse_notification(line, place, vocabulary)
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
        if known == seen.state:
            tally["confirmed"] += 1
        elif not seen.born:
            found = _explain(known, seen, moves)
            if isinstance(found, Finding):
                (gaps if found.what.startswith("gap") else contradictions).append(found)
            elif found:
                tally["changes"] += 1
                observed.update(found if len(found) == 1 else ())
        known = seen.state


def _explain(known: State | None, seen: Observation, moves: Moves) -> tuple[str, ...] | Finding:
    """The rows that explain what *seen* shows after *known*, or the gap or contradiction that it is.

    No rows and no finding: the first that is heard of an instance may show any state.
    """
    changes = [pair for pair in seen.old if pair != seen.state[:2]]
    possible = {pair: fitting_moves(moves, (*pair, UNKNOWN), seen.state) for pair in changes}
    if known is None or known[:2] in changes:
        pairs = changes if known is None else [pair for pair in changes if pair == known[:2]]
        for pair in pairs:
            if possible[pair]:
                power = UNKNOWN if known is None else known[2]
                return fitting_moves(moves, (*pair, power), seen.state) or possible[pair]
    certain = len(changes) == len(seen.old) > 0
    if certain and not any(possible.values()):
        old = (*changes[0], UNKNOWN if known is None else known[2])
        return _finding(seen, old, "contradiction: no row makes this change in one write")
    if known is None:
        return ()
    reached = reachable(moves, known)
    if certain and any(after[:2] in changes for after in reached):
        return _finding(seen, known, "gap: notifications are missing; a path of rows leads to its old state")
    if not certain and seen.state in reached:
        return _finding(seen, known, "gap: notifications are missing; a path of rows leads there")
    return _finding(seen, known, "contradiction: no path of rows leads there")


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
    counts = {
        "changes explained": report.changes,
        "confirmed a known state": report.confirmed,
        "without state": report.ignored,
        "repeated": report.duplicates,
        "gaps": len(report.gaps),
        "contradictions": len(report.contradictions),
        "broken lines": report.broken_lines,
    }
    listed = ", ".join(f"{count} {what}" for what, count in counts.items())
    out = [f"{report.lines} notifications of {report.instances} instances: {listed}"]
    out += [str(fault) for fault in report.faults]
    for found in (*report.contradictions, *report.gaps):
        change = " -> ".join(
            "/".join("null" if value is None else value for value in state) for state in (found.old, found.new)
        )
        out.append(f"{found.place}: {found.uuid} {found.event}: {change}: {found.what}")
    return "\n".join(out) + "\n"
