"""The measures of an evaluation are those of its rows, in every group, with bands, at the borders too."""

import numpy as np
import polars as pl
import pytest

import cvfail as cf
from cvfail.calibration.calibration_table import calibration
from cvfail.calibration.measures import MEANING, MEASURES
from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.operating_point import OperatingPoint
from tests.calibration.forecasts_made_up import classified, detections

FEW = {"replicates": 20, "worlds": 20}
COLUMNS = [
    *("measure", "estimate", "lower", "upper", "chance", "chance_lower", "chance_upper", "beyond_chance"),
    *("support", "clusters"),
]


@pytest.fixture(scope="module")
def boxes():
    return cf.evaluate(detections(1), cf.Policy(score=0.0))


@pytest.fixture(scope="module")
def probable():
    random = np.random.default_rng(4)
    p = random.dirichlet(np.ones(3), 300)
    y = [int(random.choice(3, p=row)) for row in p]
    lights = pl.DataFrame({"light": random.choice(["day", "night"], 300)})
    return p, np.array(y), cf.evaluate(cf.from_labels(y, probabilities=p, attributes=lights))


def one(table, **where):
    return table.df.filter(**where).row(0, named=True)


def test_every_measure_has_a_meaning():
    assert set(MEANING) == set(MEASURES)


def test_detection_is_right_where_it_is_matched(boxes):
    table = boxes.calibration(**FEW)
    assert table.df.columns == COLUMNS
    rows = boxes.predictions_at().filter(pl.col("outcome") != "ignored")
    right = (rows["outcome"] == "true_positive").to_numpy()
    overlap = np.where(right, rows["overlap"].fill_null(0.0).to_numpy(), 0.0)
    scores = rows["score"].to_numpy()
    assert table.value("ece") == pytest.approx(cf.calibration_error(scores, right), abs=1e-12)
    assert table.value("mce") == pytest.approx(cf.calibration_error(scores, right, norm="max"), abs=1e-12)
    assert table.value("overconfidence") == pytest.approx((scores - right).mean(), abs=1e-12)
    assert table.value("brier") == pytest.approx(((scores - right) ** 2).mean(), abs=1e-12)
    by_class = [
        cf.calibration_error(scores[own], overlap[own], bins=25, closed="right")
        for own in ((rows["category_id"] == kind).to_numpy() for kind in (1, 2))
    ]
    assert table.value("laece") == pytest.approx(np.mean(by_class), abs=1e-12)
    apart = rows.select("category_id", apart=pl.Series(np.abs(scores - overlap)))
    mean = apart.group_by("category_id").agg(pl.col("apart").mean())["apart"].mean()
    assert table.value("laace") == pytest.approx(mean, abs=1e-12)
    assert one(table, measure="ece")["support"] == len(rows)


def test_golden_laece(golden):
    case = golden["cal_laece"]
    truth = [dict(zip(("image_id", "category_id", "bbox"), row, strict=True)) for row in case["input"]["gt"]]
    names = ("image_id", "category_id", "bbox", "score")
    found = [dict(zip(names, row, strict=True)) for row in case["input"]["dets"]]
    data = cf.from_frames(ground_truth=truth_frame(truth), predictions=truth_frame(found), box_format="xywh")
    expected = {name: values["value"] for name, values in case["expected"].items()}
    whole = cf.evaluate(data, cf.Policy(iou_thresholds=(1e-9,), iou=1e-9, score=0.0)).calibration(**FEW)
    assert whole.value("laece") == pytest.approx(expected["LaECE0_25"], abs=1e-12)
    assert whole.value("laace") == pytest.approx(expected["LaACE0"], abs=1e-12)
    half = cf.evaluate(data, cf.Policy(score=0.0)).calibration(bins=10, closed="right", **FEW)
    assert half.value("laece") == pytest.approx(expected["LaECE_tau05_25"], abs=1e-12)
    assert half.value("ece") == pytest.approx(expected["DECE_10_tau05"], abs=1e-12)


def truth_frame(records):
    return pl.DataFrame([{**row, "bbox": [float(value) for value in row["bbox"]]} for row in records])


def test_a_class_without_error_lowers_the_mean_over_classes():
    truth = pl.DataFrame({"image_id": [1, 2], "category_id": [1, 2], "bbox": [[0.0, 0.0, 9.0, 9.0]] * 2})
    found = truth.with_columns(score=pl.Series([1.0, 0.5]))
    data = cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh")
    assert cf.evaluate(data).calibration(**FEW).value("laece") == pytest.approx(0.25)


