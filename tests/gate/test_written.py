"""The gate for CI: JUnit, JSON, Markdown."""

import json
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from cvfail.gate.gate import GATE_SCHEMA, Gate
from cvfail.gate.gate_markdown import gate_markdown


@pytest.fixture(scope="module")
def verdicts(demo, rules):
    return demo[1].gate(rules, baseline=demo[0])


def made(**columns):
    count = len(next(iter(columns.values())))
    nothing = {name: [None] * count for name in GATE_SCHEMA}
    told = {"rule": ["a"] * count, "demand": ["recall at least 0.5"] * count, "metric": ["recall"] * count}
    return Gate(pl.DataFrame(nothing | told | columns, schema=GATE_SCHEMA), caption="how", measured=None)


def test_every_row_is_a_test(verdicts, tmp_path):
    root = ET.parse(verdicts.write_junit(tmp_path / "gate.xml")).getroot()
    assert root.tag == "testsuites"
    cases = list(root.iter("testcase"))
    assert len(cases) == len(verdicts.df)
    names = [case.get("name") for case in cases]
    assert names[0] == "size=small & time_of_day=night"
    told = ["fail" if case.find("failure") is not None else "other" for case in cases]
    assert told == ["fail" if verdict == "fail" else "other" for verdict in verdicts.df["verdict"]]
    skipped = (verdicts.df["verdict"] == "investigate").sum()
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == [
        str(len(cases)),
        str(told.count("fail")),
        "0",
        str(skipped),
    ]
    suites = list(root)
    assert [suite.get("name") for suite in suites] == verdicts.df["rule"].unique(
        maintain_order=True
    ).to_list()
    assert sum(int(suite.get("tests")) for suite in suites) == len(cases)
    crowds = next(case for case in cases if case.get("classname") == "crowds")
    assert "limit 0.100: beyond the limit" in crowds.find("failure").get("message")


def test_a_strict_report_has_failures_for_skipped_tests(tmp_path):
    gate = made(verdict=["pass", "investigate"], reason=[None, "undefined"])
    for strict, tag in ((False, "skipped"), (True, "failure")):
        root = ET.parse(gate.write_junit(tmp_path / "gate.xml", strict=strict)).getroot()
        assert [[child.tag for child in case] for case in root.iter("testcase")] == [[], [tag]]


def test_no_text_breaks_the_xml(tmp_path):
    strange = "a\x00\x1b]]>&<\"'\ud800é🚗"
    gate = made(
        rule=[strange.replace("\ud800", "")], slice=["\x07 < 3 & >"], verdict=["fail"], reason=["x\x0b"]
    )
    case = next(ET.parse(gate.write_junit(tmp_path / "gate.xml")).getroot().iter("testcase"))
    assert case.get("classname") == "a��]]>&<\"'é🚗"
    assert case.get("name") == "� < 3 & >"


def test_json_has_everything(verdicts, tmp_path):
    told = json.loads(verdicts.write_json(tmp_path / "gate.json").read_text())
    assert list(told) == ["verdict", "summary", "caption", "cvfail", "rows"]
    assert told["verdict"] == "fail"
    assert told["rows"] == verdicts.to_dicts()


def test_markdown_shows_what_is_not_kept_then_all_rules(verdicts, tmp_path):
    text = verdicts.write_markdown(tmp_path / "gate.md").read_text()
    head, caption, rows, rules = text.rstrip("\n").split("\n\n")
    assert head == f"## cvfail gate: {verdicts.summary}"
    assert caption == verdicts.caption
    shown = [line.split(" | ")[0] for line in rows.splitlines()[2:]]
    order = ["| **fail**"] * verdicts.df.filter(verdict="fail").height
    assert shown == order + ["| **investigate**"] * verdicts.df.filter(verdict="investigate").height
    assert "| crowds | 0 | 1 | 0 |" in rules
    assert len(rules.splitlines()) == 2 + 7


def test_cells_of_markdown_stay_cells():
    text = gate_markdown(made(slice=["a | b\n<script>"], verdict=["investigate"], reason=["undefined"]))
    row = next(line for line in text.splitlines() if "**investigate**" in line)
    assert "a \\| b &lt;script>" in row
    assert "| – | – | – | – | – | undefined |" in row


def test_long_lists_are_cut_and_said():
    gate = made(verdict=["fail"] * 60, reason=["beyond the limit"] * 60)
    assert "10 more rows are not shown." in gate_markdown(gate)
    assert gate_markdown(gate).count("**fail**") == 50


def test_a_gate_without_rows_passes():
    empty = made(verdict=[])
    assert (empty.verdict, empty.is_kept(strict=True)) == ("pass", True)
    assert "0 pass" in gate_markdown(empty)
