"""Follow every path through a function, and report each save with the values that the path gives it.

Branches fork, loops run once or not at all, a handler is entered from every point of its ``try``.  What a failed
save leaves changed on the record is not followed into handlers: that is the semantics' business, not the reader's.
Calls are followed into those helpers whose arguments, or whose caller's record, decide what is written.
"""

from __future__ import annotations

import ast
from collections.abc import Callable as Predicate
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from checks.conformance.source.evaluate import (
    Environment,
    Scope,
    dotted_name,
    evaluate,
    fields_of,
    keywords,
    method_of_attribute,
    record_key,
    result_name,
)
from checks.conformance.source.facts import Place
from checks.conformance.source.tree import Definition, SourceTree, text_of
from checks.conformance.source.values import (
    VARIABLES,
    Callable,
    Fresh,
    Literal,
    Mapping,
    Parameter,
    Record,
    Runtime,
    Sequence,
    State,
    Unknown,
    Value,
    truth,
)

PATH_LIMIT = 400
DEPTH_LIMIT = 8
NEVER_NONE = (Runtime("driver"), Runtime("vm_state"))
SINKS = ("save", "create", "update", "setattr", "Instance", "partial")
RERAISES = "save_and_reraise_exception"


@dataclass(frozen=True, slots=True)
class Save:
    """A save as one path reaches it: the calls that led to it, and the values."""

    places: tuple[Place, ...]
    kind: str
    expected: Value | None
    expected_vm: Value | None
    sets: tuple[tuple[str, Value], ...]
    record: str


@dataclass(slots=True)
class Outcome:
    """Where the paths of a block end: after it, or out of the function."""

    after: list[Environment] = field(default_factory=list)
    gone: list[Environment] = field(default_factory=list)


