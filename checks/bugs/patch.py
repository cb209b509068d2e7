"""A bug as data: how to put it back into the tables, and what must be found then.

A patch without edits is a bug that the tables have as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from model.errors import Fault, InputError
from model.yaml_source import Document, read_document

FOLDER = Path(__file__).parent
Condition = dict[str, list[str]]


class Edit(BaseModel):
    """One change of the tables.

    ``row`` names a step by its row id (``operation/procedure/step``, ``policies/NAME/step``), a procedure by
    ``operation/procedure``, an operation's first guard by ``operation/guard``, an operation by its name, or a named set
    by ``sets/NAME``.  ``merge`` replaces keys of it (null takes a key away); ``replace``, ``before`` and ``after`` are
    steps.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    row: str
    merge: dict[str, Any] | None = None
    remove: bool = False
    replace: list[dict[str, Any]] | None = None
    before: list[dict[str, Any]] | None = None
    after: list[dict[str, Any]] | None = None

    @model_validator(mode="after")
    def _one(self) -> Edit:
        given = [self.merge, self.replace, self.before, self.after]
        if sum(one is not None for one in given) + self.remove != 1:
            raise ValueError("an edit has exactly one of merge, remove, replace, before, after")
        return self


class Never(BaseModel):
    """No step (or configuration, when only ``at`` is given) is like this; what is left out may be anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    at: Condition = {}
    then: Condition = Field(default={}, description="the record after the step")
    quiet: bool = Field(default=False, description="with nothing in flight and every service up")
    pending: bool = Field(default=False, description="while a process that has saved may still write")
    fails: bool = Field(default=False, description="the step ends a process by an exception")
    exception: list[str] = Field(default=[], description="the step is a failure by one of these exceptions")
    by: list[str] = Field(default=[], description="the step is one of these rows (or rows that begin so)")
    to: list[str] = Field(default=[], description="it leads its process to one of these rows")
    writes_next: Condition = Field(default={}, description="it leads its process to a step that writes so")


class Reach(BaseModel):
    """From every configuration like ``origin``, ``goal`` can be reached with the help of these kinds of operations."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    origin: Condition
    goal: Condition
    kinds: list[str] = Field(default=["request", "recovery"], description="who may help: kinds of operations")


class Allows(BaseModel):
    """In every state like ``at`` with nothing in flight, ``operation`` may start."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    at: Condition
    operation: str


class Demand(BaseModel):
    """What must hold, where the catalogue has only the general property: one of these forms."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    statement: str
    never: Never | None = None
    reach: Reach | None = None
    allows: Allows | None = None

    @model_validator(mode="after")
    def _one(self) -> Demand:
        if sum(one is not None for one in (self.never, self.reach, self.allows)) != 1:
            raise ValueError("a demand has exactly one of never, reach, allows")
        return self


class Patch(BaseModel):
    """One bug.

    ``property`` is one of the catalogue; ``finding`` says which of its violations the bug makes (values of the record,
    and ``row``: the step).  ``operations`` are those that may start, from ``start`` (from nothing, by default).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    launchpad: list[int] = []
    title: str
    note: str = ""
    property: str
    scenario: str
    requests: Literal[1, 2, 3] = 1
    fail: bool = True
    operations: list[str] = []
    start: list[Condition] = []
    finding: Condition = {}
    every: str | None = Field(default=None, description="each value that `finding` gives this variable must be found")
    demand: Demand | None = None
    edits: list[Edit] = []


class Inexpressible(BaseModel):
    """A bug that the tables cannot say, and what is missing for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    launchpad: list[int]
    title: str
    missing: str


def read_patches(folder: Path = FOLDER / "patches") -> tuple[Patch, ...]:
    """Every patch in *folder*, in the order of the ids.  Raises InputError with the faults of all files."""
    faults: list[Fault] = []
    made: list[Patch] = []
    for path in sorted(folder.glob("*.yaml")):
        name = f"{folder.name}/{path.name}"
        try:
            document = read_document(path, name)
            patch = Patch.model_validate(document.data)
        except ValidationError as error:
            faults += _faults(error, document)
        except InputError as error:
            faults += error.faults
        else:
            if patch.id != path.stem:
                faults.append(Fault(f"{name}:1", f"id {patch.id!r}", f"the file is that of {path.stem}"))
            made.append(patch)
    if faults:
        raise InputError(*faults)
    return tuple(made)


def read_inexpressible(path: Path = FOLDER / "inexpressible.yaml") -> tuple[Inexpressible, ...]:
    """The bugs that the tables cannot say.  Raises InputError."""
    document = read_document(path, path.name)
    try:
        return tuple(Inexpressible.model_validate(one) for one in document.data)
    except ValidationError as error:
        raise InputError(*_faults(error, document)) from None


def _faults(error: ValidationError, document: Document) -> list[Fault]:
    return [
        Fault(document.place(tuple(problem["loc"])), str(problem["input"])[:60], problem["msg"].lower())
        for problem in error.errors(include_url=False)
    ]
