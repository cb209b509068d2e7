"""Names from tables made fit to be written anywhere: what a hostile or careless name could do ends here."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

# What XML 1.0 cannot carry, and what reorders the text around it (Unicode's bidirectional controls).
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_ID = re.compile(r"[^A-Za-z0-9_-]")
_SCHEMES = frozenset({"", "http", "https"})
LONGEST = 400


def clean(text: str) -> str:
    """One line of text without anything that breaks XML or reorders its neighbours (each becomes U+FFFD).

    White space of any kind becomes one space; more than 400 characters are cut, with an ellipsis to say so.
    """
    line = " ".join(_UNFIT.sub("\ufffd", text).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def clean_lines(text: str) -> str:
    """Like :func:`clean`, for text in which line breaks mean something."""
    return "\n".join(clean(line) for line in text.splitlines())


def identifier(*names: str) -> str:
    """An id made from names, different for different names, of ASCII letters, digits, ``_``, ``-`` and ``.`` only.

    >>> identifier("figure", "power on")
    'figure--power.20.on'
    """
    return "--".join(_ID.sub(lambda match: f".{ord(match[0]):x}.", name) for name in names)


def safe_href(href: str | None) -> str | None:
    """The address, if it is relative, ``http`` or ``https``; None for any other, such as ``javascript:``."""
    if href is None or _UNFIT.search(href):
        return None
    try:
        scheme = urlsplit(href.strip()).scheme
    except ValueError:
        return None
    return quote(href.strip(), safe="/:?#[]@!$&'()*+,;=%~") if scheme.lower() in _SCHEMES else None
