"""What galleries copy as SQL returns exactly the rows that the API returns."""

import re
from dataclasses import replace
from itertools import product

import polars as pl
import pytest

from cvfail.attributes.binning import MOST_LEVELS
from cvfail.evaluation import evaluate
from cvfail.evidence.attributes import attribute, attribute_names
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.choosing import confusion_units, error_type_units, with_attribute
from cvfail.report.queries import mode_sql, quoted
from cvfail.report.summary import summarise
from tests.report.conftest import small_classification
from tests.scenes import detection, random_records

ROWS = ["prediction_index", "ground_truth_index"]


def fill(template, names, **conditions):
    """The twin of `fillQuery` in gallery.js."""
    return re.sub(r"\{(\w+)\}", lambda m: conditions.get(m[1]) or quoted(names[m[1]]), template)


def rich():
    """Attributes of every kind, with names and values that need quoting, on images and objects."""
    images, categories, annotations, detections = random_records(5, images=60)
    data = detection(
        images,
        categories,
        annotations,
        detections,
        **{
            "time of day": pl.Series([["day's end", 'night"', None][i % 3] for i in range(60)]),
            "brightness": pl.Series([0.37 * i if i % 7 else None for i in range(60)]),
            "lens": pl.Series([0.1, 0.7] * 30, dtype=pl.Float32),
        },
    )
    place = pl.int_range(pl.len())
    truth = data.ground_truth.with_columns(
        occluded=pl.when(place % 3 < 2).then(place % 3 == 0),
        angle=pl.when(place % 3 > 0).then((place % 20) * 1.75 - 3).otherwise(float("nan")),
        order=place % 4,
    )
    return replace(data, ground_truth=truth)


@pytest.fixture(scope="module", params=["detection", "classification"])
def known(request):
    evaluation = evaluate(rich() if request.param == "detection" else small_classification(60))
    return evaluation, summarise(evaluation)


def rows(frame):
    return sorted(frame.select(name for name in ROWS if name in frame.columns).rows(), key=str)


def test_cells_and_classes(known):
    evaluation, summary = known
    matrix, labels = evaluation.confusion_matrix(), summary["labels"]
    units = confusion_units(OperatingPoint.of(evaluation.evidence))
    for cell in summary["confusion"]["cells"]:
        names = {"true": labels[cell["true"]], "predicted": labels[cell["predicted"]]}
        answer = evaluation.sql(fill(summary["queries"]["cell"], names))
        assert rows(answer) == rows(matrix.examples(names["true"], names["predicted"]))
        assert len(answer) == cell["count"]
    for row in summary["classes"]:
        answer = evaluation.sql(fill(summary["queries"]["class_errors"], {"class": labels[row["label"]]}))
        own = (pl.col("true_code") == row["label"]) | (pl.col("predicted_code") == row["label"])
        assert rows(answer) == rows(units.filter(own & (pl.col("true_code") != pl.col("predicted_code"))))


def test_slices_of_every_attribute_and_value(known):
    evaluation, summary = known
    evidence = evaluation.evidence
    wrong = confusion_units(OperatingPoint.of(evidence)).filter(
        pl.col("true_code") != pl.col("predicted_code")
    )
    assert len(summary["slices"]) == len(attribute_names(evidence)) - 1
    for table in summary["slices"]:
        valued = with_attribute(wrong, attribute(evidence, table["attribute"]))
        for row in table["rows"]:
            answer = evaluation.sql(fill(summary["queries"]["errors"], {}, where=row["where"]))
            assert rows(answer) == rows(
                valued.filter(pl.col("value").cast(pl.String).eq_missing(row["value"]))
            )
            assert len(answer) == row["errors"]


def assert_cells_have_their_rows(evaluation, summary):
    assert summary["heatmaps"]
    for heatmap in summary["heatmaps"][:3]:
        for cell in heatmap["cells"]:
            where = (
                f"{heatmap['rows'][cell['row']]['where']} AND {heatmap['columns'][cell['column']]['where']}"
            )
            answer = evaluation.sql(fill(summary["queries"]["errors"], {}, where=where))
            assert len(answer) == cell["errors"]


def test_cells_of_heatmaps(known):
    assert_cells_have_their_rows(*known)


def test_thirds_of_sizes():
    annotations = [{"image_id": i, "category_id": 1 + i % 2, "bbox": [0, 0, 5 + i % 9, 6]} for i in range(40)]
    detections = [{**row, "bbox": [50, 50, 9, 9], "score": 0.9} for row in annotations[::3]]
    evaluation = evaluate(detection(list(range(40)), [1, 2], annotations, detections))
    summary = summarise(evaluation)
    assert summary["heatmaps"]
    assert_cells_have_their_rows(evaluation, summary)


