"""The verdicts of a gate from end to end."""

import numpy as np
import polars as pl
import pytest

import cvfail as cf
from cvfail.errors import FormatError, PolicyError, QueryError
from cvfail.gate.gate import GATE_SCHEMA, judge
from tests.scenes import detection, random_records

ROW = {"metric": "recall", "max_fall": 0.02}


@pytest.fixture(scope="module")
def verdicts(demo, rules):
    return demo[1].gate(rules, baseline=demo[0])


def of(verdicts, rule):
    return verdicts.df.filter(rule=rule)


def test_the_demo_passes_small_at_night_and_fails_on_crowds(verdicts):
    assert of(verdicts, "small at night")["verdict"].to_list() == ["pass"]
    assert of(verdicts, "crowds")["verdict"].to_list() == ["fail"]
    night, crowds = verdicts.df.filter(metric="error_rate").iter_rows(named=True)
    assert (night["verdict"], crowds["verdict"]) == ("pass", "fail")
    failed = verdicts.df.filter(verdict="fail")["slice"].to_list()
    assert all("density=crowded" in place for place in failed), "nothing else was broken"
    assert verdicts.verdict == "fail"


def test_identical_runs_pass_every_relative_rule(demo, rules, runs):
    again = demo[0].gate(rules, baseline=runs[0])
    relative = again.df.filter(pl.col("baseline").is_not_null())
    assert set(relative["verdict"]) == {"pass"}
    assert set(relative["estimate"]) == {0.0}
    assert len(relative) == len(again.df) - 1


def test_identical_runs_pass_where_there_are_no_units_at_all(demo):
    rules = {
        "gate": {"min_units": 10**6},
        "rule": [{"metric": "precision", "class": "*", "max_fall": 0.0}],
    }
    assert demo[0].gate(rules, baseline=demo[0]).verdict == "pass"


def test_swapping_the_models_flips_every_sign(demo, rules, verdicts):
    back = demo[0].gate(rules, baseline=demo[1]).df.filter(pl.col("baseline").is_not_null())
    there = verdicts.df.filter(pl.col("baseline").is_not_null())
    assert back["estimate"].to_numpy() == pytest.approx(-there["estimate"].to_numpy(), abs=1e-12)


def test_the_estimates_are_those_of_the_comparison(demo):
    from cvfail.comparison.comparison import compare

    asked = [
        {"metric": metric, "class": "*", "slice": "density=crowded", "max_rise" if lower else "max_fall": 0.1}
        for metric, lower in (("recall", 0), ("precision", 0), ("f1", 0), ("false_positives_per_image", 1))
    ]
    asked += [{"metric": name, "class": "*", "max_fall": 0.1} for name in ("ap", "ap50")]
    asked += [{"metric": f"macro_{name}", "max_fall": 0.1} for name in ("precision", "recall", "f1")]
    asked += [{"metric": name, "max_fall": 0.1} for name in ("ap", "ap50", "f1")]
    rules = {"gate": {"replicates": 100}, "rule": asked}
    ours = demo[1].gate(rules, baseline=demo[0]).df
    theirs = compare(
        demo[0].evidence,
        demo[1].evidence,
        slices=["density=crowded"],
        slice_classes=True,
        replicates=100,
    ).df
    joined = ours.join(
        theirs.select("slice", "category", "metric", "difference", before="baseline", after="candidate"),
        on=["slice", "category", "metric"],
        nulls_equal=True,
    )
    assert len(joined) == len(ours) == 4 * 6 + 2 * 6 + 3 + 3
    for name, other in (("estimate", "difference"), ("baseline", "before"), ("candidate", "after")):
        assert joined[name].to_numpy() == pytest.approx(joined[other].to_numpy(), abs=1e-12)


def test_columns_are_those_documented(verdicts):
    assert dict(verdicts.df.schema) == {name: dtype() for name, dtype in GATE_SCHEMA.items()}
    assert verdicts.df["support"].null_count() == 0


def test_no_row_depends_on_the_order_of_the_input(demo, rules, verdicts):
    from dataclasses import replace

    data = demo[1].data
    mixed = replace(
        data,
        ground_truth=data.ground_truth.sample(fraction=1.0, shuffle=True, seed=1),
        images=data.images.sample(fraction=1.0, shuffle=True, seed=2),
    )
    assert cf.evaluate(mixed).gate(rules, baseline=demo[0]).df.equals(verdicts.df)


