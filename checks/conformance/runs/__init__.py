"""Recorded runs, replayed: every observed write must be explained by a row of the tables."""

from __future__ import annotations

from checks.conformance.runs.from_tables import keys_of, rows_of, vocabulary_of
from checks.conformance.runs.read import open_lines, placed_lines
from checks.conformance.runs.replay import replay, replay_files
from checks.conformance.runs.report import RunsReport, UnexplainedWrite, format_report
from checks.conformance.runs.vocabulary import Variable, Vocabulary

__all__ = [
    "RunsReport",
    "UnexplainedWrite",
    "Variable",
    "Vocabulary",
    "format_report",
    "keys_of",
    "open_lines",
    "placed_lines",
    "replay",
    "replay_files",
    "rows_of",
    "vocabulary_of",
]
