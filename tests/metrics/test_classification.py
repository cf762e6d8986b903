"""Classification from rows: by class and slice, clustered, equal to scikit-learn and to other routes to a number."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sklearn.metrics import precision_recall_fscore_support

from cvfail.metrics.classification import classification_agreement, classification_metrics
from cvfail.metrics.classification_counts import AGREEMENTS, ClassificationCounts
from cvfail.metrics.classification_rates import TABLE_RATES
from cvfail.statistics.averaged import averaged_ratio
from cvfail.statistics.clustered import clustered_ratio

LABELS = ["a", "b", "c"]
RATES = [rate.name for rate in TABLE_RATES]
COLUMNS = [
    *("tp", "fp", "fn", "tn"),
    *(f"{name}{suffix}" for name in RATES for suffix in ("", "_lower", "_upper")),
    *("support", "predicted", "clusters", "design_effect", "fp_rule"),
    *(f"{name}_n_defined" for name in RATES[:4]),
]
OUTCOMES = ("tp", "fp", "fn", "tn")
SCHEMA = {"true": pl.String, "predicted": pl.String, "cluster_id": pl.Int64, "light": pl.String}

rows = st.lists(
    st.tuples(
        st.sampled_from(LABELS),
        st.sampled_from(LABELS),
        st.integers(0, 4),
        st.sampled_from(["day", "night", None]),
    ),
    min_size=1,
    max_size=30,
)


def frame(entries):
    return pl.DataFrame(entries, schema=SCHEMA, orient="row")


def one_against_the_rest(data):
    """One row per item and class with tp, fp, fn and tn: the long way that the module avoids."""
    pairs = data.join(pl.DataFrame({"category": LABELS}), how="cross")
    is_true, is_predicted = pl.col("true") == pl.col("category"), pl.col("predicted") == pl.col("category")
    return pairs.with_columns(
        tp=is_true & is_predicted,
        fp=~is_true & is_predicted,
        fn=is_true & ~is_predicted,
        tn=~is_true & ~is_predicted,
    ).with_columns(pl.col(OUTCOMES).cast(pl.Int64))


def ratio_columns(table, name):
    return table.select(name, f"{name}_lower", f"{name}_upper").rows()


@settings(max_examples=25)
@given(rows, st.sampled_from([[], ["light"]]))
def test_rates_of_a_class_are_clustered_ratios_over_every_item(entries, by):
    data = frame(entries)
    table = classification_metrics(data, LABELS, by=[*by, "category"])
    everything = one_against_the_rest(data)
    for rate in TABLE_RATES:
        above, below = rate.expressions()
        expected = clustered_ratio(
            everything, numerator=above, denominator=below, cluster="cluster_id", by=[*by, "category"]
        )
        assert_frame_equal(
            table.select(*by, "category", rate.name, f"{rate.name}_lower", f"{rate.name}_upper"),
            expected.select(
                *by,
                "category",
                pl.col("estimate").alias(rate.name),
                pl.col("lower").alias(f"{rate.name}_lower"),
                pl.col("upper").alias(f"{rate.name}_upper"),
            ),
        )
    totals = (
        everything.group_by(*by, "category")
        .agg(pl.col(OUTCOMES).sum())
        .sort(*by, "category", nulls_last=True)
    )
    assert table.select(OUTCOMES).rows() == totals.select(OUTCOMES).rows()


@settings(max_examples=25)
@given(rows, st.sampled_from(["macro", "weighted"]))
def test_averages_over_classes_are_averaged_ratios(entries, average):
    data = frame(entries)
    table = classification_metrics(data, LABELS, average=average)
    for rate in TABLE_RATES[:4]:
        above, below = rate.expressions()
        expected = averaged_ratio(
            one_against_the_rest(data),
            numerator=above,
            denominator=below,
            cluster="cluster_id",
            category="category",
            weight=pl.col("tp") + pl.col("fn") if average == "weighted" else None,
        ).row(0, named=True)
        row = table.row(0, named=True)
        assert row[rate.name] == pytest.approx(expected["estimate"])
        assert row[f"{rate.name}_n_defined"] == expected["n_defined"]
        if row["clusters"] == expected["clusters"]:
            assert row[f"{rate.name}_lower"] == pytest.approx(expected["lower"], abs=1e-9)
            assert row[f"{rate.name}_upper"] == pytest.approx(expected["upper"], abs=1e-9)


@settings(max_examples=25)
@given(rows, st.sampled_from(["macro", "weighted", "micro"]), st.sampled_from([None, 0, 1]))
def test_averages_are_those_of_scikit_learn(entries, average, zero_division):
    data = frame(entries)
    row = classification_metrics(data, LABELS, average=average, zero_division=zero_division).row(
        0, named=True
    )
    expected = precision_recall_fscore_support(
        data["true"],
        data["predicted"],
        labels=LABELS,
        average=average,
        zero_division=np.nan if zero_division is None else zero_division,
    )
    for name, value in zip(("precision", "recall", "f1"), expected[:3], strict=True):
        if average == "weighted" and row[name] is None:
            continue  # no class with support has the rate; scikit-learn then averages those without support
        assert row[name] == (None if np.isnan(value) else pytest.approx(value))


@settings(max_examples=25)
@given(rows, st.sampled_from(["micro", "macro", "weighted"]), st.sampled_from([None, 0, 1]))
def test_rows_and_counts_give_the_same_numbers(entries, average, zero_division):
    options = {"zero_division": zero_division}
    counts = ClassificationCounts.from_rows(frame(entries), LABELS)
    same = [*OUTCOMES, *RATES, "support", "predicted"]
    averaged = classification_metrics(frame(entries), LABELS, average=average, **options)
    assert_frame_equal(averaged.select(same), counts.average(average, **options).select(same))
    by_class = classification_metrics(frame(entries), LABELS, by=["category"], **options)
    assert_frame_equal(
        by_class.select("category", *same), counts.by_category(**options).select("category", *same)
    )


@settings(max_examples=10)
@given(rows)
def test_a_slice_is_the_evaluation_of_its_rows(entries):
    data = frame(entries)
    for options in ({"average": "macro"}, {"average": "micro"}, {"by": ["category"]}):
        by = options.pop("by", [])
        together = classification_metrics(data, LABELS, by=["light", *by], **options)
        parts = [
            classification_metrics(
                data.filter(pl.col("light").eq_missing(light)), LABELS, by=["light", *by], **options
            )
            for light in together["light"].unique(maintain_order=True)
        ]
        assert_frame_equal(pl.concat(parts), together)


@settings(max_examples=25)
@given(rows)
def test_outcomes_add_up_over_slices(entries):
    data = frame(entries)
    whole = classification_metrics(data, LABELS, by=["category"])
    slices = classification_metrics(data, LABELS, by=["category", "light"])
    summed = slices.group_by("category", maintain_order=True).agg(pl.col(OUTCOMES).sum())
    assert summed.select(OUTCOMES).rows() == whole.select(OUTCOMES).rows()


@settings(max_examples=25)
@given(rows, st.randoms(), st.sampled_from(["micro", "macro", "weighted"]))
def test_the_order_of_rows_changes_nothing(entries, random, average):
    shuffled = random.sample(entries, len(entries))
    for by in ([], ["light"], ["light", "category"]):
        expected = classification_metrics(frame(entries), LABELS, by=by, average=average)
        found = classification_metrics(frame(shuffled), LABELS, by=by, average=average)
        assert_frame_equal(found, expected, check_exact=True)


@settings(max_examples=25)
@given(rows)
def test_pooled_rates_of_single_labels_are_the_accuracy(entries):
    row = classification_metrics(frame(entries), LABELS).row(0, named=True)
    right = sum(true == predicted for true, predicted, *_ in entries)
    for name in ("precision", "recall", "f1", "accuracy"):
        assert row[name] == right / len(entries)
    assert (row["support"], row["predicted"], row["tp"]) == (len(entries), len(entries), right)


def test_a_wrong_label_is_missed_in_one_class_and_raised_in_another():
    data = frame([("a", "a", 1, "day"), ("a", "b", 2, "day"), ("b", "b", 3, "night"), ("c", "b", 4, "night")])
    table = classification_metrics(data, LABELS, by=["category"])
    assert table.columns == ["category", *COLUMNS]
    assert table.select("category", *OUTCOMES).rows() == [
        ("a", 1, 0, 1, 2),
        ("b", 1, 2, 0, 1),
        ("c", 0, 0, 1, 3),
    ]
    assert table["precision"].to_list() == [1.0, pytest.approx(1 / 3), None]
    assert table["clusters"].to_list() == [2, 3, 1]
    assert table["precision_n_defined"].to_list() == [1, 1, 0]
    assert table["fp_rule"].unique().to_list() == ["exact"]


def test_items_of_one_cluster_are_not_independent():
    """Ten videos of ten frames, each right or wrong throughout, are worth ten frames."""
    entries = [("a", "a" if video < 7 else "b", video, "day") for video in range(10) for _ in range(10)]
    row = classification_metrics(frame(entries), LABELS).row(0, named=True)
    assert row["design_effect"] == pytest.approx(10 * 10 / 9)
    frames = frame(entries).with_columns(cluster_id=pl.int_range(100))
    alone = classification_metrics(frames, LABELS).row(0, named=True)
    assert row["recall_upper"] - row["recall_lower"] > 2.5 * (alone["recall_upper"] - alone["recall_lower"])


def test_rows_follow_the_order_of_by_with_classes_as_listed_and_null_last():
    data = frame([("a", "a", 1, None), ("c", "c", 2, "day")])
    first = classification_metrics(data, ["c", "a"], by=["category", "light"])
    assert first.select("category", "light").rows() == [("c", "day"), ("c", None), ("a", "day"), ("a", None)]
    assert first.columns == ["category", "light", *COLUMNS]
    second = classification_metrics(data, ["c", "a"], by=["light", "category"])
    assert second.select("light", "category").rows() == [("day", "c"), ("day", "a"), (None, "c"), (None, "a")]


def test_a_group_whose_items_have_no_label_keeps_its_row():
    data = frame([("a", "a", 1, "day"), ("a", None, 2, "night"), ("other", "a", 3, "night")])
    for average in ("micro", "macro"):
        table = classification_metrics(data, LABELS, by=["light"], average=average)
        assert table.select("light", "support", "recall", "clusters").rows() == [
            ("day", 1, 1.0, 1),
            ("night", 0, None, 0),
        ]


def test_averages_and_pools_have_the_same_columns():
    data = frame([("a", "a", 1, "day")])
    for average in (None, "micro", "macro", "weighted"):
        for by in ([], ["light"]):
            assert classification_metrics(data, LABELS, by=by, average=average).columns == [*by, *COLUMNS]


@pytest.mark.parametrize("average", [None, "macro", "weighted"])
def test_no_rows_are_an_ordinary_input(average):
    empty = frame([])
    row = classification_metrics(empty, LABELS, average=average).row(0, named=True)
    assert [row[name] for name in (*OUTCOMES, "support", "clusters", "recall_n_defined")] == [0] * 7
    assert [row[name] for name in (*RATES, "recall_lower", "accuracy_upper")] == [None] * 7
    assert classification_metrics(empty, LABELS, average=average, zero_division=0)["f1"].to_list() == [0.0]
    assert classification_metrics(empty, LABELS, by=["light"], average=average).shape == (0, 1 + len(COLUMNS))
    assert (
        classification_metrics(empty, LABELS, by=["category"], average=average)["category"].to_list()
        == LABELS
    )
    assert classification_metrics(empty, [], by=["category"], average=average).is_empty()
    assert classification_metrics(frame([("a", "a", 1, "day")]), [], average=average)["support"].item() == 0


def test_ids_and_other_column_names_work():
    data = pl.DataFrame({"label": [7, 7, 9], "guess": [7, 9, 9], "patient": ["x", "y", "z"]})
    table = classification_metrics(
        data, [9, 7], by=["category"], true="label", predicted="guess", cluster="patient"
    )
    assert table.select("category", "tp", "fp", "fn").rows() == [(9, 1, 1, 0), (7, 1, 0, 1)]


def test_agreement_equals_that_of_the_counts_with_wider_intervals_for_clusters():
    random = np.random.default_rng(5)
    video = np.repeat(np.arange(40), 8)
    true = random.choice(LABELS, 320)
    wrong = random.random(320) < random.beta(0.5, 1.5, 40)[video]
    predicted = np.where(wrong, np.roll(true, 1), true)
    data = pl.DataFrame({"true": true, "predicted": predicted, "cluster_id": video, "light": "day"})
    table = classification_agreement(data, LABELS)
    assert table.columns == ["metric", "estimate", "lower", "upper", "support", "clusters"]
    counts = ClassificationCounts.from_rows(data, LABELS).agreement()
    assert table["estimate"].to_list() == pytest.approx(counts["estimate"].to_list())
    assert ((table["upper"] - table["lower"]) > 1.3 * (counts["upper"] - counts["lower"])).all()
    by_light = classification_agreement(data, LABELS, by=["light"])
    assert_frame_equal(by_light.drop("light"), table)
    assert by_light.columns == ["metric", "light", "estimate", "lower", "upper", "support", "clusters"]


def test_the_interval_of_a_clustered_kappa_is_that_of_resampled_clusters():
    """Delta method against 1500 bootstrap samples of 60 videos; their standard errors agree within 8 %."""
    random = np.random.default_rng(6)
    video = np.repeat(np.arange(60), 6)
    true = random.integers(0, 3, 360)
    wrong = random.random(360) < random.beta(1, 3, 60)[video]
    predicted = np.where(wrong, (true + 1) % 3, true)
    data = pl.DataFrame({"true": true, "predicted": predicted, "cluster_id": video})
    table = classification_agreement(data, [0, 1, 2], confidence=0.6827)
    counts = np.zeros((60, 3, 3), np.int64)
    np.add.at(counts, (video, true, predicted), 1)
    picked = counts[random.integers(0, 60, (1500, 60))].sum(axis=1)
    sampled = [[number(sample).value for number in AGREEMENTS.values()] for sample in picked]
    half = ((table["upper"] - table["lower"]) / 2).to_list()
    assert half == pytest.approx(np.std(sampled, axis=0).tolist(), rel=0.08)


def test_no_rows_agree_on_nothing():
    table = classification_agreement(frame([]), LABELS)
    assert table["estimate"].null_count() == 4
    assert classification_agreement(frame([]), LABELS, by=["light"]).is_empty()
