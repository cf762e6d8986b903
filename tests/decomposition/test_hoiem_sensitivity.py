"""Sensitivity to characteristics: six objects by hand, a plain twin, and levels that do not depend on frequency."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cvfail as cf
from cvfail.decomposition.groups import MEAN
from cvfail.decomposition.hoiem_sensitivity import hoiem_sensitivity
from cvfail.decomposition.object_levels import BINS, bins_by_rank, levels_of
from cvfail.errors import QueryError
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.io.labels import from_labels
from cvfail.matching.policy import Policy
from tests.decomposition.plain_hoiem import plain_bin, plain_normalised_precision
from tests.scenes import detection, random_records

SEEDS = st.integers(0, 10_000)
POSE = ("far", "near", None)


def made(records, pose=POSE, **columns):
    data = detection(*records, **columns)
    values = pl.Series("pose", [pose[i % len(pose)] for i in range(len(data.ground_truth))], dtype=pl.String)
    return make_evidence(replace(data, ground_truth=data.ground_truth.with_columns(values)), Policy())


def asked(evidence, *, iou=0.5, **options):
    return hoiem_sensitivity(OperatingPoint.of(evidence, iou=iou), **options)


def six_cats():
    """Three sitting cats, all found; three that run, one found below two false positives."""
    boxes = [[x, 0, 10, 10] for x in range(0, 240, 40)]
    found = [(0.9, boxes[0]), (0.8, [500, 0, 10, 10]), (0.7, boxes[1]), (0.6, boxes[2])]
    found += [(0.5, [600, 0, 10, 10]), (0.4, boxes[3])]
    return cf.from_frames(
        ground_truth={
            "image_id": [1, 1, 2, 1, 1, 2],
            "category_id": ["cat"] * 6,
            "bbox": boxes,
            "pose": ["sits"] * 3 + ["runs"] * 3,
        },
        predictions={
            "image_id": [1, 1, 1, 2, 1, 1],
            "category_id": ["cat"] * 6,
            "score": [score for score, _ in found],
            "bbox": [box for _, box in found],
        },
        images={"image_id": [1, 2]},
        box_format="xywh",
    )


def test_six_objects_by_hand():
    """N = 3 and three objects a level, so that a true positive counts once.

    Those that sit stand at 1/1, 2/3 and 3/4, interpolated 1, 3/4, 3/4; the one that runs at 1/3, the others at 0.
    """
    told = cf.evaluate(six_cats()).hoiem_sensitivity(characteristics=["pose"], positives=3, min_support=1)
    levels = told.levels.df.filter(category="cat").select("level", "ap_n", "support").rows()
    assert levels == [("runs", pytest.approx(1 / 9), 3), ("sits", pytest.approx(5 / 6), 3)]
    row = told.df.row(0, named=True)
    overall = sum(n / 2 / (n / 2 + wrong) for n, wrong in [(1, 0), (3, 1), (3, 1), (4, 2)]) / 6
    assert row["overall"] == pytest.approx(overall)
    assert (row["lowest_level"], row["highest_level"], row["levels"]) == ("runs", "sits", 2)
    assert row["sensitivity"] == pytest.approx(5 / 6 - 1 / 9)
    assert row["impact"] == pytest.approx(5 / 6 - overall)
    mean = told.df.row(1, named=True)
    assert (mean["category"], mean["category_id"], mean["lowest_level"]) == (MEAN, None, None)
    assert [mean[name] for name in ("overall", "sensitivity", "support")] == [
        row[name] for name in ("overall", "sensitivity", "support")
    ]


def test_the_constant_is_fifteen_percent_of_the_images_if_nothing_is_said():
    evidence = made(random_records(5, images=40))
    assert asked(evidence).df.equals(asked(evidence, positives=6.0).df)
    assert not asked(evidence).df.equals(asked(evidence, positives=7.0).df)


def plain_levels(point, levels, constant):
    """Normalised AP of each class and level from lists, and overall under the level ''."""
    coding, regular = point.evidence.coding, point.evidence.regular()
    owner = {int(row): g for g, row in enumerate(point.partner) if row >= 0}
    answer = {}
    for code in np.unique(coding.truth_category[regular]).tolist():
        own = [g for g in np.flatnonzero(regular).tolist() if coding.truth_category[g] == code]
        rows = [row for row in point.evidence.score_order.tolist() if coding.category[row] == code]
        for level in {"", *(levels[g] for g in own)}:
            inside = [g for g in own if level in ("", levels[g])]
            outcomes = [
                (point.scores[row], bool(point.correct[row]))
                for row in rows
                if point.wrong[row] or (point.correct[row] and owner[row] in inside)
            ]
            values = plain_normalised_precision(outcomes, len(inside), constant)
            answer[code, level] = (sum(values) / len(inside), len(inside))
    return answer


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, name=st.sampled_from(["pose", *BINS]), iou=st.sampled_from([0.5, 0.75]))
def test_it_equals_the_plain_twin(seed, name, iou):
    evidence = made(random_records(seed))
    told = asked(evidence, characteristics=[name], iou=iou, min_support=2)
    levels = levels_of(evidence, name).cast(pl.String).to_list()
    point = OperatingPoint.of(evidence, iou=iou, score=-np.inf)
    expected = plain_levels(point, levels, 0.15 * len(evidence.images))
    names = evidence.category_names
    known = {
        (names.index(row["category"]), row["level"]): (pytest.approx(row["ap_n"], abs=1e-12), row["support"])
        for row in told.levels.df.filter(pl.col("category") != MEAN).to_dicts()
    }
    assert known == {key: value for key, value in expected.items() if key[1] != ""}
    for row in told.df.filter(pl.col("category") != MEAN).to_dicts():
        code = names.index(row["category"])
        assert row["overall"] == pytest.approx(expected[code, ""][0], abs=1e-12)
        enough = [
            value
            for (own, level), (value, n) in expected.items()
            if own == code and level not in ("", None) and n >= 2
        ]
        assert row["levels"] == len(enough)
        assert row["highest"] == (pytest.approx(max(enough), abs=1e-12) if enough else None)
        gap = max(enough) - min(enough) if len(enough) > 1 else None
        assert row["sensitivity"] == (None if gap is None else pytest.approx(gap, abs=1e-12))


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_the_last_rows_are_means_over_the_classes(seed):
    told = asked(made(random_records(seed)), min_support=1)
    for frame, keys, values in (
        (told.df, ["characteristic"], ["overall", "lowest", "highest", "sensitivity", "impact"]),
        (told.levels.df, ["characteristic", "level"], ["ap_n"]),
    ):
        classes, means = frame.filter(pl.col("category") != MEAN), frame.filter(category=MEAN)
        expected = classes.group_by(keys).agg(pl.col(values).mean(), pl.col("support").sum()).sort(keys)
        found = means.select(*keys, *values, "support").sort(keys)
        for name in (*values, "support"):
            assert found.filter(pl.col("support") > 0)[name].to_list() == [
                None if value is None else pytest.approx(value, abs=1e-12) for value in expected[name]
            ]


def test_how_frequent_a_level_is_does_not_matter():
    """A second picture with the cats that sit, found with the same scores, doubles them and changes nothing."""
    base = six_cats()
    sits, found = base.ground_truth.filter(pose="sits"), base.predictions.filter(pl.col("x") < 100)
    assert len(sits) == len(found) == 3
    again = pl.col("image_id") + 10
    twice = replace(
        base,
        images=pl.concat(
            [base.images, base.images.with_columns(again, cluster_id=pl.col("cluster_id") + 10)]
        ),
        ground_truth=pl.concat(
            [base.ground_truth, sits.with_columns(again, ground_truth_id=pl.col("ground_truth_id") + 10)]
        ),
        predictions=pl.concat(
            [base.predictions, found.with_columns(again, prediction_id=pl.col("prediction_id") + 10)]
        ),
    )
    options = {"characteristics": ["pose"], "positives": 3, "min_support": 1}
    levels = [cf.evaluate(data).hoiem_sensitivity(**options).levels.df for data in (base, twice)]
    assert levels[1]["support"].to_list() == [3, 6, 3, 6]
    assert levels[0]["ap_n"].to_list() == pytest.approx(levels[1]["ap_n"].to_list(), abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.integers(0, 12), min_size=1, max_size=40), seed=SEEDS)
def test_bins_by_rank_equal_the_plain_ones_in_every_class(values, seed):
    rng = np.random.default_rng(seed)
    classes, counts = rng.integers(0, 3, len(values)).astype(np.int32), rng.random(len(values)) < 0.8
    bins = bins_by_rank(np.array(values, np.float64), classes, counts)
    for place, value in enumerate(values):
        peers = [v for v, c, n in zip(values, classes, counts, strict=True) if n and c == classes[place]]
        assert bins[place] == (plain_bin(value, peers) if counts[place] else 0)


def test_boxes_without_height_have_no_shape():
    boxes = [[0, 0, 10, 10], [20, 0, 10, 0]]
    truth = {"image_id": [1, 1], "category_id": [1, 1], "bbox": boxes}
    found = {"image_id": [1], "category_id": [1], "bbox": [boxes[0]], "score": [0.5]}
    evidence = cf.evaluate(cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh")).evidence
    assert levels_of(evidence, "aspect_percentile").to_list()[1] is None
    assert levels_of(evidence, "area_percentile").null_count() == 0


def test_every_attribute_of_the_objects_is_asked_for_if_nothing_is_said():
    evidence = made(random_records(8, images=30), light=["day", "night"] * 15)
    assert asked(evidence).df["characteristic"].unique(maintain_order=True).to_list() == [*BINS, "pose"]
    assert "light" in asked(evidence, characteristics=["light"]).df["characteristic"].to_list()


def test_intervals_of_levels_hold_their_estimate():
    levels = asked(made(random_records(11, images=60))).levels.df.filter(pl.col("support") >= 10)
    inside = levels.filter(pl.col("ap_n").is_between(0.01, 0.99))
    assert len(inside) > 10
    assert (inside["ap_n_lower"] < inside["ap_n"]).all()
    assert (inside["ap_n"] < inside["ap_n_upper"]).all()


def test_saved_in_blocks_it_is_the_same(tmp_path):
    evidence = made(random_records(7, images=24))
    stored = open_evidence(save_evidence(evidence, tmp_path / "run", block_rows=7))
    assert asked(stored, min_support=1).df.equals(asked(evidence, min_support=1).df)
    assert asked(stored).levels.df.equals(asked(evidence).levels.df)


def test_levels_with_too_few_objects_are_shown_but_not_compared():
    told = cf.evaluate(six_cats()).hoiem_sensitivity(characteristics=["pose"], min_support=4)
    row = told.df.row(0, named=True)
    assert (row["levels"], row["lowest"], row["sensitivity"], row["impact"]) == (0, None, None, None)
    assert len(told.levels.df.filter(category="cat")) == 2


@pytest.mark.parametrize("records", [([], [], [], []), ([1], [1], [], [])])
def test_nothing_at_all_is_null(records):
    told = asked(made(records))
    assert told.df.select("category", "overall", "sensitivity", "support").unique().rows() == [
        (MEAN, None, None, 0)
    ]
    assert told.levels.df["ap_n"].null_count() == len(told.levels.df)


def test_what_has_no_meaning_is_refused():
    evidence = made(random_records(3))
    with pytest.raises(QueryError, match="'colour' is not an attribute"):
        asked(evidence, characteristics=["colour"])
    with pytest.raises(QueryError, match="above 0; found 0"):
        asked(evidence, positives=0)
    with pytest.raises(QueryError, match="for detection"):
        asked(make_evidence(from_labels(["a"], ["a"]), Policy()))
