"""Suspect labels of a summary: those of the API, with what they cost and where they are."""

import polars as pl
import pytest

import cvfail as cf
from cvfail.labels.suspect_rows import KINDS as CODES
from cvfail.report import label_suspects
from cvfail.report.label_suspects import KINDS
from cvfail.report.summary import summarise


@pytest.fixture(scope="module")
def summary(planted_evaluation):
    return summarise(planted_evaluation)


def test_every_kind_has_words():
    assert tuple(KINDS) == CODES


def test_rows_are_those_of_the_api(planted_evaluation, summary):
    labels = summary["labels"]
    shown = [
        (
            row["rank"],
            row["kind"],
            row["reason"],
            row["file_name"],
            None if row["label"] is None else labels[row["label"]],
            None if row["suggested"] is None else labels[row["suggested"]],
            row["suspicion"],
            row["score"],
        )
        for row in summary["label_suspects"]["suspects"]
    ]
    columns = ("rank", "kind", "reason", "file_name", "label", "suggested", "suspicion", "score")
    assert shown == planted_evaluation.label_errors().df.select(columns).rows()


def test_gains_are_those_of_correcting_each_kind(planted_evaluation, summary):
    gains = {row["kind"]: row for row in planted_evaluation.label_errors().correction_gain().df.to_dicts()}
    part = summary["label_suspects"]
    for kind in (*part["kinds"], part["together"]):
        row = gains.get(kind["name"])
        assert kind["suspects"] == (0 if row is None else row["suspects"])
        assert kind["gains"] == (
            {} if row is None else {n: row[f"{n}_gain"] for n in ("precision", "recall", "f1", "ap")}
        )
    assert part["together"]["gains"]["ap"] > 0


def test_each_is_shown_with_what_speaks_against_it(summary):
    seen = {}
    for row in summary["label_suspects"]["suspects"]:
        example = summary["examples"][row["example"]]
        seen[row["kind"]] = [example[side] is not None for side in ("truth", "prediction", "other")]
        assert summary["images"][example["image"]]["file_name"] == row["file_name"]
    assert seen == {
        "missing": [False, True, False],
        "wrong_class": [True, True, False],
        "duplicate": [True, False, True],
    }


def test_two_labels_in_one_place_are_both_drawn(summary):
    (row,) = [row for row in summary["label_suspects"]["suspects"] if row["kind"] == "duplicate"]
    example = summary["examples"][row["example"]]
    objects = summary["images"][example["image"]]["objects"]
    boxes = [objects[example[side]]["box"] for side in ("truth", "other")]
    assert sorted(boxes) == [[100, 100, 60, 60], [102, 100, 60, 60]]
    assert example["overlap"] == pytest.approx(58 / 62, abs=1e-4)


def test_the_most_suspect_of_all_and_of_each_kind_are_shown(planted_evaluation, monkeypatch):
    monkeypatch.setattr(label_suspects, "MOST_SUSPECTS", 1)
    monkeypatch.setattr(label_suspects, "MOST_OF_A_KIND", 0)
    assert [row["rank"] for row in summarise(planted_evaluation)["label_suspects"]["suspects"]] == [1]
    monkeypatch.setattr(label_suspects, "MOST_OF_A_KIND", 1)
    assert [row["rank"] for row in summarise(planted_evaluation)["label_suspects"]["suspects"]] == [1, 2, 3]


def test_a_full_gallery_leaves_rows_without_example(planted_evaluation, monkeypatch):
    monkeypatch.setattr("cvfail.report.gallery.MOST_IMAGES", 0)
    rows = summarise(planted_evaluation)["label_suspects"]["suspects"]
    assert [row["example"] for row in rows] == [None] * 3


def test_without_probabilities_a_classifier_is_told_why_there_are_none(classification):
    part = summarise(classification)["label_suspects"]
    assert part["suspects"] == []
    assert "probabilities" in part["note"]


def test_with_probabilities_labels_of_a_classifier_are_judged():
    labels = ["cat", "dog"] * 20
    sure = [[0.95, 0.05] if label == "cat" else [0.05, 0.95] for label in labels]
    labels[0] = "dog"
    predicted = ["cat" if row[0] > 0.5 else "dog" for row in sure]
    evaluation = cf.evaluate(cf.from_labels(labels, predicted, probabilities=sure))
    part = summarise(evaluation)["label_suspects"]
    assert [kind["name"] for kind in part["kinds"]] == ["wrong_class"]
    assert part["together"]["gains"] == {"accuracy": pytest.approx(1 / 40)}
    assert [row["rank"] for row in part["suspects"]] == evaluation.label_errors().df["rank"].to_list() == [1]
    assert pl.Series([row["score"] for row in part["suspects"]]).to_list() == [0.95]
