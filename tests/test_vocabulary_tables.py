"""The vocabulary tables against what Nova defines: the status map of 34.0.0, names and numbers of 2015.1."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
TABLES = ROOT / "model" / "tables"
DATA = ROOT / "tests" / "data"
VARIABLES = ("vm_state", "task_state", "power_state")
OLD = "2015.1"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Characters that only Traditional Chinese uses, for words that these tables need all the time.
TRADITIONAL = re.compile("[態節點計運電關閉載雲實驗機會還從將啟動應開區網絡圖該狀護轉換處於為與請]")


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice, which YAML readers otherwise drop without a word."""


def _mapping(loader: StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    pairs = [(loader.construct_object(key), loader.construct_object(value, deep=True)) for key, value in node.value]
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"{node.start_mark}: a key stands twice"
    return dict(pairs)


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(name: str) -> dict[str, Any]:
    """Return one table as plain data."""
    with (TABLES / name).open(encoding="utf-8") as stream:
        table = StrictLoader(stream).get_single_data()
    assert isinstance(table, dict)
    return table


def recorded(name: str) -> dict[str, Any]:
    """Return one file of facts about Nova."""
    facts = json.loads((DATA / name).read_text(encoding="utf-8"))
    assert isinstance(facts, dict)
    return facts


STATES = read("states.yaml")
STATUS = read("status.yaml")
OLD_VOCABULARY = read(f"vocabulary/{OLD}.yaml")
OLD_FACTS = recorded(f"vocabulary-{OLD}.json")
ROWS = [(part, name) for part in VARIABLES for name in STATES[part]]


def newest(variable: str) -> list[str]:
    return [name for name, row in STATES[variable].items() if "until" not in row]


def test_the_triple_is_declared_in_its_order() -> None:
    assert list(STATES) == [*VARIABLES, "sets"]


def test_the_newest_release_has_3096_triples_and_2015_has_3612() -> None:
    assert [len(newest(variable)) for variable in VARIABLES] == [12, 43, 6]
    assert [len(OLD_VOCABULARY[variable]) for variable in VARIABLES] == [12, 43, 7]


@pytest.mark.parametrize(("part", "name"), ROWS, ids=[f"{part}-{name}" for part, name in ROWS])
def test_a_row_has_meanings_in_two_languages_and_a_source(part: str, name: str) -> None:
    row = STATES[part][name]
    english, chinese = row["meaning"]["en"], row["meaning"]["zh"]
    assert set(row["meaning"]) == {"en", "zh"}
    for line, end in ((english, "."), (chinese, "。")):
        assert "\n" not in line
        assert line.endswith(end)
    assert not CHINESE.search(english)
    assert len(english.split()) >= 6
    assert len(CHINESE.findall(chinese)) >= 6
    assert not TRADITIONAL.search(chinese)
    assert re.fullmatch(rf"nova/[a-z/_]+\.py:([A-Za-z]+\.)?({name}|fields)", row["source"])


def test_no_two_rows_share_a_meaning() -> None:
    for language in ("en", "zh"):
        lines = [STATES[part][name]["meaning"][language] for part, name in ROWS]
        assert len(lines) == len(set(lines))


@pytest.mark.parametrize("variable", VARIABLES)
def test_wire_values_and_numbers_are_distinct(variable: str) -> None:
    rows = STATES[variable].values()
    assert len({row["wire"] for row in rows}) == len(rows)
    numbers = [row["number"] for row in rows if "number" in row]
    assert len(numbers) == len(set(numbers)) == (len(rows) if variable == "power_state" else 0)


def test_groups_say_where_an_instance_may_rest() -> None:
    assert {row["group"] for variable in VARIABLES for row in STATES[variable].values()} == {
        "stable",
        "transitional",
        "terminal",
    }
    assert [name for name, row in STATES["vm_state"].items() if row["group"] == "terminal"] == ["DELETED"]
    assert [name for name, row in STATES["task_state"].items() if row["group"] == "stable"] == ["None"]


@pytest.mark.parametrize("name", STATES["sets"])
def test_a_set_names_values_of_its_variable_once(name: str) -> None:
    row = STATES["sets"][name]
    assert set(row["values"]) <= set(newest(row["variable"]))
    assert len(row["values"]) == len(set(row["values"]))
    module = "vm_states" if row["variable"] == "vm_state" else "task_states"
    assert row["source"] == f"nova/compute/{module}.py:{name}"


def test_old_sets_are_the_rows_of_their_release() -> None:
    rows = {name: row["values"] for name, row in STATES["sets"].items() if "since" not in row}
    assert rows == {name: row["values"] for name, row in OLD_VOCABULARY["sets"].items()}


def test_a_hard_reboot_never_replaces_one_that_has_started() -> None:
    sets = STATES["sets"]
    assert len(sets["ALLOW_REBOOT"]["values"]) == 9
    left_out = set(sets["hard_reboot_states"]["values"]) - set(sets["ALLOW_REBOOT"]["values"])
    assert left_out == {"REBOOT_PENDING_HARD", "REBOOT_STARTED_HARD"}
    assert set(sets["soft_reboot_states"]["values"]) < set(sets["ALLOW_REBOOT"]["values"])
    assert set(sets["ALLOW_SOFT_REBOOT"]["values"]) < set(sets["ALLOW_HARD_REBOOT"]["values"])


def test_status_of_every_pair_is_novas() -> None:
    expected = recorded("status_map.json")
    shown = {
        vm: {task: row.get(task, row["default"]) for task in newest("task_state")} for vm, row in STATUS["map"].items()
    }
    assert list(STATUS["map"]) == newest("vm_state")
    assert sum(map(len, expected.values())) == 12 * 43
    assert shown == expected


def test_status_exceptions_are_needed_and_known() -> None:
    for row in STATUS["map"].values():
        exceptions = {task: status for task, status in row.items() if task != "default"}
        assert set(exceptions) <= set(newest("task_state"))
        assert row["default"] not in exceptions.values()


def test_old_vocabulary_is_the_recorded_one() -> None:
    old = OLD_VOCABULARY
    assert old["vm_state"] == OLD_FACTS["vm_states"]
    assert old["task_state"] == {"None": None, **OLD_FACTS["task_states"]}
    assert {name: row["number"] for name, row in old["power_state"].items()} == OLD_FACTS["power_states"]
    assert {name: row["wire"] for name, row in old["power_state"].items()} == OLD_FACTS["STATE_MAP"]
    recorded_sets = {name: values for name, values in OLD_FACTS.items() if name.startswith("ALLOW_")}
    assert {name: row["values"] for name, row in old["sets"].items()} == recorded_sets
    assert len(old["principles"]) == len(OLD_FACTS["principles"]) == 5


def test_principles_are_in_our_own_words_and_name_their_properties() -> None:
    for principle in OLD_VOCABULARY["principles"].values():
        assert principle["en"] not in OLD_FACTS["principles"]
        assert principle["properties"]
        assert CHINESE.search(principle["zh"])
        assert not TRADITIONAL.search(principle["zh"])


@pytest.mark.parametrize("variable", VARIABLES)
def test_states_as_of_2015_are_the_old_vocabulary(variable: str) -> None:
    rows = {name: row for name, row in STATES[variable].items() if "since" not in row and row.get("until", OLD) == OLD}
    old = {name: row if isinstance(row, dict) else {"wire": row} for name, row in OLD_VOCABULARY[variable].items()}
    assert {name: {key: row[key] for key in ("wire", "number") if key in row} for name, row in rows.items()} == old


def test_names_that_collide_belong_to_different_variables() -> None:
    vm, task, power = (set(STATES[variable]) for variable in VARIABLES)
    assert vm & power == {"PAUSED", "SUSPENDED", "BUILDING"}
    assert not task & (vm | power)
    assert STATES["power_state"]["BUILDING"]["until"] == OLD
    assert "BUILDING" not in newest("power_state")
