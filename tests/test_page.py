"""The reference page as a file: what is in it, how large it is, and that no name can break out of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.lifecycle import Lifecycle, Text
from model.network import build_network
from model.questions.outcomes import restart
from model.space import all_states, build_space
from render.clean import identifier
from render.page import page, write_page
from render.page.data import dumped, embedded, number_of
from render.page.packing import DIGITS, pack, written
from render.page.steps import all_edges
from render.page.verdicts import judged

ROOT = Path(__file__).parent.parent
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e"
VERDICT: dict[str, Any] = {
    "property": "rest",
    "scenario": "sequential",
    "outcome": "violated",
    "expected": "violated",
    "engines": [{"name": "search", "outcome": "violated", "seconds": 0.1, "detail": "breadth first"}],
    "exercised": 12,
    "findings": [
        {
            "key": {"motion": HOSTILE},
            "count": 2,
            "place": "",
            "source": "door.py:turn",
            "names": [],
            "trace": {
                "initial": {"position": "SHUT"},
                "cycle": 1,
                "steps": [
                    {
                        "row": "open/press/request",
                        "kind": "request",
                        "process": "open",
                        "service": "panel",
                        "source": "door.py:press",
                        "place": "operations/open.yaml:1",
                        "changes": [{"variable": "motion", "before": "None", "after": "OPENING"}],
                        "record": {"motion": "OPENING"},
                        "exception": None,
                        "label": None,
                    }
                ],
            },
        }
    ],
    "known": [{"name": "jam", "what": {"en": HOSTILE, "zh": "门"}, "launchpad": [123456], "source": "door.py:turn"}],
}


class Reader(HTMLParser):
    """The elements of a page, as a browser would find them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def read(text: str) -> list[int]:
    half, numbers, number, scale = len(DIGITS) // 2, [], 0, 1
    for digit in map(DIGITS.index, text):
        number, scale = number + digit % half * scale, scale * half
        if digit < half:
            numbers.append(number)
            number, scale = 0, 1
    return numbers


@pytest.fixture(scope="module")
def door_page(door: Lifecycle) -> str:
    return page(door, [VERDICT])


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    made: dict[str, Any] = json.loads(found[1])
    return made


def test_every_value_and_operation_has_its_section(door: Lifecycle, door_page: str) -> None:
    ids = {attributes["id"] for _, attributes in Reader(door_page).tags if attributes.get("id")}
    assert {identifier(name, value.name) for name in door.state_variables for value in door.values[name]} <= ids
    assert {identifier("operation", name) for name in door.operations} <= ids
    assert {identifier("row", row) for row in door.rows} <= ids


