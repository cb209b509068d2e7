"""The figures of Nova and of the door: true, without overlaps, legible, linked, and equal on every run."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from checks.verdict import Change, Engine, Finding, Outcome, Trace, TraceStep, Verdict
from model.errors import InputError
from model.lifecycle import Lifecycle
from model.load import TABLES, load
from model.network import build_network
from model.paths import Path as StatePath
from model.paths import Question, Search
from model.space import build_space
from model.state import parse_pattern, parse_state
from render import notebook, write_figures
from render.figure import CellKind, EdgeKind, Figure, Matrix, Picture, Sequence, inconsistencies, is_legible
from render.figures import build, catalogue
from render.figures.leaps import leaps
from render.figures.trace import path_picture, trace_picture
from render.formats import svg
from render.overlaps import find_overlaps
from render.place import place
from render.registry import render_picture
from render.style import LEAST_TEXT, MOST_WIDTH, TEXT_SIZE
from render.whole import whole_graph

ROOT = Path(__file__).resolve().parent.parent
DOOR = ROOT / "tests" / "lifecycles" / "door"


@pytest.fixture(scope="module")
def pictures(nova: Lifecycle) -> dict[str, Picture]:
    return {name: builder(nova) for name, builder in catalogue(nova).items()}


def test_there_is_a_figure_of_everything(nova: Lifecycle, pictures: dict[str, Picture]) -> None:
    first = nova.state_variables[0]
    assert {"vm-states", "operations-by-state", "synchronisation", "restart"} <= set(pictures)
    assert {f"state-{value.name}" for value in nova.values[first]} <= set(pictures)
    assert {f"operation-{name}" for name in nova.operations} <= set(pictures)
    assert {f"family-{operation.family}" for operation in nova.operations.values()} <= set(pictures)
    assert all(name == picture.id for name, picture in pictures.items())


def test_no_figure_has_an_overlap_or_small_text(pictures: dict[str, Picture]) -> None:
    faults, wide = {}, {}
    for name, picture in pictures.items():
        assert inconsistencies(picture) == (), name
        drawing = place(picture)
        if find_overlaps(drawing).faults:
            faults[name] = find_overlaps(drawing).faults
        if 700 / drawing.width * TEXT_SIZE < LEAST_TEXT - 0.02:
            wide[name] = drawing.width
        if isinstance(picture, Figure):
            assert is_legible(picture), name
    assert faults == {}
    assert wide == {}


def test_the_headline_is_nearly_planar(pictures: dict[str, Picture]) -> None:
    drawing = place(pictures["vm-states"])
    assert drawing.width <= MOST_WIDTH
    assert len(find_overlaps(drawing).crossings) <= 1


def test_svg_has_title_description_links_and_no_size(nova: Lifecycle, pictures: dict[str, Picture]) -> None:
    anchors = {f"#operation-{name}" for name in nova.operations}
    for variable in nova.state_variables:
        anchors |= {f"#{variable}-{value.name}" for value in nova.values[variable]}
    for name, picture in pictures.items():
        root = ET.fromstring(svg.write(place(picture)))  # noqa: S314 - what we just wrote
        space = "{http://www.w3.org/2000/svg}"
        assert root.get("viewBox"), name
        assert root.get("width") is None, name
        assert root.findtext(f"{space}title"), name
        assert root.findtext(f"{space}desc"), name
        links = {element.get("href") for element in root.iter(f"{space}a")}
        missing = {link.replace("--", "-", 1) for link in links if link} - anchors
        assert not missing, name
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids)), name


def headline(pictures: dict[str, Picture]) -> dict[tuple[str, str], set[str]]:
    figure = pictures["vm-states"]
    assert isinstance(figure, Figure)
    found: dict[tuple[str, str], set[str]] = {}
    for edge in figure.edges:
        if edge.kind is not EdgeKind.FAILURE:
            found.setdefault((edge.source, edge.target), set()).update(" ".join(edge.label).split(", "))
    return found


def test_the_headline_tells_what_nova_does(pictures: dict[str, Picture]) -> None:
    edges = headline(pictures)
    assert edges["ACTIVE", "STOPPED"] == {"stop"}
    assert edges["STOPPED", "ACTIVE"] == {"hard-reboot", "start"}
    assert edges["ACTIVE", "RESIZED"] == {"migrate", "resize"}
    assert edges["SHELVED", "SHELVED_OFFLOADED"] == {"shelve-offload"}
    assert edges["SOFT_DELETED", "ACTIVE"] == {"restore"}
    assert edges["RESCUED", "ACTIVE"] == {"unrescue"}
    assert edges["BUILDING", "ACTIVE"] == {"create"}
    assert {"delete", "force-delete"} <= edges["every", "DELETED"]
    assert ("PAUSED", "STOPPED") not in edges


def test_every_edge_names_rows_of_the_tables(nova: Lifecycle, pictures: dict[str, Picture]) -> None:
    for name, picture in pictures.items():
        if isinstance(picture, Figure):
            for edge in picture.edges:
                if edge.source != "stays" and edge.target != "stays":
                    assert edge.rows, (name, edge.source, edge.target)
                assert set(edge.rows) <= set(nova.rows), (name, edge)


def test_each_write_of_an_operation_is_a_step(nova: Lifecycle, pictures: dict[str, Picture]) -> None:
    stop = pictures["operation-stop"]
    assert isinstance(stop, Sequence)
    steps = {row: step for step in stop.steps for row in step.rows}
    done = {value.variable: value for value in steps["stop/stop_instance/stopped"].values}
    assert done["vm_state"].value == "STOPPED"
    assert done["task_state"].value == "None"
    assert done["vm_state"].changed
    assert "expects task_state POWERING_OFF" in steps["stop/stop_instance/stopped"].lines
    assert {lane.id for lane in stop.lanes} == {"user", "api", "compute", "guest"}
    failing = " ".join(line for step in stop.steps for branch in step.branches for line in branch.lines)
    assert "share_busy → vm_state ERROR, task_state None" in failing
    for name, picture in pictures.items():
        if isinstance(picture, Sequence):
            shown = {row for step in picture.steps for row in step.rows}
            known = nova.operations[name.removeprefix("operation-")]
            assert shown & set(known.rows), name


def test_synchronisation_and_restart_tell_what_the_tables_say(pictures: dict[str, Picture]) -> None:
    table = pictures["synchronisation"]
    assert isinstance(table, Matrix)
    cells = {
        (row.id, column.id): cell
        for row, line in zip(table.rows, table.cells, strict=True)
        for column, cell in zip(table.columns, line, strict=True)
    }
    assert cells["ACTIVE", "SHUTDOWN"].kind is CellKind.CHANGED
    assert "STOPPED" in cells["ACTIVE", "SHUTDOWN"].text
    assert cells["SUSPENDED", "SHUTDOWN"].kind is CellKind.PLAIN
    after = pictures["restart"]
    assert isinstance(after, Matrix)
    rows = {row.id: line for row, line in zip(after.rows, after.cells, strict=True)}
    columns = [column.id for column in after.columns]
    assert rows["SHELVING"][columns.index("ACTIVE")].kind is CellKind.STUCK
    assert rows["SPAWNING"][columns.index("BUILDING")].kind is CellKind.CHANGED


def test_another_lifecycle_has_figures_too(door: Lifecycle) -> None:
    for name in catalogue(door):
        picture = build(door, name)
        assert inconsistencies(picture) == (), name
        assert find_overlaps(place(picture)).faults == (), name
    known = {(leap.source, leap.target, leap.operation, leap.failed) for leap in leaps(door)}
    assert ("SHUT", "OPEN", "open", False) in known
    assert ("SHUT", "JAMMED", "open", True) in known
    assert ("OPEN", "gone", "remove", False) in known
    assert not any(operation == "open" for source, _, operation, _ in known if source != "SHUT")


def test_a_name_that_is_no_figure_is_answered_with_the_nearest(door: Lifecycle) -> None:
    with pytest.raises(InputError, match="did you mean 'operation-open'"):
        build(door, "operation-opne")


def test_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from model.load import load; from render import write_figures\n"
        "write_figures(load(Path(sys.argv[1])), Path(sys.argv[2]), ('svg', 'dot', 'mermaid', 'html'), workers=1)"
    )
    made = []
    for seed in ("0", "4711"):
        folder = tmp_path / seed
        environment = {**os.environ, "PYTHONHASHSEED": seed, "NOVA_LIFECYCLE_CACHE": str(tmp_path / f"cache-{seed}")}
        subprocess.run([sys.executable, "-c", program, str(DOOR), str(folder)], cwd=ROOT, env=environment, check=True)
        made.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert made[0] == made[1]
    assert {"vm-states.svg", "vm-states.mmd", "operation-open.html"} <= set(made[0])


def test_figures_are_written_and_stale_ones_removed(door: Lifecycle, tmp_path: Path) -> None:
    foreign = tmp_path / "a-foreign.svg"
    foreign.write_text("<svg/>", encoding="utf-8")
    (tmp_path / "old.svg").write_text('<svg class="lifecycle-picture"></svg>', encoding="utf-8")
    written = write_figures(door, tmp_path, workers=2)
    assert [path.name for path in written] == sorted(f"{name}.svg" for name in catalogue(door))
    assert sorted(tmp_path.iterdir()) == [foreign, *written]
    assert 'href="../index.html#operation--open"' in (tmp_path / "vm-states.svg").read_text(encoding="utf-8")
    with pytest.raises(InputError):
        write_figures(door, tmp_path / "vm-states.svg", workers=1)


def test_the_whole_graph(door: Lifecycle) -> None:
    space = build_space(door)
    dot = whole_graph(door, space, "dot")
    assert dot.startswith("digraph")
    assert whole_graph(door, space, "mermaid").startswith("flowchart")
    assert len(whole_graph(door, space, "dot", everything=True)) > len(dot)
    with pytest.raises(InputError):
        whole_graph(door, space, "tikz")


def a_path(door: Lifecycle) -> StatePath:
    search = Search(
        door,
        build_network(door),
        Question(parse_pattern(door, "SHUT/None/OFF"), parse_pattern(door, "OPEN/None/LIT")),
    )
    return search.answer(1).paths[0]


def a_trace(door: Lifecycle) -> Trace:
    """Two processes, of which one writes twice and one fails."""
    before = {variable.name: variable.values[variable.initial] for variable in door.variables}
    opening, removing = {**before, "motion": "OPENING"}, {**before, "motion": "REMOVING"}
    first, second = Change("motion", "None", "OPENING"), Change("motion", "OPENING", "REMOVING")
    steps = (
        TraceStep("open/guard", "request", "open", "panel", "", "", (), before),
        TraceStep("remove/guard", "request", "remove", "panel", "", "", (), before),
        TraceStep("open/press/request", "step", "open", "panel", "", "", (first,), opening),
        TraceStep("remove/press/mark", "step", "remove", "panel", "", "", (second,), removing),
        TraceStep("open/turn/done", "failure", "open", "motor", "", "", (), removing, "removing"),
    )  # fmt: skip
    return Trace(before, steps, 5)


def test_paths_and_traces_have_a_lane_for_each_process(door: Lifecycle) -> None:
    path = path_picture(door, a_path(door))
    assert [lane.id for lane in path.lanes] == ["open"]
    assert path.steps[-1].values[0].value == "OPEN"
    trace = trace_picture(door, a_trace(door))
    assert [lane.id for lane in trace.lanes] == ["open", "remove"]
    assert "fails: removing" in trace.steps[-1].lines
    assert trace.steps[-1].follows == "step-3"
    for picture in (path, trace):
        assert inconsistencies(picture) == ()
        assert find_overlaps(place(picture)).faults == ()


def test_notebooks_show_what_they_are_given(door: Lifecycle) -> None:
    state = parse_state(door, "SHUT/None/OFF")
    finding = Finding({"motion": "OPENING"}, 1, a_trace(door), "", "door.py:turn")
    verdict = Verdict(
        "rest", "pair", Outcome.VIOLATED, None, (Engine("graph", Outcome.VIOLATED, 0.1),), 3, findings=(finding,)
    )
    drawn = [
        notebook.state_svg(door, state),
        notebook.path_svg(door, a_path(door)),
        notebook.trace_svg(door, a_trace(door)),
        notebook.verdict_svg(door, verdict) or "",
    ]
    assert all(ET.fromstring(text).tag.endswith("svg") for text in drawn)  # noqa: S314 - what we just wrote
    tables = [
        notebook.state_html(door, state),
        notebook.path_html(door, a_path(door)),
        notebook.trace_html(door, a_trace(door)),
        notebook.verdict_html(verdict),
    ]
    assert all(ET.fromstring(text).tag == "table" for text in tables)  # noqa: S314 - what we just wrote
    assert "the door is shut" in tables[0]
    assert "violated" in tables[3]
    assert notebook.verdict_svg(door, Verdict("rest", "calm", Outcome.HOLDS, None, (), 3)) is None


def test_sphinx_draws_the_figure(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text("extensions = ['render.sphinx_directive']\n", encoding="utf-8")
    text = f"Title\n=====\n\n.. nova-lifecycle:: operation open\n   :tables: /{os.path.relpath(DOOR, source)}\n"
    (source / "index.rst").write_text(text, encoding="utf-8")
    for builder, file, wanted in (
        ("html", "index.html", 'id="operation-open"'),
        ("text", "index.txt", "The operation open"),
    ):
        assert sphinx(source, builder, tmp_path / builder) == ""
        assert wanted in (tmp_path / builder / file).read_text(encoding="utf-8")
    (source / "index.rst").write_text(text.replace("open", "opne"), encoding="utf-8")
    assert "operation-open" in sphinx(source, "html", tmp_path / "wrong")


def sphinx(source: Path, builder: str, target: Path) -> str:
    """Build a document; what Sphinx warns of."""
    said = io.StringIO()
    with docutils_namespace(), patch_docutils():
        built = Sphinx(str(source), str(source), str(target), str(target / "trees"), builder, status=None, warning=said)
        built.build()
    return said.getvalue()


def test_png_of_a_figure_is_a_bitmap(nova: Lifecycle) -> None:
    assert render_picture(build(nova, "operation-stop"), "png", zoom=0.5).startswith(b"\x89PNG")
    assert load(TABLES).name == nova.name
