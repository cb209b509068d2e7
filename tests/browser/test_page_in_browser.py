"""The reference page in Debian's Chromium: what a reader does with it, and that it asks nobody for anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from model.lifecycle import Lifecycle
from model.network import build_network
from model.paths import Question, Search
from model.questions.allowed import allowed
from model.space import all_states
from model.state import parse_pattern, parse_state, state_name
from render.clean import identifier
from render.page import page as page_text
from render.page.steps import all_edges

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
HOSTILE = '</script><script>document.title="harm"</script>"><img src=x onerror="document.title=\'harm\'">'


@pytest.fixture(scope="module")
def address(nova: Lifecycle, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of Nova, as it would lie on a disk."""
    written = tmp_path_factory.mktemp("page") / "index.html"
    trace = {
        "initial": {"row": "ABSENT"},
        "cycle": None,
        "steps": [
            {"row": row, "kind": "request", "process": "p", "service": "s", "changes": [], "exception": None}
            for row in list(nova.rows)[:3]
        ],
    }
    finding = {"key": {"task_state": "X"}, "count": 1, "trace": trace}
    verdict = {"property": "rest", "scenario": "sequential", "outcome": "violated", "findings": [finding]}
    written.write_text(page_text(nova, [verdict]), encoding="utf-8")
    return written.as_uri()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    # Only these tests need it: the others are collected without.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    """The page, opened; afterwards nothing may have been logged, and nothing asked for but the file itself."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(address)
    yield opened
    context.close()
    assert said == []
    assert {url.partition("#")[0] for url in asked} == {address}


def go(page: Any, route: str) -> None:
    page.evaluate("route => { location.hash = route; }", route)
    page.wait_for_timeout(50)


def heading(page: Any) -> str:
    return str(page.locator(".view.shown h1").inner_text())


def test_it_can_be_used_within_a_second(page: Any) -> None:
    """From the whole file being there to the script's end; the reading of the file is the disk's."""
    took = page.evaluate(
        "() => (({domContentLoadedEventEnd, fetchStart}) => domContentLoadedEventEnd - fetchStart)"
        "(performance.getEntriesByType('navigation')[0])"
    )
    assert took < 3000  # a second on a machine that does nothing else
    assert page.locator("html.ready").count() == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_search_finds_by_name_wire_name_and_meaning(page: Any, nova: Lifecycle, language: str) -> None:
    if language == "zh":
        page.click("#language")
    for name in nova.state_variables[:2]:
        for value in nova.values[name][::7]:
            meaning = value.meaning.en if language == "en" else value.meaning.zh
            for query in filter(None, (value.name.lower(), value.wire, meaning)):
                page.fill("#search", query)
                found = page.locator("#found [role=option]").evaluate_all("all => all.map(one => one.dataset.id)")
                assert identifier(name, value.name) in found, query
    page.fill("#search", "")
    assert page.locator("#found").is_hidden()


def test_search_by_keyboard(page: Any, nova: Lifecycle) -> None:
    name = sorted(nova.operations)[5]
    page.keyboard.press("/")
    page.keyboard.type(name)
    assert page.locator("#search").get_attribute("aria-expanded") == "true"
    assert page.locator("#search-said").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_timeout(50)
    assert heading(page) == name
    assert page.evaluate("document.activeElement.tagName") == "H1"


def test_search_understands_a_state(page: Any, nova: Lifecycle) -> None:
    state = list(all_states(nova))[1234]
    page.fill("#search", state_name(nova, state).lower().replace("/", " "))
    page.keyboard.press("Enter")
    page.wait_for_timeout(50)
    assert heading(page) == state_name(nova, state)


def pairs(nova: Lifecycle) -> list[tuple[str, str, str]]:
    """Questions of all kinds: between states at rest, with patterns, with something to avoid, without an answer."""
    network = build_network(nova)
    resting = sorted({s for s, idle in zip(network.states, network.idle, strict=True) if idle and s is not None})
    names = [state_name(nova, state) for state in resting]
    firsts = [value.name for value in nova.values[nova.state_variables[0]]]
    made = [(names[n * 37 % len(names)], names[n * 53 % len(names)], "") for n in range(1, 15)]
    made += [(names[3], first.lower(), "") for first in firsts[:6]]
    made += [(names[0], names[-1], firsts[-3]), (names[5], firsts[4], f"{firsts[2]}, {firsts[5]}")]
    made += [("", firsts[0], ""), ("", firsts[9], firsts[0]), ("*", "*", "")]
    unmet = next(s for s in all_states(nova) if s not in set(network.states))
    return [*made, (state_name(nova, unmet), names[0], ""), (names[0], state_name(nova, unmet), "")]


