"""Rates of two models equal a plain count, their errors the linearised ones, their replicates repeated lists."""

import numpy as np
import polars as pl
import pytest

from cvfail.comparison.comparison import compare
from cvfail.statistics.bootstrap import poisson_weights
from cvfail.statistics.paired_contrast import paired_contrast
from cvfail.statistics.power_of_t import power_of_t
from tests.comparison import plain_comparison as plain
from tests.comparison.models import classifiers, two_models

RATES = ("precision", "recall", "f1", "false_positives_per_image")
OPTIONS = {"replicates": 40, "seed": 3, "average_precision": False}


def weights_of(evidence):
    drawn = poisson_weights(evidence.cluster_ids, OPTIONS["replicates"], seed=OPTIONS["seed"])
    return dict(zip(evidence.cluster_ids, drawn.T, strict=True))


def same(value, expected):
    assert (np.nan if value is None else value) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def check(row, pair, images, weights):
    """One row of the table against plain counts of both models."""
    name = row["metric"]
    first, second = (plain.parts(sums, images) for sums in pair)
    values = [plain.ratio(own, name) for own in (first, second)]
    same(row["baseline"], values[0])
    same(row["candidate"], values[1])
    same(row["difference"], values[1] - values[0])
    frame = pl.DataFrame(
        {
            "cluster": list(first),
            **{
                f"{letter}{k}": [part[name][place] for part in own.values()]
                for k, own in ((1, first), (2, second))
                for place, letter in enumerate("yn")
            },
        }
    )
    told = paired_contrast(frame, numerators=("y1", "y2"), denominators=("n1", "n2"), cluster="cluster").row(
        0, named=True
    )
    assert row["clusters"] == told["clusters"]
    error = np.nan if told["error"] is None else told["error"]
    difference = values[1] - values[0]
    same(row["p_value"], plain.p_value(difference, error, told["clusters"], told["unlike"]))
    if row["detectable"] is not None:
        assert power_of_t(row["detectable"], error, row["clusters"]) == pytest.approx(0.8, abs=1e-5)
    drawn = plain.drawn_difference(first, second, name, weights)
    low, high = plain.bounds(drawn) if told["clusters"] > 1 and not np.isnan(difference) else (np.nan,) * 2
    same(row["lower"], low)
    same(row["upper"], high)


@pytest.mark.parametrize("seed", range(6))
def test_overall_and_by_class_equal_a_plain_count(seed):
    models = two_models(seed)
    weights, images = weights_of(models[0]), plain.images_of_clusters(models[0])
    table = compare(*models, score=(0.25, 0.4), **OPTIONS).df
    ids = dict(zip(models[0].category_names, models[0].coding.category_keys, strict=True))
    for level, categories in (("overall", [None]), ("class", list(ids))):
        for category in categories:
            own = table.filter(pl.col("category").eq_missing(category), level=level)
            pair = [
                plain.counts(one, score=score, category=None if category is None else ids[category])
                for one, score in zip(models, (0.25, 0.4), strict=True)
            ]
            for row in own.filter(pl.col("metric").is_in(RATES)).iter_rows(named=True):
                check(row, pair, images, weights)
    assert table.filter(level="class").height == 4 * len(ids)


IMAGES = [
    ("light=night", lambda image: image["light"] == "night"),
    ("light=(null)", lambda i: i["light"] is None),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("name", "holds"), IMAGES)
def test_slices_of_images_have_their_own_images(seed, name, holds):
    models = two_models(seed, images=12)
    light = dict(models[0].images.select("image_id", "light").iter_rows())
    here = lambda row: holds({"light": light[row["image_id"]]})  # noqa: E731
    images = plain.images_of_clusters(models[0], holds)
    pair = [plain.counts(one, in_truth=here, in_wrong=here) for one in models]
    rows = compare(*models, by="light", **OPTIONS).slices.df.filter(pl.col("metric").is_in(RATES), slice=name)
    assert rows.height == 4
    for row in rows.iter_rows(named=True):
        check(row, pair, images, weights_of(models[0]))


@pytest.mark.parametrize("seed", range(3))
def test_slices_of_boxes_have_the_false_positives_of_their_own_boxes(seed):
    models = two_models(seed, images=12)
    pair = [
        plain.counts(
            one,
            in_truth=lambda row: row["area"] < 1024,
            in_wrong=lambda row: row["width"] * row["height"] < 1024,
        )
        for one in models
    ]
    rows = compare(*models, slices="area < 1024", **OPTIONS).slices.df.filter(pl.col("metric").is_in(RATES))
    images = plain.images_of_clusters(models[0])
    for row in rows.iter_rows(named=True):
        check(row, pair, images, weights_of(models[0]))


