"""Calls on a path: saves, updates of a record, and the helpers whose arguments or records decide what is written."""

from __future__ import annotations

import ast

from checks.conformance.source.binding import bind, shared
from checks.conformance.source.evaluate import (
    Environment,
    dotted_name,
    evaluate,
    fields_of,
    keywords,
    method_of_attribute,
    record_key,
    result_name,
)
from checks.conformance.source.facts import Place
from checks.conformance.source.relevant import calls_in, is_instance
from checks.conformance.source.trail import Save, Trail, copied
from checks.conformance.source.tree import text_of
from checks.conformance.source.values import (
    VARIABLES,
    Callable,
    Literal,
    Mapping,
    Parameter,
    Runtime,
    Sequence,
    Value,
)

DEPTH_LIMIT = 8


class Calls(Trail):
    """Follows the calls of an expression, inner ones first."""

    def _calls(self, node: ast.expr | None, envs: list[Environment]) -> list[Environment]:
        if node is None:
            return envs
        for call in calls_in(node):
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
        inner = Environment(names, {} if is_context else copied(env.dirty))
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
            Environment({**env.names, result_name(node): meant}, end.dirty)
            for end, value in returned
            if node is not None and (meant := shared(value)) is not None
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
                if isinstance(value, Mapping) or is_instance(base):
                    forked.dirty.setdefault(record_key(base, env, self._scope), {}).update(fields)
            elif is_instance(base) and not isinstance(value, Mapping):
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
        if is_insert and not (fields or is_instance(function.value)):
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
