"""Comparisons as a whole: what must be exactly nothing, signs, orders, refusals, and what has no rows."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cvfail as cf
from cvfail.comparison.answers import COMPARISON_SCHEMA
from cvfail.comparison.comparison import Comparison, compare
from cvfail.errors import PolicyError, QueryError
from cvfail.evaluation import evaluate
from tests.comparison.models import classifiers, shuffled, two_datasets, two_models
from tests.scenes import detection

ASKED = {"by": ("light", "size"), "slices": "score > 0.3", "slice_classes": True, "replicates": 30}


def modes(evaluation):
    return [
        evaluation.failure_mode("missed", "size=small"),
        evaluation.failure_mode("background", "light=night"),
        evaluation.failure_mode("missed"),
    ]


@settings(max_examples=8)
@given(seed=st.integers(0, 500))
def test_a_model_does_not_differ_from_itself_in_anything(seed):
    evaluation = evaluate(two_datasets(seed)[0])
    if not (evaluation.images["light"] == "night").any():
        return
    frame = compare(evaluation.evidence, evaluation.evidence, modes=modes(evaluation), **ASKED).df
    assert set(frame["level"]) == {"overall", "class", "slice", "slice × class", "failure mode"}
    known = frame.filter(pl.col("difference").is_not_null())
    assert (known["difference"] == 0.0).all()
    for name in ("lower", "upper"):
        assert (known[name].drop_nulls() == 0.0).all()
    assert (known["p_value"].drop_nulls() == 1.0).all()
    assert (known["q_value"].drop_nulls() == 1.0).all()
    assert known["detectable"].is_null().all()
    assert frame.filter(pl.col("difference").is_null())["p_value"].is_null().all()


@pytest.mark.parametrize("seed", range(3))
def test_swapping_the_models_flips_every_sign(seed):
    first, second = (evaluate(one) for one in two_datasets(seed, images=14))
    asked = ASKED | {"modes": modes(first)}
    here = compare(first.evidence, second.evidence, **asked).df
    there = compare(second.evidence, first.evidence, **asked).df
    assert here.select("level", "slice", "category", "metric").equals(
        there.select("level", "slice", "category", "metric")
    )
    assert here["baseline"].equals(there["candidate"])
    assert here["difference"].equals((-there["difference"]).alias("difference"))
    for name, other, sign in (("lower", "upper", -1), ("upper", "lower", -1), ("p_value", "p_value", 1)):
        np.testing.assert_allclose(here[name].to_numpy(), sign * there[other].to_numpy(), rtol=0, atol=1e-14)
    assert (here["difference"].drop_nulls() != 0.0).any()


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_images_and_rows_does_not_matter(seed):
    datasets = two_datasets(seed, images=14, ties=False)
    tables = []
    for order in range(2):
        models = [evaluate(shuffled(one, order) if order else one) for one in datasets]
        found = compare(*(one.evidence for one in models), modes=modes(models[0]), **ASKED).df
        tables.append(found)
    assert tables[0].equals(tables[1])


def test_the_number_of_threads_does_not_matter():
    models = two_models(3, images=20)
    one, four = (compare(*models, threads=threads, **ASKED).df for threads in (1, 4))
    assert one.equals(four)


def test_documented_columns_are_the_columns():
    frame = compare(*two_models(1), **ASKED).df
    assert dict(frame.schema) == COMPARISON_SCHEMA
    for name in COMPARISON_SCHEMA:
        assert name in Comparison.__doc__


def test_q_values_are_over_all_candidates_and_rows():
    from cvfail.statistics.multiplicity import benjamini_hochberg

    first, second = two_models(2, images=14)
    table = compare(first, {"a": second, "b": first}, **ASKED)
    assert table.df["model"].unique(maintain_order=True).to_list() == ["a", "b"]
    assert table.df["q_value"].equals(benjamini_hochberg(table.df["p_value"]).alias("q_value"))
    alone = compare(first, second, **ASKED).df
    assert table.df.filter(model="a").drop("model", "q_value").equals(alone.drop("model", "q_value"))
    assert (table.df.filter(model="b")["difference"].drop_nulls() == 0.0).all()
    assert set(table.changed(level=0.5).df["model"]) <= {"a"}


def test_unlike_data_is_refused_with_all_that_differs():
    first, second = two_datasets(5)
    fewer = replace(second, ground_truth=second.ground_truth.head(3))
    with pytest.raises(PolicyError, match=r"the first has .* labels, the second 3"):
        compare(evaluate(first).evidence, evaluate(fewer).evidence)
    other = evaluate(second, cf.Policy(max_detections=(1, 7)))
    renamed = evaluate(replace(first, images=first.images.with_columns(cluster_id=pl.lit(1, dtype=pl.Int64))))
    with pytest.raises(PolicyError, match="max_detections"):
        compare(evaluate(first).evidence, other.evidence)
    with pytest.raises(PolicyError, match="images are of another cluster_id"):
        compare(evaluate(first).evidence, renamed.evidence)
    with pytest.raises(PolicyError, match=r"detection.*classification"):
        compare(evaluate(first).evidence, classifiers(1)[0])


def test_an_attribute_that_differs_is_refused():
    first, second = two_datasets(5)
    flipped = replace(second, images=second.images.with_columns(light=pl.col("light").reverse()))
    with pytest.raises(PolicyError, match="'light=day' has other rows in the candidate"):
        compare(evaluate(first).evidence, evaluate(flipped).evidence, by="light")
    without = evaluate(replace(second, images=second.images.drop("light")))
    with pytest.raises(QueryError, match="light"):
        compare(evaluate(first).evidence, without.evidence, by="light")


def test_an_intersection_is_what_both_have_and_is_said():
    first, second = two_datasets(4, images=12)
    kept = first.images["image_id"].sort()[2:].implode()
    names = ("images", "ground_truth", "predictions")

    def only(data):
        return replace(data, **{n: getattr(data, n).filter(pl.col("image_id").is_in(kept)) for n in names})

    whole, part = evaluate(first).evidence, evaluate(only(second)).evidence
    with pytest.raises(PolicyError, match="2 images are only in the first"):
        compare(whole, part)
    shared = compare(whole, part, intersection=True, replicates=20)
    expected = compare(evaluate(only(first)).evidence, part, replicates=20)
    assert shared.df.equals(expected.df)
    assert "2 images of one model alone left out" in shared.caption
    assert "left out" not in expected.caption


def empty_models(images, truths, *found):
    return [evaluate(detection(images, [1, 2], truths, one)).evidence for one in found]


BOX = {"category_id": 1, "bbox": [0, 0, 10, 10]}


def test_no_images_no_labels_and_no_predictions_have_documented_answers():
    nothing = compare(*empty_models([], [], [], []), replicates=5).df
    assert nothing["baseline"].drop_nulls().is_empty()
    assert nothing["p_value"].is_null().all()
    images = [1, 2, 3]
    found = [{"image_id": i, "score": 0.9, **BOX} for i in images]
    no_labels = compare(*empty_models(images, [], found, found[:1]), replicates=5).metrics.df
    row = {one["metric"]: one for one in no_labels.to_dicts()}
    assert row["recall"]["baseline"] is None
    assert row["precision"]["difference"] == 0
    assert row["false_positives_per_image"]["difference"] == pytest.approx(-2 / 3)
    assert row["ap"]["baseline"] is None
    truths = [{"image_id": i, **BOX} for i in images]
    silent = compare(*empty_models(images, truths, [], found), replicates=5).metrics.df
    row = {one["metric"]: one for one in silent.to_dicts()}
    assert (row["recall"]["baseline"], row["recall"]["candidate"]) == (0.0, 1.0)
    assert row["precision"]["difference"] is None
    assert row["ap"]["difference"] == pytest.approx(1.0)


def test_a_few_images_that_all_agree_prove_little():
    truths = [{"image_id": i, **BOX} for i in range(3)]
    found = [{**one, "score": 0.9} for one in truths]
    rows = compare(*empty_models(range(3), truths, [], found), replicates=50).metrics.df
    assert rows.filter(metric="recall")["p_value"].item() == 0.25
    assert rows.filter(metric="ap")["p_value"].item() == 0.25
    one = compare(*empty_models(range(1), truths[:1], [], found[:1]), replicates=50).metrics.df
    assert one["p_value"].is_null().all()
    assert one["lower"].is_null().all()


def test_levels_are_filters():
    table = compare(*two_models(2, images=14), **ASKED)
    assert set(table.metrics.df["level"]) == {"overall"}
    assert set(table.classes.df["level"]) == {"class"}
    assert set(table.slices.df["level"]) == {"slice"}
    assert len(table.failure_modes) == 0
    assert "candidate - baseline" in table.classes.caption
    assert "model" not in repr(table).splitlines()[2]


def test_a_mode_whose_attribute_differs_between_the_models_is_refused():
    first, second = two_datasets(4, images=40)
    mixed = second.images.with_columns(pl.col("light").shuffle(seed=3))
    models = [evaluate(first), evaluate(replace(second, images=mixed))]
    asked = {"average_precision": False, "replicates": 0}
    with pytest.raises(PolicyError, match="has other objects in the candidate than in the baseline"):
        cf.compare(*models, modes=[models[0].failure_mode("missed", "light=night")], **asked)
    whole = cf.compare(*models, modes=[models[0].failure_mode("missed")], **asked)
    assert len(whole.failure_modes) == 1, "what does not look at the attribute is told"