def test_a_critical_rule_fails_where_it_cannot_be_told(demo):
    rules = [{**ROW, "class": "bus", "min_units": 10**6, "critical": critical} for critical in (False, True)]
    for number, rule in enumerate(rules):
        rule["name"] = str(number)
    df = demo[1].gate({"rule": rules}, baseline=demo[0]).df
    assert df["verdict"].to_list() == ["investigate", "fail"]
    assert df["reason"].to_list() == [
        "145 units, fewer than 1000000",
        "critical, and 145 units, fewer than 1000000",
    ]
    assert df["p_value"].to_list() == [None, None], "what has too few units is no test of the family"


def test_a_strict_gate_is_not_kept_where_something_is_to_be_investigated(demo):
    gate = demo[1].gate({"rule": [{**ROW, "class": "bus", "min_units": 10**6}]}, baseline=demo[0])
    assert gate.verdict == "investigate"
    assert gate.is_kept()
    assert not gate.is_kept(strict=True)
    assert gate.summary == "investigate: 0 of 1 rows fail, 1 to investigate, 0 pass"


def test_the_operating_point_of_the_rules_holds_for_both(demo):
    gate = demo[1].gate({"gate": {"score": 0.6, "iou": 0.75}, "rule": [ROW]}, baseline=demo[0])
    for name, model in zip(("baseline", "candidate"), demo, strict=True):
        expected = model.metrics(score=0.6, iou=0.75).df["recall"].item()
        assert gate.df[name].item() == pytest.approx(expected)
    assert "IoU >= 0.75, score >= 0.6" in gate.caption


@pytest.mark.parametrize(
    ("rule", "error", "told"),
    [
        (ROW, PolicyError, "needs a baseline"),
        ({"metric": "recall", "at_least": 0.5, "class": "zebra"}, QueryError, "no class 'zebra'"),
        ({"metric": "recall", "at_least": 0.5, "slice": "light=dusk"}, QueryError, "light"),
        ({"metric": "precision", "at_least": 0.5, "slice": "occlusion=heavy"}, QueryError, "ask for recall"),
    ],
)
def test_questions_without_an_answer_are_refused(demo, rule, error, told):
    with pytest.raises(error, match=told):
        demo[0].gate({"rule": [rule]})


def test_other_labels_and_other_thresholds_are_refused(demo):
    other = cf.evaluate(detection(*random_records(1)))
    with pytest.raises(PolicyError, match="cannot be compared"):
        demo[1].gate({"rule": [ROW]}, baseline=other)
    with pytest.raises(PolicyError, match=r"IoU >= 0\.5 in the first, 0\.75 in the second"):
        demo[1].at(iou=0.75).gate({"rule": [ROW]}, baseline=demo[0])


@pytest.mark.parametrize("empty", ["ground_truth", "predictions", "images"])
def test_nothing_to_judge_is_to_be_investigated(demo, empty):
    from dataclasses import replace

    names = ["ground_truth", "predictions", "images"] if empty == "images" else [empty]
    data = replace(demo[0].data, **{name: getattr(demo[0].data, name).clear() for name in names})
    rules = {
        "gate": {"replicates": 2},
        "rule": [
            {"metric": "recall", "at_least": 0.5},
            {"metric": "precision", "at_least": 0.5},
            {"metric": "ap", "at_least": 0.5},
            {"metric": "macro_f1", "at_least": 0.5},
            {"metric": "false_positives_per_image", "at_most": 0.5, "by": "weather"},
            {"metric": "f1", "class": "*", "at_least": 0.5},
        ],
    }
    told = dict(cf.evaluate(data).gate(rules).df.group_by("metric").agg("verdict").iter_rows())
    assert set(told.get("f1", [])) <= {"investigate", "fail"}
    assert told["macro_f1"] == (["fail"] if empty == "predictions" else ["investigate"])
    assert told["recall"] == (["fail"] if empty == "predictions" else ["investigate"])


def test_a_classifier_is_judged_by_its_rates():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 600)
    models = []
    for wrong in (0.05, 0.4):
        said = np.where(rng.random(600) < wrong, (truth + 1) % 3, truth)
        models.append(cf.evaluate(cf.from_labels(truth, said)))
    gate = models[1].gate(
        {"rule": [{**ROW, "class": "*"}, {"metric": "recall", "at_least": 0.9}]}, baseline=models[0]
    )
    assert gate.df["verdict"].to_list() == ["fail"] * 4
    with pytest.raises(QueryError, match="a classifier has no ap50"):
        models[0].gate({"rule": [{"metric": "ap50", "at_least": 0.1}]})


def test_threads_change_nothing(demo):
    rules = {"gate": {"replicates": 50}, "rule": [{"metric": "ap", "class": "*", "max_fall": 0.01}]}
    one, many = (
        judge(demo[1].evidence, rules, baseline=demo[0].evidence, threads=threads).df for threads in (1, 4)
    )
    assert one.equals(many)


MACROS = [{"metric": f"macro_{name}", "max_fall": 0.05} for name in ("precision", "recall", "f1")]


