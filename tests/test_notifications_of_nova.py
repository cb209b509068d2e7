"""Nova's own samples of notifications, from its sdist: every one must be read (make conform)."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from checks.conformance.notifications import Observation, parse_notification
from checks.conformance.runs import Variable, Vocabulary
from checks.conformance.source.fetch import open_source

RELEASE = "34.0.0"


def resolve(node: Any, folder: Path) -> Any:
    """Nova's samples share their payloads: ``$ref`` names a file, the other keys override what stands there."""
    if isinstance(node, list):
        return [resolve(item, folder) for item in node]
    if not isinstance(node, dict):
        return node
    resolved = {key: resolve(value, folder) for key, value in node.items() if key != "$ref"}
    if "$ref" not in node:
        return resolved
    path = folder / str(node["$ref"]).removesuffix("#")
    return merge(resolve(json.loads(path.read_text()), path.parent), resolved)


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    return base | {
        key: merge(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in over.items()
    }


def words(sources: str, name: str) -> dict[str, str | None]:
    """The constants of one enumeration of Nova's fields, read from its syntax tree."""
    (body,) = (node.body for node in ast.parse(sources).body if isinstance(node, ast.ClassDef) and node.name == name)
    return {
        target.id: str(node.value.value)
        for node in body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


@pytest.mark.network
def test_every_sample_of_an_instance_is_read(tmp_path: Path) -> None:
    nova = open_source(RELEASE, cache=tmp_path).root
    sources = (nova / "nova" / "objects" / "fields.py").read_text()
    names = {
        "vm_state": "InstanceState",
        "task_state": "InstanceTaskState",
        "power_state": "InstancePowerState",
    }
    variables = tuple(Variable(name, name, words(sources, kind)) for name, kind in names.items())
    vocabulary = Vocabulary(variables, compared="task_state", held="vm_state")
    samples = sorted((nova / "doc" / "notification_samples").glob("*.json"))
    read: dict[str, object] = {}
    for sample in samples:
        whole = json.dumps(resolve(json.loads(sample.read_text()), sample.parent)).encode()
        read[sample.stem] = parse_notification(whole, sample.name, vocabulary)
    told = {name for name, seen in read.items() if isinstance(seen, Observation)}
    assert told == {name for name in read if name.startswith("instance-")}
    assert len(told) > 80
    assert all(read[name] is None for name in read if not name.startswith("instance-"))
