"""Error types by class, attribute and slice: sub-datasets, plain twins, and groups that add up."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cvfail as cf
from cvfail.decomposition.error_types import error_types
from cvfail.decomposition.groups import grouped
from cvfail.decomposition.replay import Replay
from cvfail.errors import QueryError
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import ERROR_TYPES, OperatingPoint
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.matching.policy import Policy
from cvfail.slices.predicates import Slice
from tests.decomposition.plain_replay import plain_replay
from tests.scenes import detection, random_records

SEEDS = st.integers(0, 10_000)
LIGHT = ["day", "night", None, "day", "night", "day"]
POSE = ("far", "near", None)


def made(seed, records=None):
    """Random records with an attribute of the images and one of the ground truth alone."""
    images, categories, annotations, detections = records or random_records(seed)
    data = detection(images, categories, annotations, detections, light=LIGHT[: len(images)])
    pose = pl.Series("pose", [POSE[i % 3] for i in range(len(annotations))], dtype=pl.String)
    return make_evidence(_with_pose(data, pose), Policy())


def _with_pose(data, pose):
    from dataclasses import replace

    return replace(data, ground_truth=data.ground_truth.with_columns(pose))


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_levels_of_images_are_the_sub_datasets_of_these_images(seed):
    images, categories, annotations, detections = random_records(seed)
    evidence = made(seed)
    table = error_types(evidence, by="light", score=0.3).df
    for level in set(table["light"]):
        kept = [i for i, light in zip(images, LIGHT, strict=True) if light == level]
        alone = make_evidence(
            detection(
                kept,
                categories,
                [a for a in annotations if a["image_id"] in kept],
                [d for d in detections if d["image_id"] in kept],
            ),
            Policy(),
        )
        own = table.filter(pl.col("light").eq_missing(pl.lit(level))).drop("light")
        assert own.equals(error_types(alone, score=0.3).df)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, score=st.sampled_from([0.0, 0.4]))
def test_classes_add_up_to_the_whole_and_their_mean_gain_is_its_gain(seed, score):
    evidence = made(seed)
    whole = error_types(evidence, score=score).df
    table = error_types(evidence, by="category", score=score).df
    for row in whole.to_dicts():
        own = table.filter(error_type=row["error_type"])
        assert own["count"].sum() == row["count"]
        assert own["count_all"].sum() == row["count_all"]
        if row["delta_ap"] is not None:
            assert own["delta_ap"].mean() == pytest.approx(row["delta_ap"], abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, by=st.sampled_from(["size", "pose", "light", ("size", "light"), ("pose", "light")]))
def test_gains_of_any_group_equal_the_plain_twin(seed, by):
    evidence = made(seed)
    point = OperatingPoint.of(evidence, score=-np.inf)
    replay = Replay.of(point)
    groups, _ = grouped(point, replay, by)
    for group in groups:
        own = group.of(replay)
        for code in range(1, len(ERROR_TYPES) + 1):
            change = {
                "repaired": own.kind == code,
                "excused": np.zeros(own.found.size, bool),
                "removed": np.zeros(own.wrong.size, bool),
            }
            expected = plain_replay(point, **change, objects=group.objects, errors=group.errors)
            found = own.average_precision(repaired=change["repaired"])
            assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, by=st.sampled_from(["size", "pose", "light", ("size", "light")]))
def test_in_every_group_all_repaired_and_excused_is_perfect(seed, by):
    point = OperatingPoint.of(made(seed), score=-np.inf)
    replay = Replay.of(point)
    for group in grouped(point, replay, by)[0]:
        own = group.of(replay)
        everything = np.ones(own.wrong.size, bool)
        assert own.average_precision(repaired=everything, excused=own.unfound) in (None, pytest.approx(1.0))


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_every_error_is_in_one_group_but_background_where_only_objects_have_the_attribute(seed):
    evidence = made(seed)
    whole = error_types(evidence, score=0.2).df
    for by, rule in (("light", "exact"), ("size", "own_geometry"), ("pose", "attributed")):
        table = error_types(evidence, by=by, score=0.2).df
        assert set(table["fp_rule"]) <= {rule}
        for row in whole.head(6).to_dicts():
            count = table.filter(error_type=row["error_type"])["count"].sum()
            assert count == (
                0 if rule == "attributed" and row["error_type"] == "background" else row["count"]
            )


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_a_declared_slice_is_the_level_of_the_attribute(seed):
    evidence = made(seed)
    by_level = error_types(evidence, by="light").df.filter(light="night").drop("light")
    for slices in ("light=night", Slice("light=night"), {"dark": pl.col("light") == "night"}):
        table = error_types(evidence, by=slices).df
        assert table["slice"].unique().to_list() == ["dark" if isinstance(slices, dict) else "light=night"]
        if len(by_level):
            assert table.drop("slice").equals(by_level)


def test_the_class_is_combined_with_other_attributes():
    evidence = made(3)
    table = error_types(evidence, by=["category", "light"]).df
    assert table.columns[:3] == ["light", "category", "error_type"]
    by_light = error_types(evidence, by="light").df
    counts = table.group_by("light", "error_type").agg(pl.col("count_all").sum())
    joined = by_light.join(counts, on=["light", "error_type"], nulls_equal=True)
    assert joined["count_all"].equals(joined["count_all_right"].rename("count_all"))


def test_saved_in_blocks_it_is_the_same(tmp_path):
    evidence = made(7)
    stored = open_evidence(save_evidence(evidence, tmp_path / "run", block_rows=7))
    for by in ("light", "size", "pose", "category", {"a": "light=night", "b": pl.col("area") < 1000}):
        assert error_types(stored, by=by).df.equals(error_types(evidence, by=by).df)


def test_what_is_no_group_is_refused():
    evidence = made(3)
    with pytest.raises(QueryError, match="'weather' is not an attribute"):
        error_types(evidence, by=["light", "weather"])
    with pytest.raises(QueryError, match="only predictions have"):
        error_types(evidence, by="score > 0.5")


def test_nothing_at_all_has_no_groups():
    evidence = make_evidence(detection([], [], [], []), Policy())
    assert len(error_types(evidence, by="size")) == 0
    assert len(error_types(evidence, by="category")) == 0


@pytest.mark.parametrize(
    ("question", "name"),
    [("error_types", "share"), ("hoiem", "similar"), ("hoiem", "ap"), ("lrp", "localisation")],
)
def test_an_attribute_called_like_a_column_of_the_answer_is_refused(question, name):
    evaluation = cf.evaluate(detection(*random_records(3), **{name: LIGHT}))
    with pytest.raises(QueryError, match=f"'{name}' is the name of a column of the answer"):
        getattr(evaluation, question)(by=name)
