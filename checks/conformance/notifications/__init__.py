"""Versioned notifications of a running cloud, judged against the rows of the tables."""

from __future__ import annotations

from checks.conformance.notifications.judge import (
    Finding,
    NotificationsReport,
    format_notifications,
    judge_notifications,
)
from checks.conformance.notifications.parse import Observation, parse_notification

__all__ = [
    "Finding",
    "NotificationsReport",
    "Observation",
    "format_notifications",
    "judge_notifications",
    "parse_notification",
]
