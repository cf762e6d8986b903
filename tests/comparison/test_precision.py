"""Differences of average precision: a plain bootstrap agrees, and an image that is drawn twice stands there twice."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from cvfail.comparison.comparison import compare
from cvfail.comparison.precision import precision_differences
from cvfail.evaluation import evaluate
from cvfail.statistics.bootstrap import poisson_weights
from cvfail.tables.arrays import read_only
from tests.comparison import plain_comparison as plain
from tests.comparison.models import two_datasets, two_models


def mean(values):
    values = np.array(values)
    return values[~np.isnan(values)].mean() if (~np.isnan(values)).any() else np.nan


def plain_ap(evidence, often, fifty):
    """AP of each class, and their mean."""
    chosen = slice(0, 1) if fifty else slice(None)
    keys = evidence.coding.category_keys
    by_class = [plain.average_precision(evidence, key, often)[chosen].mean() for key in keys]
    return [*by_class, mean(by_class)]


@pytest.mark.parametrize("seed", range(4))
def test_ap_and_its_replicates_equal_lists_that_repeat_what_is_drawn(seed):
    models = two_models(seed)
    table = compare(*models, replicates=12, seed=5).df.filter(pl.col("metric").is_in(["ap", "ap50"]))
    ids = models[0].cluster_ids
    drawn = poisson_weights(ids, 12, seed=5)
    labels = [*models[0].category_names, None]
    for metric in ("ap", "ap50"):
        now = [plain_ap(one, None, metric == "ap50") for one in models]
        each = [dict(zip(ids, row, strict=True)) for row in drawn]
        then = np.array(
            [np.subtract(*(plain_ap(one, often, metric == "ap50") for one in models[::-1])) for often in each]
        )
        for place, label in enumerate(labels):
            row = table.filter(pl.col("category").eq_missing(label), metric=metric).row(0, named=True)
            few = row["clusters"] < 2
            low, high = (np.nan, np.nan) if few else plain.bounds(then[:, place])
            expected = [now[0][place], now[1][place], now[1][place] - now[0][place], low, high]
            found = [row[name] for name in ("baseline", "candidate", "difference", "lower", "upper")]
            found = [np.nan if value is None else value for value in found]
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def repeated(data, often):
    """The dataset in which each image stands as often as it is drawn, under new ids."""
    copies = pl.DataFrame(
        [(image, copy) for image, count in often.items() for copy in range(count)],
        schema={"image_id": pl.Int64, "copy": pl.Int64},
        orient="row",
    )

    def many(frame):
        joined = copies.join(frame, on="image_id", maintain_order="left_right")
        return joined.with_columns(image_id=pl.col("image_id") * 1000 + pl.col("copy")).drop("copy")

    tables = {name: many(getattr(data, name)) for name in ("images", "ground_truth", "predictions")}
    tables["images"] = tables["images"].with_columns(cluster_id="image_id")
    for name in ("ground_truth", "predictions"):
        key = f"{name.removesuffix('s')}_id"
        tables[name] = tables[name].with_columns(pl.int_range(pl.len()).alias(key))
    return replace(data, **tables)


def resampled_difference(datasets, often):
    """ΔAP of two models on images that are really there several times."""
    values = [mean(plain_or_fast(repeated(one, often))) for one in datasets]
    return values[1] - values[0]


def plain_or_fast(data):
    from cvfail.metrics.precision_recall import levelled_precision

    return levelled_precision(evaluate(data).evidence).average_precision[:, 0, 0].mean(axis=1)


def difference_under(models, weights):
    return precision_differences(*models, read_only(weights), confidence=0.95)["ap"]


def test_a_replicate_is_the_evaluation_of_images_that_are_really_repeated():
    datasets = two_datasets(10, images=30, ties=False)
    models = [evaluate(one).evidence for one in datasets]
    drawn = poisson_weights(models[0].cluster_ids, 10, seed=1)
    really = []
    for row in drawn:
        often = {image: int(count) for image, count in zip(models[0].cluster_ids, row, strict=True)}
        really.append(resampled_difference(datasets, often))
        alone = difference_under(models, np.repeat(row[:, None], 2, axis=1))
        assert alone.lower[-1] == alone.upper[-1], "all replicates are the same"
        assert alone.lower[-1] == pytest.approx(really[-1], abs=1e-12)
    whole = difference_under(models, drawn.T)
    m = whole.clusters[-1]
    assert whole.error[-1] == pytest.approx(np.std(really, ddof=1) * np.sqrt(m / (m - 1)), rel=1e-9)


def test_the_standard_error_is_that_of_resampling_with_duplicates_and_not_a_fifth_too_small():
    """Of 400 replicates a standard error is known to 3.5 %; `tests.comparison.simulations` has more."""
    models = two_models(12, images=150, ties=False)
    images, replicates = len(models[0].cluster_ids), 400
    ours = difference_under(models, poisson_weights(models[0].cluster_ids, replicates, seed=2).T).error[-1]
    rng = np.random.default_rng(3)
    multinomial = rng.multinomial(images, np.full(images, 1 / images), replicates).astype(np.uint8)
    assert ours == pytest.approx(difference_under(models, multinomial.T).error[-1], rel=0.15)
    without_duplicates = difference_under(models, np.minimum(multinomial, 1).T).error[-1]
    assert 0.65 < without_duplicates / ours < 0.88


def test_ap_of_a_slice_of_images_is_that_of_these_images_alone():
    datasets = two_datasets(6, images=12)
    models = [evaluate(one).evidence for one in datasets]
    night = datasets[0].images.filter(light="night")["image_id"].implode()

    def only(data):
        names = ("images", "ground_truth", "predictions")
        return replace(data, **{n: getattr(data, n).filter(pl.col("image_id").is_in(night)) for n in names})

    inside = compare(*models, by="light", slice_classes=True, replicates=30, seed=1).df
    alone = compare(*(evaluate(only(one)).evidence for one in datasets), replicates=30, seed=1).df
    is_ap = pl.col("metric").is_in(["ap", "ap50"])
    numbers = [
        "metric",
        "category",
        "baseline",
        "candidate",
        "lower",
        "upper",
        "p_value",
        "support",
        "clusters",
    ]
    own = inside.filter(is_ap, slice="light=night").select(numbers)
    other = alone.filter(is_ap, pl.col("support") > 0).select(numbers)
    assert own.equals(other)


def test_ap_of_other_slices_ignores_what_lies_outside():
    models = two_models(7, images=12)
    rows = compare(*models, slices="area < 1024", replicates=5).slices.df.filter(metric="ap50")
    from cvfail.evaluation import Evaluation

    for column, evidence in zip(("baseline", "candidate"), models, strict=True):
        table = Evaluation(evidence).slices("area < 1024", metrics="ap50", replicates=0).df
        assert rows[column].item() == pytest.approx(table["estimate"].item(), abs=1e-12)


def test_no_replicates_leave_intervals_of_ap_out():
    rows = compare(*two_models(3), replicates=0).df.filter(metric="ap")
    assert rows["difference"].is_not_null().any()
    assert rows["lower"].is_null().all()
    assert rows["p_value"].is_null().all()