def test_error_types_and_those_of_each_class(known):
    evaluation, summary = known
    units = error_type_units(OperatingPoint.of(evaluation.evidence))
    key = {"missed": "ground_truth_index"}
    for kind in summary["error_types"]:
        name = kind["name"]
        answer, column = evaluation.sql(kind["sql"]), key.get(name, "prediction_index")
        assert set(answer[column]) == set(units.filter(error_type=name)[column])
        assert len(answer) == kind["count"]
    for row in summary["errors_by_class"]:
        for kind in row["types"]:
            names = {"class": summary["labels"][row["label"]]}
            answer = evaluation.sql(fill(summary["queries"]["type_of_class"][kind["name"]], names))
            assert len(answer) == kind["count"]


def test_failure_modes(known):
    evaluation, summary = known
    modes = evaluation.failure_modes()
    for mode in summary["failure_modes"]:
        expected = modes.examples(mode["rank"])
        column = (
            "prediction_index"
            if modes.of_rank(mode["rank"]).mode.unit == "predictions"
            else "ground_truth_index"
        )
        answer = evaluation.sql(mode["sql"])
        assert sorted(answer[column]) == sorted(expected[column])
        assert len(answer) == mode["errors"]


ERRORS = ["missed", "classification", "localisation", "duplicate", "background", "both", "redundant"]


WHERES = ["", "size=small", "category=class 2 & size=medium", "time of day=(null)", "lens=0.1"]
OF_OBJECTS = "order=2 & occluded=true"


@pytest.mark.parametrize(
    ("error", "where"), [*product(ERRORS, WHERES), *((error, OF_OBJECTS) for error in ERRORS[:3])]
)
def test_modes_of_every_error_in_every_kind_of_slice(error, where):
    evaluation = evaluate(rich())
    mode = evaluation.failure_mode(error, where)
    expected = evaluation.reevaluate([mode]).examples(1)
    column = "prediction_index" if mode.unit == "predictions" else "ground_truth_index"
    assert sorted(evaluation.sql(mode_sql(evaluation.evidence, mode))[column]) == sorted(expected[column])


def test_confusions_of_two_classes():
    evaluation = evaluate(rich())
    names = evaluation.evidence.category_names
    found = 0
    for true in names:
        for predicted in names:
            if true != predicted:
                mode = evaluation.failure_mode(f"{true}→{predicted}")
                answer = evaluation.sql(mode_sql(evaluation.evidence, mode))
                assert len(answer) == len(evaluation.reevaluate([mode]).examples(1))
                found += len(answer)
    assert found > 0


def test_suspects(planted_evaluation):
    summary = summarise(planted_evaluation)
    assert summary["label_suspects"]["together"]["suspects"] > 0
    everything = planted_evaluation.sql(summary["queries"]["all_suspects"])
    assert len(everything) == summary["label_suspects"]["together"]["suspects"]
    for kind in summary["label_suspects"]["kinds"]:
        answer = planted_evaluation.sql(fill(summary["queries"]["suspects"], {"kind": kind["name"]}))
        assert len(answer) == kind["suspects"]


def test_causes(known):
    evaluation, summary = known
    causes = evaluation.failure_modes().causes()
    for mode in summary["failure_modes"]:
        for cause in mode["causes"]:
            expected = causes.rows(mode["rank"], cause["name"])
            sql = fill(summary["queries"]["cause"], {"cause": cause["name"]}, rank=str(mode["rank"]))
            answer = evaluation.sql(sql)
            assert len(answer) == cause["rows"] == len(expected)
            for key in ROWS:
                if key in expected.columns:
                    assert set(answer[key]) >= set(expected[key].drop_nulls())


def test_causes_that_know_training_data_have_no_statement(known):
    evaluation, _ = known
    training = evaluation.evidence.images.head(5)
    assert summarise(evaluation, training=training)["queries"]["cause"] is None


def test_bands_of_scores_of_everything_and_of_a_class(known):
    evaluation, summary = known
    curves = summary["curves"]
    for curve in (curves["everything"], curves["classes"][-1]):
        own = (
            ""
            if curve["label"] is None
            else f" AND predictions.category = {quoted(summary['labels'][curve['label']])}"
        )
        for band in curve["bands"]:
            where = (
                f"score >= {band['low']} AND score {'<=' if band['high'] == 1 else '<'} {band['high']}{own}"
            )
            answer = evaluation.sql(fill(summary["queries"]["band"], {}, where=where))
            assert answer["is_right"].sum() == band["right"]
            assert len(answer) == band["right"] + band["wrong"]


def test_a_number_with_many_values_is_among_them(known):
    evaluation, _ = known
    if evaluation.task == "detection":
        assert evaluation.evidence.images["brightness"].n_unique() > MOST_LEVELS
