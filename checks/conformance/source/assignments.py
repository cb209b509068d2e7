"""Assignments on a path: names, records, and the items of mappings."""

from __future__ import annotations

import ast

from checks.conformance.source.binding import is_other_name
from checks.conformance.source.calls import Calls
from checks.conformance.source.evaluate import Environment, evaluate, record_key
from checks.conformance.source.relevant import carried_record, is_instance
from checks.conformance.source.tree import text_of
from checks.conformance.source.values import VARIABLES, Fresh, Literal, Mapping, Record, Sequence, Unknown, Value


class Assignments(Calls):
    """Follows assignments: each value that the right side may have makes a path."""

    def _assign(self, targets: list[ast.expr], node: ast.expr, envs: list[Environment]) -> list[Environment]:
        found = []
        for env in envs:
            if not any(self._matters(target, env) for target in targets):
                found.append(env)
                continue
            for value in evaluate(node, env, self._scope):
                forked = env.copy()
                if isinstance(value, Fresh) and isinstance(node, ast.Call) and (given := carried_record(node)):
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

    def _set(self, target: ast.expr, value: Value, env: Environment) -> None:
        match target:
            case ast.Name(name):
                if isinstance(value, Fresh):
                    key = f"{self._scopes[-1].name}:{name}"
                    env.dirty[key] = dict(value.fields)
                    value = Record(key)
                # Paths that differ in nothing but an undetermined value are one path.
                env.names[name] = value if _counts(name, value, env) else Unknown(name)
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
                        if not is_other_name(item):
                            container = env.names[name] = container.with_item(item, value)
                    elif isinstance(item, Literal) and item.value in VARIABLES:
                        changed = env.dirty.setdefault(record_key(ast.Name(name), env, self._scope), {})
                        changed[str(item.value)] = value


def _counts(name: str, value: Value, env: Environment) -> bool:
    match value:
        case Unknown():
            return False
        case Record(key):
            return key in env.dirty or is_instance(ast.Name(name))
        case Sequence(items):
            return all(_counts(name, item, env) for item in items)
    return True
