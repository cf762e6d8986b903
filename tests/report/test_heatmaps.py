"""Heatmaps say what `metrics(by=…)` and `slices` say, and their cells open the errors behind them."""

from dataclasses import replace

import polars as pl
import pytest

from cvfail.evaluation import evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report import axes
from cvfail.report.choosing import OrderedUnits
from cvfail.report.gallery import Gallery
from cvfail.report.heatmaps import heatmaps
from tests.report.conftest import small_classification
from tests.scenes import detection


def maps_of(evaluation, *, examples=12):
    point = OperatingPoint.of(evaluation.evidence)
    return heatmaps(point, OrderedUnits.of(point).errors, Gallery(point), examples=examples)


def bounds(row, name):
    return [row[name], row[f"{name}_lower"], row[f"{name}_upper"]]


def measured(value):
    return [value["estimate"], value["lower"], value["upper"]]


@pytest.mark.parametrize("which", ["evaluation", "classification"])
def test_every_cell_is_what_metrics_say_of_both_attributes(which, request):
    evaluation = request.getfixturevalue(which)
    maps = maps_of(evaluation)
    assert maps
    for heatmap in maps:
        names = [heatmap["rows_by"], heatmap["columns_by"]]
        table = evaluation.metrics(by=names).df.with_columns(pl.col(names).cast(pl.String))
        expected = {(row[names[0]], row[names[1]]): row for row in table.to_dicts()}
        values = [[level["value"] for level in heatmap[side]] for side in ("rows", "columns")]
        cells = {(values[0][cell["row"]], values[1][cell["column"]]): cell for cell in heatmap["cells"]}
        seen = {key for key, row in expected.items() if row["support"] + row["predicted"] > 0}
        assert cells.keys() == seen
        for key, cell in cells.items():
            row = expected[key]
            assert measured(cell["recall"]) == pytest.approx(bounds(row, "recall"), abs=1e-12)
            assert measured(cell["precision"]) == pytest.approx(bounds(row, "precision"), abs=1e-12)
            assert (cell["support"], cell["clusters"]) == (row["support"], row["clusters"])
            assert cell["thin"] == (row["clusters"] < 10)
            assert (cell["examples"] == []) == (cell["errors"] == 0)


def test_cells_are_slices_of_two_conditions(evaluation):
    heatmap = next(one for one in maps_of(evaluation) if one["rows_by"] == "time_of_day")
    for cell in heatmap["cells"]:
        values = [heatmap[side][cell[key]]["value"] for side, key in (("rows", "row"), ("columns", "column"))]
        where = f"time_of_day={values[0] or '(null)'} & size={values[1]}"
        row = evaluation.slices(where, metrics="recall").df.row(0, named=True)
        assert measured(cell["recall"]) == pytest.approx([row["estimate"], row["lower"], row["upper"]])


def test_objects_of_one_bucket_of_size_are_cut_into_thirds():
    annotations = [
        {"image_id": image, "category_id": 1 + image % 2, "bbox": [0, 0, 5 + image % 9, 6]}
        for image in range(90)
    ]
    detections = [{**row, "score": 0.9} for row in annotations[::3]]
    evaluation = evaluate(detection(list(range(90)), [1, 2], annotations, detections))
    (heatmap,) = maps_of(evaluation)
    assert [level["value"] for level in heatmap["columns"]] == ["small third", "middle third", "large third"]
    assert "square pixels" in heatmap["note"]
    support = [sum(c["support"] for c in heatmap["cells"] if c["column"] == place) for place in range(3)]
    assert support == [30, 30, 30]
    whole = evaluation.metrics(by="category").df["tp"].to_list()
    found = [
        round(sum(c["recall"]["estimate"] * c["support"] for c in heatmap["cells"] if c["row"] == row))
        for row in range(2)
    ]
    assert found == whole


def test_an_attribute_of_ground_truth_alone_has_no_precision():
    annotations = [
        {"image_id": i, "category_id": 1, "bbox": [0, 0, 20 + 60 * (i % 2), 40]} for i in range(30)
    ]
    detections = [{"image_id": i, "category_id": 1, "bbox": [0, 0, 20, 40], "score": 0.9} for i in range(30)]
    data = detection(list(range(30)), [1], annotations, detections)
    hidden = data.ground_truth.with_columns(hidden=pl.Series([str(i % 3) for i in range(30)]))
    (heatmap,) = maps_of(evaluate(replace(data, ground_truth=hidden)))
    assert heatmap["rows_by"] == "hidden"
    assert [cell["precision"] for cell in heatmap["cells"]] == [None] * len(heatmap["cells"])


def test_many_classes_leave_the_most_frequent_and_many_values_no_map(monkeypatch, evaluation):
    monkeypatch.setattr(axes, "MOST_CLASSES", 2)
    heatmap = next(one for one in maps_of(evaluation) if one["rows_by"] == "category")
    assert len(heatmap["rows"]) == 2
    assert heatmap["note"] == "The 2 most frequent of 3 classes."
    monkeypatch.setattr(axes, "MOST_LEVELS", 1)
    assert [one["rows_by"] for one in maps_of(evaluation)] == ["category"]


def test_examples_are_fewer_where_there_are_many_cells(monkeypatch, evaluation):
    from cvfail.report import heatmaps as module

    monkeypatch.setattr(module, "MOST_EXAMPLES", 1)
    cells = [cell for heatmap in maps_of(evaluation) for cell in heatmap["cells"]]
    assert {len(cell["examples"]) for cell in cells} <= {0, 1}


@pytest.mark.parametrize(
    "dataset",
    [detection([], [1], [], []), detection([1], [1], [], []), small_classification(images=0)],
    ids=["nothing", "one image", "no labels"],
)
def test_nothing_has_no_maps(dataset):
    assert maps_of(evaluate(dataset)) == []
