"""Programs in normal form: the tables' structured steps, flattened into instructions with explicit targets.

An instruction names where control goes next, for the success and for each exception.  Nothing here says what an
instruction *does*: that is :mod:`model.semantics` (and, written apart from it, the z3 encoding in ``checks``).
"""

from __future__ import annotations

from dataclasses import dataclass

#: Targets: a control point is an index into the instructions; these two end the process.
FINISHED = -1
FAILED = -2

#: What is written: a value number, ``("variable", number)`` copies from the record, ``("memory", name)`` from memory.
Operand = int | tuple[str, int] | tuple[str, str]
Writes = tuple[tuple[int, Operand], ...]
#: ``(variable number, allowed value numbers)`` or ``("$name", allowed value names)``; all must hold.
Test = tuple[int, frozenset[int]] | tuple[str, frozenset[str]]
Tests = tuple[Test, ...]
#: What is remembered: name -> a variable's number (its value), a value's name, or tests (``YES`` or ``NO``).
Remember = tuple[tuple[str, int | str | Tests], ...]


@dataclass(frozen=True)
class Instruction:
    """What all instructions have: the row, the service that runs it, whether the lock is held, who hears of a crash.

    ``killed`` is where control goes when the service dies here; None: the process dies with it.
    """

    row: str
    operation: str
    service: str
    holds: bool
    killed: int | None


@dataclass(frozen=True)
class Save(Instruction):
    """A compare-and-swap of the dirty fields and of ``writes``; ``raised`` maps each exception to its target."""

    writes: Writes
    expect: frozenset[int] | None
    where: Tests
    otherwise: str | None
    next: int
    raised: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Dirty(Instruction):
    """A change of the local copy that a later save writes."""

    writes: Writes
    next: int


@dataclass(frozen=True)
class Call(Instruction):
    """A call outside: one of ``effects`` on success; on failure one of ``failing``, and an exception of ``raised``."""

    effects: tuple[Writes, ...]
    failing: tuple[Writes, ...]
    next: int
    raised: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Wait(Instruction):
    """A message on its way: taken when the service is available; it survives a crash and may be lost."""

    available: Tests
    next: int


@dataclass(frozen=True)
class Acquire(Instruction):
    """Takes the lock of the instance, when nobody holds it."""

    next: int


@dataclass(frozen=True)
class Read(Instruction):
    """Reads the record, remembers, and branches: ``then`` if one of ``condition`` holds, else ``otherwise``.

    ``refresh``: it loads the record again; ``asks``: it looks at what the record does not store (asks the hypervisor).
    """

    remember: Remember
    refresh: bool
    asks: bool
    condition: tuple[Tests, ...] | None
    then: int
    otherwise: int
    raised: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Choose(Instruction):
    """A choice that the record does not decide."""

    options: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Entry:
    """How a process starts: a row of kind ``guard``, what must hold, what is remembered or changed at once."""

    row: str
    operation: str
    kind: str
    when: tuple[Tests, ...]
    remember: Remember
    writes: Writes
    next: int


def at_once(before: Instruction | Entry, after: Instruction) -> bool:
    """Whether *after* happens in the same moment as *before*, which leads to it.

    A choice that the record does not decide takes no time.  What a process looks at after it was started, or after it
    has looked at the record, it looks at in the same copy (Nova tests one loaded object several times in a row); unless
    it loads the record again, or asks somebody else.
    """
    if isinstance(after, Choose):
        return True
    return isinstance(after, Read) and not after.refresh and not after.asks and isinstance(before, Entry | Read)


def targets(instruction: Instruction) -> tuple[int, ...]:
    """Every control point that *instruction* may lead to, each once, in a fixed order."""
    found: list[int] = []
    match instruction:
        case Save(next=after, raised=raised):
            found = [after, *(target for _, target in raised)]
        case Call(next=after, raised=raised):
            found = [after, *(target for _, target in raised)]
        case Dirty(next=after) | Wait(next=after) | Acquire(next=after):
            found = [after]
        case Read(then=then, otherwise=otherwise, raised=raised):
            found = [then, otherwise, *(target for _, target in raised)]
        case Choose(options=options):
            found = [target for _, target in options]
        case _:
            raise TypeError(instruction)
    if instruction.killed is not None:
        found.append(instruction.killed)
    return tuple(dict.fromkeys(found))
