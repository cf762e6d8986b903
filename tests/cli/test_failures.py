"""``cvfail failures``: the ranking and its examples."""

import json

import pytest

import cvfail as cf
from cvfail.failures.interventions.rule import read_rules


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


def test_a_ranking_without_a_significant_mode_says_so(run, saved, evaluation):
    level = 1e-9
    assert not evaluation.failure_modes(level=level).df["significant"].any()
    assert "no mode is significant (q < 1e-09)" in run("failures", saved, "--level", level).err


@pytest.mark.parametrize("wrong", [["--level", 2], ["--max-order", 0], ["--attributes"]])
def test_options_without_meaning(run, saved, wrong):
    answer = run("failures", saved, *wrong)
    assert answer.code == 2
    assert wrong[0] in answer.err


def test_what_repairing_gives_back_and_why_modes_happen(run, saved, evaluation):
    impact = run("failures", saved, "--impact", "--format", "json")
    assert json.loads(impact.out) == evaluation.failure_modes().impact.to_dicts()
    causes = run("failures", saved, "--causes", "--format", "json")
    assert json.loads(causes.out) == evaluation.failure_modes().causes().to_dicts()


def test_what_to_do_about_the_modes(run, saved, evaluation):
    answer = run("failures", saved, "--level", 0.99, "--interventions", "--format", "json")
    told = evaluation.failure_modes(level=0.99).interventions().to_dicts()
    assert json.loads(answer.out) == told
    assert told


def test_costs_of_a_file_rank_the_modes(run, saved, evaluation, tmp_path):
    path = tmp_path / "costs.toml"
    path.write_text("[costs]\nbackground = 100\n")
    answer = run("failures", saved, "--costs", path, "--format", "json")
    costs = cf.Costs.read(path)
    assert json.loads(answer.out) == evaluation.failure_modes(costs=costs).to_dicts()
    refused = run("failures", saved, "--costs", tmp_path / "none.toml")
    assert (refused.code, refused.out) == (3, "")
    assert "none.toml does not exist" in refused.err


def test_modes_that_were_saved_are_looked_at_again(run, saved, evaluation, tmp_path):
    path = tmp_path / "modes.json"
    assert f"modes written to {path}" in run("failures", saved, "--save", path).err
    answer = run("failures", saved, "--modes", path, "--format", "json")
    assert json.loads(answer.out) == evaluation.reevaluate(cf.read_modes(path)).to_dicts()


def test_training_images_that_cannot_be_read(run, saved, tmp_path):
    assert (
        "none.csv does not exist"
        in run("failures", saved, "--causes", "--training", tmp_path / "none.csv").err
    )
    (tmp_path / "bad.parquet").write_text("no")
    answer = run("failures", saved, "--causes", "--training", tmp_path / "bad.parquet")
    assert answer.code == 3
    assert "bad.parquet" in answer.err


def test_actions_by_own_rules(run, saved, evaluation, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nname = "ask"\nkind = "review"\ncauses = ["inherent"]\ngain = "none"\neffort = "hours"\n'
        'least_share = 0.0\ntext = "Ask of {slice}."\n'
    )
    options = ["--level", 0.999, "--interventions", "--rules", rules]
    answer = run("failures", saved, *options, "--format", "json")
    expected = evaluation.failure_modes(level=0.999).interventions(rules=read_rules(rules))
    assert json.loads(answer.out) == expected.to_dicts()
    assert "ask" in expected.df["action"].to_list()
