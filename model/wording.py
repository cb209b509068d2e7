"""What is wrong with the shape of an input, in the words of this program: pydantic's own speak of Python.

One fault for each place: where a value may be of several shapes, and is of none, pydantic has a complaint for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model.errors import Fault
from model.schema import INSTRUCTIONS, MEANS

if TYPE_CHECKING:
    from pydantic import ValidationError

    from model.yaml_source import Document

#: What to do about a key that is missing, or that there is not.
KEYS = {"missing": "add it", "extra_forbidden": "remove it, or mend its name"}
#: Complaints of the schema itself, in its own words.
OURS = ("instruction", "at_once")
#: What is legal, for each kind of complaint that needs no more than its name.
SHAPES = {
    "string_type": "text (in quotes, where it looks like a number or is empty)",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list, each item after a dash",
    "dict_type": "a mapping, each line KEY: VALUE",
    "model_type": "a mapping, each line KEY: VALUE",
    "none_required": "null",
}


def shape_faults(error: ValidationError, document: Document) -> list[Fault]:
    """Every fault that *error* tells of *document*, in its order, with place, what was found, and what is legal."""
    together: dict[tuple[str | int, ...], list[Any]] = {}
    for problem in error.errors(include_url=False):
        path = _real(problem["loc"], document.data)
        together.setdefault((*path, problem["loc"][-1]) if problem["type"] in KEYS else path, []).append(problem)
    return [
        Fault(document.place(path), _found(problems[0], path), _remedy(problems)) for path, problems in together.items()
    ]


def _real(location: tuple[int | str, ...], data: Any) -> tuple[int | str, ...]:
    """The part of pydantic's *location* that is a path in *data*.

    It also names the branches of a union, and of a step the instruction, before the key in it.
    """
    path: list[int | str] = []
    before: int | str = ""
    for part in location:
        if isinstance(before, int) and part in INSTRUCTIONS:
            pass  # the kind of the step whose key comes next
        elif (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        ):
            data = data[part]  # type: ignore[index]
            path.append(part)
        before = part
    return tuple(path)


def _found(problem: Any, path: tuple[int | str, ...]) -> str:
    if problem["type"] == "missing":
        return f"{problem['loc'][-1]!r} is missing"
    if problem["type"] == "extra_forbidden":
        return f"unknown key {str(problem['loc'][-1])!r}"
    field = next((str(part) for part in reversed(path) if isinstance(part, str)), "the file")
    value = repr(problem["input"])
    return f"{field}: {value if len(value) <= 60 else value[:57] + '...'}"


def _remedy(problems: list[Any]) -> str:
    """What is legal instead of what *problems*, all of one place, complain of."""
    first = problems[0]
    if first["type"] in KEYS:
        return KEYS[first["type"]]
    if first["type"] in OURS:
        return str(first["msg"])
    legal = list(dict.fromkeys(filter(None, map(_legal, problems))))
    return f"write {' or '.join(legal)}" if legal else "docs/tables.md says what may stand here"


def _legal(problem: Any) -> str | None:
    """One shape that is legal; None where this program has no words for it."""
    kind, context = problem["type"], problem.get("ctx", {})
    match kind:
        case "literal_error" | "enum":
            return str(context["expected"]).replace("'", "")
        case "string_pattern_mismatch":
            return MEANS.get(context["pattern"])
    return SHAPES.get(kind)