def test_probabilities_are_judged_class_by_class(probable):
    p, y, evaluation = probable
    table = evaluation.calibration(**FEW)
    each = [cf.calibration_error(p[:, kind], y == kind) for kind in range(3)]
    assert table.value("classwise_ece") == pytest.approx(np.mean(each), abs=1e-12)
    by_class = evaluation.calibration(by="category", measures=["classwise_ece"], **FEW)
    assert by_class.df["estimate"].to_list() == pytest.approx(each, abs=1e-12)
    both = evaluation.calibration(by=["light", "category"], measures=["classwise_ece"], **FEW)
    night = evaluation.images["light"].to_numpy() == "night"
    found = one(both, light="night", category="2")["estimate"]
    assert found == pytest.approx(cf.calibration_error(p[night, 2], y[night] == 2), abs=1e-12)


def test_groups_are_those_of_their_rows(boxes):
    table = boxes.calibration(by=["light", "category"], measures=["ece", "brier"], **FEW)
    rows = boxes.predictions_at().join(boxes.images.select("image_id", "light"), on="image_id")
    for row in table.df.iter_rows(named=True):
        own = rows.filter(light=row["light"], category_id=int(row["category"]))
        assert row["support"] == len(own)
        if row["measure"] == "ece":
            right = own["outcome"] == "true_positive"
            assert row["estimate"] == pytest.approx(cf.calibration_error(own["score"], right), abs=1e-12)
    assert table.df["support"].sum() == 2 * len(rows)


def test_a_slice_is_the_level_that_it_says(boxes):
    by_level = boxes.calibration(by="light", **FEW).df.filter(light="night").drop("light")
    declared = boxes.calibration(by="light=night", **FEW)
    assert declared.df.drop("slice").equals(by_level)
    named = boxes.calibration(by={"dark": "light=night", "all": pl.col("score") >= 0}, **FEW)
    assert named.df["slice"].unique(maintain_order=True).to_list() == ["dark", "all"]
    assert one(named, slice="all", measure="ece")["estimate"] == pytest.approx(
        one(boxes.calibration(**FEW), measure="ece")["estimate"], abs=1e-12
    )


def test_place_and_size_divide_the_bins(boxes):
    table = boxes.calibration(dimensions=["x", "width"], bins=5, measures=["ece"], **FEW)
    assert "× x × width" in table.caption
    rows = boxes.predictions_at()
    scores, right = rows["score"].to_numpy(), (rows["outcome"] == "true_positive").to_numpy()
    place = ((rows["x"] + rows["width"] / 2) / 640).to_numpy()
    size = (rows["width"] / 640).to_numpy()
    cell = [np.minimum((values * 5).astype(int), 4) for values in (scores, place, size)]
    frame = pl.DataFrame([pl.Series(str(i), own) for i, own in enumerate(cell)]).with_columns(
        gap=pl.Series(right - scores)
    )
    plain = frame.group_by("0", "1", "2").agg(pl.col("gap").sum())["gap"].abs().sum() / len(rows)
    assert table.value("ece") == pytest.approx(plain, abs=1e-12)


def test_the_largest_distance_is_that_of_bins_with_enough(boxes):
    bins = boxes.calibration(bins=40, **FEW).reliability().df
    least = int(bins["support"].median())
    kept = bins.filter(pl.col("support") >= least)
    assert 0 < len(kept) < len(bins)
    largest = (kept["estimate"] - kept["mean_score"]).abs().max()
    table = boxes.calibration(bins=40, min_count=least, **FEW)
    assert table.value("mce") == pytest.approx(largest, abs=1e-12)
    assert table.value("ece") == boxes.calibration(bins=40, **FEW).value("ece")
    assert f"mce: of {least} or more" in table.caption
    assert boxes.calibration(min_count=10**6, **FEW).value("mce") is None


def test_the_score_decides_who_takes_part_and_the_caption_says_so(boxes):
    low, high = boxes.calibration(**FEW), boxes.calibration(score=0.5, **FEW)
    assert one(high, measure="ece")["support"] < one(low, measure="ece")["support"]
    assert "score >= 0.5" in high.caption
    assert "IoU >= 0.5" in high.caption


def test_predictions_on_ignored_objects_take_no_part():
    data = detections(2)
    from dataclasses import replace

    ignored = replace(data, ground_truth=data.ground_truth.with_columns(is_ignored=pl.lit(value=True)))
    evaluation = cf.evaluate(ignored, cf.Policy(score=0.0))
    left = int((evaluation.predictions_at()["outcome"] != "ignored").sum())
    assert 0 < left < len(data.predictions)
    assert one(evaluation.calibration(**FEW), measure="ece")["support"] == left


