"""Pictures by format: a module in :mod:`render.formats` is a format, named as it is named.

Such a module has ``render(picture, ...) -> bytes``, ``SUFFIX``, ``MEDIA_TYPE`` and ``KINDS``, the kinds of picture that
it can show. Nothing else needs to know of it.
"""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import render.formats
from model.errors import Fault, InputError, nearest
from render.style import Theme

if TYPE_CHECKING:
    from types import ModuleType

    from render.figure import Picture


def format_names() -> tuple[str, ...]:
    """The names of all formats, sorted."""
    return tuple(sorted(module.name for module in iter_modules(render.formats.__path__)))


def find_format(name: str) -> ModuleType:
    """The module of a format.

    Raises InputError when there is none of that name.
    """
    names = format_names()
    if name not in names:
        near = nearest(name, names)
        meant = f"; did you mean {near!r}?" if near else ""
        raise InputError(Fault("--format", f"unknown format {name!r}", f"one of {', '.join(names)}{meant}"))
    return import_module(f"render.formats.{name}")


def render_picture(picture: Picture, name: str, **options: Any) -> bytes:
    """The picture in a format; of the options (``theme``, ``dot``, ``page``) each format takes those that it knows.

    A theme may be given by its name.

    Raises InputError for an unknown format, or one that cannot show this kind of picture.
    """
    module = find_format(name)
    if not isinstance(picture, module.KINDS):
        able = [other for other in format_names() if isinstance(picture, find_format(other).KINDS)]
        found = f"{name} cannot show a {type(picture).__name__.lower()}"
        raise InputError(Fault("--format", found, f"one of {', '.join(able)}"))
    if "theme" in options:
        options["theme"] = Theme(options["theme"])
    known = signature(module.render).parameters
    rendered: bytes = module.render(picture, **{key: value for key, value in options.items() if key in known})
    return rendered
