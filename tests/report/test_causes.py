"""Causes and actions of a summary: those of the API, with the rows behind each."""

import polars as pl
import pytest

from cvfail.failures.causes.register import CAUSES as REGISTER
from cvfail.report.causes import CAUSES, INHERENT, THIN_SHARE, main_cause
from cvfail.report.markdown import render_markdown
from cvfail.report.summary import summarise
from tests.report.made_up import made_up_summary


@pytest.fixture(scope="module")
def modes(planted_evaluation):
    return planted_evaluation.failure_modes()


@pytest.fixture(scope="module")
def shown(planted_evaluation):
    return summarise(planted_evaluation)["failure_modes"]


def test_every_cause_of_the_register_has_words():
    assert set(CAUSES) == {name for name, _ in REGISTER} | {INHERENT}


def test_shares_evidence_and_errors_are_those_of_the_api(modes, shown):
    table = modes.causes().df
    assert sum(len(mode["causes"]) for mode in shown) == table.filter(pl.col("share") >= 0.005).height
    for mode in shown:
        for cause in mode["causes"]:
            row = table.row(
                by_predicate=(pl.col("rank") == mode["rank"]) & (pl.col("cause") == cause["name"]), named=True
            )
            assert cause["share"]["estimate"] == row["share"]
            assert (cause["share"]["lower"], cause["share"]["upper"]) == (row["lower"], row["upper"])
            assert (cause["evidence"], cause["errors"]) == (row["evidence"], row["errors"])
            assert cause["thin"] == (row["share"] < THIN_SHARE)


def test_the_largest_share_comes_first_and_the_unknown_last(evaluation):
    for mode in summarise(evaluation)["failure_modes"]:
        known = [c["share"]["estimate"] for c in mode["causes"] if c["name"] != INHERENT]
        assert known == sorted(known, reverse=True)
        assert INHERENT not in [cause["name"] for cause in mode["causes"][:-1]]


def test_the_unknown_is_called_the_main_cause_where_it_is():
    summary = made_up_summary()
    causes = summary["failure_modes"][0]["causes"]
    causes[-1]["share"]["estimate"] = 0.7
    assert "| No known cause 70.0% |" in render_markdown(summary)
    assert main_cause(causes) is causes[-1]
    assert main_cause([]) is None


def test_examples_of_a_cause_are_rows_of_it(planted_evaluation, modes):
    summary = summarise(planted_evaluation, examples_per_cell=100)
    (cause,) = summary["failure_modes"][0]["causes"]
    rows = modes.causes().rows(1, "threshold")
    files = [
        summary["images"][summary["examples"][place]["image"]]["file_name"] for place in cause["examples"]
    ]
    assert (cause["name"], cause["remedy"], len(files)) == ("threshold", "settings", 48)
    assert sorted(files) == sorted(rows["file_name"])


def test_modes_that_may_be_chance_have_causes_but_neither_examples_nor_actions(shown):
    others = [mode for mode in shown if not mode["significant"]]
    assert others
    for mode in others:
        assert mode["causes"]
        assert not any(cause["examples"] for cause in mode["causes"])
        assert (mode["interventions"], mode["watch"]) == ([], [])


def test_actions_are_those_of_the_api(modes, shown):
    table = modes.interventions()
    first = shown[0]
    assert [action["action"] for action in first["interventions"]] == table.df["action"].to_list()
    assert first["interventions"][0]["title"] == "Lower threshold in slice"
    for action, row in zip(first["interventions"], table.df.to_dicts(), strict=True):
        assert {name: row[name] for name in action if name != "title"} == {
            name: value for name, value in action.items() if name != "title"
        }
    assert first["watch"] == [mode.name for mode in table.watch(1)]


def test_a_report_asks_each_question_once(planted_evaluation, monkeypatch):
    asked = []
    for name in ("failure_modes", "label_errors", "error_types", "confusion_matrix"):
        method = getattr(type(planted_evaluation), name)

        def counted(self, *arguments, method=method, name=name, **options):
            asked.append(name)
            return method(self, *arguments, **options)

        monkeypatch.setattr(type(planted_evaluation), name, counted)
    summarise(planted_evaluation)
    assert sorted(asked) == [
        "confusion_matrix",
        "error_types",
        "error_types",
        "failure_modes",
        "label_errors",
    ]


def test_the_verdict_says_the_main_cause(planted_evaluation):
    said = " ".join(summarise(planted_evaluation)["verdict"])
    assert "Main cause: score threshold, 100.0% of its 48 errors." in said
    assert "3 labels are suspect: put right, AP at IoU 0.5 would be up to 0." in said