def test_reliability_adds_up_to_the_error(boxes):
    table = boxes.calibration(by="category", **FEW)
    for binning, measure in (("equal_width", "ece"), ("equal_mass", "ece_equal_mass")):
        bins = table.reliability(binning=binning).df
        for kind in ("1", "2"):
            own = bins.filter(category=kind)
            gap = (own["support"] * (own["estimate"] - own["mean_score"]).abs()).sum() / own["support"].sum()
            assert gap == pytest.approx(one(table, category=kind, measure=measure)["estimate"], abs=1e-12)
    assert (bins["low"] <= bins["mean_score"]).all()
    assert (bins["mean_score"] <= bins["high"]).all()
    assert (bins["chance_lower"] <= bins["chance_upper"]).all()


def test_nothing_depends_on_the_number_of_threads_or_the_order_of_rows(boxes):
    once = boxes.calibration(by="light", threads=1, **FEW).df
    assert once.equals(boxes.calibration(by="light", threads=3, **FEW).df)
    assert boxes.calibration(threads=1, **FEW).df.equals(boxes.calibration(threads=3, **FEW).df)


def test_a_saved_evaluation_gives_the_same_numbers(boxes, tmp_path):
    opened = cf.open(boxes.save(tmp_path / "run"))
    assert opened.calibration(by="light", **FEW).df.equals(boxes.calibration(by="light", **FEW).df)


def test_without_predictions_everything_is_null():
    box = pl.DataFrame({"image_id": [1], "category_id": [1], "bbox": [[0.0, 0.0, 5.0, 5.0]]})
    nothing = box.clear().with_columns(score=pl.Series([], dtype=pl.Float64))
    evaluation = cf.evaluate(cf.from_frames(ground_truth=box, predictions=nothing, box_format="xywh"))
    table = evaluation.calibration(**FEW)
    assert table.df["estimate"].null_count() == len(table) > 0
    assert set(table.df["support"]) == {0}
    assert table.reliability().df.is_empty()
    assert evaluation.calibration(by="category", **FEW).df.is_empty()
    assert table.reliability().df.columns[:3] == ["bin", "low", "high"]


def test_one_image_has_no_interval_but_a_band():
    table = cf.evaluate(cf.from_labels([1], [1], scores=[0.8], labels=[0, 1])).calibration(**FEW)
    row = one(table, measure="ece")
    assert (row["estimate"], row["lower"], row["upper"]) == (pytest.approx(0.2), None, None)
    assert row["chance_upper"] == pytest.approx(0.8)
    assert row["beyond_chance"] is False


def test_no_replicates_and_no_worlds_leave_estimates():
    table = cf.evaluate(classified(3)).calibration(replicates=0, worlds=0)
    row = one(table, measure="ece")
    assert row["estimate"] > 0
    assert {row[name] for name in ("lower", "upper", "chance", "beyond_chance")} == {None}


def test_questions_without_an_answer_are_refused(boxes, probable):
    with pytest.raises(QueryError, match="known of ground truth only"):
        boxes.calibration(by="pose", **FEW) if "pose" in boxes.attribute_columns else _by_pose()
    with pytest.raises(QueryError, match="have no scores"):
        cf.evaluate(cf.from_labels([0, 1], [0, 1])).calibration()
    with pytest.raises(QueryError, match="no measure 'ecc'"):
        boxes.calibration(measures=["ecc"])
    with pytest.raises(QueryError, match="have no 'laece'"):
        probable[2].calibration(measures=["laece"])
    with pytest.raises(QueryError, match="those of boxes"):
        probable[2].calibration(dimensions=["x"])
    with pytest.raises(QueryError, match="width and height of every image"):
        cf.evaluate(detections(1, known_sizes=False)).calibration(dimensions=["x"])
    with pytest.raises(PolicyError, match="closed must be"):
        boxes.calibration(closed="both")
    with pytest.raises(QueryError, match="not asked for"):
        boxes.calibration(measures=["ece"], **FEW).value("brier")


def _by_pose():
    data = detections(1)
    poses = ["left", "right"] * len(data.ground_truth)
    from dataclasses import replace

    truth = data.ground_truth.with_columns(pose=pl.Series(poses[: len(data.ground_truth)]))
    cf.evaluate(replace(data, ground_truth=truth)).calibration(by="pose", **FEW)


def test_the_method_and_the_function_are_one(boxes):
    point = OperatingPoint.of(boxes.evidence)
    assert calibration(point, **FEW).df.equals(boxes.calibration(**FEW).df)
