"""The schema of the tables: what a table file may say, field by field.

One class a kind of row.  The classes say what is legal on its own; what is legal only together (a name that exists, a
step that something leads to) is said in :mod:`model.faults`.  JSON Schemas for editors are generated from here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, RootModel, Tag
from pydantic_core import PydanticCustomError

NAME, SOURCE, RELEASE = r"^[A-Za-z][A-Za-z0-9_-]*$", r"^[\w./-]+:[\w.-]+$", r"^\d+(\.\d+)*$"
THEN = r"^(raise( [a-z_]+)?|return|continue)$"
#: What each pattern means, for the one who has to mend what does not match it.
MEANS = {
    NAME: "a name of letters, digits, - and _ that begins with a letter",
    SOURCE: "the place in the source as file:Class.function",
    RELEASE: "a release as 34 or 34.0.0, in quotes",
    THEN: "one of raise, raise EXCEPTION, return, continue",
}
Name = Annotated[str, Field(pattern=NAME)]
Source = Annotated[str, Field(pattern=SOURCE, description="file:Class.function in the source described")]
Release = Annotated[str, Field(pattern=RELEASE)]
#: How many requests at once are explored; of more, only what holds of any number is asked.
MOST_AT_ONCE = 4


def _few(number: int) -> int:
    if not 1 <= number <= MOST_AT_ONCE:
        raise PydanticCustomError("at_once", f"write a number from 1 to {MOST_AT_ONCE}, or null for any number")
    return number


AtOnce = Annotated[
    int, Field(strict=True, json_schema_extra={"minimum": 1, "maximum": MOST_AT_ONCE}), AfterValidator(_few)
]
Values = list[str]
#: variable (or ``$remembered``) -> the values that it may have; all must hold
Conjunction = dict[str, Values]
#: one conjunction, or several of which one must hold
Condition = Conjunction | list[Conjunction]

Kind = Literal["request", "admin", "event", "periodic", "recovery", "outside"]


class Row(BaseModel):
    """What every row may carry: the releases in which it exists."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    since: Release | None = None
    until: Release | None = None


class Text(BaseModel):
    """A line of text in each language."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    en: str
    zh: str


class StateValue(Row):
    """One value of one of the variables that a state consists of."""

    wire: str | None
    number: int | None = None
    group: Literal["stable", "transitional", "terminal"]
    meaning: Text
    source: Source


class NamedSet(Row):
    """A set of values that the source names."""

    variable: str
    values: Values
    source: Source


class States(BaseModel):
    """``states.yaml``: the variables of the state, each with its values, and the named sets."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, dict[str, StateValue]]
    sets: dict[Name, NamedSet] = {}


class Status(BaseModel):
    """``status.yaml``: what the public API shows for each pair of the first two variables."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    source: Source
    map: dict[str, dict[str, str]]


class Variable(Row):
    """A variable of the record that is not part of the state."""

    values: Values
    initial: str
    stored: bool = Field(description="whether a save of the record writes it (and a refused save leaves it dirty)")
    meaning: Text


class Crash(Row):
    """What the death of a service leaves in the record, and when it can come."""

    when: Conjunction = {}
    set: dict[Name, str] = {}


class Service(Row):
    """A service that runs steps; ``available`` says when it takes messages, ``crash`` what its death does."""

    available: Conjunction = {}
    crash: Crash | None = None
    meaning: Text


class CompareAndSwap(BaseModel):
    """The variable that a save compares, and the exceptions that a refusal raises."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    variable: str
    refused: str
    special: dict[str, Conjunction] = {}
    missing: str


class ExceptionKind(Row):
    """A kind of failure; ``is`` names the wider kind that it belongs to."""

    is_: str | None = Field(default=None, alias="is")
    meaning: str


