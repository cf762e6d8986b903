"""Average precision of slices: pycocotools' where matched anew, a sub-dataset's where of images; its intervals."""

import contextlib
import io

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import cvfail as cf
from cvfail.errors import PolicyError
from cvfail.evaluation import evaluate
from cvfail.matching.policy import Policy
from tests.scenes import detection, random_records
from tests.slices.declared import in_blocks, part, random_data, random_evaluation, with_columns, worked

METRICS = ("ap", "ap50")


def coco_with_the_attribute_as_area(images, categories, annotations, detections, bounds):
    """COCOeval in one area range, where every area is the attribute of the row."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": image, "width": 1000, "height": 1000} for image in images],
            "categories": [{"id": category, "name": str(category)} for category in categories],
            "annotations": [
                {"iscrowd": 0, **row, "id": number + 1, "area": row["attr"]}
                for number, row in enumerate(annotations)
            ],
        }
        truth.createIndex()
        found = truth.loadRes([dict(row) for row in detections])
        for number, row in enumerate(detections):
            found.anns[number + 1]["area"] = row["attr"]
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [list(bounds)], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def with_attributes(images, categories, annotations, detections):
    """The same records as an evaluation at any score."""
    data = detection(images, categories, annotations, detections)
    rows = {"truth": annotations, "found": detections}
    columns = {
        side: {"attr": pl.Series([row["attr"] for row in of], dtype=pl.Float64)} for side, of in rows.items()
    }
    return evaluate(with_columns(data, **columns), Policy(score=0.0))


def mean_of(precision):
    """What summaries of COCO call average precision; None if nothing is defined."""
    defined = precision[precision > -1]
    return float(defined.mean()) if defined.size else None


@pytest.mark.parametrize("name", ["wide", "square", "tall", "all"])
@pytest.mark.parametrize("rematch", [True, False])
def test_the_golden_slices_by_aspect_are_the_references(golden, name, rematch):
    case = golden["slice_aspect_object"]
    bounds = {
        "wide": "attr >= 2",
        "square": "attr >= 0.5 AND attr <= 2",
        "tall": "attr <= 0.5",
        "all": "attr > 0",
    }
    records = [
        [{"image_id": row["img"], "category_id": 1, "bbox": row["box"], **row} for row in case["input"][side]]
        for side in ("gt", "dt")
    ]
    table = with_attributes([1, 2], [1], *records).slices(
        {name: bounds[name]}, metrics=("recall", "ap50"), rematch=rematch
    )
    expected = case["expected"][name]
    counted = table.counts().row(0, named=True)
    lost = counted["missed"] + counted["classification"] + counted["localisation"]
    assert (counted["found"], counted["false_positives"], lost) == (
        expected["tp"],
        expected["fp"],
        expected["fn"],
    )
    assert table.df["estimate"].to_list() == pytest.approx([expected["recall"], expected["AP50"]], abs=1e-12)


@given(seed=st.integers(0, 10_000), low=st.integers(0, 8), width=st.integers(0, 8))
@settings(max_examples=25)
def test_a_range_of_numbers_matched_anew_is_the_references_area_range(seed, low, width):
    images, categories, annotations, detections = random_records(seed)
    assume(annotations and detections)
    rng = np.random.default_rng(seed)
    for row in [*annotations, *detections]:
        row["attr"] = float(rng.integers(0, 10))
    reference = coco_with_the_attribute_as_area(
        images, categories, annotations, detections, (low, low + width)
    )
    precision = reference.eval["precision"][:, :, :, 0, -1]
    table = with_attributes(images, categories, annotations, detections).slices(
        f"attr >= {low} AND attr <= {low + width}", metrics=("recall", *METRICS), rematch=True
    )
    estimates = dict(table.df.select("metric", "estimate").rows())
    assert estimates["ap"] == pytest.approx(mean_of(precision), abs=1e-12)
    assert estimates["ap50"] == pytest.approx(mean_of(precision[0]), abs=1e-12)
    per_image = [image for image in reference.evalImgs if image is not None]
    hits, wrong, objects = 0, 0, 0
    for image in per_image:
        counted = ~image["dtIgnore"][0].astype(bool)
        hits += int((counted & (image["dtMatches"][0] > 0)).sum())
        wrong += int((counted & (image["dtMatches"][0] == 0)).sum())
        objects += int((np.asarray(image["gtIgnore"]) == 0).sum())
    row = table.counts().row(0, named=True)
    assert (row["found"], row["correct"], row["false_positives"]) == (hits, hits, wrong)
    assert row["missed"] + row["classification"] + row["localisation"] == objects - hits


def test_one_match_of_all_differs_from_a_new_one_where_a_prediction_has_another_choice():
    """The best overlap is with an object outside the slice; a new match takes the one inside."""
    images, categories = [1], [1]
    annotations = [
        {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "attr": 1.0},
        {"image_id": 1, "category_id": 1, "bbox": [2, 0, 10, 10], "attr": 9.0},
    ]
    detections = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.9, "attr": 1.0}]
    evaluation = with_attributes(images, categories, annotations, detections)
    options = {"metrics": ("recall", "ap50")}
    once = evaluation.slices({"high": "attr > 5"}, **options)
    anew = evaluation.slices({"high": "attr > 5"}, rematch=True, **options)
    assert once.df["estimate"].to_list() == [0.0, 0.0]
    assert anew.df["estimate"].to_list() == [1.0, pytest.approx(1.0)]
    assert anew.df["rest"].to_list() == [1.0, pytest.approx(1.0)]
    assert once.rows("high")["outcome"].to_list() == ["missed"]
    assert anew.rows("high")["outcome"].to_list() == ["found"]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=8)
def test_a_slice_of_images_has_the_average_precision_of_these_images_alone(seed):
    data = random_data(seed)
    night = data.images.filter(pl.col("light") == "night")["image_id"]
    whole, alone = evaluate(data), evaluate(part(data, night))
    own = whole.slices({"it": "light = 'night'"}, metrics=METRICS).df
    other = alone.slices({"it": pl.lit(True)}, metrics=METRICS).df
    assert own["estimate"].to_list() == other["estimate"].to_list()
    assert own["support"].to_list() == other["support"].to_list()
    summary = alone.coco_summary(metrics=["AP", "AP50"], replicates=0).df["estimate"]
    assert own["estimate"].to_list() == pytest.approx(summary.to_list(), abs=1e-12)
    by_class = whole.average_precision(by="light", replicates=0).df.filter(pl.col("light") == "night")
    assert own["estimate"][0] == pytest.approx(by_class["ap"].mean(), abs=1e-12)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=6)
def test_a_slice_of_one_class_has_its_average_precision(seed):
    evaluation = evaluate(random_data(seed))
    of_class = evaluation.average_precision(replicates=0).df
    slices = {name: pl.col("category") == name for name in of_class["category"]}
    if slices:
        table = evaluation.slices(slices, metrics=METRICS)
        assert table.wide()["ap"].to_list() == pytest.approx(of_class["ap"].to_list(), abs=1e-15)
        assert table.wide()["ap50"].to_list() == pytest.approx(of_class["ap50"].to_list(), abs=1e-15)


def test_the_rest_is_the_slice_of_everything_else():
    evaluation = random_evaluation(3)
    for where, other in (
        ("light = 'night'", "light IS DISTINCT FROM 'night'"),
        ("angle < 12", "angle >= 12"),
        ("head = 'a'", "head = 'b'"),
    ):
        for rematch in (False, True):
            table = evaluation.slices([where, other], metrics=("recall", *METRICS), rematch=rematch)
            one, rest = (table.df.filter(pl.col("slice") == name) for name in (where, other))
            assert one["rest"].to_list() == pytest.approx(rest["estimate"].to_list(), abs=1e-15)
            assert one["difference"].to_list() == pytest.approx(
                [None if a is None else a - b for a, b in zip(one["estimate"], rest["estimate"], strict=True)]
            )


def test_where_it_has_no_meaning_it_is_null():
    evaluation = worked()
    rows = evaluation.slices("cover=clear", metrics=METRICS).df
    assert rows["fp_rule"].to_list() == ["shared", "shared"]
    assert rows["estimate"].null_count() == 0
    assert rows.select("rest", "difference", "p_value").null_count().row(0) == (2, 2, 2)
    for where, options in (
        ("cover=clear", {"false_positives": "attributed"}),
        ("head=a", {}),
        ("light=day", {"min_support": 3}),
        ("area > 1e6", {}),
    ):
        rows = evaluation.slices(where, metrics=METRICS, replicates=3, **options).df
        assert rows["estimate"].to_list() == [None, None]
        assert rows["lower"].to_list() == [None, None]
    ladder = cf.evaluate(evaluation.data, Policy(iou_thresholds=(0.6, 0.7), iou=0.6))
    rows = ladder.slices("light=day", metrics=METRICS).df
    assert rows["estimate"].is_null().to_list() == [False, True]


def test_support_and_clusters_are_those_of_the_slice():
    rows = worked().slices(["cover=clear", "light=day", pl.lit(True)], metrics="ap").df
    assert rows.select("support", "clusters").rows() == [(2.0, 2), (2.0, 1), (4.0, 2)]


def test_intervals_depend_on_the_seed_alone(tmp_path):
    evaluation = random_evaluation(21, images=30)
    slices = ["light=night", "angle < 15", "cover=hidden"]
    options = {"metrics": METRICS, "replicates": 40}
    rows = evaluation.slices(slices, **options).df
    assert rows["lower"].null_count() == 0
    assert (rows["lower"] <= rows["upper"]).all()
    apart = rows.filter(pl.col("fp_rule") != "shared")
    assert apart.select("difference_lower", "difference_upper", "p_value", "q_value").null_count().row(0) == (
        (0,) * 4
    )
    assert evaluation.slices(slices, **options).df.equals(rows)
    assert not evaluation.slices(slices, seed=1, **options).df.equals(rows)
    for size in (30, 90):
        stored = in_blocks(evaluation, tmp_path / str(size), size)
        assert stored.slices(slices, **options).df.equals(rows)


def test_the_interval_of_images_is_that_of_these_images_alone():
    """Weights depend on cluster ids only, so that leaving images out changes no weight of the others."""
    data = random_data(8, images=20)
    night = data.images.filter(pl.col("light") == "night")["image_id"]
    options = {"metrics": "ap", "replicates": 30}
    bounds = [
        evaluation.slices({"it": where}, **options).df.select("estimate", "lower", "upper").row(0)
        for evaluation, where in (
            (evaluate(data), "light=night"),
            (evaluate(part(data, night)), pl.lit(True)),
        )
    ]
    assert bounds[0] == bounds[1]
    assert bounds[0][1] < bounds[0][2]


def test_the_interval_of_the_difference_is_paired():
    """Slice and rest that are copies of each other image by image never differ in any replicate."""
    images, categories, annotations, detections = random_records(2, images=8)

    def moved(rows):
        return [{**row, "bbox": [row["bbox"][0] + 500, *row["bbox"][1:]]} for row in rows]

    data = detection(images, categories, annotations + moved(annotations), detections + moved(detections))
    row = evaluate(data).slices("x < 400", metrics="ap", replicates=30).df.row(0, named=True)
    assert row["estimate"] == row["rest"]
    assert row["lower"] < row["upper"]
    assert (row["difference"], row["difference_lower"], row["difference_upper"]) == (0.0, 0.0, 0.0)
    assert row["p_value"] == 1.0


def test_one_replicate_makes_no_interval():
    with pytest.raises(PolicyError, match=r"1 replicates of the images make no interval. Hint: at least 2"):
        worked().slices("light=day", metrics="ap", replicates=1)