@dataclass(slots=True)
class Explorer:
    """Follows paths.  ``follow`` says which calls to enter; ``saves`` collects what was seen."""

    tree: SourceTree
    vocabulary: dict[str, Value]
    follow: Predicate[[Definition, bool], bool]
    callbacks: dict[str, list[tuple[Place, Mapping]]]
    followed_names: frozenset[str] = frozenset()
    saves: list[Save] = field(default_factory=list)
    depends: set[str] = field(default_factory=set)
    left_dirty: bool = False
    truncated: bool = False
    undetermined: set[tuple[Place, str]] = field(default_factory=set)
    _stack: list[Place] = field(default_factory=list)
    _scopes: list[Definition] = field(default_factory=list)
    _points: list[list[Environment]] = field(default_factory=list)
    _tracked: dict[ast.AST, frozenset[str]] = field(default_factory=dict)
    _awaited: set[ast.Call] = field(default_factory=set)
    _returned: list[list[tuple[Environment, Value]]] = field(default_factory=list)

    def explore(self, definition: Definition) -> None:
        """Follow *definition* on its own: each parameter is whatever a caller may pass."""
        env = Environment(bind(definition, None, {}, self.vocabulary))
        outcome = self._body(definition, env)
        self.left_dirty = any(any(fields.values()) for end in outcome.after for fields in end.dirty.values())

    # --- blocks -----------------------------------------------------------------------------------------------

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

    def _distinct(self, envs: list[Environment]) -> list[Environment]:
        if len(envs) < 2:
            return envs
        found = {env.signature(): env for env in envs}
        if len(found) > PATH_LIMIT:
            self.truncated = True
        return list(found.values())[:PATH_LIMIT]

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
            if known is None and (_writes(node.body) or _writes(node.orelse)):
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
        entries = self._distinct([Environment(dict(p.names), _copied(changed)) for p in points])
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

    # --- assignments ------------------------------------------------------------------------------------------

    @property
    def _scope(self) -> Scope:
        return Scope(self._scopes[-1], self.vocabulary)

    def _assign(self, targets: list[ast.expr], node: ast.expr, envs: list[Environment]) -> list[Environment]:
        found = []
        for env in envs:
            if not any(self._matters(target, env) for target in targets):
                found.append(env)
                continue
            for value in evaluate(node, env, self._scope):
                forked = env.copy()
                if isinstance(value, Fresh) and isinstance(node, ast.Call) and (given := _carried_record(node)):
                    # From here on the values are the new object's to write.
                    forked.dirty.pop(record_key(given, env, self._scope), None)
                for target in targets:
                    self._set(target, value, forked)
                found.append(forked)
        return found

    def _matters(self, target: ast.expr, env: Environment) -> bool:
        if isinstance(target, ast.Name):
            return target.id in self._names_that_matter() or target.id in env.names
        if isinstance(target, ast.Tuple | ast.List):
            return any(self._matters(element, env) for element in target.elts)
        return isinstance(target, ast.Attribute | ast.Subscript)

    def _names_that_matter(self) -> frozenset[str]:
        node = self._scopes[-1].node
        if node not in self._tracked:
            self._tracked[node] = relevant_names(node, self.followed_names)
            self._awaited |= _awaited_calls(node)
        return self._tracked[node]

    def _set(self, target: ast.expr, value: Value, env: Environment) -> None:
        match target:
            case ast.Name(name):
                if isinstance(value, Fresh):
                    key = f"{self._scopes[-1].name}:{name}"
                    env.dirty[key] = dict(value.fields)
                    value = Record(key)
                # Paths that differ in nothing but an undetermined value are one path.
                env.names[name] = value if _matters(name, value, env) else Unknown(name)
            case ast.Tuple(elements) | ast.List(elements):
                items = value.items if isinstance(value, Sequence) and len(value.items) == len(elements) else None
                for position, element in enumerate(elements):
                    if items is not None:
                        self._set(element, items[position], env)
                    elif isinstance(element, ast.Name):
                        env.names.pop(element.id, None)
            case ast.Attribute(base, name) if name in VARIABLES and text_of(base) != "self":
                env.dirty.setdefault(record_key(base, env, self._scope), {})[name] = value
            case ast.Subscript(ast.Name(name), index):
                container = env.names.get(name)
                for item in evaluate(index, env, self._scope):
                    if isinstance(container, Mapping):
                        if not _is_other_name(item):
                            container = env.names[name] = container.with_item(item, value)
                    elif isinstance(item, Literal) and item.value in VARIABLES:
                        changed = env.dirty.setdefault(record_key(ast.Name(name), env, self._scope), {})
                        changed[str(item.value)] = value

    # --- calls ------------------------------------------------------------------------------------------------

    def _calls(self, node: ast.expr | None, envs: list[Environment]) -> list[Environment]:
        if node is None:
            return envs
        for call in _calls_in(node):
            envs = self._distinct([after for env in envs for after in self._call(call, env)])
        return envs

    def _call(self, node: ast.Call, env: Environment) -> list[Environment]:
        function = node.func
        if isinstance(function, ast.Attribute):
            if function.attr in ("save", "create"):
                return self._save(node, function, env)
            if function.attr == "update" and (node.args or node.keywords):
                return self._update(node, function.value, env)
            if function.attr in ("append", "add") and isinstance(function.value, ast.Name) and len(node.args) == 1:
                held = env.names.get(function.value.id)
                if isinstance(held, Sequence):
                    env.names[function.value.id] = Sequence((*held.items, evaluate(node.args[0], env, self._scope)[0]))
                    return [env]
            if function.attr == "refresh":
                env.dirty.pop(record_key(function.value, env, self._scope), None)
                return [env]
        elif isinstance(function, ast.Name) and function.id == "setattr" and len(node.args) == 3:
            return self._setattr(node, env)
        callee = self._callee(function, env)
        if callee is not None and self._follows(callee, node, list(node.args), env):
            return self._follow(callee, node, list(node.args), env)
        # Handing over a function with its arguments: partial(f, x), executor.submit(f, x), spawn(f, x).
        for position, argument in enumerate(node.args):
            if isinstance(argument, ast.Name | ast.Attribute):
                for value in evaluate(argument, env, self._scope):
                    rest = list(node.args[position + 1 :])
                    if isinstance(value, Callable) and rest and self._follows(value, node, rest, env):
                        return self._follow(value, node, rest, env)
        return [env]

    def _callee(self, function: ast.expr, env: Environment) -> Callable | None:
        if isinstance(function, ast.Name | ast.Attribute):
            for value in evaluate(function, env, self._scope):
                if isinstance(value, Callable):
                    return value
            if (method := method_of_attribute(function, self._scope, self.tree)) is not None:
                return Callable(method, ())
            name = dotted_name(function, self._scope.module)
            if name and name.startswith("nova."):
                module_name, _, local = name.rpartition(".")
                module = self.tree.dotted(module_name)
                found = module.definitions.get(local) if module else None
                return Callable(found, ()) if found else None
        return None

    def _follows(self, callee: Callable, node: ast.Call, args: list[ast.expr], env: Environment) -> bool:
        takes_dirty = any(
            env.dirty.get(record_key(argument, env, self._scope))
            for argument in args
            if isinstance(argument, ast.Name | ast.Attribute)
        )
        if len(self._stack) >= DEPTH_LIMIT or self._scopes[-1].place(node) in self._stack:
            return False
        return node in self._awaited or self.follow(callee.definition, takes_dirty)

    def _follow(self, callee: Callable, node: ast.Call, args: list[ast.expr], env: Environment) -> list[Environment]:
        place = self._scopes[-1].place(node)
        listed = [argument for argument in args if not isinstance(argument, ast.Starred)]
        positional = [evaluate(argument, env, self._scope)[0] for argument in listed]
        found = []
        for given in keywords(node, env, self._scope):
            named = given if isinstance(given, Mapping) else Mapping(())
            found.extend(self._enter(callee, place, positional, named, env.copy(), node))
        return found or [env]

    def _enter(
        self,
        callee: Callable,
        place: Place,
        positional: list[Value],
        named: Mapping,
        env: Environment,
        node: ast.Call | None = None,
        prefix: tuple[Place, ...] = (),
    ) -> list[Environment]:
        definition = callee.definition
        is_context = any("contextmanager" in text_of(d) for d in definition.node.decorator_list)
        names = bind(definition, (positional, named), dict(callee.closure), self.vocabulary)
        inner = Environment(names, {} if is_context else _copied(env.dirty))
        self._stack.extend(prefix or (place,))
        self._returned.append([])
        try:
            outcome = self._body(definition, inner)
        finally:
            del self._stack[-1:]
            returned = self._returned.pop()
        if is_context or prefix:
            return [env]
        results = [
            Environment({**env.names, result_name(node): shared}, end.dirty)
            for end, value in returned
            if node is not None and (shared := _shared(value)) is not None
        ]
        return results or [Environment(dict(env.names), end.dirty) for end in outcome.after] or [env]

    def _update(self, node: ast.Call, base: ast.expr, env: Environment) -> list[Environment]:
        found = []
        given = evaluate(node.args[0], env, self._scope) if node.args else keywords(node, env, self._scope)
        for value in given:
            forked = env.copy()
            container = env.names.get(base.id) if isinstance(base, ast.Name) else None
            if isinstance(container, Mapping) and isinstance(base, ast.Name) and isinstance(value, Mapping):
                for key, item in value.items:
                    container = container.with_item(key, item)
                forked.names[base.id] = container
            elif fields := fields_of(value):
                if isinstance(value, Mapping) or _is_instance(base):
                    forked.dirty.setdefault(record_key(base, env, self._scope), {}).update(fields)
            elif _is_instance(base) and not isinstance(value, Mapping):
                self.undetermined.add((self._scopes[-1].place(node), text_of(node)))
            found.append(forked)
        return found

    def _setattr(self, node: ast.Call, env: Environment) -> list[Environment]:
        key = record_key(node.args[0], env, self._scope)
        for name in evaluate(node.args[1], env, self._scope):
            for value in evaluate(node.args[2], env, self._scope):
                if isinstance(name, Literal) and name.value in VARIABLES:
                    env.dirty.setdefault(key, {})[str(name.value)] = value
                elif isinstance(name, Parameter) and name == value:
                    env.dirty.setdefault(key, {})["*"] = value
        return [env]

    def _save(self, node: ast.Call, function: ast.Attribute, env: Environment) -> list[Environment]:
        key = record_key(function.value, env, self._scope)
        fields = env.dirty.get(key, {})
        is_insert = function.attr == "create"
        if is_insert and not (fields or _is_instance(function.value)):
            return [env]
        for given in keywords(node, env, self._scope):
            expected = given.get(Literal("expected_task_state")) if isinstance(given, Mapping) else None
            expected_vm = given.get(Literal("expected_vm_state")) if isinstance(given, Mapping) else None
            places = (*self._stack, self._scopes[-1].place(node))
            sets = tuple(sorted(fields.items()))
            if is_insert:
                # What the record is created with comes with it, from where it was built.
                rest = fields.get("*", Runtime("received"))
                sets = tuple((name, fields.get(name, rest)) for name in VARIABLES)
            if sets or self._stack or expected not in (None, Literal(None)):
                checks = expected not in (None, Literal(None))
                kind = "insert" if is_insert else "save" if sets else "check" if checks else "none"
                self.saves.append(Save(places, kind, expected, expected_vm, sets, key))
        after = env.copy()
        after.dirty.pop(key, None)
        return [after]


