"""Bootstrap replicates are the metric on images repeated as their weights say, and nothing else."""

import numpy as np
import polars as pl
import pytest

from cvfail.errors import QueryError
from cvfail.evaluation import evaluate
from cvfail.evidence.making import make_evidence
from cvfail.matching.policy import Policy
from cvfail.metrics.average_precision import average_precision, replicate_precision
from cvfail.metrics.coco_summary import coco_summary
from cvfail.metrics.precision_recall import precision_recall
from cvfail.statistics.bootstrap import poisson_weights
from tests.scenes import detection, random_records


def distinct_scores(seed, images=8):
    ids, categories, annotations, detections = random_records(seed, images=images)
    scores = np.random.default_rng(seed).random(len(detections))
    return ids, categories, annotations, [{**d, "score": s} for d, s in zip(detections, scores, strict=True)]


def repeated(records, weights):
    """The records with every image as often as its weight says."""
    ids, categories, annotations, detections = records
    copies = [(image, n) for code, image in enumerate(sorted(ids)) for n in range(weights[code])]
    new_id = {copy: number for number, copy in enumerate(copies)}

    def spread(rows):
        return [{**r, "image_id": new_id[copy]} for copy in copies for r in rows if r["image_id"] == copy[0]]

    return list(new_id.values()), categories, spread(annotations), spread(detections)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("area", ["all", "small"])
def test_a_replicate_equals_the_metric_on_repeated_images(seed, area):
    records = distinct_scores(seed)
    evidence = make_evidence(detection(*records), Policy())
    replicates = replicate_precision(evidence, replicates=5, seed=11)
    place = list(evidence.policy.area_ranges).index(area)
    weights = poisson_weights(sorted(records[0]), 5, seed=11)
    for b in range(5):
        expected = precision_recall(
            make_evidence(detection(*repeated(records, weights[b])), Policy()), area=area
        )
        np.testing.assert_allclose(
            replicates.average_precision[:, place, :, b], expected.average_precision, atol=1e-12
        )
        np.testing.assert_allclose(replicates.recall[:, place, :, b], expected.recall, atol=1e-12)


def test_intervals_contain_the_estimate_on_many_images_and_shrink_with_more():
    few, many = (
        coco_summary(
            make_evidence(detection(*distinct_scores(1, images=n)), Policy()), replicates=100
        ).df.row(1, named=True)
        for n in (40, 640)
    )
    for row in (few, many):
        assert row["lower"] <= row["estimate"] <= row["upper"]
    assert (many["upper"] - many["lower"]) < 0.5 * (few["upper"] - few["lower"])


def test_images_of_one_cluster_weigh_the_same():
    data = detection(*distinct_scores(2))
    one = data.images.with_columns(cluster_id=data.images["image_id"].first())
    clustered = type(data)(
        task="detection",
        images=one,
        categories=data.categories,
        ground_truth=data.ground_truth,
        predictions=data.predictions,
    )
    replicates = replicate_precision(
        make_evidence(clustered, Policy()), replicates=50, seed=3
    ).average_precision[:, 0]
    drawn = replicates[:, :, ~np.isnan(replicates[0, 0])]
    np.testing.assert_allclose(drawn, np.broadcast_to(drawn[:, :, :1], drawn.shape))


def test_without_replicates_bounds_are_null_not_zero():
    evidence = make_evidence(detection(*distinct_scores(3)), Policy())
    assert coco_summary(evidence, replicates=0).df["lower"].null_count() == 12
    assert average_precision(evidence, replicates=0).df["ap_lower"].null_count() == 3


def test_a_ladder_without_the_usual_thresholds_leaves_them_null():
    evidence = make_evidence(detection(*distinct_scores(4)), Policy(iou_thresholds=(0.3, 0.6), iou=0.3))
    summary = coco_summary(evidence, replicates=0).df
    assert summary.filter(summary["iou"].is_not_null())["estimate"].to_list() == [None, None]
    assert average_precision(evidence, replicates=0).df["ap50"].null_count() == 3


def test_per_class_values_average_to_the_summary():
    evidence = make_evidence(detection(*distinct_scores(5)), Policy())
    table, summary = average_precision(evidence, replicates=0).df, coco_summary(evidence, replicates=0).df
    assert table["ap"].mean() == pytest.approx(summary["estimate"][0])
    assert table["ap50"].mean() == pytest.approx(summary["estimate"][1])


def test_zero_images_answer_with_nulls():
    evaluation = evaluate(detection([], [], [], []))
    assert evaluation.coco_summary(replicates=3).df["estimate"].null_count() == 12
    assert evaluation.average_precision().df.is_empty()


def test_classification_has_no_coco_summary():
    evidence = make_evidence(detection([], [], [], []), Policy())
    evidence.task = "classification"
    with pytest.raises(QueryError, match="for detection"):
        coco_summary(evidence)


@pytest.mark.parametrize("by", [["light"], ["light", "speed"]])
def test_a_level_has_the_numbers_of_its_images_alone(by):
    records = distinct_scores(6, images=24)
    columns = {"light": ["day", "night", None] * 8, "speed": [1, 2, 3, 4] * 6}
    whole = evaluate(detection(*records, **columns))
    table = whole.average_precision(by=by, replicates=3).df
    _, categories, annotations, detections = records
    levels = whole.images.select("image_id", *by).with_columns(pl.col(by).cast(pl.String))
    for key, part in table.partition_by(by, as_dict=True, maintain_order=True).items():
        match = pl.all_horizontal(
            pl.col(n).eq_missing(pl.lit(v, pl.String)) for n, v in zip(by, key, strict=True)
        )
        inside = levels.filter(match)["image_id"].to_list()
        alone = detection(
            inside,
            categories,
            [a for a in annotations if a["image_id"] in inside],
            [d for d in detections if d["image_id"] in inside],
        )
        expected = evaluate(alone).average_precision(replicates=0).df
        columns = [name for name in expected.columns if name not in {"ap_lower", "ap_upper"}]
        assert part.select(columns).equals(expected.select(columns))
        assert (part["ap_lower"].drop_nulls() <= part["ap_upper"].drop_nulls()).all()
    assert table["support"].sum() == whole.average_precision(replicates=0).df["support"].sum()


def test_average_precision_is_by_attributes_of_images_only():
    with pytest.raises(QueryError, match="'size' is not an attribute of the images"):
        evaluate(detection(*distinct_scores(1))).average_precision(by="size")


def test_replicates_are_the_same_however_many_are_made_at_once(monkeypatch):
    evidence = make_evidence(detection(*random_records(3, images=20)), Policy())
    tables = []
    for number in (1, 7, 100):
        monkeypatch.setattr("cvfail.metrics.average_precision._AT_ONCE", number)
        tables.append(average_precision(evidence, replicates=30).df)
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])
