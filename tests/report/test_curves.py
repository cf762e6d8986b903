"""Curves in the summary are those of the evaluation; their points open the right rows."""

import polars as pl
import pytest

from cvfail.evaluation import evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.io.labels import from_labels
from cvfail.report.curves import CLASS_REPLICATES
from cvfail.report.html import render
from cvfail.report.score_bands import ScoreBands
from cvfail.report.summary import summarise
from tests.report import chromium


@pytest.fixture(scope="module")
def summary(evaluation):
    return summarise(evaluation)


def test_points_are_the_rates_at_their_thresholds(evaluation, summary):
    curve = summary["curves"]["everything"]
    assert evaluation.policy.score in curve["threshold"]
    assert summary["curves"]["best"] in curve["threshold"]
    for place, score in enumerate(curve["threshold"]):
        row = evaluation.metrics(score=score).df.row(0, named=True)
        for name in ("precision", "recall", "f1"):
            assert curve[name]["estimate"][place] == pytest.approx(row[name], rel=1e-3)


def test_curves_of_classes_have_the_bands_of_the_evaluation(evaluation, summary):
    known = evaluation.curve("score", by="category", points=60, replicates=CLASS_REPLICATES).df
    for curve in summary["curves"]["classes"]:
        own = known.filter(category=summary["labels"][curve["label"]])
        for name in ("precision", "recall", "f1", "false_positives_per_image"):
            column = "f_score" if name == "f1" else name
            for end in ("lower", "upper"):
                bounds = [bound for bound in curve[name][end] if bound is not None]
                assert bounds == pytest.approx(own[f"{column}_{end}"].drop_nulls().to_list(), rel=1e-3)


def test_the_threshold_of_the_report_is_marked_on_curves_of_classes(evaluation, summary):
    rates = {row["category"]: row for row in evaluation.metrics(by="category").df.to_dicts()}
    images = len(evaluation.images)
    for curve in summary["curves"]["classes"]:
        place = curve["threshold"].index(evaluation.policy.score)
        own = rates[summary["labels"][curve["label"]]]
        for name in ("precision", "recall", "f1"):
            assert curve[name]["estimate"][place] == pytest.approx(own[name], rel=1e-3)
        alarms = curve["false_positives_per_image"]["estimate"][place]
        assert alarms == pytest.approx(own["fp"] / images, rel=1e-3)


def test_so_many_predictions_leave_single_classes_without_bands(evaluation, browser, tmp_path, monkeypatch):
    monkeypatch.setattr("cvfail.report.curves.MOST_FOR_CLASS_BANDS", 10)
    summary = summarise(evaluation)
    assert {len(curve["recall"]["lower"]) for curve in summary["curves"]["classes"]} == {0}
    assert summary["curves"]["everything"]["recall"]["lower"]
    (tmp_path / "report.html").write_text(render(summary), encoding="utf-8")
    browser.open(tmp_path / "report.html")
    assert "Bands are 95% intervals. " in browser.text("#score-curves .note")
    assert browser.count("#score-curves .plotted:first-child .area") == 1
    browser.run(
        "const chosen = document.querySelector('#score-curves select');"
        "chosen.value = '0'; chosen.dispatchEvent(new Event('change'))"
    )
    assert "single classes have none. " in browser.text("#score-curves .note")
    assert browser.count("#score-curves .plotted:first-child .area") == 0


def test_bands_count_what_their_scores_hold(evaluation, summary):
    everything = OperatingPoint.of(evaluation.evidence, score=0.0).predictions
    for label, curve in [(None, summary["curves"]["everything"])] + [
        (c["label"], c) for c in summary["curves"]["classes"]
    ]:
        own = everything
        if label is not None:
            name = evaluation.evidence.categories.sort("category_id")["category_id"][label]
            own = everything.filter(category_id=name)
        for band in curve["bands"]:
            inside = own.filter(pl.col("score").is_between(band["low"], band["high"], closed="left"))
            counts = dict(inside.group_by("outcome").len().iter_rows())
            assert band["right"] == counts.get("true_positive", 0)
            assert band["wrong"] == counts.get("false_positive", 0)
            assert band["missed"] == (band["right"] if band["high"] <= evaluation.policy.score else 0)