def _copied(dirty: dict[str, dict[str, Value]]) -> dict[str, dict[str, Value]]:
    return {key: dict(fields) for key, fields in dirty.items()}


def _still_changed(points: list[Environment]) -> dict[str, dict[str, Value]]:
    """What was changed before a ``try`` and is saved nowhere in it; *points* begins with the state before it."""
    if not points:
        return {}
    return {
        key: {name: value for name, value in fields.items() if all(name in p.dirty.get(key, {}) for p in points)}
        for key, fields in points[0].dirty.items()
    }


def _is_instance(node: ast.expr) -> bool:
    last = text_of(node).rpartition(".")[2].lstrip("_")
    return last == "inst" or last.endswith("instance")


@cache
def _calls_in(node: ast.expr) -> tuple[ast.Call, ...]:
    """The calls of an expression, inner ones first, without those of lambdas."""
    found: list[ast.Call] = []

    def visit(current: ast.AST) -> None:
        if isinstance(current, ast.Lambda):
            return
        for child in ast.iter_child_nodes(current):
            visit(child)
        if isinstance(current, ast.Call):
            found.append(current)

    visit(node)
    return tuple(found)


def _writes(body: list[ast.stmt]) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in VARIABLES and isinstance(node.ctx, ast.Store)
        for statement in body
        for node in ast.walk(statement)
    )


