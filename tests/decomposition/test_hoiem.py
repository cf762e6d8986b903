"""Hoiem's categories: an example by hand, a plain twin, groups that are sub-datasets, and what is undefined."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cvfail as cf
from cvfail.decomposition.groups import MEAN
from cvfail.decomposition.hoiem import hoiem
from cvfail.decomposition.hoiem_types import HOIEM_TYPES
from cvfail.errors import QueryError
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.io.labels import from_labels
from cvfail.matching.policy import Policy
from tests.decomposition.plain_hoiem import plain_gains, plain_types
from tests.scenes import detection, random_records

SEEDS = st.integers(0, 10_000)
LIGHT = ["day", "night", None, "day", "night", "day"]
ALIKE = [["class 2", "class 5"]]
"""Names that may be missing in a scene."""


def made(records, **columns):
    return make_evidence(detection(*records, **columns), Policy())


def asked(evidence, *, score=0.0, iou=0.5, **options):
    return hoiem(OperatingPoint.of(evidence, iou=iou, score=score), **options)


def alike_in(evidence):
    """The groups of `ALIKE` that the evidence has, as names and as codes."""
    names = evidence.category_names
    known = [group for group in ALIKE if set(group) <= set(names)]
    return known, {frozenset(map(names.index, group)) for group in known}


def by_hand(**categories):
    """A cat found after one false positive of each kind that can stand before it, and three after it."""
    objects = [("cat", [0, 0, 10, 10]), ("cat", [300, 0, 10, 10])]
    objects += [("dog", [100, 0, 10, 10]), ("car", [200, 0, 10, 10])]
    found = [
        (0.9, [100, 0, 10, 10]),  # on the dog
        (0.8, [300, 0, 10, 4]),  # .4 of the second cat
        (0.7, [0, 0, 10, 10]),  # right
        (0.6, [0, 0, 10, 9]),  # the same cat again
        (0.5, [200, 0, 10, 5]),  # half of the car
        (0.4, [500, 0, 10, 10]),  # nothing
    ]
    data = cf.from_frames(
        ground_truth={
            "image_id": [1] * 4,
            "category_id": [name for name, _ in objects],
            "bbox": [box for _, box in objects],
        },
        predictions={
            "image_id": [1] * 6,
            "category_id": ["cat"] * 6,
            "score": [score for score, _ in found],
            "bbox": [box for _, box in found],
        },
        categories=pl.DataFrame(
            {"category_id": ["car", "cat", "dog"], "name": ["car", "cat", "dog"]} | categories
        ),
        box_format="xywh",
    )
    return cf.evaluate(data)


def test_six_false_positives_by_hand():
    table = by_hand().hoiem(similar=[("cat", "dog")], score=0.0).df
    cat = table.filter(category="cat")
    assert cat["error_type"].to_list() == list(HOIEM_TYPES)
    assert cat["count"].to_list() == [2, 1, 1, 1]
    assert cat["share"].to_list() == [0.4, 0.2, 0.2, 0.2]
    assert cat["top_count"].to_list() == [1, 1, 0, 0], "two cats, so the first two: the dog and the poor box"
    assert cat["top_share"].to_list() == [0.5, 0.5, 0.0, 0.0]
    ap, half = 51 / 101 / 3, 51 / 101 / 2
    assert cat["ap"].to_list() == pytest.approx([ap] * 4)
    assert cat["delta_ap"].to_list() == pytest.approx([half - ap, half - ap, 0, 0])
    assert cat["delta_ap_corrected"].to_list() == [pytest.approx(2 / 3 - ap), None, None, None]
    assert cat["support"].to_list() == [2] * 4
    mean = table.filter(category=MEAN)
    assert mean["category_id"].to_list() == [None] * 4
    assert mean["ap"].to_list() == pytest.approx([ap / 3] * 4)
    assert mean["delta_ap_corrected"][0] == pytest.approx((2 / 3 - ap) / 3)
    assert mean["count"].to_list() == [2, 1, 1, 1]
    assert mean["support"].to_list() == [4] * 4


def counts(table):
    return dict(table.df.filter(category="cat").select("error_type", "count").rows())


def test_similar_classes_are_those_of_one_supercategory_if_nothing_is_said():
    told = by_hand(supercategory=["vehicle", "animal", "animal"]).hoiem(score=0.0)
    assert counts(told) == counts(by_hand().hoiem(similar=[("cat", "dog")], score=0.0))
    for nothing in (None, "none", ""):
        alone = by_hand(supercategory=pl.Series([nothing] * 3, dtype=pl.String)).hoiem(score=0.0)
        assert counts(alone) == {"localisation": 2, "similar": 0, "other": 2, "background": 1}


def test_a_class_may_be_in_several_groups():
    told = by_hand().hoiem(similar=[("cat", "dog"), ("cat", "car")], score=0.0)
    assert counts(told) == {"localisation": 2, "similar": 2, "other": 0, "background": 1}


def test_counts_stop_at_the_score_and_the_rest_does_not():
    low, high = (by_hand().hoiem(similar=[("cat", "dog")], score=score).df for score in (0.0, 0.55))
    assert high.filter(category="cat")["count"].to_list() == [2, 1, 0, 0]
    rest = pl.exclude("count", "share")
    assert high.select(rest).equals(low.select(rest))


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, score=st.sampled_from([0.0, 0.3]), iou=st.sampled_from([0.5, 0.75]))
def test_it_equals_the_plain_twin(seed, score, iou):
    evidence = made(random_records(seed))
    names, codes = alike_in(evidence)
    table = asked(evidence, score=score, iou=iou, similar=names).df
    point = OperatingPoint.of(evidence, iou=iou, score=-np.inf)
    types = plain_types(point, codes)
    for code, name in enumerate(evidence.category_names):
        rows = table.filter(category=name)
        own = [row for row in types if evidence.coding.category[row] == code]
        shown = [types[row] for row in own if point.scores[row] >= score]
        assert rows["count"].to_list() == [shown.count(kind) for kind in HOIEM_TYPES]
        ranked = [types[row] for row in evidence.score_order.tolist() if row in types and row in own]
        first = ranked[: rows["support"][0]]
        assert rows["top_count"].to_list() == [first.count(kind) for kind in HOIEM_TYPES]
        gains = plain_gains(point, types, code)
        if gains is None:
            assert rows["delta_ap"].null_count() == rows["ap"].null_count() == 4
            continue
        assert rows["ap"][0] == pytest.approx(gains["ap"], abs=1e-12)
        expected = [max(gains[kind] - gains["ap"], 0.0) for kind in HOIEM_TYPES]
        assert rows["delta_ap"].to_list() == pytest.approx(expected, abs=1e-12)
        assert rows["delta_ap_corrected"][0] == pytest.approx(gains["corrected"] - gains["ap"], abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_the_last_rows_are_the_means_of_the_classes(seed):
    table = asked(made(random_records(seed)), score=0.3).df
    for kind in HOIEM_TYPES:
        rows = table.filter(error_type=kind)
        classes, mean = rows.head(-1), rows.row(-1, named=True)
        assert mean["category"] == MEAN
        for name in ("count", "top_count", "support"):
            assert mean[name] == classes[name].sum()
        for name in ("top_share", "delta_ap", "delta_ap_corrected", "ap"):
            expected = classes[name].mean()
            assert mean[name] == (None if expected is None else pytest.approx(expected, abs=1e-12))


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_levels_of_images_are_the_sub_datasets_of_these_images(seed):
    images, categories, annotations, detections = random_records(seed)
    sliced = asked(made((images, categories, annotations, detections), light=LIGHT), by="light", score=0.3)
    for level in ("day", "night"):
        kept = [i for i, light in zip(images, LIGHT, strict=True) if light == level]
        rows = [[r for r in table if r["image_id"] in kept] for table in (annotations, detections)]
        own = sliced.df.filter(light=level).drop("light")
        if len(own):
            alone = asked(made((kept, categories, *rows)), score=0.3)
            assert own.equals(alone.df)
            assert sliced.trend.df.filter(light=level).drop("light").equals(alone.trend.df)


def test_the_trend_ends_where_false_positives_do_and_its_shares_add_up():
    records = random_records(3, images=60)
    evidence = made(records)
    table = asked(evidence)
    trend, types = table.trend.df, plain_types(OperatingPoint.of(evidence, score=-np.inf), set())
    for code, name in enumerate(evidence.category_names):
        ranked = [
            types[row]
            for row in evidence.score_order.tolist()
            if row in types and evidence.coding.category[row] == code
        ]
        rows = trend.filter(category=name)
        assert rows["rank"].to_list() == [rank for rank in (25, 50, 100, 200, 400) if rank <= len(ranked)]
        for row in rows.to_dicts():
            first = ranked[: row["rank"]]
            assert [row[kind] for kind in HOIEM_TYPES] == [
                first.count(kind) / row["rank"] for kind in HOIEM_TYPES
            ]
    assert trend.select(pl.sum_horizontal(HOIEM_TYPES)).to_series().to_list() == pytest.approx(
        [1.0] * len(trend)
    )
    mean = trend.filter(category=MEAN, rank=25)
    assert mean["localisation"].item() == pytest.approx(
        trend.filter((pl.col("rank") == 25) & (pl.col("category") != MEAN))["localisation"].mean()
    )


def test_intervals_come_with_replicates_only():
    evidence = made(random_records(11, images=40))
    plain, sampled = asked(evidence), asked(evidence, replicates=50, seed=3)
    assert plain.df["delta_ap_lower"].null_count() == len(plain.df)
    assert "delta_ap_lower" not in repr(plain)
    row = sampled.df.filter(category=MEAN, error_type="localisation").row(0, named=True)
    assert row["delta_ap_lower"] < row["delta_ap"] < row["delta_ap_upper"]
    assert row["delta_ap_corrected_lower"] < row["delta_ap_corrected"] < row["delta_ap_corrected_upper"]
    shared = pl.exclude("^.*_(lower|upper)$")
    assert sampled.df.select(shared).equals(plain.df.select(shared))


def test_saved_in_blocks_it_is_the_same(tmp_path):
    evidence = made(random_records(7, images=24))
    stored = open_evidence(save_evidence(evidence, tmp_path / "run", block_rows=7))
    for by in ((), "size", {"left": pl.col("x") < 30}):
        assert asked(stored, by=by).df.equals(asked(evidence, by=by).df)


@pytest.mark.parametrize("records", [([], [], [], []), ([1], [1], [], [])])
def test_nothing_at_all_is_zero_counts_and_null_shares(records):
    table = asked(made(records))
    mean = table.df.filter(category=MEAN)
    assert mean["count"].to_list() == mean["support"].to_list() == [0] * 4
    assert mean["delta_ap"].null_count() == mean["share"].null_count() == mean["top_share"].null_count() == 4
    assert len(table.trend) == 0
    assert len(asked(made(records), by="size")) == 0


def test_what_has_no_meaning_is_refused():
    evidence = made(random_records(3))
    with pytest.raises(QueryError, match="'zebra' is not a class"):
        asked(evidence, similar=[("class 2", "zebra")])
    for names in ("class 2", ["class 2", "class 5"]):
        with pytest.raises(QueryError, match="similar takes groups of names"):
            asked(evidence, similar=names)
    with pytest.raises(QueryError, match="for detection"):
        asked(make_evidence(from_labels(["a"], ["a"]), Policy()))
