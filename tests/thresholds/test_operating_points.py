"""Operating points are the best of all thresholds, golden cases and brute force; and hold on other images."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cvfail as cf
from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.saving import save_evidence
from cvfail.failures.costs import Costs
from cvfail.metrics.curves.grouped_scores import GroupedScores
from cvfail.thresholds.choosing import Chooser, Drawn
from cvfail.thresholds.objective import Objective
from tests.scenes import detection
from tests.thresholds.plain_choosing import best_threshold, counts
from tests.thresholds.scored import evaluation_of, random_images, ranking_of

QUICK = {"replicates": 0, "splits": 0, "min_support": 0}


def golden_evaluation(case, images=1):
    scores, right = case["input"]["scores"], case["input"]["tp"]
    rows = [(1, score, bool(r)) for score, r in zip(scores, right, strict=True)]
    rows += [(1, None, True)] * (case["input"]["npos"] - sum(right))
    return evaluation_of([rows, *([[]] * (images - 1))])


def chosen(evaluation, **options):
    return evaluation.operating_points(**(QUICK | options)).df


@pytest.mark.parametrize("beta", [1, 2])
def test_the_golden_f_scores(golden, beta):
    case = golden["thr_fbeta"]
    row = chosen(golden_evaluation(case), beta=beta).row(0, named=True)
    assert row["threshold"] == case["expected"][f"best_F{beta}_thr"]
    assert row["f_score"] == pytest.approx(max(case["expected"][f"F{beta}"]), abs=1e-12)


def test_the_golden_costs(golden):
    case = golden["thr_cost"]
    for name, expected in case["expected"].items():
        false_positive, missed = (float(part.split("=")[1]) for part in name.split(","))
        row = chosen(
            golden_evaluation(case), best="cost", false_positive_cost=false_positive, missed_cost=missed
        ).row(0, named=True)
        assert row["threshold"] == expected["best_thr"]
        assert row["cost_per_image"] == min(expected["cost"])


def test_the_golden_budgets_of_false_positives(golden):
    case = golden["thr_froc"]
    evaluation = golden_evaluation(case, images=case["input"]["n_images"])
    for budget, expected in case["expected"].items():
        row = chosen(evaluation, best="recall", max_false_positives=float(budget)).row(0, named=True)
        assert (row["threshold"], row["recall"]) == (expected["thr"], pytest.approx(expected["sens"]))


condition = st.one_of(st.none(), st.sampled_from([0.25, 0.5, 0.75, 1.0]))


@settings(max_examples=150)
@given(
    seed=st.integers(0, 10_000),
    best=st.sampled_from(["f_score", "recall", "false_positives", "cost"]),
    beta=st.sampled_from([0.5, 1, 2]),
    min_precision=condition,
    min_recall=condition,
    max_false_positives=condition,
    prices=st.tuples(st.integers(0, 4), st.integers(0, 4)),
)
def test_every_choice_is_that_of_trying_all(
    seed, best, beta, min_precision, min_recall, max_false_positives, prices
):
    if best == "recall" and min_precision is None and max_false_positives is None:
        max_false_positives = 0.5
    if best == "false_positives" and min_recall is None:
        min_recall = 0.5
    options = {
        "best": best,
        "beta": beta,
        "min_precision": min_precision,
        "min_recall": min_recall,
        "max_false_positives": max_false_positives,
        "false_positive_cost": prices[0],
        "missed_cost": prices[1],
    }
    images = random_images(seed, categories=(1, 2))
    evaluation = evaluation_of(images, categories=(1, 2))
    for table, groups in (
        (chosen(evaluation, **options), [None]),
        (chosen(evaluation, by="category", **options), [1, 2]),
    ):
        for row, category in zip(table.iter_rows(named=True), groups, strict=True):
            expected = best_threshold(*ranking_of(images, category), len(images), **options)
            assert row["threshold"] == expected
            assert (row["source"] is None) == (expected is None) == (row["reason"] is not None)


@pytest.mark.parametrize("seed", range(4))
def test_a_slice_is_the_dataset_of_its_images(seed):
    light = ["day", "night", None, "day"] * 2
    images = random_images(seed, categories=(1, 2))
    evaluation = evaluation_of(images, categories=(1, 2), light=light)
    table = chosen(evaluation, by=["light", "category"])
    assert table["light"].to_list() == ["day"] * 2 + ["night"] * 2 + [None] * 2
    for row in table.iter_rows(named=True):
        own = [rows for rows, value in zip(images, light, strict=True) if value == row["light"]]
        category = int(row["category"].split()[1])
        assert row["threshold"] == best_threshold(*ranking_of(own, category), len(own), best="f_score")


@pytest.mark.parametrize("seed", range(4))
def test_costs_from_a_file_that_are_the_same_for_all_choose_as_two_numbers_do(seed):
    evaluation = evaluation_of(random_images(seed, categories=(1, 2)), categories=(1, 2))
    errors = ("background", "duplicate", "both", "localisation", "classification")
    costs = Costs.from_dict({"missed": 4, **dict.fromkeys(errors, 3)})
    priced = chosen(evaluation, best="cost", costs=costs, by="category")
    plain = chosen(evaluation, best="cost", missed_cost=4, false_positive_cost=3, by="category")
    assert priced.equals(plain)


def test_a_costly_class_gets_a_lower_threshold():
    images = [[(c, 0.9, True), (c, 0.8, False), (c, 0.7, True), (c, 0.6, False)] for c in (1, 2)]
    evaluation = evaluation_of(images, categories=(1, 2))
    costs = Costs.from_dict({"missed": 0.5, "class 2 missed": 10})
    table = chosen(evaluation, best="cost", costs=costs, by="category")
    assert table["threshold"].to_list() == [0.9, 0.7]


def test_costs_of_slices_are_those_of_their_objects():
    rows = [(1, 0.9, True), (1, 0.8, False), (1, 0.7, True)]
    evaluation = evaluation_of([rows, rows], light=["day", "night"])
    costs = Costs.from_dict({"missed": 0.5, "missed where light=night": 10})
    assert chosen(evaluation, best="cost", costs=costs, by="light")["threshold"].to_list() == [0.9, 0.7]
    whole = chosen(evaluation, best="cost", costs=costs).row(0, named=True)
    assert (whole["threshold"], whole["cost_per_image"]) == (0.7, 1.0)


def test_equal_scores_are_in_or_out_together():
    images = [[(1, 0.9, True), (1, 0.9, False), (1, 0.5, True)]]
    row = chosen(evaluation_of(images), best="recall", max_false_positives=0).row(0, named=True)
    assert (row["threshold"], row["reason"]) == (
        None,
        "the best score alone makes 1 false positives per image",
    )


@pytest.mark.parametrize(
    ("images", "options", "reason"),
    [
        ([[]], {}, "no objects"),
        ([[(1, 0.5, False)]], {}, "no objects"),
        ([[(1, None, True)]], {}, "no predictions"),
        ([[(1, None, True), (1, 0.5, False)]], {}, "no object is found"),
        ([[(1, 0.5, True), (1, 0.5, False)]], {"min_precision": 0.9}, "precision is at most 0.5"),
        ([[(1, 0.5, True), (1, None, True)]], {"min_recall": 0.9}, "recall is at most 0.5"),
        (
            [[(1, 0.9, True), (1, 0.8, False), (1, 0.7, True)]],
            {"min_precision": 1, "min_recall": 1},
            "precision is at most",
        ),
    ],
)
def test_what_cannot_be_met_is_null_with_the_reason(images, options, reason):
    row = chosen(evaluation_of(images), **options).row(0, named=True)
    if reason.endswith("most"):
        assert row["reason"] == "no threshold meets all conditions at once"
    else:
        assert row["reason"] == reason
    assert all(row[name] is None for name in ("threshold", "tp", "precision", "held_out", "source"))


def test_rejecting_everything_is_a_choice_where_cost_is_what_counts():
    row = chosen(evaluation_of([[(1, 0.9, False), (1, 0.5, True)]]), best="cost", missed_cost=0.5)
    assert row.select("threshold", "tp", "fp", "fn", "cost_per_image").row(0) == (math.inf, 0, 0, 1, 0.5)


def test_a_class_with_few_objects_takes_the_threshold_of_everything():
    images = [[(1, 0.9, True), (1, 0.4, True)] for _ in range(10)] + [[(2, 0.8, True), (2, 0.4, False)]]
    evaluation = evaluation_of(images, categories=(1, 2))
    table = evaluation.operating_points(by="category", min_support=5, replicates=20, splits=2)
    assert table.df["source"].to_list() == ["own", "everything"]
    assert table.df["threshold"].to_list() == [0.4, 0.4]
    assert table.df["reason"][1] == "1 objects are fewer than 5"
    assert table.df["fp"][1] == 1, "counts are those of the class"
    assert table.thresholds.default == 0.4


def test_halfway_to_the_next_score_keeps_the_same_predictions():
    evaluation = evaluation_of(random_images(5, images=20))
    row = chosen(evaluation).row(0, named=True)
    metrics = evaluation.metrics(score=row["between"]).df.row(0, named=True)
    assert [metrics[name] for name in ("tp", "fp", "fn")] == [row[name] for name in ("tp", "fp", "fn")]
    assert row["between"] <= row["threshold"]


def test_the_numbers_are_those_of_metrics_at_the_threshold():
    evaluation = evaluation_of(random_images(6, images=20))
    row = chosen(evaluation).row(0, named=True)
    metrics = evaluation.metrics(score=row["threshold"]).df.row(0, named=True)
    for name, other in (("tp", "tp"), ("fp", "fp"), ("precision", "precision"), ("f_score", "f1")):
        assert row[name] == pytest.approx(metrics[other], abs=1e-12)


def noise(seed, images):
    """Scores that say nothing: whatever threshold is chosen, F1 on these images is too good."""
    random = np.random.default_rng(seed)
    return [
        [(1, float(random.random()), bool(random.random() < 0.3)) for _ in range(random.integers(0, 3))]
        for _ in range(images)
    ]


def test_the_best_of_noise_is_worth_on_other_images_what_noise_is_worth():
    precisions = [
        evaluation_of(noise(seed, 100))
        .operating_points(best="recall", min_precision=0.35, replicates=0, splits=20)
        .held_out.filter(measure="precision")
        .row(0, named=True)
        for seed in range(10)
    ]
    found = [row for row in precisions if row["chosen_on"] is not None]
    assert len(found) >= 5
    assert min(row["chosen_on"] for row in found) >= 0.35
    assert np.mean([row["held_out"] for row in found]) < 0.32


def test_intervals_hold_the_estimate_and_repeat_with_the_seed():
    evaluation = evaluation_of(random_images(9, images=60))
    first, second = (evaluation.operating_points(replicates=100, seed=3) for _ in range(2))
    row = first.df.row(0, named=True)
    assert first.df.equals(second.df)
    assert first.held_out.equals(second.held_out)
    assert row["threshold_lower"] <= row["threshold"] <= row["threshold_upper"]
    assert (
        row["next_lower"]
        < row["held_out_lower"]
        < row["held_out"]
        < row["held_out_upper"]
        < row["next_upper"]
    )
    assert not first.df.equals(evaluation.operating_points(replicates=100, seed=4).df)


def test_the_result_does_not_depend_on_threads():
    from cvfail.thresholds.operating_points import operating_points

    point = evaluation_of(random_images(2, images=30, categories=(1, 2, 3)), categories=(1, 2, 3))._point(
        None, None
    )
    tables = [operating_points(point, by=["category"], replicates=20, threads=n).df for n in (1, 4)]
    assert tables[0].equals(tables[1])


def test_a_saved_evaluation_in_blocks_answers_the_same(tmp_path):
    evaluation = evaluation_of(
        random_images(8, images=40, categories=(1, 2)), categories=(1, 2), light=["day", "night"] * 20
    )
    opened = cf.open(save_evidence(evaluation.evidence, tmp_path / "run", block_rows=20))
    assert opened.evidence.block_count > 3
    costs = Costs.from_dict({"missed": 3})
    for options in ({}, {"best": "cost"}, {"by": ["light", "category"], "min_support": 5}):
        first, second = (one.operating_points(replicates=20, **options) for one in (evaluation, opened))
        assert first.df.equals(second.df)
        assert first.thresholds == second.thresholds
    first, second = (
        one.operating_points(best="cost", costs=costs, replicates=5) for one in (evaluation, opened)
    )
    assert first.df.equals(second.df)


def test_clusters_are_never_divided():
    rows = [(1, 0.9, True), (1, 0.4, False)]
    evaluation = evaluation_of([rows] * 6)
    evidence = evaluation.evidence
    evidence.images = evidence.images.with_columns(cluster_id=pl.Series([0, 0, 0, 1, 1, 1]))
    points = evaluation.operating_points(replicates=50, splits=3)
    assert points.held_out.filter(measure="recall")["held_out"].item() == 1.0


def test_options_without_meaning_are_refused():
    evaluation = evaluation_of([[(1, 0.5, True)]])
    for options, message in (
        ({"best": "accuracy"}, "best must be one of"),
        ({"best": "recall"}, "needs a condition"),
        ({"best": "false_positives"}, "need a condition"),
        ({"min_precision": 1.5}, r"in \(0, 1\]"),
        ({"missed_cost": -1}, ">= 0"),
        ({"replicates": -1}, "not be negative"),
        ({"folds": 1}, "at least 2"),
    ):
        with pytest.raises(PolicyError, match=message):
            evaluation.operating_points(**options)
    with pytest.raises(QueryError, match="only the class and the image"):
        evaluation.operating_points(by="size")


def test_of_a_classifier_it_is_the_confidence_from_which_an_answer_counts():
    data = cf.from_labels(["a", "a", "b", "b"], ["a", "b", "b", "b"], scores=[0.9, 0.3, 0.8, 0.7])
    row = chosen(cf.evaluate(data)).row(0, named=True)
    assert (row["threshold"], row["tp"], row["fp"], row["fn"]) == (0.7, 3, 0, 1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "options",
    [
        {"best": "f_score"},
        {"best": "cost", "false_positive_cost": 2},
        {"best": "recall", "max_false_positives": 0.4},
        {"best": "recall", "min_precision": 0.6},
        {"best": "false_positives", "min_recall": 0.4},
    ],
)
def test_a_threshold_under_weights_is_that_of_repeated_images(seed, options):
    images = random_images(seed, images=12)
    evaluation = evaluation_of(images)
    group = GroupedScores.of(evaluation._point(None, None)).groups[0]
    weights = np.random.default_rng(seed).poisson(1, (20, 12)).astype(np.uint8)
    chooser = Chooser(group, Objective(**options))
    found = chooser.thresholds(Drawn(weights))
    tallies = chooser.tallies(np.full(20, 0.5), Drawn(weights))
    for row, (own, threshold) in enumerate(zip(weights.tolist(), found, strict=True)):
        repeated = [rows for rows, times in zip(images, own, strict=True) for _ in range(times)]
        scores, right, objects = ranking_of(repeated)
        expected = best_threshold(scores, right, objects, len(repeated), **options)
        assert (None if math.isnan(threshold) else threshold) == expected
        assert (tallies.found[row], tallies.wrong[row]) == counts(scores, right, 0.5)
        assert (tallies.objects[row], tallies.images[row]) == (objects, len(repeated))
        assert (
            tallies.cost[row]
            == options.get("false_positive_cost", 1) * tallies.wrong[row] + objects - tallies.found[row]
        )


def test_thresholds_of_each_class_of_no_classes_have_no_rows_but_the_columns():
    nothing = cf.evaluate(detection([], [], [], []))
    points = nothing.operating_points(by="category")
    assert points.df.is_empty()
    assert points.df.columns == ["category", *nothing.operating_points().df.columns]
