"""What a later step of a process can still read: names that it remembers, and fields that are dirty."""

from __future__ import annotations

from model.lifecycle import Lifecycle
from model.program import Call, Dirty, Instruction, Read, Save, Test, Tests, Writes, targets


def liveness(lifecycle: Lifecycle) -> tuple[list[frozenset[str]], list[frozenset[int]]]:
    """For each point: the remembered names that a later step reads, and the dirty fields that a later save writes.

    A backward analysis by work list (Kildall 1973): a point is judged again only when one that it leads to has changed.
    """
    stored = frozenset(number for number, variable in enumerate(lifecycle.variables) if variable.stored)
    instructions = lifecycle.instructions
    after = [[target for target in targets(instruction) if target >= 0] for instruction in instructions]
    before: list[list[int]] = [[] for _ in instructions]
    for point, following in enumerate(after):
        for target in following:
            before[target].append(point)
    memory: list[frozenset[str]] = [frozenset()] * len(instructions)
    dirty: list[frozenset[int]] = [frozenset()] * len(instructions)
    # What is compiled first comes last in a program, so that its first points settle the others at once.
    waiting = dict.fromkeys(reversed(range(len(instructions))))
    while waiting:
        point, _ = waiting.popitem()
        read = frozenset(name for target in after[point] for name in memory[target])
        write = frozenset(variable for target in after[point] for variable in dirty[target])
        read, write = _live_before(instructions[point], read, write, dirty, stored)
        killed = instructions[point].killed
        if killed is not None and killed >= 0:
            # who dies there has not taken the step: whoever goes on has all that was remembered and dirty before it
            read, write = read | memory[killed], write | dirty[killed]
        if read != memory[point] or write != dirty[point]:
            memory[point], dirty[point] = read, write
            waiting.update(dict.fromkeys(before[point]))
    return memory, dirty


def _live_before(
    instruction: Instruction,
    read: frozenset[str],
    write: frozenset[int],
    dirty: list[frozenset[int]],
    stored: frozenset[int],
) -> tuple[frozenset[str], frozenset[int]]:
    """What is live before *instruction* when *read* and *write* are live after it."""
    match instruction:
        case Save(writes=writes, where=where):
            return read | _names(writes) | _tested(where), stored - {variable for variable, _ in writes}
        case Dirty(writes=writes):
            return read | _names(writes), write - {variable for variable, _ in writes}
        case Call(effects=effects, failing=failing):
            return read.union(*(_names(one) for one in (*effects, *failing))), write
        case Read(remember=remember, condition=condition, refresh=refresh):
            read -= {name for name, _ in remember}
            for tests in condition or ():
                read |= _tested(tests)
            for _, what in remember:
                read |= frozenset() if isinstance(what, int | str) else _tested(what)
            if refresh:
                write = frozenset().union(*(dirty[target] for _, target in instruction.raised if target >= 0))
            return read, write
        case _:
            return read, write


def _names(writes: Writes) -> frozenset[str]:
    return frozenset(str(operand[1]) for _, operand in writes if isinstance(operand, tuple) and operand[0] == "memory")


def _tested(tests: Tests | tuple[Test, ...]) -> frozenset[str]:
    return frozenset(variable[1:] for variable, _ in tests if isinstance(variable, str))
