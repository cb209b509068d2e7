"""Follow every path through a function, and report each save with the values that the path gives it.

Branches fork, loops run once or not at all, a handler is entered from every point of its ``try``.  What a failed
save leaves changed on the record is not followed into handlers: that is the semantics' business, not the reader's.
Calls are followed into those helpers whose arguments, or whose caller's record, decide what is written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from checks.conformance.source.assignments import Assignments
from checks.conformance.source.binding import bind
from checks.conformance.source.evaluate import Environment, evaluate
from checks.conformance.source.relevant import writes
from checks.conformance.source.trail import Outcome, copied
from checks.conformance.source.tree import Definition, text_of
from checks.conformance.source.values import (
    Callable,
    Literal,
    Mapping,
    Parameter,
    Runtime,
    Sequence,
    State,
    Value,
    truth,
)

NEVER_NONE = (Runtime("driver"), Runtime("vm_state"))
RERAISES = "save_and_reraise_exception"


class Explorer(Assignments):
    """Follows the statements of a function."""

    def explore(self, definition: Definition) -> None:
        """Follow *definition* on its own: each parameter is whatever a caller may pass."""
        env = Environment(bind(definition, None, {}, self.vocabulary))
        outcome = self._body(definition, env)
        self.left_dirty = any(any(fields.values()) for end in outcome.after for fields in end.dirty.values())

    def _body(self, definition: Definition, env: Environment) -> Outcome:
        self._scopes.append(definition)
        self._names_that_matter()
        try:
            outcome = self._block(definition.node.body, [env])
        finally:
            self._scopes.pop()
        return Outcome(self._distinct(outcome.after + outcome.gone))

    def _block(self, body: Iterable[ast.stmt], envs: list[Environment]) -> Outcome:
        outcome = Outcome(envs)
        for statement in body:
            if not outcome.after:
                break
            step = self._statement(statement, outcome.after)
            outcome.after = self._distinct(step.after)
            outcome.gone.extend(step.gone)
            for points in self._points:
                points.extend(outcome.after)
        outcome.gone = self._distinct(outcome.gone)
        return outcome

    def _statement(self, node: ast.stmt, envs: list[Environment]) -> Outcome:
        match node:
            case ast.If():
                return self._if(node, envs)
            case ast.For() | ast.AsyncFor():
                return self._for(node, envs)
            case ast.While():
                once = self._block(node.body, self._calls(node.test, envs))
                return Outcome(envs + once.after, once.gone)
            case ast.Try():
                return self._try(node, envs)
            case ast.With() | ast.AsyncWith():
                return self._with(node, envs)
            case ast.Return() | ast.Raise():
                value = node.value if isinstance(node, ast.Return) else node.exc
                envs = self._calls(value, envs)
                if isinstance(node, ast.Return) and value is not None and self._returned:
                    self._returned[-1].extend((env, item) for env in envs for item in evaluate(value, env, self._scope))
                return Outcome([], envs)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return Outcome(self._closure(node, envs))
            case ast.Assign(targets, value):
                return Outcome(self._assign(targets, value, self._calls(value, envs)))
            case ast.AnnAssign(target, _, value) if value is not None:
                return Outcome(self._assign([target], value, self._calls(value, envs)))
            case ast.Expr(value):
                return Outcome(self._calls(value, envs))
        return Outcome(envs)

    def _if(self, node: ast.If, envs: list[Environment]) -> Outcome:
        envs = self._calls(node.test, envs)
        outcome = Outcome()
        for env in envs:
            known = self._test(node.test, env)
            for branch, taken in ((node.body, True), (node.orelse, False)):
                if known is None or known is taken:
                    step = self._block(branch, [env.copy()])
                    outcome.after.extend(step.after)
                    outcome.gone.extend(step.gone)
            if known is None and (writes(node.body) or writes(node.orelse)):
                self.depends |= self._owners(node.test, env)
        return outcome

    def _test(self, node: ast.expr, env: Environment) -> bool | None:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._test(node.operand, env)
            return None if inner is None else not inner
        if isinstance(node, ast.BoolOp):
            decisive = isinstance(node.op, ast.Or)
            known = {self._test(operand, env) for operand in node.values}
            return decisive if decisive in known else None if None in known else not decisive
        if isinstance(node, ast.Name):
            answers = {truth(value) for value in evaluate(node, env, self._scope)}
            return answers.pop() if len(answers) == 1 else None
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.left, ast.Name):
            left = evaluate(node.left, env, self._scope)
            right = evaluate(node.comparators[0], env, self._scope)
            if len(left) == len(right) == 1 and isinstance(left[0], Literal) and isinstance(right[0], Literal):
                if isinstance(node.ops[0], ast.Eq | ast.Is):
                    return left[0] == right[0]
                if isinstance(node.ops[0], ast.NotEq | ast.IsNot):
                    return left[0] != right[0]
            if len(left) == len(right) == 1 and Literal(None) in (left[0], right[0]):
                other = right[0] if left[0] == Literal(None) else left[0]
                if isinstance(other, State | Mapping | Sequence) or other in NEVER_NONE:
                    return isinstance(node.ops[0], ast.IsNot | ast.NotEq)
        return None

    def _owners(self, node: ast.expr, env: Environment) -> set[str]:
        """The functions whose callers decide the test *node*, where it is a bare argument."""
        if isinstance(node, ast.UnaryOp):
            node = node.operand
        value = env.names.get(node.id) if isinstance(node, ast.Name) else None
        return {value.owner} if isinstance(value, Parameter) else set()

    def _for(self, node: ast.For | ast.AsyncFor, envs: list[Environment]) -> Outcome:
        envs = self._calls(node.iter, envs)
        outcome = Outcome()
        for env in envs:
            items = self._items(node.iter, env)
            if items is None:
                step = self._block(node.body, [env.copy()])
                outcome.after.extend([env, *step.after])
            else:
                step = Outcome([env])
                for key, value in items:
                    for current in step.after:
                        self._bind_pair(node.target, key, value, current)
                    step = self._block(node.body, step.after)
                outcome.after.extend(step.after)
            outcome.gone.extend(step.gone)
        return self._block(node.orelse, outcome.after) if node.orelse else outcome

    def _items(self, node: ast.expr, env: Environment) -> list[tuple[Value, Value]] | None:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            return None
        if node.func.attr not in ("items", "iteritems"):
            return None
        given = evaluate(node.func.value, env, self._scope)
        if len(given) != 1:
            return None
        if isinstance(given[0], Parameter):
            return [(given[0], given[0])]
        return list(given[0].items) if isinstance(given[0], Mapping) else None

    def _bind_pair(self, target: ast.expr, key: Value, value: Value, env: Environment) -> None:
        if isinstance(target, ast.Tuple) and len(target.elts) == 2:
            for name, item in zip(target.elts, (key, value), strict=True):
                if isinstance(name, ast.Name):
                    env.names[name.id] = item

    def _try(self, node: ast.Try, envs: list[Environment]) -> Outcome:
        points = list(envs)
        self._points.append(points)
        body = self._block(node.body, [env.copy() for env in envs])
        self._points.pop()
        changed = _still_changed(points)
        entries = self._distinct([Environment(dict(p.names), copied(changed)) for p in points])
        after = self._block(node.orelse, body.after)
        gone = body.gone + after.gone
        for handler in node.handlers:
            step = self._block(handler.body, [env.copy() for env in entries])
            after.after.extend(step.after)
            gone.extend(step.gone)
        outcome = Outcome(self._distinct(after.after), self._distinct(gone))
        if node.finalbody:
            failing = [] if node.handlers else entries
            passing = self._block(node.finalbody, outcome.after)
            leaving = self._block(node.finalbody, self._distinct(outcome.gone + failing))
            return Outcome(passing.after, passing.gone + leaving.after + leaving.gone)
        return outcome

    def _with(self, node: ast.With | ast.AsyncWith, envs: list[Environment]) -> Outcome:
        reraises = False
        for item in node.items:
            envs = self._calls(item.context_expr, envs)
            if isinstance(item.context_expr, ast.Call) and text_of(item.context_expr.func).endswith(RERAISES):
                reraises = not item.context_expr.keywords
        outcome = self._block(node.body, envs)
        return Outcome([], outcome.after + outcome.gone) if reraises else outcome

    def _closure(self, node: ast.FunctionDef | ast.AsyncFunctionDef, envs: list[Environment]) -> list[Environment]:
        outer = self._scopes[-1]
        definition = outer.module.definitions.get(f"{outer.name}.{node.name}")
        if definition is None:
            return envs
        for env in envs:
            value = Callable(definition, tuple(sorted(env.names.items())))
            if not self.follow(definition, False):
                inner = env.copy()
                inner.names.update(bind(definition, None, env.names, self.vocabulary))
                stack, self._stack = self._stack, []
                self._body(definition, inner)
                self._stack = stack
            else:
                for caller, given in self.callbacks.get(node.name, []):
                    self._enter(value, caller, [], given, env.copy(), prefix=(caller,))
            env.names[node.name] = value
        return envs


def _still_changed(points: list[Environment]) -> dict[str, dict[str, Value]]:
    """What was changed before a ``try`` and is saved nowhere in it; *points* begins with the state before it."""
    if not points:
        return {}
    return {
        key: {name: value for name, value in fields.items() if all(name in p.dirty.get(key, {}) for p in points)}
        for key, fields in points[0].dirty.items()
    }
