"""The page on failure modes: its Python runs as it stands, its JSON and its costs are read."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from cvfail.evaluation import evaluate
from cvfail.failures.causes.register import CAUSES, INHERENT
from cvfail.failures.costs import Costs
from cvfail.failures.failure_mode import ERRORS, FailureMode
from cvfail.failures.interventions.rule import read_rules
from cvfail.matching.policy import Policy
from tests.failures.test_modes import street

PAGE = Path(__file__).resolve().parents[2] / "docs" / "failures.md"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_python_of_the_page_runs_from_top_to_bottom(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"evaluation": evaluate(street(1, images=150, night_small=0.7))}
    for block in blocks("python"):
        exec(compile(block, str(PAGE), "exec"), names)
    assert names["rates"].df["difference"][0] > 0.1
    assert names["again"].modes == names["modes"].modes
    assert names["night"].modes[0].against is not None


def test_the_costs_of_the_page_are_costs():
    text, _ = blocks("toml")
    costs = Costs.from_dict(tomllib.loads(text)["costs"])
    assert [line.cost for line in costs.lines] == [2.0, 10.0, 50.0, 0.5]


def test_the_rules_of_the_page_are_rules(tmp_path):
    _, text = blocks("toml")
    (tmp_path / "rules.toml").write_text(text, "utf-8")
    rule = read_rules(tmp_path / "rules.toml")[-1]
    assert (rule.name, rule.attributes, rule.least_share) == ("night_lamp", "time_of_day", 0.2)


def test_the_json_of_the_page_is_a_mode():
    (text,) = blocks("json")
    values = json.loads(text)
    mode = FailureMode.from_dict({**values, "policy": Policy().to_dict()})
    assert mode.name == ("missed | time_of_day=night & size=small against time_of_day=day & size=small")
    assert {**mode.to_dict(), "policy": values["policy"]} == values


@pytest.mark.parametrize("name", [*ERRORS, *(name for name, _ in CAUSES), INHERENT])
def test_every_error_and_cause_is_on_the_page(name):
    assert f"`{name}`" in PAGE.read_text("utf-8")
