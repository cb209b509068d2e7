"""Errors keep their faults, in other processes too."""

from __future__ import annotations

import pickle

from model.errors import Fault, InputError, nearest


def test_an_error_survives_the_way_to_another_process() -> None:
    error = InputError(Fault("a.yaml:3", "unknown", "known: x"), Fault("b.yaml", "missing", "add it"))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert again.faults == error.faults
    assert str(again) == "a.yaml:3: unknown; known: x\nb.yaml: missing; add it"


def test_the_nearest_name() -> None:
    assert nearest("actve", ["ACTIVE", "ERROR"]) == "ACTIVE"
    assert nearest("zzz", ["ACTIVE", "ERROR"]) is None
