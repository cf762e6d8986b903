"""``cvfail metrics``: rates by anything, the same from SQL and Polars."""

import json

import polars as pl
import pytest


@pytest.mark.parametrize("by", [["light"], ["light", "size"], ["category", "size"]])
def test_rates_by_attributes_are_those_of_the_python_interface(run, saved, evaluation, by):
    answer = run("metrics", saved, "--by", *by, "--format", "json")
    assert json.loads(answer.out) == evaluation.metrics(by=by).to_dicts()


@pytest.mark.parametrize("average", ["micro", "macro", "weighted"])
def test_each_average(run, saved, evaluation, average):
    answer = run("metrics", saved, "--average", average, "--format", "json")
    assert json.loads(answer.out) == evaluation.metrics(average=average).to_dicts()


def test_recall_by_attribute_is_the_same_in_sql_metrics_and_polars(run, saved, evaluation):
    question = """
        SELECT light, count(*) FILTER (outcome = 'found')::BIGINT AS tp, count(*)::BIGINT AS support
        FROM ground_truth JOIN images USING (image_id)
        WHERE is_regular GROUP BY light ORDER BY light
    """
    sql = json.loads(run("sql", question, saved, "--format", "json").out)
    metrics = json.loads(run("metrics", saved, "--by", "light", "--format", "json").out)
    polars = (
        evaluation.ground_truth_at()
        .filter("is_regular")
        .join(evaluation.images, on="image_id")
        .group_by("light")
        .agg(tp=(pl.col("outcome") == "found").sum().cast(pl.Int64), support=pl.len().cast(pl.Int64))
        .sort("light")
        .to_dicts()
    )
    chosen = [{name: row[name] for name in ("light", "tp", "support")} for row in metrics]
    assert sql == polars == sorted(chosen, key=lambda row: row["light"])


def test_a_terminal_of_100_columns_shows_intervals_beside_their_estimates(run, saved, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    answer = run("metrics", saved, "--by", "light", "size")
    lines = answer.out.splitlines()
    assert max(map(len, lines)) <= 100
    heading = next(line for line in lines if line.startswith("light"))
    assert heading.split()[:6] == ["light", "size", "support", "precision", "recall", "f1"]
    assert "not shown: " in answer.err


def test_an_attribute_that_does_not_exist_is_named_with_those_that_do(run, saved):
    answer = run("metrics", saved, "--by", "lihgt")
    assert answer.code == 2
    assert "'lihgt' is not an attribute" in answer.err
    assert "one of category, size, light" in answer.err
