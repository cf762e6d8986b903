"""``cvfail labels``: suspects, their cost, plans, verdicts, and a corrected run."""

import json

import polars as pl
import pytest

import cvfail as cf


def answered(answer):
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


@pytest.fixture(scope="module")
def classified(tmp_path_factory):
    """A saved run of a classifier with probabilities."""
    data = cf.from_labels(
        ["cat", "cat", "cat", "dog"], probabilities=[[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]]
    )
    return cf.evaluate(data).save(tmp_path_factory.mktemp("classified") / "run")


def test_suspects_are_those_of_the_python_interface(run, saved, evaluation):
    answer = run("labels", saved, "--min-score", 0.3, "--format", "json")
    assert answered(answer) == evaluation.label_errors(min_score=0.3).to_dicts()
    options = ["--kinds", "missing", "spurious", "--top", 3]
    expected = evaluation.label_errors(kinds=["missing", "spurious"], top=3)
    assert answered(run("labels", saved, *options, "--format", "json")) == expected.to_dicts()


def test_the_rows_of_a_suspect(run, saved, evaluation):
    answer = run("labels", saved, "--examples", 1, "--format", "json")
    assert answered(answer) == evaluation.label_errors().rows(1).to_dicts()
    assert run("labels", saved, "--examples", 9999).code == 2


def test_what_suspects_cost_and_the_quality_of_images(run, saved, evaluation):
    gains = evaluation.label_errors().correction_gain()
    assert answered(run("labels", saved, "--gain", "--format", "json")) == gains.to_dicts()
    quality = evaluation.object_label_quality()
    assert answered(run("labels", saved, "--quality", "--format", "json")) == quality.to_dicts()


@pytest.mark.parametrize("option", ["--noise", "--joint", "--pairs"])
def test_label_noise_of_a_classifier(run, classified, option):
    noise = cf.open(classified).label_noise()
    expected = {"--noise": noise, "--joint": noise.joint, "--pairs": noise.overlaps}[option]
    assert answered(run("labels", classified, option, "--format", "json")) == expected.to_dicts()


def test_a_plan_a_review_and_what_it_says(run, saved, tmp_path, evaluation):
    path = tmp_path / "review.csv"
    common = ["labels", saved, "--min-score", 0.3, "--half-width", 0.2, "--format", "json"]
    plan = answered(run(*common, "--plan", "--verdicts", path))
    frame = pl.read_csv(path, infer_schema=False)
    assert len(frame) == sum(row["review"] for row in plan)
    frame.with_columns(verdict=pl.lit("rejected")).write_csv(path)
    last = answered(run(*common, "--judged", path))[-1]
    assert (last["stratum"], last["reviewed"], last["precision"]) == ("all", len(frame), 0.0)


def test_verdicts_make_a_corrected_run(run, saved, tmp_path, evaluation):
    path = tmp_path / "verdicts.parquet"
    written = run("labels", saved, "--min-score", 0.3, "--verdicts", path)
    assert "suspects to judge" in written.err
    confirmed = pl.read_parquet(path).with_columns(verdict=pl.lit("confirmed"))
    confirmed.write_parquet(path)
    answer = run("labels", saved, "--correct", path, "-o", tmp_path / "corrected")
    assert answer.code == 0
    assert "saved the corrected run" in answer.err
    again = cf.open(tmp_path / "corrected")
    assert again.ground_truth.equals(evaluation.corrected(path).ground_truth)
    rows = answered(run("labels", saved, "--correct", path, "--format", "json"))
    assert [row["labels"] for row in rows] == ["as labelled", "corrected"]
    assert rows[1]["recall"] == again.metrics().df["recall"].item() > rows[0]["recall"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--kinds", "mising"], "missing"),
        (["--gain", "--plan"], "plan"),
        (["-o", "run"], "only --correct"),
        (["--noise"], "classification"),
        (["--verdicts", "verdicts.txt"], "csv"),
        (["--correct", "absent.csv"], "absent.csv"),
    ],
)
def test_options_without_meaning(run, saved, wrong, said):
    answer = run("labels", saved, *wrong)
    assert answer.code in {2, 3}
    assert said in answer.err
