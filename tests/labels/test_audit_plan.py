"""Plans of reviews, and what reviews say."""

import numpy as np
import polars as pl
import pytest

import cvfail as cf
from cvfail.labels.audit_plan import audit_plan, reviews_needed
from cvfail.labels.verdicts import verdict_table
from cvfail.statistics.proportions import wilson
from cvfail.statistics.rogan_gladen import rogan_gladen
from tests.scenes import detection, random_records


def suspects_of(seed=0, images=60):
    evaluation = cf.evaluate(detection(*random_records(seed, images=images)), cf.Policy(score=0.2))
    return evaluation.label_errors(min_score=0.3)


def judged(suspects, rows, wrong):
    """Verdicts on some suspects: confirmed where wrong."""
    table = verdict_table(suspects.point.evidence, rows)
    said = pl.Series(np.where(wrong, "confirmed", "rejected"))
    return table.with_columns(verdict=said)


@pytest.mark.parametrize("total", [1, 7, 40, 300])
@pytest.mark.parametrize("expected", [0.5, 0.9])
def test_so_many_reviews_are_needed_that_the_interval_is_narrow_enough(total, expected):
    needed = reviews_needed(total, half_width=0.1, expected=expected)

    def half(n):
        trials = n * (total - 1) / (total - n)
        _, lower, upper = wilson(expected * trials, trials)
        return (upper - lower) / 2

    assert needed == total or half(needed) <= 0.1
    assert needed <= 1 or half(needed - 1) > 0.1


@pytest.mark.parametrize("allocation", ["proportional", "neyman"])
def test_strata_hold_all_suspects_and_the_sample_is_as_planned(allocation):
    suspects = suspects_of()
    plan = audit_plan(suspects, half_width=0.15, allocation=allocation)
    assert plan.df["suspects"].sum() == len(suspects)
    assert (plan.df["review"] <= plan.df["suspects"]).all()
    assert plan.df.filter(pl.col("review") < 2)["suspects"].max() in {None, 1}
    drawn = plan.sample.group_by("stratum").len("drawn").join(plan.df, on="stratum", how="full")
    assert drawn["drawn"].to_list() == drawn["review"].to_list()
    assert plan.sample["rank"].is_unique().all()
    assert plan.sample["rank"].is_sorted()
    levels = plan.df.sort("kind", "level")
    for _, part in levels.group_by("kind"):
        assert (part["suspicion_lowest"][:-1] >= part["suspicion_highest"][1:]).all()
        assert part["suspects"].max() - part["suspects"].min() <= 1


def test_a_seed_draws_the_same_and_another_one_others():
    suspects = suspects_of()
    draws = [audit_plan(suspects, half_width=0.2, seed=seed).sample["rank"].to_list() for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_when_all_are_reviewed_the_precision_is_known(tmp_path):
    suspects = suspects_of(images=10)
    plan = audit_plan(suspects, half_width=0.001)
    assert len(plan.sample) == len(suspects)
    wrong = np.arange(len(suspects)) % 3 == 0
    frame = plan.estimate(judged(suspects, plan.sample, wrong)).df
    last = frame.row(-1, named=True)
    assert last["stratum"] == "all"
    assert last["precision"] == last["lower"] == last["upper"] == pytest.approx(wrong.mean())
    assert last["label_errors"] == pytest.approx(wrong.sum())
    path = plan.write_verdicts(tmp_path / "verdicts.csv")
    assert plan.estimate(path).df["precision"].null_count() == len(frame)


def test_the_estimate_by_hand():
    """Strata of 10 and 10 with 4 of 5 and 1 of 5 confirmed; an unsure verdict is no review."""
    from cvfail.labels.audit_precision import estimated_precision

    counts = pl.DataFrame(
        {
            "stratum": ["a", "b"],
            "suspects": [10, 10],
            "reviewed": [5, 5],
            "unsure": [0, 1],
            "confirmed": [4, 1],
        }
    )
    first, second, both = estimated_precision(counts, 0.95).to_dicts()
    trials = 5 * 9 / 5
    _, lower, upper = wilson(0.8 * trials, trials)
    assert (first["precision"], first["lower"], first["upper"]) == pytest.approx((0.8, lower, upper))
    assert second["label_errors"] == pytest.approx(2.0)
    variance = 2 * 0.25 * 0.5 * 0.16 / 4
    effective = 0.25 / variance
    _, lower, upper = wilson(0.5 * effective, effective)
    assert (both["precision"], both["lower"], both["upper"]) == pytest.approx((0.5, lower, upper))
    assert (both["reviewed"], both["unsure"], both["label_errors"]) == (10, 1, pytest.approx(10.0))


def test_verdicts_on_what_was_not_drawn_do_not_count():
    suspects = suspects_of()
    plan = audit_plan(suspects, half_width=0.2)
    others = suspects.df.join(plan.sample, on="rank", how="anti")
    assert plan.estimate(judged(suspects, others, np.ones(len(others)))).df["reviewed"].sum() == 0


def test_intervals_of_all_hold_the_truth_about_as_often_as_they_say():
    suspects = suspects_of(images=120)
    random = np.random.default_rng(1)
    wrong = random.random(len(suspects)) < suspects.df["suspicion"].to_numpy()
    held = []
    for seed in range(60):
        plan = audit_plan(suspects, half_width=0.12, seed=seed)
        last = plan.estimate(judged(suspects, plan.sample, wrong[plan.sample["rank"].to_numpy() - 1]))
        low, high = last.df.select("lower", "upper").row(-1)
        held.append(low <= wrong.mean() <= high)
    assert np.mean(held) >= 0.88


def test_no_suspects_no_reviews():
    plan = audit_plan(cf.evaluate(detection([1], [1], [], [])).label_errors())
    assert plan.df.height == plan.sample.height == 0
    empty = pl.DataFrame(
        schema=dict.fromkeys(("kind", "image_id", "ground_truth_id", "prediction_id", "verdict"), pl.String)
    )
    assert plan.estimate(empty).df.to_dicts()[0]["precision"] is None


@pytest.mark.parametrize("options", [{"half_width": 0}, {"expected": 1}, {"levels": 0}])
def test_plans_without_meaning_are_refused(options):
    with pytest.raises(cf.CvfailError):
        audit_plan(suspects_of(), **options)


def test_a_rate_corrected_for_a_test_that_errs():
    """A tenth truly, found at .8, and 5 % false alarms: .8 × .1 + .05 × .9 = .125 seem so."""
    assert rogan_gladen(125, 1000, sensitivity=0.8, specificity=0.95).estimate == pytest.approx(0.1)
    perfect = rogan_gladen(3, 10, sensitivity=1, specificity=1)
    assert np.allclose(perfect, wilson(3, 10))
    assert rogan_gladen(0, 10, sensitivity=0.9, specificity=0.9).estimate == 0.0
    assert np.isnan(rogan_gladen(0, 0, sensitivity=0.9, specificity=0.9).estimate)
    with pytest.raises(cf.CvfailError, match="more than 1"):
        rogan_gladen(1, 2, sensitivity=0.4, specificity=0.6)