class Default(BaseModel):
    """Values of the other variables for a state of which nothing else is known; the first rule that fits gives each."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    when: Conjunction = {}
    set: dict[str, str]


class Moved(Row):
    """What the tables cite as ``source`` stood in ``formerly`` in the releases of this row."""

    source: Source
    formerly: Source


class LeftOut(Row):
    """A function that writes the record and that the tables leave out on purpose."""

    source: Source
    reason: str


class Record(BaseModel):
    """``record.yaml``: the variables beside the state, the services, the predicates and the exceptions."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    lifecycle: str
    newest: Release
    source_address: str | None = Field(default=None, description="where a source can be read: {release}, {file}")
    releases: list[Release]
    vocabularies: list[Release] = []
    initial: dict[str, str]
    variables: dict[Name, Variable] = {}
    defaults: list[Default] = []
    compare_and_swap: CompareAndSwap
    observed: dict[str, str] = Field(
        default={}, description="state variable -> the variable that holds the truth of which it is the last report"
    )
    predicates: dict[Name, Condition]
    services: dict[Name, Service]
    exceptions: dict[Name, ExceptionKind]
    moved: list[Moved] = Field(default=[], description="functions that other releases call otherwise")
    left_out: list[LeftOut] = Field(default=[], description="what the tables do not claim, and why")


class StepRow(Row):
    """What every step may carry."""

    source: Source | None = None
    note: str | None = None
    condition: str | None = Field(default=None, description="in words: when the source takes this step")


class SaveStep(StepRow):
    """One atomic compare-and-swap of the dirty fields."""

    save: Name
    set: dict[str, str]
    expect: Values | None = None
    where: Conjunction = {}
    otherwise: str | None = Field(default=None, description="the exception when `where` does not hold")
    ignore: list[str] = Field(default=[], description="exceptions of this save that are swallowed")
    source: Source


class SetStep(StepRow):
    """Changes the local copy only; the next save writes it."""

    set_: Name = Field(alias="dirty")
    set: dict[str, str]


class CallStep(StepRow):
    """The hypervisor or another service: may fail, may change what is not stored in the record."""

    call: Name
    set: dict[str, str | Values] = {}
    fails: list[str] = []
    failing: list[dict[str, str]] = Field(
        default=[{}], description="what a failing call may have changed; one of these"
    )


class CastStep(StepRow):
    """Hands over to another service by message; nothing may follow it."""

    cast: Name
    to: str
    fails: list[str] = []


class RunStep(StepRow):
    """Runs another procedure and waits for it: in the same process, or by a synchronous message to its service."""

    run: Name
    procedure: str
    here: bool = Field(default=False, description="in the caller's own process, whatever service it is written for")
    timeout: str | None = Field(default=None, description="the exception when the other service dies meanwhile")


class ReadStep(StepRow):
    """Reads the record, may remember parts of it, may branch on it."""

    read: Name
    remember: dict[Name, str | Conjunction] = {}
    refresh: bool = False
    if_: Condition | None = Field(default=None, alias="if")
    then: list[Step] = []
    else_: list[Step] = Field(default=[], alias="else")


class ChooseStep(StepRow):
    """A choice that the record does not decide (configuration, properties of the instance); each may be taken."""

    choose: Name
    between: dict[Name, list[Step]]


class TryStep(StepRow):
    """Steps under handlers."""

    try_: Name = Field(alias="try")
    policies: list[PolicyUse]
    steps: list[Step]


class ReturnStep(StepRow):
    """Ends the procedure as a success; its caller goes on."""

    return_: Name = Field(alias="return")


class RaiseStep(StepRow):
    """Raises an exception."""

    raise_: Name = Field(alias="raise")
    exception: str


INSTRUCTIONS = ("save", "dirty", "call", "cast", "run", "read", "choose", "try", "return", "raise")


def _instruction(value: Any) -> str | None:
    keys = value if isinstance(value, dict) else {}
    present = [name for name in INSTRUCTIONS if name in keys]
    return present[0] if len(present) == 1 else None


