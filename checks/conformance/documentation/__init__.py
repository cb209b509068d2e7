"""Nova's own page on states, read and compared with the model: every contradiction with its line."""

from __future__ import annotations

from checks.conformance.documentation.compare import (
    Contradiction,
    DocumentationReport,
    compare_documentation,
    format_contradictions,
)
from checks.conformance.documentation.from_tables import documented_operations, names_of
from checks.conformance.documentation.page import Page, Requirement, StateCommands, Transition, read_page
from checks.conformance.documentation.said import DocumentedOperation, Names

__all__ = [
    "Contradiction",
    "DocumentationReport",
    "DocumentedOperation",
    "Names",
    "Page",
    "Requirement",
    "StateCommands",
    "Transition",
    "compare_documentation",
    "documented_operations",
    "format_contradictions",
    "names_of",
    "read_page",
]
