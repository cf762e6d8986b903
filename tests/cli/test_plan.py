"""``cvfail plan``: the plan on stdout, in files, and the check of a new model."""

import json

import pytest

from cvfail.evaluating import open_evaluation
from cvfail.evaluation import evaluate
from cvfail.failures.plan.plan import read_plan
from tests.failures.causes.scenes import scene

ASKED = ["--error", "missed", "--where", "light=night & size=small"]


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Saved runs of a model that misses small objects at night, and of one that does not."""
    folder = tmp_path_factory.mktemp("plan")
    return [
        evaluate(scene(5, **planted)).save(folder / name)
        for name, planted in (("old", {"night_small": 0.6}), ("same", {"night_small": 0.6}))
    ]


def test_the_plan_is_that_of_the_python_interface(run, runs):
    evaluation = open_evaluation(runs[0])
    modes = evaluation.reevaluate([evaluation.failure_mode("missed", ASKED[3])])
    answer = run("plan", runs[0], *ASKED, "--max-false-positives", 0.1, "--margin", 0.03)
    assert answer.code == 0
    assert answer.out == str(modes.plan(1, max_false_positives=0.1, margin=0.03))


def test_without_an_error_it_is_for_the_first_mode(run, runs):
    assert run("plan", runs[0]).out == str(open_evaluation(runs[0]).failure_modes().plan(1))


def test_a_saved_plan_checks_a_new_model(run, runs, tmp_path):
    path = tmp_path / "plan.json"
    assert run("plan", runs[0], *ASKED, "--save", path).code == 0
    answer = run("plan", runs[0], "--using", path, "--candidate", runs[1], "--format", "json")
    old, new = (open_evaluation(one).evidence for one in runs)
    check = read_plan(path).check(old, new)
    assert json.loads(answer.out) == check.to_dicts()
    assert (check.verdict, answer.code) == ("fail", 1), "the same model mends nothing"
    assert "verdict: fail" in answer.err


def test_own_rules_speak(run, runs, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nname = "lamp"\nkind = "hardware"\ncauses = ["size"]\ngain = "none"\neffort = "days"\n'
        'text = "Buy a lamp for {slice}."\n'
    )
    assert "Buy a lamp for light=night & size=small." in run("plan", runs[0], *ASKED, "--rules", rules).out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--where", "light=night"], "--where is the slice of an error"),
        (["--rank", "1", "--error", "missed"], "leave one out"),
        (["--format", "json"], "a plan is Markdown"),
        (["--error", "lost"], "no error 'lost'"),
        (["--error", "missed", "--where", "light=dusk"], "light is never 'dusk'"),
        (["--rank", "99"], "rank 99"),
    ],
)
def test_options_without_meaning(run, runs, options, told):
    answer = run("plan", runs[0], *options)
    assert answer.code in {2, 3}
    assert answer.out == ""
    assert told in answer.err