def test_the_path_finder_answers_as_python_does(page: Any, nova: Lifecycle) -> None:
    network = build_network(nova)
    asked = pairs(nova)
    assert len(asked) >= 20
    lengths = set()
    for source, target, avoid in asked:
        question = Question(
            parse_pattern(nova, source) if source else None,
            parse_pattern(nova, target),
            tuple(parse_pattern(nova, one) for one in avoid.replace(",", " ").split()),
        )
        answer = Search(nova, network, question).answer(5)
        go(page, "/".join(["paths", *(quote(part, safe="") for part in (source, target, avoid))]))
        said = page.locator("#path-said")
        expected = "none" if answer.length is None else str(answer.length)
        assert said.get_attribute("data-length") == expected, (source, target, avoid)
        assert said.get_attribute("data-count") == str(answer.count), (source, target, avoid)
        shown = page.locator("#path-list details").evaluate_all(
            "all => all.map(one => [...one.querySelectorAll('li > a.row')].map(row => row.textContent))"
        )
        if answer.length:
            assert shown == [[step.row for step in path.steps] for path in answer.paths]
        lengths.add(answer.length)
    assert len(lengths) > 5


def test_the_path_finder_by_its_form(page: Any, nova: Lifecycle) -> None:
    first = nova.values[nova.state_variables[0]]
    go(page, "paths")
    page.fill("#path-from", first[0].name)
    page.fill("#path-to", first[4].name)
    page.click("#path-question button")
    page.wait_for_timeout(50)
    assert page.locator("#path-said").get_attribute("data-length") not in (None, "none", "0")
    assert page.url.endswith(f"#paths/{first[0].name}/{first[4].name}")
    page.fill("#path-to", "nonsense")
    page.keyboard.press("Enter")
    page.wait_for_timeout(50)
    assert "nonsense" in page.locator("#path-said").inner_text()


def test_the_explorer_shows_every_step_of_a_state(page: Any, nova: Lifecycle) -> None:
    edges = all_edges(nova)
    for state in list(all_states(nova))[::311]:
        go(page, "state/" + state_name(nova, state))
        assert heading(page) == state_name(nova, state)
        for rest in page.locator("#state-text .choices > details > summary").all():
            rest.click()
        page.wait_for_timeout(50)
        lists = page.locator("#state-text > :is(.choices, p.muted)")
        for position, (near, far) in enumerate((("source", "target"), ("target", "source"))):
            shown = lists.nth(position).locator("li > a.value").all_inner_texts()
            expected = [state_name(nova, getattr(edge, far)) for edge in edges if getattr(edge, near) == state]
            assert sorted(shown) == sorted(expected)
        passing = page.locator("#state-text .allowed > li > a").all_inner_texts()
        assert passing == [one.operation for one in allowed(nova, state)]


def test_the_explorer_steps_forward_and_back(page: Any, nova: Lifecycle) -> None:
    start = state_name(nova, parse_state(nova, "/".join(nova.values[v][0].name for v in nova.state_variables)))
    go(page, "state/" + start)
    page.locator("#state-text .choices").first.locator("li > a.value").first.click()
    page.wait_for_timeout(50)
    second = heading(page)
    assert second != start
    assert page.locator("#trail li").all_inner_texts() == [start, second]
    page.locator("#trail a").first.click()
    page.wait_for_timeout(50)
    assert heading(page) == start
    page.go_back()
    page.wait_for_timeout(50)
    assert heading(page) == second
    other = nova.values[nova.state_variables[1]][3].name
    page.select_option("#" + identifier("choose", nova.state_variables[1]), label=other)
    page.wait_for_timeout(50)
    assert heading(page).split("/")[1] == other


def test_every_deep_link_opens_its_section(chromium: Any, address: str, nova: Lifecycle) -> None:
    name = min(nova.operations)
    row = next(row for row in nova.rows.values() if row.operation in nova.operations and row.instruction == "save")
    value = nova.values[nova.state_variables[1]][5].name
    for route, expected in {
        identifier("operation", name): name,
        identifier(nova.state_variables[1], value): value,
        identifier("row", row.id): row.operation,
        "nothing-of-the-kind": None,
        "property--rest": "rest",
    }.items():
        opened = chromium.new_page()
        opened.goto(f"{address}#{route}")
        assert expected is None or heading(opened) == expected
        assert opened.locator(".view.shown").count() == 1
        opened.close()


def test_what_a_value_says_of_its_arrivals(page: Any, nova: Lifecycle) -> None:
    variable = nova.state_variables[1]
    for number in (1, 8, 20):
        go(page, identifier(variable, nova.values[variable][number].name))
        shown = set(page.locator(".view.shown table").first.locator("tbody th > a").all_inner_texts())
        expected = {
            nova.rows[row].operation
            for edge in all_edges(nova)
            if edge.target[1] == number and edge.source[1] != number
            for row in edge.rows
        }
        assert shown == expected


def test_language_and_theme(page: Any, nova: Lifecycle) -> None:
    value = nova.values[nova.state_variables[0]][0]
    go(page, identifier(nova.state_variables[0], value.name))
    lead = page.locator(".view.shown .meaning")
    assert lead.inner_text() == value.meaning.en
    page.click("#language")
    assert lead.inner_text() == value.meaning.zh
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    assert light != dark
    page.click("#theme")
    assert page.evaluate(ground) == light
    page.click("#theme")
    page.emulate_media(color_scheme="light")
    assert page.evaluate(ground) == dark
    page.reload()
    assert page.evaluate(ground) == dark  # kept
    assert lead.inner_text() == value.meaning.zh