@cache
def relevant_names(function: ast.AST, followed: frozenset[str]) -> frozenset[str]:
    """The local names that can reach a state variable, a save, an argument or a test: the others need no paths."""
    wanted: set[str] = set()
    sources: dict[str, set[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            loads = _names_in(node.value)
            for target in node.targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                        sources.setdefault(name.id, set()).update(loads)
                if isinstance(target, ast.Attribute) and target.attr in VARIABLES:
                    wanted |= loads | _names_in(target)
        elif isinstance(node, ast.Call):
            called = text_of(node.func).rpartition(".")[2]
            if called in followed or called in SINKS:
                for argument in (*node.args, *(k.value for k in node.keywords)):
                    wanted |= _names_in(argument)
            if isinstance(node.func, ast.Attribute) and node.func.attr in SINKS:
                wanted |= _names_in(node.func.value)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _carried_record(node.value):
            wanted |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and _names_in(node.left) & wanted:
            wanted |= {name.id for right in node.comparators for name in [right] if isinstance(name, ast.Name)}
        elif isinstance(node, ast.Compare) and any(_names_in(right) & wanted for right in node.comparators):
            wanted |= {node.left.id} if isinstance(node.left, ast.Name) else set()
    queue = list(wanted)
    while queue:
        for source in sources.get(queue.pop(), ()):
            if source not in wanted:
                wanted.add(source)
                queue.append(source)
    return frozenset(wanted & set(sources))


def _carried_record(node: ast.Call) -> ast.expr | None:
    """The instance that a call makes an object of, as ``BuildRequest(instance=...)`` does."""
    made = text_of(node.func).rpartition(".")[2]
    return next((k.value for k in node.keywords if k.arg == "instance" and made[:1].isupper()), None)


def _matters(name: str, value: Value, env: Environment) -> bool:
    match value:
        case Unknown():
            return False
        case Record(key):
            return key in env.dirty or _is_instance(ast.Name(name))
        case Sequence(items):
            return all(_matters(name, item, env) for item in items)
    return True


@cache
def _awaited_calls(function: ast.AST) -> frozenset[ast.Call]:
    """The calls whose result a record is updated with: what they return decides what is written."""
    given = {
        argument.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "update"
        and _is_instance(node.func.value)
        for argument in node.args
        if isinstance(argument, ast.Name)
    }
    return frozenset(
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and any(isinstance(target, ast.Name) and target.id in given for target in node.targets)
    )


def _shared(value: Value) -> Value | None:
    """*value* if it means the same to a caller: a record, or data that holds no name of the callee."""
    match value:
        case Mapping(items):
            return Mapping(tuple(pair for pair in items if not _is_other_name(pair[0])))
        case Record() | Fresh():
            return value
        case Sequence(items) if any(isinstance(item, Record | Mapping) for item in items):
            return Sequence(tuple(_shared(item) or Unknown("") for item in items))
    return None


def _is_other_name(key: Value) -> bool:
    """Whether the key of an item names neither a state nor a state variable."""
    return isinstance(key, Literal) and isinstance(key.value, str) and key.value not in VARIABLES


def _names_in(node: ast.AST) -> set[str]:
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}


def bind(
    definition: Definition,
    given: tuple[list[Value], Mapping] | None,
    closure: dict[str, Value],
    vocabulary: dict[str, Value],
) -> dict[str, Value]:
    """What the names of a function stand for on entry: its arguments, defaults, and what it closes over.

    With *given* None every parameter is unknown, save that a record stays a record.
    """
    arguments = definition.node.args
    owner = definition.citation
    names = dict(closure)
    listed = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[str, ast.expr] = dict(
        zip([a.arg for a in listed[len(listed) - len(arguments.defaults) :]], arguments.defaults, strict=True)
    )
    defaults.update({a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d})
    everything = [a.arg for a in (*listed, *arguments.kwonlyargs)]
    if arguments.kwarg:
        names[arguments.kwarg.arg] = Parameter(arguments.kwarg.arg, owner)
    for name in everything:
        names.pop(name, None)
        if not _is_instance(ast.Name(name)) and name not in ("self", "cls", "context"):
            names[name] = Parameter(name, owner)
    if given is None:
        return names
    positional, named = given
    names.pop("self", None)
    ordered = [a.arg for a in listed if a.arg not in ("self", "cls")]
    bound = dict(zip(ordered, positional, strict=False))
    extra: list[tuple[Value, Value]] = []
    for key, value in named.items:
        if isinstance(key, Literal) and isinstance(key.value, str) and key.value in everything:
            bound[key.value] = value
        else:
            extra.append((key, value))
    names.update(bound)
    for name, default in defaults.items():
        if name not in bound:
            names[name] = evaluate(default, Environment(dict(closure)), Scope(definition, vocabulary))[0]
    if arguments.kwarg:
        names[arguments.kwarg.arg] = Mapping(tuple(extra))
    return names
