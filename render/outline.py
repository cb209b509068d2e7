"""The outlines of the shapes that the style table names, as SVG paths."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

Outline = Callable[[float, float, float, float], str]


def number(value: float) -> str:
    """A coordinate with at most two decimals and no superfluous zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def polygon(*points: tuple[float, float]) -> str:
    """A closed path through the points."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "Z"


def _rounded(radius: float) -> Outline:
    def outline(x: float, y: float, w: float, h: float) -> str:
        r = min(radius, w / 2, h / 2)
        n = number
        arc = f"a{n(r)} {n(r)} 0 0 1"
        return (
            f"M{n(x + r)} {n(y)}h{n(w - 2 * r)}{arc} {n(r)} {n(r)}v{n(h - 2 * r)}{arc} {n(-r)} {n(r)}"
            f"h{n(2 * r - w)}{arc} {n(-r)} {n(-r)}v{n(2 * r - h)}{arc} {n(r)} {n(-r)}Z"
        )

    return outline


def _rectangle(x: float, y: float, w: float, h: float) -> str:
    return polygon((x, y), (x + w, y), (x + w, y + h), (x, y + h))


def _double(x: float, y: float, w: float, h: float) -> str:
    return _rectangle(x, y, w, h) + _rectangle(x + 3.5, y + 3.5, w - 7, h - 7)


def _octagon(x: float, y: float, w: float, h: float) -> str:
    c = min(10.0, h / 3)
    right, low = x + w, y + h
    return polygon(
        (x + c, y), (right - c, y), (right, y + c), (right, low - c), (right - c, low), (x + c, low), (x, low - c),
        (x, y + c),
    )  # fmt: skip


def _hexagon(x: float, y: float, w: float, h: float) -> str:
    c = min(9.0, h / 2)
    return polygon((x + c, y), (x + w - c, y), (x + w, y + h / 2), (x + w - c, y + h), (x + c, y + h), (x, y + h / 2))


def _arrow(x: float, y: float, w: float, h: float) -> str:
    return polygon((x, y), (x + w - 9, y), (x + w, y + h / 2), (x + w - 9, y + h), (x, y + h))


def _slanted(x: float, y: float, w: float, h: float) -> str:
    return polygon((x + 7, y), (x + w, y), (x + w - 7, y + h), (x, y + h))


def _bar(x: float, y: float, w: float, h: float) -> str:
    return _rectangle(x, y, w, h) + polygon((x + 5, y), (x + 5, y + h))


def _sides(x: float, y: float, w: float, h: float) -> str:
    return _bar(x, y, w, h) + polygon((x + w - 5, y), (x + w - 5, y + h))


OUTLINES = MappingProxyType(
    {
        "rectangle": _rectangle,
        "rounded": _rounded(7.0),
        "pill": _rounded(18.0),
        "double": _double,
        "octagon": _octagon,
        "hexagon": _hexagon,
        "arrow": _arrow,
        "slanted": _slanted,
        "bar": _bar,
        "sides": _sides,
        "plain": _rectangle,
    }
)


def _disc(x: float, y: float, w: float, h: float) -> str:
    return _rounded(w / 2)(x, y, w, h)


def _half(x: float, y: float, w: float, h: float) -> str:
    r = number(w / 2)
    return f"M{number(x + w / 2)} {number(y)}a{r} {r} 0 0 0 0 {number(h)}Z" + _disc(x, y, w, h)


def _triangle(x: float, y: float, w: float, h: float) -> str:
    return polygon((x + w / 2, y), (x + w, y + h), (x, y + h))


def _cross(x: float, y: float, w: float, h: float) -> str:
    return polygon((x, y), (x + w, y + h)) + polygon((x + w, y), (x, y + h))


MARKS = MappingProxyType({"disc": _disc, "half": _half, "triangle": _triangle, "cross": _cross})
