"""Networks on degraded photographs: too sure when it gets hard, and one temperature makes the easy ones worse."""

import polars as pl
import pytest

import cvfail as cf


@pytest.fixture(scope="module")
def network(shared_data):
    """One network on five degradations; a photograph is a cluster."""
    trials = pl.read_parquet(shared_data / "cls_16class_degradations" / "trials.parquet").filter(
        (pl.col("subj") == "resnet152")
        & pl.col("experiment").is_in(["colour", "noise", "eidolon", "lowpass", "rotation"])
    )
    attributes = trials.select(
        degradation="experiment", cluster_id=pl.col("imagename").str.extract(r"(n\d{8}_\d+)")
    )
    scores = trials["highest_prob_16_sums"]
    return cf.evaluate(
        cf.from_labels(trials["category"], trials["response"], scores=scores, attributes=attributes)
    )


def test_only_what_is_hard_is_beyond_chance(network):
    table = network.calibration(
        by="degradation", measures=["ece", "overconfidence"], replicates=100, worlds=100
    ).df
    errors = table.filter(measure="ece")
    beyond = dict(errors.select("degradation", "beyond_chance").iter_rows())
    assert beyond == {name: name != "colour" for name in beyond}
    sure = dict(table.filter(measure="overconfidence").select("degradation", "lower").iter_rows())
    assert all(sure[name] > 0.05 for name in sure if name != "colour")


def test_one_temperature_helps_the_whole_and_harms_the_easy(network):
    options = {"replicates": 100, "worlds": 50}
    whole = network.fit_calibration(**options)
    assert dict(whole.df.select("measure", "verdict").iter_rows()) == dict.fromkeys(
        ("ece", "brier", "nll"), "better"
    )
    apart = network.fit_calibration(judge_by="degradation", **options).df.filter(measure="ece")
    verdicts = dict(apart.select("degradation", "verdict").iter_rows())
    assert verdicts["colour"] == "worse"
    assert verdicts["eidolon"] == "better"
    own = network.fit_calibration(method="isotonic", by="degradation", **options).df.filter(measure="ece")
    assert "worse" not in own["verdict"].to_list()
