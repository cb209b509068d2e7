"""YAML with places: every key and item of a file keeps its line; what is wrong with a file is an InputError."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from model.content import LARGEST
from model.errors import Fault, InputError

Path_ = tuple[str | int, ...]

#: A table has a few hundred values, a dozen deep; more than this is no table (or aliases that multiply one).
MOST, DEEPEST = 50_000, 60
WHOLE = re.compile(r"[-+]?(0|[1-9][0-9_]{0,17}|0x[0-9a-fA-F]{1,16})")


@dataclass(frozen=True, slots=True)
class Document:
    """A file's contents as plain data, with the line of each path in it (keys and list indices from the root)."""

    name: str
    data: Any
    lines: dict[Path_, int]

    def place(self, path: Path_) -> str:
        """``file:line`` of the nearest known part of *path*."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"


def read_document(path: Path, name: str) -> Document:
    """Read the file at *path*, called *name* in messages.  Raises InputError with every fault of the file."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise InputError(Fault(name, "not a file", "give a file that can be read"))
        size = path.stat().st_size
        if size > LARGEST:
            raise InputError(Fault(name, f"the file has {size:,} bytes", f"a table has at most {LARGEST:,}"))
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            Fault(name, f"not text: byte {error.start} is not UTF-8", "a table is YAML in UTF-8")
        ) from None
    except OSError as error:
        raise InputError(Fault(name, error.strerror or str(error), "give a file that can be read")) from None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_what_is_no_table(text, name, loader)
        node = yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}:{mark.line + 1}" if mark is not None else name
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(Fault(place, f"invalid YAML: {problem}", "mend the syntax")) from None
    if node is None:
        raise InputError(Fault(name, "the file is empty", "a table says something"))
    faults: list[Fault] = []
    lines: dict[Path_, int] = {}
    data = _plain(node, (), lines, name, faults)
    if faults:
        raise InputError(*faults)
    return Document(name, data, lines)


def _refuse_what_is_no_table(text: str, name: str, loader: Any) -> None:
    """Raise InputError where *text* nests too deeply, or says too much, to be composed: libyaml would recurse."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark is not None else 1
            raise InputError(Fault(f"{name}:{line}", "nested too deeply", "flatten"))
        if count > 2 * MOST:
            raise InputError(_too_much(name, event))


def _too_much(name: str, where: Any) -> Fault:
    return Fault(f"{name}:{where.start_mark.line + 1}", f"more than {MOST:,} values", "split the table")


def _plain(node: Any, path: Path_, lines: dict[Path_, int], name: str, faults: list[Fault]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if len(lines) > MOST:
        raise InputError(_too_much(name, node))
    if len(path) > DEEPEST:
        faults.append(
            Fault(f"{name}:{node.start_mark.line + 1}", "nested too deeply (or an alias to itself)", "flatten")
        )
        return None
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            line = key_node.start_mark.line + 1
            if key is None or not isinstance(key, str | int):
                faults.append(Fault(f"{name}:{line}", "a key that is not a word", "write the key as one word"))
                continue
            key = str(key)
            if key in mapping:
                faults.append(Fault(f"{name}:{line}", f"{key!r} stands twice in one mapping", "keep one of them"))
            lines[(*path, key)] = line
            mapping[key] = _plain(value_node, (*path, key), lines, name, faults)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), lines, name, faults) for index, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: Any) -> Any:
    """The value of a scalar: only true, false, null, ~ and whole numbers are not text (no YAML 1.1 ``on``)."""
    text = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in ("true", "false"):
        return text == "true"
    if text in ("null", "~", ""):
        return None
    return int(text, 0) if WHOLE.fullmatch(text) else text
