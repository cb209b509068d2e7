"""From structured steps to instructions: handlers, procedures and messages become targets.

Compilation runs backwards: the target of what comes next is known before the step that leads there.  A handler is
compiled once for each place and exception that needs it.  A procedure that is *run* is compiled into its caller; one
that is *cast* to becomes a message and then stands on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from model import schema
from model.context import Context, Frame, Sources
from model.lifecycle import Row
from model.program import (
    FAILED,
    FINISHED,
    Acquire,
    Call,
    Choose,
    Dirty,
    Entry,
    Instruction,
    Read,
    Remember,
    Save,
    Tests,
    Wait,
)
from model.register import Register, plain
from model.remembered import remembered
from model.vocabulary import Vocabulary, in_release
from model.written import Written
from model.yaml_source import Document, Path_

DEEPEST = 12


class Flattener:
    """Compiles all operations of one release: ``instructions``, ``entries`` and the rows of ``register``."""

    def __init__(self, sources: Sources, vocabulary: Vocabulary, release: str) -> None:
        self.sources = sources
        self.vocabulary = vocabulary
        self.release = release
        self.instructions: list[Instruction | None] = []
        self.entries: list[Entry] = []
        self.register = Register(sources, vocabulary)
        self._messages: dict[tuple[str, str, str], int] = {}
        self._used: set[tuple[str, str]] = set()
        operations = (operation for operation, _ in sources.operations.values())
        self._remembered = remembered(operations, vocabulary.numbers)
        self._written = Written(vocabulary, self._remembered)

    # -- operations -------------------------------------------------------------------------------------------------

    def operation(self, name: str) -> tuple[str, ...]:
        """Compile operation *name*; the ids of its guards' rows, in order."""
        operation, document = self.sources.operations[name]
        start = FINISHED
        guards = [
            (position, guard) for position, guard in enumerate(operation.guards) if in_release(guard, self.release)
        ]
        if not guards:
            return ()
        if operation.program is not None:
            known = self._procedure(name, operation.program, document, ("program",))
            if known is not None:
                owner, procedure, _, _ = known
                context = Context(name, operation.program, procedure.service, False, None, FINISHED, None)
                start = self._inline(owner, operation.program, context, FINISHED)
        made: list[str] = []
        for position, guard in guards:
            path: Path_ = ("guards", position)
            row = f"{name}/guard" if len(guards) == 1 else f"{name}/guard-{position + 1}"
            made.append(row)
            remember = self.vocabulary.remember(guard.remember, self._remembered, document, (*path, "remember"))
            if guard.set and operation.kind not in ("outside", "recovery"):
                self.vocabulary.fault(document, (*path, "set"), "a guard that writes", "use a save step")
            writes = self._written.writes(guard.set, document, (*path, "set"), stored=None)
            when = self.vocabulary.condition(guard.when, self._remembered, document, (*path, "when"))
            self.register.enter(
                Row(
                    row, name, "", "guard", "guard", operation.kind, "api", guard.source, document.place(path),
                    writes=tuple(plain(guard.set)), condition=guard.condition, since=guard.since, until=guard.until,
                ),
                document,
                path,
            )  # fmt: skip
            self.entries.append(Entry(row, name, operation.kind, when, remember, writes, start))
        return tuple(made)

    def unused(self) -> None:
        """Note each procedure that nothing starts, runs or casts to."""
        for name, (operation, document) in self.sources.operations.items():
            for procedure, body in operation.procedures.items():
                if (
                    (name, procedure) not in self._used
                    and in_release(body, self.release)
                    and in_release(operation, self.release)
                ):
                    path: Path_ = ("procedures", procedure)
                    self.vocabulary.fault(
                        document, path, f"nothing leads to procedure {procedure!r}", "start, run or cast to it"
                    )

    def _procedure(
        self, operation: str, reference: str, document: Document, path: Path_
    ) -> tuple[str, schema.Procedure, Document, str] | None:
        """The procedure that *reference* (``name`` or ``operation/name``) means, seen from *operation*."""
        owner, _, name = reference.rpartition("/")
        owner = owner or operation
        if not self.vocabulary.known(owner, self.sources.operations, "operation", document, path):
            return None
        body, where = self.sources.operations[owner]
        if not self.vocabulary.known(name, body.procedures, f"procedure of {owner}", document, path):
            return None
        self._used.add((owner, name))
        return owner, body.procedures[name], where, name

    def _inline(self, owner: str, name: str, context: Context, after: int, runs: str | None = None) -> int:
        """The point at which procedure *name* of *owner* starts, compiled into *context*, going on at *after*.

        ``runs`` is the service that runs it, where that is not the one that the procedure is written for.
        """
        operation, document = self.sources.operations[owner]
        procedure = operation.procedures[name.rpartition("/")[2]]
        path: Path_ = ("procedures", name.rpartition("/")[2])
        self._used.add((owner, name.rpartition("/")[2]))
        self.vocabulary.known(procedure.service, self.sources.services, "service", document, (*path, "service"))
        if context.depth > DEEPEST:
            self.vocabulary.fault(document, path, "procedures that run each other without end", "cast instead")
            return FINISHED
        takes = procedure.lock and not context.holds
        inner = replace(
            context, operation=owner, procedure=path[-1], service=runs or procedure.service,  # type: ignore[arg-type]
            holds=context.holds or takes, returns=after, depth=context.depth + 1, arguments={},
            written=None if runs is None else procedure.service,
        )  # fmt: skip
        for position, use in enumerate(procedure.policies):
            inner = self._policy(use, inner, after, document, (*path, "policies", position))
        start = self._steps(procedure.steps, inner, after, document, (*path, "steps"))
        if takes:
            row = f"{owner}/{path[-1]}/lock"
            self.register.enter(
                Row(
                    row, owner, str(path[-1]), "lock", "lock", "step", procedure.service, procedure.source,
                    document.place(path),
                ),
                document, path, shared=True,
            )  # fmt: skip
            start = self._emit(Acquire(row, context.operation, inner.service, False, context.killed, start))
        return start

    # -- handlers ---------------------------------------------------------------------------------------------------

    def _policy(self, use: schema.PolicyUse, context: Context, after: int, document: Document, path: Path_) -> Context:
        """*context* inside the handlers of *use*; a handler that continues goes to *after*."""
        if not in_release(use, self.release):
            return context
        if use.policy is None:
            frame = Frame(use.handlers, context.arguments, "", document, (*path, "handlers"), context, after)
            return replace(context, frame=frame)
        if not self.vocabulary.known(use.policy, self.sources.policies, "policy", document, (*path, "policy")):
            return context
        policy = self.sources.policies[use.policy]
        if not in_release(policy, self.release):
            return context
        for parameter in policy.parameters:
            if parameter not in use.arguments:
                self.vocabulary.fault(document, path, f"{use.policy} needs {parameter!r}", "give it in `arguments`")
        assert self.sources.policies_document is not None
        frame = Frame(
            policy.handlers, dict(use.arguments), use.policy, self.sources.policies_document,
            (use.policy, "handlers"), context, after,
        )  # fmt: skip
        return replace(context, frame=frame)

    def _is(self, exception: str, caught: str) -> bool:
        """Whether *exception* is of the kind *caught*."""
        seen: set[str] = set()
        kind: str | None = exception
        while kind is not None and kind not in seen:
            if caught in (kind, "any"):
                return True
            seen.add(kind)
            kind = self.sources.exceptions.get(kind)
        return False

    def _raise(self, exception: str, context: Context) -> int:
        """Where *exception*, raised in *context*, goes."""
        frame = context.frame
        while frame is not None:
            for position, handler in enumerate(frame.handlers):
                if in_release(handler, self.release) and any(self._is(exception, kind) for kind in handler.catch):
                    key = f"{position}:{exception}"
                    if key not in frame.made:
                        frame.made[key] = FAILED
                        frame.made[key] = self._handler(handler, exception, frame, (*frame.path, position))
                    return frame.made[key]
            frame = frame.outer.frame
        return FAILED

    def _handler(self, handler: schema.Handler, exception: str, frame: Frame, path: Path_) -> int:
        outer = frame.outer
        verb, _, other = handler.then.partition(" ")
        match verb:
            case "return":
                after = outer.returns
            case "continue":
                after = frame.after
            case _:
                if other:
                    self.vocabulary.known(other, self.sources.exceptions, "exception", frame.document, (*path, "then"))
                after = self._raise(other or exception, outer)
        for position, kind in enumerate(handler.catch):
            if kind != "any":
                self.vocabulary.known(
                    kind, self.sources.exceptions, "exception", frame.document, (*path, "catch", position)
                )
        context = replace(
            outer, failure=True, arguments=frame.arguments,
            operation="policies" if frame.owner else outer.operation, procedure=frame.owner or outer.procedure,
        )  # fmt: skip
        return self._steps(handler.steps, context, after, frame.document, (*path, "steps"))

    # -- steps ------------------------------------------------------------------------------------------------------

    def _steps(
        self, steps: Sequence[schema.Step], context: Context, after: int, document: Document, path: Path_
    ) -> int:
        """The point at which *steps* start, going on at *after*."""
        present = [(position, step) for position, step in enumerate(steps) if in_release(step, self.release)]
        for (_, step), (position, _) in pairwise(present):
            if isinstance(step, schema.CastStep | schema.ReturnStep | schema.RaiseStep):
                self.vocabulary.fault(
                    document, (*path, position), "a step that nothing leads to", "the step before it ends the flow"
                )
        target = after
        for position, step in reversed(present):
            target = self._step(step, context, target, document, (*path, position))
        return target

    def _step(self, step: schema.Step, context: Context, after: int, document: Document, path: Path_) -> int:
        match step:
            case schema.ReturnStep():
                return context.returns
            case schema.RaiseStep():
                self.vocabulary.known(step.exception, self.sources.exceptions, "exception", document, path)
                return self._raise(step.exception, context)
            case schema.TryStep():
                inner = context
                for position, use in enumerate(step.policies):
                    inner = self._policy(use, inner, after, document, (*path, "policies", position))
                return self._steps(step.steps, inner, after, document, (*path, "steps"))
            case schema.RunStep():
                return self._run(step, context, after, document, path)
            case schema.CastStep():
                return self._cast(step, context, document, path)
            case schema.SaveStep():
                return self._save(step, context, after, document, path)
            case schema.SetStep():
                row = self.register.step(step, step.set_, "dirty", context, document, path, writes=step.set)
                writes = self._written.writes(
                    step.set, document, (*path, "set"), stored=True, arguments=context.arguments
                )
                return self._emit(Dirty(*self._common(row, context), writes, after))
            case schema.CallStep():
                row = self.register.step(step, step.call, "call", context, document, path, writes=step.set)
                effects = self._written.alternatives(step.set, document, (*path, "set"))
                failing = tuple(
                    self._written.writes(one, document, (*path, "failing", position), stored=False)
                    for position, one in enumerate(step.failing)
                )
                raised = self._raised(step.fails, context, document, path)
                return self._emit(Call(*self._common(row, context), effects, failing, after, raised))
            case schema.ReadStep():
                return self._read(step, context, after, document, path)
            case schema.ChooseStep():
                row = self.register.step(step, step.choose, "choose", context, document, path)
                options = tuple(
                    (name, self._steps(steps, context, after, document, (*path, "between", name)))
                    for name, steps in step.between.items()
                )
                return self._emit(Choose(*self._common(row, context), options))
            case _:
                raise TypeError(step)

    def _save(self, step: schema.SaveStep, context: Context, after: int, document: Document, path: Path_) -> int:
        compare = self.sources.compare
        variable = self.vocabulary.numbers[compare.variable]
        expect = None
        if step.expect is not None:
            expect = self.vocabulary.values(variable, step.expect, document, (*path, "expect"))
        row = self.register.step(
            step, step.save, "save", context, document, path, writes=step.set,
            expect=None if expect is None else frozenset(self.vocabulary.variables[variable].values[n] for n in expect),
        )  # fmt: skip
        writes = self._written.writes(step.set, document, (*path, "set"), stored=True, arguments=context.arguments)
        where = self.vocabulary.tests(step.where, self._remembered, document, (*path, "where"))
        if step.where and step.otherwise is None:
            self.vocabulary.fault(document, path, "`where` without `otherwise`", "name the exception it raises")
        names = [compare.missing]
        if expect is not None:
            names += [compare.refused, *compare.special]
        if step.otherwise is not None:
            names.append(step.otherwise)
        raised = tuple(
            (name, after if any(self._is(name, kind) for kind in step.ignore) else self._raise(name, context))
            for name in names
        )
        for position, name in enumerate(step.ignore):
            self.vocabulary.known(
                name, (*self.sources.exceptions, "any"), "exception", document, (*path, "ignore", position)
            )
        return self._emit(Save(*self._common(row, context), writes, expect, where, step.otherwise, after, raised))

    def _read(self, step: schema.ReadStep, context: Context, after: int, document: Document, path: Path_) -> int:
        row = self.register.step(step, step.read, "read", context, document, path)
        remember = self.vocabulary.remember(step.remember, self._remembered, document, (*path, "remember"))
        condition = None
        then = otherwise = after
        if step.if_ is not None:
            condition = self.vocabulary.condition(step.if_, self._remembered, document, (*path, "if"))
            then = self._steps(step.then, context, after, document, (*path, "then"))
            otherwise = self._steps(step.else_, context, after, document, (*path, "else"))
        elif step.then or step.else_:
            self.vocabulary.fault(document, path, "`then` or `else` without `if`", "say when in `if`")
        missing = self.sources.compare.missing
        raised = ((missing, self._raise(missing, context)),) if step.refresh else ()
        common = self._common(row, context)
        asks = self._asks(remember, condition)
        return self._emit(Read(*common, remember, step.refresh, asks, condition, then, otherwise, raised))

    def _asks(self, remember: Remember, condition: tuple[Tests, ...] | None) -> bool:
        """Whether a read looks at a variable that the record does not store."""
        looked: list[int | str] = [variable for tests in condition or () for variable, _ in tests]
        for _, what in remember:
            if isinstance(what, int):
                looked.append(what)
            elif not isinstance(what, str):
                looked += [variable for variable, _ in what]
        return any(isinstance(one, int) and not self.vocabulary.variables[one].stored for one in looked)

    def _run(self, step: schema.RunStep, context: Context, after: int, document: Document, path: Path_) -> int:
        known = self._procedure(context.operation, step.procedure, document, (*path, "procedure"))
        if known is None:
            return after
        owner, procedure, _, name = known
        inner = context
        here = step.here or procedure.service == context.written
        if procedure.service != context.service and not here:
            killed = context.killed
            if step.timeout is not None:
                self.vocabulary.known(step.timeout, self.sources.exceptions, "exception", document, (*path, "timeout"))
                killed = self._raise(step.timeout, context)
            inner = replace(context, holds=False, killed=killed)
        return self._inline(owner, name, inner, after, context.service if here else None)

    def _cast(self, step: schema.CastStep, context: Context, document: Document, path: Path_) -> int:
        known = self._procedure(context.operation, step.to, document, (*path, "to"))
        if known is None:
            return FINISHED
        owner, procedure, _, name = known
        row = self.register.step(step, step.cast, "cast", context, document, path)
        key = (owner, name, row)
        if key not in self._messages:
            point = self._messages[key] = self._reserve()
            fresh = Context(owner, name, procedure.service, False, None, FINISHED, None)
            start = self._inline(owner, name, fresh, FINISHED)
            service = self.sources.services.get(procedure.service)
            available: Tests = tuple(service.available) if service is not None else ()
            self.instructions[point] = Wait(row, context.operation, procedure.service, False, None, available, start)
        message = self._messages[key]
        if not step.fails:
            return message
        raised = self._raised(step.fails, context, document, path)
        return self._emit(Call(*self._common(row, context), ((),), ((),), message, raised))

    # -- parts ------------------------------------------------------------------------------------------------------

    def _raised(
        self, names: Sequence[str], context: Context, document: Document, path: Path_
    ) -> tuple[tuple[str, int], ...]:
        made: list[tuple[str, int]] = []
        for position, name in enumerate(names):
            if self.vocabulary.known(name, self.sources.exceptions, "exception", document, (*path, "fails", position)):
                made.append((name, self._raise(name, context)))
        return tuple(made)

    def _common(self, row: str, context: Context) -> tuple[str, str, str, bool, int | None]:
        return row, context.operation, context.service, context.holds, context.killed

    def _reserve(self) -> int:
        self.instructions.append(None)
        return len(self.instructions) - 1

    def _emit(self, instruction: Instruction) -> int:
        self.instructions.append(instruction)
        return len(self.instructions) - 1
