"""What must be true of the repository itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from model.lifecycle import Lifecycle

ROOT = Path(__file__).parent.parent
ROOMS = ("model", "checks", "render", "cli")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The top-level packages that *path* imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_one_way(path: Path) -> None:
    """cli -> render -> checks -> model."""
    room = path.relative_to(ROOT).parts[0]
    later = set(ROOMS[ROOMS.index(room) + 1 :])
    assert not imported(path) & later


def strings(path: Path) -> set[str]:
    """The string constants of *path* that are data: docstrings and the text of annotations are not."""
    tree = ast.parse(path.read_text())
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    }


#: The reader of Nova's source knows Nova; names of our own formats (predicates, fields, statuses) are not Nova's.
READERS = ("checks/conformance/source/",)
FORMAT = {"None", "NONE", "ERROR", "error", "delete", "deleted", "create", "stop", "start", "crashed"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_name_of_nova_stands_in_the_code(path: Path, nova: Lifecycle) -> None:
    if path.relative_to(ROOT).as_posix().startswith(READERS):
        return
    names = {value.name for name in nova.state_variables for value in nova.values[name]}
    names |= {value.wire for name in nova.state_variables for value in nova.values[name] if value.wire}
    names |= set(nova.operations)
    assert not {text for text in strings(path) if text in names - FORMAT - set(nova.predicates)}


def test_a_query_loads_neither_z3_nor_pydantic_nor_networkx() -> None:
    code = (
        "import sys; from cli.main import main\n"
        "try: main(['allowed', 'active/none/running', '--json'])\n"
        "except SystemExit as e: assert e.code == 0, e.code\n"
        "heavy = {'z3', 'pydantic', 'networkx', 'numpy', 'graphviz', 'jinja2', 'yaml', 'rich'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)\n"
    )
    for _ in range(2):  # the first run fills the cache
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_nothing_speaks_of_the_machine_it_was_written_on() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    found = []
    for name in listed:
        path = ROOT / name
        if path.suffix in {".gz", ".png", ".lock", ".woff2"} or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if re.search(r"(?<![\w.])/(?:work|root|farm)/|\bTODO\b|\bFIXME\b|\bXXX\b", text):
            found.append(name)
    assert not found
