"""Where a step stands while it is compiled: what is read, who runs it, which handlers are in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from model import schema
from model.lifecycle import Service
from model.yaml_source import Document, Path_


@dataclass(frozen=True, slots=True)
class Frame:
    """Handlers in force, and where their steps stand."""

    handlers: Sequence[schema.Handler]
    arguments: Mapping[str, str]
    owner: str
    document: Document
    path: Path_
    outer: Context
    after: int
    made: dict[str, int] = field(default_factory=dict, compare=False, hash=False)


@dataclass(frozen=True, slots=True)
class Context:
    """Where a step stands: who runs it, what catches its exceptions, where a return goes."""

    operation: str
    procedure: str
    service: str
    holds: bool
    frame: Frame | None
    returns: int
    killed: int | None
    failure: bool = False
    arguments: Mapping[str, str] = field(default_factory=dict)
    depth: int = 0
    #: the service that the procedure is written for, where another one runs it in its own process
    written: str | None = None


@dataclass(slots=True)
class Sources:
    """The validated files: what to compile, and where each stands."""

    operations: dict[str, tuple[schema.Operation, Document]]
    policies: dict[str, schema.Policy]
    policies_document: Document | None
    exceptions: Mapping[str, str | None]
    services: Mapping[str, Service]
    compare: schema.CompareAndSwap
