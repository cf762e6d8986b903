"""Error types of a summary, overall and by class: those of the API, with examples of each."""

import pytest

from cvfail.report import error_decomposition
from cvfail.report.sentences import ERROR_TYPES
from cvfail.report.summary import summarise


@pytest.fixture(scope="module")
def summary(evaluation):
    return summarise(evaluation)


def test_gains_come_with_their_intervals(evaluation, summary):
    table = {row["error_type"]: row for row in evaluation.error_types(replicates=200).df.to_dicts()}
    assert {kind["name"] for kind in summary["error_types"]} == set(ERROR_TYPES)
    for kind in summary["error_types"]:
        row = table[kind["name"]]
        for name in ("count", "share", "delta_ap", "delta_ap_lower", "delta_ap_upper"):
            assert kind[name] == row[name]


def test_counts_and_gains_of_each_class_are_those_of_the_api(evaluation, summary):
    table = evaluation.error_types(by="category").df
    labels = summary["labels"]
    shown = {
        (labels[row["label"]], kind["name"]): (kind["count"], kind["delta_ap"], row["ap"])
        for row in summary["errors_by_class"]
        for kind in row["types"]
    }
    known = {
        (row["category"], row["error_type"]): (row["count"], row["delta_ap"], row["ap"])
        for row in table.to_dicts()
        if row["error_type"] in ERROR_TYPES and (row["count"] or row["delta_ap"])
    }
    assert shown == known
    assert len(shown) > 6


def test_examples_are_of_the_class_and_of_the_type(evaluation, summary):
    missed, wrong = 0, 0
    for row in summary["errors_by_class"]:
        for kind in row["types"]:
            assert len(kind["examples"]) == min(kind["count"], 12)
            for place in kind["examples"]:
                example = summary["examples"][place]
                objects = summary["images"][example["image"]]["objects"]
                side = example["truth"] if kind["name"] == "missed" else example["prediction"]
                assert objects[side]["label"] == row["label"]
                assert (example["prediction"] is None) == (kind["name"] == "missed")
                missed, wrong = missed + (kind["name"] == "missed"), wrong + (kind["name"] != "missed")
    assert missed > 0
    assert wrong > 0


def test_many_classes_have_fewer_examples_each(evaluation, monkeypatch):
    monkeypatch.setattr(error_decomposition, "MOST_CLASS_EXAMPLES", 1)
    summary = summarise(evaluation)
    shown = [kind for row in summary["errors_by_class"] for kind in row["types"] if kind["count"]]
    assert {len(kind["examples"]) for kind in shown} == {1}


def test_a_classifier_has_none(classification):
    summary = summarise(classification)
    assert (summary["error_types"], summary["errors_by_class"]) == ([], [])