def test_no_id_stands_twice(door_page: str) -> None:
    ids = [attributes["id"] for _, attributes in Reader(door_page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_link_inside_the_page_leads_somewhere(door_page: str) -> None:
    tags = Reader(door_page).tags
    ids = {attributes["id"] for _, attributes in tags if "id" in attributes}
    links = {
        attributes["href"] for tag, attributes in tags if tag == "a" and (attributes["href"] or "").startswith("#")
    }
    assert {link[1:] for link in links if link} <= ids


def test_the_page_needs_nothing_else(door_page: str) -> None:
    """Nothing is loaded: no element with a source, no style sheet, no import, no address in the style."""
    for tag, attributes in Reader(door_page).tags:
        assert "src" not in attributes
        assert tag not in {"link", "img", "iframe", "object", "base"}
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in door_page
    assert "@import" not in door_page


def test_the_numbers_in_its_prose_are_those_of_the_model(door: Lifecycle, door_page: str) -> None:
    network = build_network(door)
    reached = len({state for state in network.states if state is not None})
    steps = sum(len(leaving) for leaving in network.leaving)
    assert f"There are {len(list(all_states(door)))} of them" in door_page
    assert f"reach {reached}, in {len(network.states)} configurations with {steps} steps" in door_page


def test_a_state_is_known_by_its_number(door: Lifecycle) -> None:
    assert [number_of(door, state) for state in all_states(door)] == list(range(len(list(all_states(door)))))


def test_the_embedded_network_is_the_network(door: Lifecycle) -> None:
    data = embedded(door, all_edges(door))["network"]
    network = build_network(door)
    states = [0 if state is None else number_of(door, state) + 1 for state in network.states]
    assert read(data["states"]) == states
    assert read(data["leaving"]) == [len(leaving) for leaving in network.leaving]
    steps = read(data["steps"])
    for number, leaving in enumerate(network.leaving):
        for arrow in leaving:
            sign, twice = steps.pop(0), steps.pop(0)
            row, kind, exception, label = data["signs"][sign]
            assert (list(door.rows)[row], kind, exception, label) == (
                arrow.row, arrow.kind, arrow.exception, arrow.label,
            )  # fmt: skip
            assert number + (twice // 2) * (-1 if twice % 2 else 1) == arrow.target
    assert not steps
    assert data["flags"] == "".join(str(idle + 2 * gone) for idle, gone in zip(network.idle, network.gone, strict=True))


def test_the_embedded_edges_hold_the_whole_space(nova: Lifecycle) -> None:
    edges = all_edges(nova)
    known = {(edge.source, edge.target, edge.kind): edge for edge in edges}
    for edge in build_space(nova).edges:
        found = known[edge.source, edge.target, edge.kind]
        assert set(edge.rows) <= set(found.rows)
        assert found.taken or not edge.taken
    owners = {nova.rows[row].operation for edge in edges for row in edge.rows}
    kinds = {nova.operations[owner].kind for owner in owners if owner in nova.operations}
    assert {"request", "admin", "event", "periodic"} <= kinds
    assert len(known) == len(edges)


def test_the_embedded_restarts_are_those_of_the_query(door: Lifecycle) -> None:
    restarts = embedded(door, ())["restart"]
    for number, state in enumerate(all_states(door)):
        expected = [
            [
                number_of(door, one.state),
                one.destroyed + 2 * one.failures,
                [row for row in one.rows if door.rows[row].writes],
            ]
            for one in restart(door, state)
        ]
        assert [
            [after, flags, [list(door.rows)[row] for row in rows]] for after, flags, rows in restarts[number]
        ] == expected


def test_packing_loses_nothing() -> None:
    texts = {"many": " ".join(f'w{n}="{n % 7}" >' for n in range(9000)), "odd": '"">> x\n"', "empty": ""}
    words, packed = pack(texts)
    assert {name: "".join(words[number] for number in read(text)) for name, text in packed.items()} == texts
    assert not set("".join(packed.values())) & set("\"'&<>\\")


@given(st.lists(st.integers(0, 10**9)))
def test_numbers_are_read_as_they_were_written(numbers: list[int]) -> None:
    assert read(written(numbers)) == numbers


def test_data_cannot_end_its_element() -> None:
    text = dumped({HOSTILE: "\u2028"})
    assert "<" not in text
    assert json.loads(text) == {HOSTILE: "\u2028"}


def test_hostile_names_do_no_harm(door: Lifecycle) -> None:
    """Names and meanings that are markup come out as text: the page has the elements of the harmless page."""
    first = door.state_variables[0]
    values = {
        name: tuple(replace(one, meaning=Text(HOSTILE, HOSTILE), source=HOSTILE) for one in door.values[name])
        for name in door.state_variables
    }
    values[first] = (replace(values[first][0], name=HOSTILE), *values[first][1:])
    variables = (
        replace(door.variables[0], values=(HOSTILE, *door.variables[0].values[1:])),
        *door.variables[1:],
    )
    operations = {
        name: replace(one, meaning=Text(HOSTILE, HOSTILE), command=HOSTILE) for name, one in door.operations.items()
    }
    hostile = replace(
        door, name=HOSTILE, release=HOSTILE, digest="hostile", values=values, variables=variables, operations=operations
    )
    harmless = Reader(page(door, [VERDICT])).tags
    found = Reader(page(hostile, [VERDICT], source_address="https://example.org/{release}/{file}")).tags
    assert [tag for tag, _ in found].count("script") == [tag for tag, _ in harmless].count("script") == 2
    assert not [tag for tag, _ in found if tag == "img"]
    assert not [name for _, attributes in found for name in attributes if name.startswith("on")]
    for _, attributes in found:
        assert re.match(r"#|https://", attributes.get("href") or "#")


def test_its_own_policy_allows_its_own_script_and_style_only(door_page: str) -> None:
    policy = next(a["content"] or "" for tag, a in Reader(door_page).tags if "http-equiv" in a)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert len(re.findall(r"'sha256-[A-Za-z0-9+/=]{44}'", policy)) == 2


def test_verdicts_and_findings_are_shown(door_page: str) -> None:
    assert "https://bugs.launchpad.net/bugs/123456" in door_page
    assert 'data-trace="0"' in door_page
    traces = data_of(door_page)["traces"]
    assert traces["traces"] == [[0, 1, [0]]]
    assert traces["starts"] == [[["position", "SHUT"]]]
    assert traces["steps"][0][1:] == ["request", "open", "panel", None, [["motion", "None", "OPENING"]]]


def test_without_verdicts_the_properties_are_still_told(door: Lifecycle) -> None:
    text = page(door)
    assert 'id="property--rest"' in text
    assert "data-trace" not in text
    assert 'id="releases"' not in text


def test_what_changed_between_releases_is_told(door: Lifecycle) -> None:
    change = {"kind": "guard added", "subject": HOSTILE, "sentence": HOSTILE}
    release = {
        "version": "2",
        "since": "1",
        "complete": True,
        "counts": {"matched": 3},
        "changes": [change],
        "unmatched": [],
    }
    tags = Reader(page(door, releases={"releases": [release]})).tags
    assert "release--2" in {attributes.get("id") for _, attributes in tags}
    assert [tag for tag, _ in tags].count("script") == 2


def test_an_unknown_property_is_left_out() -> None:
    properties, traces = judged([{**VERDICT, "property": "nothing"}], ())
    assert not traces["traces"]
    assert not any(one.verdicts for one in properties)


def test_the_page_is_small_enough(nova: Lifecycle, tmp_path: Path) -> None:
    written = tmp_path / "index.html"
    write_page(nova, written)
    assert written.stat().st_size < 3_000_000


def test_equal_input_is_equal_bytes() -> None:
    code = (
        "import sys; from pathlib import Path; from model.load import load; from render.page import page\n"
        "import hashlib; print(hashlib.sha256(page(load(Path(sys.argv[1]))).encode()).hexdigest())"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", code, str(ROOT / "tests" / "lifecycles" / "door")],
            cwd=ROOT, env={"PYTHONHASHSEED": seed, "PATH": "", "NOVA_LIFECYCLE_CACHE": "/nonexistent"},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }  # fmt: skip
    assert len(made) == 1