def test_a_figure_is_drawn_zoomed_and_followed(page: Any, nova: Lifecycle) -> None:
    value = nova.values[nova.state_variables[0]][0].name
    go(page, identifier(nova.state_variables[0], value))
    svg = page.locator(".view.shown .figure svg").first
    before = svg.bounding_box()
    page.locator(".view.shown .tools button").first.click()
    assert svg.bounding_box()["width"] > before["width"] * 1.3
    frame = page.locator(".view.shown .frame").first
    frame.focus()
    x = svg.bounding_box()["x"]
    page.keyboard.press("ArrowRight")
    assert svg.bounding_box()["x"] < x
    page.keyboard.press("0")
    assert svg.bounding_box()["width"] == before["width"]
    own = "#" + identifier(nova.state_variables[0], value)
    link = svg.locator(f'a:not([href="{own}"])').first
    target = link.get_attribute("href")
    link.click()
    page.wait_for_timeout(50)
    assert page.url.endswith(target)
    assert "#" + page.locator(".view.shown").get_attribute("id") == target


def test_every_figure_links_into_the_page(page: Any) -> None:
    missing = page.evaluate(
        """() => {
          const missing = new Set();
          for (const view of document.querySelectorAll('.view')) {
            if (!view.querySelector('.figure')) continue;
            location.hash = view.id; dispatchEvent(new Event('hashchange'));
            for (const a of view.querySelectorAll('.figure svg a')) {
              const href = a.getAttribute('href');
              if (href.startsWith('#') && !document.getElementById(href.slice(1))) missing.add(href);
            }
          }
          return [...missing];
        }"""
    )
    assert missing == []


def test_a_trace_opens(page: Any, nova: Lifecycle) -> None:
    go(page, "property--rest")
    page.locator("[data-trace] summary").click()
    assert page.locator("[data-trace] a.row").all_inner_texts() == list(nova.rows)[:3]


def test_it_prints_without_its_controls(page: Any) -> None:
    page.emulate_media(media="print")
    for control in ("header", ".columns > nav"):
        assert page.locator(control).first.is_hidden()
    assert page.locator(".view.shown h1").is_visible()


# What is hidden cannot offend, and looking at all of it takes axe minutes.
VIOLATIONS = "() => axe.run({include: [['header'], ['nav'], ['.view.shown']]}, {resultTypes: ['violations']})"
ROUTES = [
    "overview",
    "state/{first}/{second}/{third}",
    "paths/{first}/{other}",
    "operations",
    "properties",
    "property--rest",
]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(chromium: Any, address: str, nova: Lifecycle, scheme: str, width: int) -> None:
    """axe-core (npm ci in this folder), on every kind of view, and on the list of what was found."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    values = [nova.values[name][0].name for name in nova.state_variables]
    names = dict(
        zip(("first", "second", "third"), values, strict=True), other=nova.values[nova.state_variables[0]][4].name
    )
    routes = [route.format(**names) for route in ROUTES]
    routes += [identifier(name, nova.values[name][1].name) for name in nova.state_variables[:2]]
    routes += [identifier("operation", min(nova.operations))]
    # The large figures look alike in both widths, and axe needs its time for them.
    for route in routes if scheme == "light" else [route for route in routes if route not in ROUTES[::3]]:
        go(page, route)
        if route == routes[-1]:
            page.fill("#search", values[0])
        found = page.evaluate(VIOLATIONS)["violations"]
        said = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
        assert not found, route + json.dumps(said, indent=1)
    context.close()


def test_hostile_names_run_nothing(chromium: Any, door: Lifecycle, tmp_path: Path) -> None:
    from dataclasses import replace

    from model.lifecycle import Text

    first = door.state_variables[0]
    bad = Text(HOSTILE, HOSTILE)
    values = {name: tuple(replace(one, meaning=bad) for one in door.values[name]) for name in door.state_variables}
    values[first] = (replace(values[first][0], name=HOSTILE), *values[first][1:])
    variables = (replace(door.variables[0], values=(HOSTILE, *door.variables[0].values[1:])), *door.variables[1:])
    operations = {name: replace(one, meaning=bad, command=HOSTILE) for name, one in door.operations.items()}
    hostile = replace(door, name=HOSTILE, digest="hostile", values=values, variables=variables, operations=operations)
    written = tmp_path / "hostile.html"
    written.write_text(page_text(hostile), encoding="utf-8")
    opened = chromium.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto(written.as_uri())
    for route in opened.locator(".view").evaluate_all("all => all.map(view => view.id)"):
        go(opened, route)
        assert opened.locator(".view.shown img, .view.shown script").count() == 0
    opened.fill("#search", "script")
    opened.keyboard.press("Enter")
    assert said == []
    assert opened.evaluate("document.querySelectorAll('script').length") == 2
    assert opened.evaluate("document.title") != "harm"