def test_examples_of_a_band_have_its_scores(evaluation):
    point = OperatingPoint.of(evaluation.evidence)
    bands = ScoreBands.of(point, [0, 1, 2])
    category = evaluation.evidence.coding.category
    for key, rows in bands.examples.items():
        scores = evaluation.evidence.predictions["score"].gather(rows["prediction_index"])
        assert scores.is_between(key[-1] / 20 - 1e-12, (key[-1] + 1) / 20 + 1e-12).all()
        if len(key) == 2:
            assert set(category[rows["prediction_index"].to_numpy()].tolist()) == {key[0]}


def test_the_error_in_the_report_is_that_of_the_evaluation(evaluation, summary):
    first = summary["calibration"]["errors"][0]
    asked = evaluation.calibration(score=0.0, measures=["ece"], replicates=200, worlds=200)
    assert first["error"]["estimate"] == asked.value("ece")
    assert f"{asked.value('ece'):.3f}" in summary["calibration"]["sentences"][0]


def test_a_classifier_has_coverage_and_classes_against_the_rest():
    said = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.35, 0.65]]
    evaluation = evaluate(from_labels([0, 0, 1, 0], probabilities=said))
    curves = summarise(evaluation)["curves"]
    assert curves["everything"]["coverage"] == [0.25, 0.5, 0.75, 1.0]
    assert curves["everything"]["precision"]["estimate"] == [1.0, 1.0, 1.0, 0.75]
    area = evaluation.curve_area("roc", by="category").df["area"].to_list()
    assert [curve["area"]["estimate"] for curve in curves["roc"]] == area
    assert all(
        len(curve["true_positive_rate"]["lower"]) == len(curve["threshold"]) for curve in curves["roc"]
    )


def test_labels_without_scores_have_no_curves():
    summary = summarise(evaluate(from_labels([0, 1], [0, 0])))
    assert summary["curves"]["everything"] is None
    assert "score-curves" not in render(summary).split("<script", maxsplit=1)[0]


def test_a_point_of_a_curve_opens_the_predictions_of_its_score(evaluation, summary, tmp_path):
    if chromium.BROWSER is None or chromium.DRIVER is None:
        pytest.skip("no chromium with chromedriver on this machine")
    path = tmp_path / "report.html"
    path.write_text(render(summary), encoding="utf-8")
    with chromium.running() as browser:
        browser.blank()
        browser.look()
        browser.open(path)
        browser.run("document.querySelector('.plot').focus()")
        browser.press("Right", "Right", "Right")
        words = browser.run("return document.querySelector('.plot').getAttribute('aria-valuetext')")
        score = float(words.split()[2].rstrip(","))
        browser.press("Enter")
        bands = summary["curves"]["everything"]["bands"]
        edges = next((band["low"], band["high"]) for band in bands if band["low"] <= score < band["high"])
        band = evaluation.evidence.predictions.filter(pl.col("score").is_between(*edges, closed="left"))
        title = browser.text("dialog[open] h2")
        point = OperatingPoint.of(evaluation.evidence, score=0.0).predictions
        inside = point.filter(pl.col("score").is_between(*edges, closed="left"))
        counts = dict(inside.group_by("outcome").len().iter_rows())
        assert title.endswith(
            f"{counts.get('true_positive', 0)} right, {counts.get('false_positive', 0)} wrong"
        )
        files = browser.run(
            "return [...document.querySelectorAll('dialog[open] figure code')].map((n) => n.textContent)"
        )
        named = evaluation.evidence.images.select("image_id", "file_name")
        assert files
        assert set(files) <= set(band.join(named, on="image_id")["file_name"])
        assert browser.console() == []


def test_thresholds_of_classes_are_the_operating_points(evaluation, summary):
    better = summary["better_thresholds"]
    points = evaluation.operating_points(by="category", replicates=0, splits=0).df
    rates = {row["category"]: row["f1"] for row in evaluation.metrics(by="category").df.to_dicts()}
    for row in better["classes"]:
        name = summary["labels"][row["label"]]
        alone = points.filter(category=name).row(0, named=True)
        assert row["threshold"] == alone["threshold"]
        assert row["f1_then"] == alone["f_score"]
        assert row["f1_now"] == pytest.approx(rates[name])
    changed = evaluation.what_if(evaluation.operating_points(by="category", replicates=0).thresholds)
    after = changed.metrics().df.filter(metric="f1")["after"][0]
    assert f"{after:.1%}" in better["sentences"][1]
