"""Every question searches the units and errors that the tables at the operating point say."""

import dataclasses

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import cvfail as cf
from cvfail.errors import QueryError
from cvfail.evaluation import Evaluation
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from tests.scenes import detection
from tests.slices.plain_units import (
    COLUMN_TARGETS,
    OBJECT_TARGETS,
    PREDICTION_TARGETS,
    evaluation,
    of_slice,
    plain_units,
    scene,
)

TARGETS = (*OBJECT_TARGETS, *PREDICTION_TARGETS, *COLUMN_TARGETS)
OBJECT = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 20, 20]}


@pytest.fixture(scope="module")
def in_memory():
    return evaluation()


@pytest.fixture(scope="module")
def stored(in_memory, tmp_path_factory):
    folder = save_evidence(in_memory.evidence, tmp_path_factory.mktemp("blocks") / "run", block_rows=150)
    opened = Evaluation(open_evidence(folder))
    assert opened.evidence.block_count >= 5
    return opened


@pytest.mark.parametrize("target", TARGETS)
def test_slices_hold_the_units_and_errors_of_the_tables(in_memory, target):
    found = in_memory.find_slices(target, objective="excess", min_support=2, top=40, max_order=2)
    table, units = plain_units(in_memory, target)
    index = "prediction_index" if table == "predictions" else "ground_truth_index"
    assert f" {len(units)} units" in found.caption
    assert len(found) >= 4
    for row in found.df.iter_rows(named=True):
        own = of_slice(units, row["slice"])
        assert (row["support"], row["errors"]) == (len(own), own["error"].sum())
        assert row["rate"] == pytest.approx(own["error"].mean())
        rest = units.join(own, on=index, how="anti")
        assert row["rest_rate"] == (pytest.approx(rest["error"].mean()) if len(rest) else None)
        given = found.rows(row["rank"])
        assert given.equals(own.select(given.columns))
        assert {"outcome", index} <= set(given.columns)


@pytest.mark.parametrize(("target", "confirm"), [*((one, False) for one in TARGETS), ("recall", True)])
def test_many_blocks_find_what_is_found_in_memory(in_memory, stored, target, confirm):
    options = {"objective": "excess", "min_support": 4, "top": 3, "max_order": 2, "confirm": confirm}
    one, many = (source.find_slices(target, **options) for source in (in_memory, stored))
    assert_frame_equal(one.df, many.df)
    assert (one.caption, one.dropped) == (many.caption, many.dropped)
    assert_frame_equal(one.rows(1), many.rows(1))


@pytest.mark.parametrize("target", ["recall", "precision"])
def test_risk_adds_up_the_costs_of_the_same_table(in_memory, stored, target):
    _, units = plain_units(in_memory, target)
    found = in_memory.find_slices(target, weight="cost", objective="risk", min_support=5, top=20)
    rate = (units["error"] * units["cost"]).sum() / units["cost"].sum()
    assert len(found) >= 4
    for row in found.df.iter_rows(named=True):
        own = of_slice(units, row["slice"])
        lost = (own["error"] * own["cost"]).sum()
        assert row["errors"] == pytest.approx(lost)
        assert row["score"] == pytest.approx(lost - rate * own["cost"].sum())
    again = stored.find_slices(target, weight="cost", objective="risk", min_support=5, top=20)
    assert_frame_equal(again.df, found.df)


def test_another_operating_point_has_other_units(in_memory):
    strict = in_memory.find_slices("precision", iou=0.75, score=0.5, attributes=["light"], min_support=1)
    moved = in_memory.at(iou=0.75, score=0.5)
    _, units = plain_units(moved, "precision")
    assert strict.df["errors"].to_list() == [
        of_slice(units, text)["error"].sum() for text in strict.df["slice"]
    ]
    assert "0.75" in strict.caption
    assert "0.5" in strict.caption


def test_precision_leaves_out_what_only_ground_truth_has_and_says_so(in_memory):
    found = in_memory.find_slices("precision", attributes=["light", "occlusion", "size"], min_support=2)
    assert [str(dropped) for dropped in found.dropped] == ["occlusion (predictions do not have it)"]
    assert "left out: occlusion (predictions do not have it)" in found.caption
    assert not any("occlusion" in text for text in found.df["slice"])
    assert "occlusion" not in {one.attribute for one in in_memory.find_slices("recall").dropped}


def test_a_column_is_not_explained_by_itself_or_by_its_cost(in_memory):
    found = in_memory.find_slices(
        "damage", weight="cost", objective="risk", min_support=2, top=100, max_order=1
    )
    named = {text.split("=")[0] for text in found.df["slice"]} | {one.attribute for one in found.dropped}
    assert not named & {"damage", "cost"}
    assert {"light", "occlusion"} <= named


def test_a_confusion_is_of_one_class_which_explains_nothing(in_memory):
    found = in_memory.find_slices("class 5→class 2", min_support=2)
    assert "category (one value only)" in [str(one) for one in found.dropped]
    assert found.caption.startswith("class 5→class 2; ")


def test_a_confirmed_search_splits_by_the_ids_of_clusters_and_counts_what_it_confirms(in_memory):
    options = {"attributes": ["light", "occlusion", "size"], "confirm": True, "min_support": 4, "top": 5}
    found = in_memory.find_slices("recall", **options)
    assert found.tested == len(found)
    assert f"m = {len(found)} slices to confirm" in found.caption
    data = scene()
    more = dataclasses.replace(
        data,
        images=pl.concat(
            [data.images, data.images.tail(1).with_columns(image_id=pl.lit(0), cluster_id=pl.lit("a first"))],
            how="vertical_relaxed",
        ),
    )
    again = cf.evaluate(more, cf.Policy(score=0.2)).find_slices("recall", **options)
    assert again.df["support"].equals(found.df["support"])