Step = Annotated[
    Annotated[SaveStep, Tag("save")]
    | Annotated[SetStep, Tag("dirty")]
    | Annotated[CallStep, Tag("call")]
    | Annotated[CastStep, Tag("cast")]
    | Annotated[RunStep, Tag("run")]
    | Annotated[ReadStep, Tag("read")]
    | Annotated[ChooseStep, Tag("choose")]
    | Annotated[TryStep, Tag("try")]
    | Annotated[ReturnStep, Tag("return")]
    | Annotated[RaiseStep, Tag("raise")],
    Discriminator(
        _instruction,
        custom_error_type="instruction",
        custom_error_message="a step has exactly one of the keys: " + ", ".join(INSTRUCTIONS),
    ),
]


class Handler(Row):
    """What one kind of exception leads to: steps, then one of ``raise``, ``return``, ``continue``, ``raise NAME``."""

    catch: list[str]
    steps: list[Step] = []
    then: str = Field(pattern=THEN)


class Policy(Row):
    """A failure idiom, named once; the first handler that catches an exception takes it."""

    meaning: Text
    source: Source
    parameters: list[Name] = []
    handlers: list[Handler]


class PolicyUse(Row):
    """A policy by name, or handlers on the spot."""

    policy: Name | None = None
    arguments: dict[Name, str] = {}
    handlers: list[Handler] = []


class Procedure(Row):
    """A program of one service: the steps of one function and of what it calls."""

    service: Name
    lock: bool = False
    policies: list[PolicyUse] = []
    source: Source
    steps: list[Step]


class Guard(Row):
    """When a process may start, judged on the copy of the record that was loaded then."""

    when: Condition = {}
    remember: dict[Name, str | Conjunction] = {}
    set: dict[str, str | Values] = Field(default={}, description="changed in the same moment; only outside or recovery")
    checks: list[str] = Field(default=[], description="further checks, in words, that the record does not decide")
    condition: str | None = None
    source: Source


class Promise(Row):
    """What an operation leaves when nothing fails on its way, if it started in ``from``.

    Among the values of a variable, ``$other`` stands for what the variable *other* was at the start.
    """

    from_: Conjunction = Field(default={}, alias="from", description="judged on the record at the start")
    to: Condition
    scenarios: list[Name] = Field(
        default=[], description="where it is asked; by default in the first one in which its kind runs, one at a time"
    )
    says: str | None = Field(default=None, description="where the one who makes it says so")


class Operation(Row):
    """``operations/NAME.yaml``, ``events/``, ``periodic/``, ``recovery/``: one thing that can happen to an instance."""

    operation: Name
    kind: Kind
    actor: Literal["user", "admin", "operator", "compute", "hypervisor", "nova"]
    action: str | None = Field(default=None, description="the action of the public API")
    command: str | None = None
    meaning: Text
    family: Name
    guards: list[Guard]
    program: Name | None = Field(default=None, description="the procedure that the request starts")
    procedures: dict[Name, Procedure] = {}
    leaves: list[Promise] = Field(
        default=[], description="what it is for: the first promise that fits the start must hold where it ends"
    )
    restores: Condition | None = Field(default=None, description="what a round trip ending here should leave as it was")
    undoes: list[Name] = Field(default=[], description="the operations whose effect this one is meant to take back")


class Policies(RootModel[dict[Name, Policy]]):
    """``policies.yaml``."""


class Scenario(Row):
    """A named set of assumptions under which properties are asked."""

    meaning: Text
    processes: AtOnce | None = Field(description="how many requests at once; null: any number")
    kinds: list[Kind]
    fail: bool = True
    crash: bool = False
    patient: bool = Field(default=False, description="a service comes back only when all else in flight waits for it")
    lose: bool = False
    forget: list[Name] = Field(
        default=[], description="variables left out: whatever is tested of them may be either way"
    )


class Scenarios(RootModel[dict[Name, Scenario]]):
    """``scenarios.yaml``."""


for _model in (ReadStep, ChooseStep, TryStep, Handler, Procedure, Policy, Operation, PolicyUse):
    _model.model_rebuild()