def test_a_class_in_a_slice_is_the_slice_of_the_class():
    models = two_models(2, images=20)
    table = compare(*models, by="light", slice_classes=True, **OPTIONS).df
    names = models[0].category_names
    both = {f"{name}, night": f"light=night & category={name}" for name in names}
    other = compare(*models, slices=both, **OPTIONS).slices.df
    numbers = ["metric", "baseline", "candidate", "lower", "upper", "p_value", "support", "clusters"]
    for name in names:
        own = table.filter(level="slice × class", slice="light=night", category=name)
        expected = other.filter(pl.col("metric").is_in(RATES), slice=f"{name}, night")
        assert own.select(numbers).equals(expected.select(numbers))


def test_what_only_predictions_have_says_nothing_of_recall():
    models = two_models(4)
    rows = compare(*models, slices="score >= 0.5", **OPTIONS).slices.df
    assert sorted(rows["metric"]) == ["false_positives_per_image", "precision"]
    sure = compare(*models, score=0.5, **OPTIONS).metrics.df
    for metric in rows["metric"]:
        row, expected = (one.filter(metric=metric).row(0, named=True) for one in (rows, sure))
        assert {k: row[k] for k in ("baseline", "candidate", "lower", "p_value")} == {
            k: expected[k] for k in ("baseline", "candidate", "lower", "p_value")
        }


@pytest.mark.parametrize("seed", range(4))
def test_means_over_classes_are_those_of_each_model_and_of_each_replicate(seed):
    models = two_models(seed)
    table = compare(*models, **OPTIONS)
    weights = weights_of(models[0])
    images = plain.images_of_clusters(models[0])
    keys = models[0].coding.category_keys
    own = [[plain.parts(plain.counts(one, category=key), images) for key in keys] for one in models]

    def mean(model, name, often=None):
        values = [plain.ratio(part, name, often) for part in own[model]]
        has = [not np.isnan(plain.ratio(part, "recall", often)) for part in own[model]]
        kept = [v for v, there in zip(values, has, strict=True) if there and not np.isnan(v)]
        return np.mean(kept) if kept else np.nan

    means = table.metrics.df.filter(pl.col("metric").str.starts_with("macro_"))
    assert sorted(means["metric"]) == ["macro_f1", "macro_precision", "macro_recall"]
    for row in means.iter_rows(named=True):
        name = row["metric"].removeprefix("macro_")
        same(row["baseline"], mean(0, name))
        same(row["candidate"], mean(1, name))
        each = [{c: w[b] for c, w in weights.items()} for b in range(OPTIONS["replicates"])]
        drawn = np.array([mean(1, name, often) - mean(0, name, often) for often in each])
        low, high = plain.bounds(drawn)
        same(row["lower"], low)
        same(row["upper"], high)


def test_rates_are_those_that_each_model_has_by_itself():
    from cvfail.evaluation import Evaluation

    models = two_models(3, images=20)
    table = compare(*models, **OPTIONS).metrics.df
    for column, evidence in zip(("baseline", "candidate"), models, strict=True):
        for average, prefix in (("micro", ""), ("macro", "macro_")):
            rates = Evaluation(evidence).metrics(average=average).df
            for name in ("precision", "recall", "f1"):
                assert table.filter(metric=prefix + name)[column].item() == pytest.approx(
                    rates[name].item(), abs=1e-12
                )


def test_classifiers_have_rates_but_neither_false_positives_per_image_nor_ap():
    models = classifiers(1)
    table = compare(*models, replicates=20, seed=3)
    assert set(table.df["metric"]) == {
        *("precision", "recall", "f1"),
        *("macro_precision", "macro_recall", "macro_f1"),
    }
    images = plain.images_of_clusters(models[0])
    drawn = poisson_weights(models[0].cluster_ids, 20, seed=3)
    weights = dict(zip(models[0].cluster_ids, drawn.T, strict=True))
    pair = [plain.counts(one) for one in models]
    for row in table.metrics.df.filter(pl.col("metric").is_in(RATES)).iter_rows(named=True):
        check(row, pair, images, weights)
