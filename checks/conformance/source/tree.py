"""A source tree as syntax trees: its modules, what they import, their functions by qualified name."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from checks.conformance.source.facts import Place, Unresolved
from checks.conformance.source.kept import kept

Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"

OLD_NAME = re.compile(r"\basync\b(?!\s+(?:def|with|for)\b)")
STATE_WORDS = ("vm_state", "task_state", "power_state")
SERVICES = ("nova/compute", "nova/conductor")
# The database layer, the object layer and the notifications carry out or report writes; they decide none.
MECHANISM = ("nova/tests/", "nova/db/", "nova/objects/", "nova/notifications/", "nova/conf/")


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A function as it stands in its module; ``owner`` is the class that holds it, directly or as a closure."""

    module: Module
    name: str
    owner: str | None
    node: Function

    @property
    def citation(self) -> str:
        """File and qualified name, as the tables cite it."""
        return f"{self.module.file}:{self.name}"

    @property
    def is_closure(self) -> bool:
        """Whether it is defined inside another function."""
        return self.name.rpartition(".")[0] != (self.owner or "")

    def place(self, node: ast.AST) -> Place:
        """Where *node* stands in this function."""
        return Place(self.module.file, self.name, getattr(node, "lineno", 0))


@dataclass(slots=True, eq=False)
class Module:
    """A parsed file.

    ``imports`` maps each local name to the dotted name that it stands for, ``attributes`` each ``self.x`` that is
    assigned ``module.Class(...)`` to that class, ``tables`` each name of the module's own that is assigned a
    container or another module's name.
    """

    file: str
    tree: ast.Module
    imports: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    bases: dict[str, list[str]] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    tables: dict[str, ast.expr] = field(default_factory=dict)

    @property
    def dotted_name(self) -> str:
        """The name under which other modules import it."""
        return self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def find(self, name: str, owner: str | None) -> Definition | None:
        """The method *name* of class *owner* or its bases in this module, else the function *name*."""
        seen: list[str] = []
        queue = [owner] if owner else []
        while queue:
            current = queue.pop(0)
            if current in seen:
                continue
            seen.append(current)
            if found := self.definitions.get(f"{current}.{name}"):
                return found
            queue.extend(self.bases.get(current, []))
        if owner is None:
            return self.definitions.get(name)
        return None

    def method(self, name: str, owner: str | None) -> Definition | None:
        """What ``self.name`` means in class *owner*; in a decorator's function, the module's only such method."""
        if owner is not None:
            return self.find(name, owner)
        found = [self.definitions[f"{each}.{name}"] for each in self.bases if f"{each}.{name}" in self.definitions]
        return found[0] if len(found) == 1 else None


class SourceTree:
    """The modules of a source tree, parsed when first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.unreadable: list[Unresolved] = []
        self._modules: dict[str, Module | None] = {}
        self._dotted: dict[str, Module | None] = {}
        self._writers: list[Module] | None = None

    def module(self, file: str) -> Module | None:
        """The module in *file* (relative to the root), or None when there is none or it cannot be parsed."""
        if file not in self._modules:
            self._modules[file] = self._parse(file)
        return self._modules[file]

    def dotted(self, name: str) -> Module | None:
        """The module of the dotted *name*, which may name a package."""
        if name not in self._dotted:
            path = name.replace(".", "/")
            files = [file for file in (f"{path}.py", f"{path}/__init__.py") if (self.root / file).is_file()]
            self._dotted[name] = self.module(files[0]) if files else None
        return self._dotted[name]

    def writers(self) -> list[Module]:
        """Every module that mentions a state variable and may write it, by file name."""
        if self._writers is None:
            self._writers = list(self._find_writers())
        return self._writers

    def citable(self) -> list[Module]:
        """The modules that the tables may cite: the writers, and all of the services that run the operations."""
        files = {module.file for module in self.writers()}
        for folder in SERVICES:
            files |= {path.relative_to(self.root).as_posix() for path in (self.root / folder).rglob("*.py")}
        return [module for file in sorted(files) if (module := self.module(file)) is not None]

    def _find_writers(self) -> Iterator[Module]:
        for path in sorted((self.root / "nova").rglob("*.py")):
            file = path.relative_to(self.root).as_posix()
            if not file.startswith(MECHANISM) and any(word in path.read_text("utf-8") for word in STATE_WORDS):
                module = self.module(file)
                if module is not None:
                    yield module

    def _parse(self, file: str) -> Module | None:
        path = self.root / file
        if not path.is_file():
            return None
        text = path.read_text(encoding="utf-8")
        try:
            with warnings.catch_warnings():
                # Old releases hold invalid escapes, which are their authors' business.
                warnings.simplefilter("ignore")
                tree = _parse(text, file)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            self.unreadable.append(
                Unresolved(Place(file, "<module>", line), f"cannot be parsed as Python 3: {error.args[0]}")
            )
            return None
        module = Module(file, tree)
        _index(module, tree.body, "", None)
        _index_attributes(module)
        for node in tree.body:
            if isinstance(node, ast.Assign) and _is_table(node.value):
                module.tables.update({t.id: node.value for t in node.targets if isinstance(t, ast.Name)})
        return module


def _is_table(node: ast.expr) -> bool:
    makes_dict = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict"
    return makes_dict or isinstance(node, ast.Dict | ast.List | ast.Tuple | ast.Attribute)


@kept
def text_of(node: ast.AST) -> str:
    """The source of *node*, put together once for each node."""
    return ast.unparse(node)


def _parse(text: str, file: str) -> ast.Module:
    try:
        return ast.parse(text, filename=file)
    except SyntaxError:
        # Before Python 3.7 `async` was a name like any other, and releases of that time use it as one.
        return ast.parse(OLD_NAME.sub("async_", text), filename=file)


def _index(module: Module, body: list[ast.stmt], prefix: str, owner: str | None) -> None:
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                module.imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                module.imports[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ClassDef):
            name = f"{prefix}{node.name}"
            module.bases[name] = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
            _index(module, node.body, f"{name}.", name)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}{node.name}"
            module.definitions.setdefault(name, Definition(module, name, owner, node))
            _index(module, node.body, f"{name}.", owner)
        else:
            for part in ("body", "orelse", "finalbody"):
                _index(module, getattr(node, part, []), prefix, owner)
            for handler in getattr(node, "handlers", []):
                _index(module, handler.body, prefix, owner)


def _index_attributes(module: Module) -> None:
    for node in ast.walk(module.tree):
        match node:
            case ast.Assign([ast.Attribute(ast.Name("self"), attribute)], value):
                made = value.values[-1] if isinstance(value, ast.BoolOp) else value
                if isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute):
                    base, _, rest = ast.unparse(made.func).partition(".")
                    if base in module.imports:
                        module.attributes.setdefault(attribute, f"{module.imports[base]}.{rest}")
