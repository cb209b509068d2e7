"""Recording of one's own Nova: a program runs with a recorder attached from outside."""

from __future__ import annotations

from checks.conformance.recorder.join import Recording, join_events
from checks.conformance.recorder.launch import record

__all__ = ["Recording", "join_events", "record"]
