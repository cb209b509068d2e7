"""The figures: each a builder from the lifecycle to a picture; nothing here knows what the tables are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from model.errors import Fault, InputError, nearest

if TYPE_CHECKING:
    from model.lifecycle import Lifecycle
    from render.figure import Picture

Builder = Callable[["Lifecycle"], "Picture"]


def catalogue(lifecycle: Lifecycle) -> Mapping[str, Builder]:
    """Every figure of a lifecycle: id -> builder, in the order in which a reader wants them.

    The ids: ``vm-states`` (the overview of the first state variable), ``operations-by-state``, ``synchronisation``,
    ``restart``, then ``state-VALUE``, ``operation-NAME`` and ``family-NAME`` by name.
    """
    made: dict[str, Builder] = {
        "vm-states": _overview,
        "operations-by-state": _by_state,
        "synchronisation": _synchronisation,
        "restart": _restart,
    }
    about = lifecycle.operations.values()
    if not lifecycle.observed or not any(one.family == "sync" and one.kind == "periodic" for one in about):
        del made["synchronisation"]
    if not any(one.kind == "recovery" for one in about):
        del made["restart"]
    first = lifecycle.state_variables[0]
    made |= {f"state-{v.name}": partial(_state, value=v.name) for v in lifecycle.values[first]}
    made |= {f"operation-{name}": partial(_operation, name=name) for name in sorted(lifecycle.operations)}
    families = sorted({operation.family for operation in lifecycle.operations.values()})
    return made | {f"family-{name}": partial(_family, name=name) for name in families}


def build(lifecycle: Lifecycle, name: str) -> Picture:
    """The picture with the id ``name``.

    Raises InputError when there is none, with the nearest name that there is.
    """
    known = catalogue(lifecycle)
    if name not in known:
        near = nearest(name, list(known))
        meant = f"did you mean {near!r}?" if near else f"one of {', '.join(known)}"
        raise InputError(Fault("FIGURE", f"no figure {name!r}", meant))
    return known[name](lifecycle)


# Each builder's module is imported only when its figure is wanted.
def _overview(lifecycle: Lifecycle) -> Picture:
    from render.figures.overview import overview

    return overview(lifecycle)


def _by_state(lifecycle: Lifecycle) -> Picture:
    from render.figures.by_state import operations_by_state

    return operations_by_state(lifecycle)


def _synchronisation(lifecycle: Lifecycle) -> Picture:
    from render.figures.synchronisation import synchronisation

    return synchronisation(lifecycle)


def _restart(lifecycle: Lifecycle) -> Picture:
    from render.figures.restarting import restarting

    return restarting(lifecycle)


def _state(lifecycle: Lifecycle, value: str) -> Picture:
    from render.figures.neighbours import neighbours

    return neighbours(lifecycle, value)


def _operation(lifecycle: Lifecycle, name: str) -> Picture:
    from render.figures.operation import operation

    return operation(lifecycle, name)


def _family(lifecycle: Lifecycle, name: str) -> Picture:
    from render.figures.families import family

    return family(lifecycle, name)
