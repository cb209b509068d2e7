"""A stand-in for the compute manager: a writer, a helper that writes for its caller, and a decorator that does."""

# ruff: noqa: ARG001 - the signature is that of the real manager

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from nova.db.main import api


def reverts(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def decorated(context: Any, uuid: str) -> Any:
        try:
            return function(context, uuid)
        except ValueError:
            return _instance_update(context, uuid, task_state=None)

    return decorated


def _instance_update(context: Any, uuid: str, **values: Any) -> Any:
    return api.instance_update_and_get_original(context, uuid, values)


def make(context: Any, uuid: str) -> None:
    api.instance_create(context, {"uuid": uuid, "vm_state": "dark", "task_state": None, "power_state": 0})


def ask(context: Any, uuid: str) -> None:
    api.instance_update_and_get_original(context, uuid, {"task_state": "lighting", "expected_task_state": None})


def done(context: Any, uuid: str) -> None:
    values = {"vm_state": "lit", "task_state": None, "power_state": 1, "expected_task_state": ["lighting"]}
    api.instance_update_and_get_original(context, uuid, values)


def rename(context: Any, uuid: str) -> None:
    api.instance_update(context, uuid, {"display_name": "a lamp"})


@reverts
def fails(context: Any, uuid: str) -> None:
    raise ValueError(uuid)


def scrap(context: Any, uuid: str) -> None:
    api.instance_destroy(context, uuid)