def test_effects_are_clustered_by_the_cluster_of_the_image(in_memory):
    found = in_memory.find_slices("recall", attributes=["light", "occlusion"], min_support=1, top=3)
    clusters = in_memory.images.select("image_id", "cluster_id")
    for row in found.df.iter_rows(named=True):
        held = found.rows(row["rank"]).join(clusters, on="image_id", how="left")
        assert row["clusters"] == held["cluster_id"].n_unique()


def test_a_null_run_says_so_and_gives_rows(stored):
    found = stored.find_slices("precision", attributes=["light", "occlusion"], min_support=2).null_run(seed=1)
    assert found.caption.startswith("Null run, errors dealt out with seed 1: false positives; ")
    assert [one.attribute for one in found.dropped] == ["occlusion"]
    for rank in found.df["rank"]:
        assert found.rows(rank).height == found.df["support"][rank - 1]


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("nothing", {}, "no target 'nothing'. Hint: one of recall, precision"),
        ("class 5→nothing", {}, "'nothing' is not a class. Hint: one of class 2"),
        ("class 5→class 5", {}, "is no confusion"),
        ("(background)→(background)", {}, "is no confusion"),
        ("note", {}, "'note' holds String"),
        ("recall", {"weight": "flicker"}, "no column 'flicker' in ground_truth"),
        ("recall", {"weight": "note"}, "'note' holds String"),
        ("recall", {"weight": "damage"}, r"'damage' of ground_truth must be a number >= 0; row \d+ has None"),
        ("debt", {}, r"debt of ground truth must be a number >= 0; row \d+ has -1.0"),
        ("recall", {"objective": "risk"}, "needs weights"),
        ("recall", {"attributes": ["lihgt"]}, "'lihgt' is not an attribute"),
        ("recall", {"objective": "luck"}, "objective must be"),
    ],
)
def test_what_has_no_meaning_is_refused_by_name(target, options, message):
    data = scene(images=20)
    truth = data.ground_truth.with_columns(note=pl.lit("a"), debt=pl.lit(-1.0))
    with pytest.raises(QueryError, match=message):
        cf.evaluate(dataclasses.replace(data, ground_truth=truth)).find_slices(target, **options)


@pytest.mark.parametrize("target", ["recall", "precision", "class 1→class 2", "(background)→class 1"])
@pytest.mark.parametrize(
    "records",
    [
        ([], [], []),
        ([1, 2], [], []),
        ([1], [OBJECT], [{**OBJECT, "score": 0.9}]),
        ([1, 2], [OBJECT] * 40, []),
        ([1, 2], [], [{**OBJECT, "score": 0.9}] * 40),
    ],
    ids=["nothing", "no objects", "one image", "no predictions", "no ground truth"],
)
@pytest.mark.parametrize("options", [{}, {"confirm": True}, {"statistics": False, "attributes": []}])
def test_empty_tables_and_single_images_have_an_answer(tmp_path, target, records, options):
    images, truths, found = records
    light = pl.Series((["day", "night"] * len(images))[: len(images)], dtype=pl.String)
    data = detection(images, [1, 2, 5, 9], truths, found, light=light)
    whole = cf.evaluate(data)
    saved = Evaluation(open_evidence(save_evidence(whole.evidence, tmp_path / "run", block_rows=1)))
    for source in (whole, saved):
        search = source.find_slices(target, min_support=1, **options)
        assert len(search.null_run(seed=2)) >= 0
        assert search.df.columns == whole.find_slices(target, min_support=1, **options).df.columns
        assert all(search.rows(rank).height for rank in search.df["rank"]) or options.get("confirm")


@pytest.mark.parametrize("score", [1.1, 0.0])
def test_all_errors_or_none_leave_nothing_in_excess(score):
    truths = [{**OBJECT, "image_id": k} for k in range(80)]
    data = detection(
        range(80), [1], truths, [{**one, "score": 0.9} for one in truths], light=["day", "night"] * 40
    )
    found = cf.evaluate(data).find_slices("recall", score=score, objective="excess", min_support=1)
    assert len(found) == 0


def test_constant_and_almost_unique_attributes_are_left_out_by_name():
    data = scene(images=60)
    images = data.images.with_columns(site=pl.lit("a"), file=pl.col("image_id").cast(pl.String))
    found = cf.evaluate(dataclasses.replace(data, images=images)).find_slices(
        "recall", attributes=["light", "site", "file"], min_support=2
    )
    assert {one.attribute for one in found.dropped} >= {"site"}
    assert all("light" in text for text in found.df["slice"] if "file" not in text)
    default = cf.evaluate(dataclasses.replace(data, images=images)).find_slices("recall")
    assert not any("site" in text or "file" in text for text in default.df["slice"])


def test_a_classifier_is_asked_about_its_labels():
    truth, predicted = ["a", "a", "b", "b", "c"] * 30, ["a", "b", "b", "c", "c"] * 30
    data = cf.from_labels(truth, predicted)
    images = data.images.with_columns(light=pl.Series(["day", "night", "night", "day", "day"] * 30))
    classified = cf.evaluate(dataclasses.replace(data, images=images))
    found = classified.find_slices("recall", attributes=["light", "category"], min_support=5)
    assert found.df.select("slice", "support", "errors").head(2).rows() == [
        ("light=day & category=b", 30, 30.0),
        ("light=night & category=a", 30, 30.0),
    ]
    confused = classified.find_slices("b→c", attributes=["light"], min_support=5)
    assert confused.df.select("slice", "support", "errors").rows() == [("light=day", 30, 30.0)]