def macro_by_hand(models, slice_mask=None):
    """macro_recall of both models and the error of their difference, from the rows."""
    values, influences, ids = [], [], models[0].evidence.cluster_ids
    for one in models:
        rows = one.ground_truth_at().filter(pl.col("outcome") != "ignored")
        rows = rows if slice_mask is None else rows.filter(slice_mask)
        shares, parts = [], np.zeros(len(ids))
        for _, own in rows.group_by(["category_id"], maintain_order=True):
            found = (own["outcome"] == "found").to_numpy()
            shares.append(found.mean())
            places = np.searchsorted(ids, own["image_id"].to_numpy())
            parts += np.bincount(places, found - found.mean(), len(ids)) / len(own)
        values.append(np.mean(shares))
        influences.append(parts / len(shares))
        images = rows["image_id"].n_unique()
    return values, np.sqrt(images / (images - 1) * ((influences[1] - influences[0]) ** 2).sum())


@pytest.mark.parametrize("where", [None, "size=small"])
def test_means_over_classes_are_those_by_hand(demo, where):
    from cvfail.gate.estimates import relative_estimates
    from cvfail.gate.measured import measured
    from cvfail.gate.question import Question
    from cvfail.gate.rules_file import Rules

    question = Question("macro_recall", where)
    sides = [measured(one.evidence, [question], Rules(rules=())) for one in demo]
    row = relative_estimates([question], *sides).row(0, named=True)
    values, error = macro_by_hand(demo, None if where is None else pl.col("area") < 1024)
    assert (row["baseline"], row["candidate"]) == pytest.approx(tuple(values))
    assert row["error"] == pytest.approx(error)


def test_means_over_classes_are_judged_relative_and_alone(demo):
    alone = [{"metric": "macro_f1", "at_least": 0.5}, {"metric": "macro_f1", "at_least": 0.99, "name": "x"}]
    gate = demo[1].gate({"rule": [*MACROS, *alone]}, baseline=demo[0])
    assert gate.df["verdict"].to_list()[-2:] == ["pass", "fail"]
    own = demo[1].metrics(by="category").df
    assert gate.df["candidate"][-1] == pytest.approx(own["f1"].mean())
    assert demo[0].gate({"rule": MACROS}, baseline=demo[0]).df["estimate"].to_list() == [0.0] * 3
    with pytest.raises(FormatError, match="macro_f1 is the mean over classes"):
        demo[0].gate({"rule": [{"metric": "macro_f1", "at_least": 0.5, "class": "car"}]})


def test_means_over_classes_come_from_a_baseline_as_from_the_run(demo, tmp_path):
    path = demo[0].write_baseline(tmp_path / "baseline.parquet", {"rule": MACROS})
    there, here = (demo[1].gate({"rule": MACROS}, baseline=one).df for one in (path, demo[0]))
    assert there.equals(here)


def with_other_weather(evaluation):
    from dataclasses import replace

    data = evaluation.data
    mixed = data.images["weather"].shuffle(seed=1).alias("weather")
    return cf.evaluate(replace(data, images=data.images.with_columns(mixed)))


def test_attributes_that_differ_are_refused_where_a_rule_looks_at_them(demo, tmp_path):
    other = with_other_weather(demo[1])
    blind = {"rule": [ROW, {**ROW, "slice": "size=small"}]}
    assert other.gate(blind, baseline=demo[0]).df.equals(demo[1].gate(blind, baseline=demo[0]).df)
    for metric, bound in (("recall", "max_fall"), ("macro_f1", "max_fall"), ("ap50", "max_fall")):
        rules = {
            "gate": {"replicates": 2},
            "rule": [{"metric": metric, bound: 0.02, "slice": "weather=rain"}],
        }
        file = demo[0].write_baseline(tmp_path / f"{metric}.parquet", rules)
        for baseline in (demo[0], file):
            with pytest.raises(PolicyError, match="'weather=rain' has other rows in the candidate"):
                other.gate(rules, baseline=baseline)
        alone = {"rule": [{"metric": metric, "at_least": 0.01, "slice": "weather=rain"}]}
        assert len(other.gate(alone)) == 1


def test_frozen_modes_whose_attribute_differs_are_refused(demo):
    from cvfail.gate.rule import Rule
    from cvfail.gate.rules_file import Rules

    mode = demo[0].failure_mode("missed", "weather=rain")
    rule = Rule(metric="error_rate", bound="max_rise", value=0.02, modes=("*",))
    with pytest.raises(PolicyError, match="has other rows in the candidate"):
        with_other_weather(demo[1]).gate(Rules(rules=(rule,), modes=(mode,)), baseline=demo[0])
