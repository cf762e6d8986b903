"""``cvfail failures``: the ranking, its examples, and the error types."""

import json

import pytest


def test_the_ranking_is_that_of_the_python_interface(run, saved, evaluation):
    answer = run("failures", saved, "--format", "json")
    assert json.loads(answer.out) == evaluation.failure_modes().to_dicts()


def test_options_reach_the_search(run, saved, evaluation):
    options = ["--attributes", "light", "--max-order", 1, "--level", 0.2]
    answer = run("failures", saved, *options, "--format", "json")
    expected = evaluation.failure_modes(attributes=["light"], max_order=1, level=0.2)
    assert json.loads(answer.out) == expected.to_dicts()


def test_the_rows_of_a_mode(run, saved, evaluation):
    answer = run("failures", saved, "--examples", 1, "--format", "json")
    assert json.loads(answer.out) == evaluation.failure_modes().examples(1).to_dicts()
    assert evaluation.failure_modes().df["mode"][0] in answer.err


def test_a_rank_that_does_not_exist(run, saved):
    answer = run("failures", saved, "--examples", 99)
    assert (answer.code, answer.out) == (2, "")
    assert "there is no failure mode of rank 99" in answer.err


def test_the_error_types(run, saved, evaluation):
    answer = run("failures", saved, "--error-types", "--format", "json")
    assert json.loads(answer.out) == evaluation.error_types().to_dicts()


def test_a_ranking_without_a_significant_mode_says_so(run, saved, evaluation):
    level = 1e-9
    assert not evaluation.failure_modes(level=level).df["significant"].any()
    assert "no mode is significant (q < 1e-09)" in run("failures", saved, "--level", level).err


@pytest.mark.parametrize("wrong", [["--level", 2], ["--max-order", 3], ["--attributes"]])
def test_options_without_meaning(run, saved, wrong):
    answer = run("failures", saved, *wrong)
    assert answer.code == 2
    assert wrong[0] in answer.err
