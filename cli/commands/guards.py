"""``nova-lifecycle guards``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.common import common, dim, full_lifecycle, one_of, show_json
from model.errors import Fault, InputError
from model.lifecycle import Lifecycle

if TYPE_CHECKING:
    from checks.guards import Relation, Space

DIFFERS = 1
SIGNS = {"equal": "=", "within": "<", "around": ">", "overlapping": "x", "disjoint": "."}
SENTENCES = {
    "equal": "accept the same records",
    "within": "{1} accepts all that {0} accepts, and more",
    "around": "{0} accepts all that {1} accepts, and more",
    "overlapping": "have records in common; each accepts some that the other refuses",
    "disjoint": "have no record in common",
}


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle guards
  nova-lifecycle guards resize
  nova-lifecycle guards --overlap stop start
  nova-lifecycle guards --between 33 34.0.0 --json

\b
Exit status: 0 both engines agree; 1 they differ; 2 bad input; 3 a defect of this program."""
)
@click.argument("operation", required=False)
@click.option("--overlap", nargs=2, metavar="A B", help="How the guards of these two operations relate.")
@click.option("--between", nargs=2, metavar="OLD NEW", help="What the guards of two releases accept otherwise.")
@common
def command(
    operation: str | None,
    overlap: tuple[str, str] | None,
    between: tuple[str, str] | None,
    tables: Path | None,
    release: str | None,
    as_json: bool,
) -> int:
    """How the guards of the API relate: which accept a common record, which are the same, which lie within which.

    Of all operations, of OPERATION with each other one, of two operations, or of each operation in two releases.  It
    is about what a guard asks of the record (`nova-lifecycle operations` lists what it checks besides).  Each answer
    is found by counting out the records, and again by z3.
    """
    from checks import guards

    if sum(choice is not None for choice in (operation, overlap, between)) > 1:
        raise InputError(Fault("guards", "more than one question", "give OPERATION, --overlap or --between"))
    if between is not None:
        if release is not None:
            raise InputError(Fault("--release", "given beside --between", "name the releases behind --between"))
        older, newer = (full_lifecycle(tables, name) for name in between)
        found = [one for one in guards.between(older, newer) if one.word != "equal" or not one.agreed]
        show = show_changes
    else:
        older = newer = full_lifecycle(tables, release)
        asked = [*(overlap or ()), *([operation] if operation is not None else [])]
        names = [one_of(name, guards.guarded(older), "operation") for name in asked]
        if overlap is not None:
            found, show = [guards.relation(older, *names)], show_pairs
        elif operation is not None:
            others = (name for name in guards.guarded(older) if name != operation)
            found, show = [guards.relation(older, operation, name) for name in others], show_list
        else:
            found, show = list(guards.relations(older)), show_matrix
    if as_json:
        show_json([as_data(one) for one in found], older)
    else:
        show(found, older, newer)
    differ = [one for one in found if not one.agreed]
    for one in differ:
        click.echo(f"the engines differ on {' and '.join(one.operations)}", err=True)
    return DIFFERS if differ else 0


def as_data(one: Relation) -> dict[str, Any]:
    """*one* for machines."""
    from checks.guards import words

    return {
        "operations": one.operations,
        "releases": one.releases,
        "relation": one.word,
        "both": {"example": one.examples.both},
        "only_first": {"example": one.examples.first, "records": words(one.space, one.only_first)},
        "only_second": {"example": one.examples.second, "records": words(one.space, one.only_second)},
        "engines_agree": one.agreed,
    }


def show_matrix(found: Iterable[Relation], older: Lifecycle, newer: Lifecycle) -> None:  # noqa: ARG001 - one shape
    """Print every relation as one sign."""
    from checks.guards import guarded

    names = guarded(older)
    signs = {one.operations: SIGNS[one.word] for one in found}
    opposite = {"<": ">", ">": "<"}
    width = max(map(len, names), default=0)
    for line in zip(*(str(number).rjust(2) for number in range(1, len(names) + 1)), strict=True):
        click.echo(dim(" " * (width + 5) + " ".join(line)))
    for number, first in enumerate(names, 1):
        row = [
            " " if first == second
            else signs[first, second] if (first, second) in signs
            else opposite.get(signs[second, first], signs[second, first])
            for second in names
        ]  # fmt: skip
        click.echo(f"{number:>2}  {first:<{width}}  " + " ".join(row))
    click.echo("\n= the same records   < within   > around   x some in common   . none in common")


def show_list(found: Iterable[Relation], older: Lifecycle, newer: Lifecycle) -> None:  # noqa: ARG001 - one shape
    """Print how one guard relates to each other one."""
    for word in SIGNS:
        others = [one.operations[1] for one in found if one.word == word]
        if others:
            click.echo(f"{word}: {', '.join(others)}")


def show_pairs(found: Iterable[Relation], older: Lifecycle, newer: Lifecycle) -> None:  # noqa: ARG001 - one shape
    """Print the relation of two guards in full."""
    for one in found:
        click.echo(f"{one.operations[0]} and {one.operations[1]}: {SENTENCES[one.word].format(*one.operations)}")
        if one.examples.both is not None:
            click.echo(f"  both accept, for example: {record(one.examples.both)}")
        show_parts(one, one.operations)


def show_changes(found: Iterable[Relation], older: Lifecycle, newer: Lifecycle) -> None:
    """Print what each operation's guard accepts in one release only."""
    from checks.guards import guarded

    for one in found:
        click.echo(f"{one.operations[0]}: {SENTENCES[one.word].format(*one.releases)}")
        show_parts(one, one.releases)
    for lifecycle, other in ((older, newer), (newer, older)):
        alone = [name for name in guarded(lifecycle) if name not in other.operations]
        if alone:
            click.echo(f"only in {lifecycle.release}: {', '.join(alone)}")
    if not found:
        click.echo(f"{older.release} and {newer.release} accept the same records for every operation that both have")


def show_parts(one: Relation, names: tuple[str, str]) -> None:
    """Print what only one of two guards accepts."""
    from checks.guards import words

    for name, records, example in (
        (names[0], one.only_first, one.examples.first),
        (names[1], one.only_second, one.examples.second),
    ):
        if example is not None:
            click.echo(f"  only {name} accepts:")
            for combination in words(one.space, records):
                click.echo(f"    {values(one.space, combination)}")
            click.echo(dim(f"    for example {record(example)}"))


def record(example: Mapping[str, str]) -> str:
    """*example* in one line."""
    return ", ".join(f"{name}={value}" for name, value in example.items())


def values(space: Space, combination: Mapping[str, tuple[str, ...]]) -> str:
    """One combination of values in one line; of many values those that are missing."""
    domains = dict(zip(space.variables, space.values, strict=True))
    said = []
    for name, listed in combination.items():
        missing = [value for value in domains[name] if value not in listed]
        many = len(listed) > len(missing) and len(listed) > 2
        but = f"not {missing[0]}" if len(missing) == 1 else f"neither {' nor '.join(missing)}"
        said.append(f"{name} is {but}" if many else f"{name} is {' or '.join(listed)}")
    return "; ".join(said) or "every record"
