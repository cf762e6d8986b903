"""``cvfail thresholds`` and ``cvfail what-if`` answer as Python does."""

import json

import polars as pl
import pytest

from cvfail.thresholds.thresholds import Thresholds

COSTS = '[costs]\n"missed" = 5\n"background" = 2\n'


def rows(answer):
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_thresholds_by_class_are_those_of_python(run, saved, evaluation):
    found = rows(run("thresholds", saved, "--by", "category", "light", "--format", "json"))
    assert found == evaluation.operating_points(by=["category", "light"]).df.to_dicts()


def test_conditions_and_costs_are_passed_on(run, saved, evaluation, tmp_path):
    found = rows(
        run("thresholds", saved, "--best", "recall", "--max-false-positives", "0.5", "--format", "json")
    )
    assert found == evaluation.operating_points(best="recall", max_false_positives=0.5).df.to_dicts()
    (tmp_path / "risk.toml").write_text(COSTS)
    from cvfail.failures.costs import Costs

    found = rows(
        run("thresholds", saved, "--best", "cost", "--costs", tmp_path / "risk.toml", "--format", "json")
    )
    costs = Costs.read(tmp_path / "risk.toml")
    assert found == evaluation.operating_points(best="cost", costs=costs).df.to_dicts()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--held-out"], lambda e: e.operating_points().held_out),
        (["--budget", "0.5"], lambda e: e.shared_budget(0.5).df),
        (
            ["--guarantee", "false_alarm", "--at-most", "0.9"],
            lambda e: e.guaranteed_threshold("false_alarm", 0.9).df,
        ),
        (["--curve", "score"], lambda e: e.curve("score").df),
        (["--curve", "froc"], lambda e: e.curve("froc").df),
    ],
)
def test_other_forms_are_those_of_python(run, saved, evaluation, options, expected):
    table = expected(evaluation).with_columns(pl.selectors.float().replace(float("inf"), None))
    found = rows(run("thresholds", saved, *options, "--format", "json"))
    assert found == table.to_dicts(), "JSON has no infinity"


def test_a_file_is_written_and_tried_out(run, saved, evaluation, tmp_path):
    path = tmp_path / "thresholds.toml"
    answer = run("thresholds", saved, "--by", "category", "--save", path)
    assert f"wrote {path}: 4 thresholds" in answer.err
    assert "highest F1" in answer.out
    chosen = Thresholds.read(path)
    assert chosen == evaluation.operating_points(by="category").thresholds
    replayed = evaluation.what_if(chosen)
    found = rows(run("what-if", saved, "--thresholds", path, "--by", "light", "--format", "json"))
    assert found == replayed.metrics(by=["light"]).df.to_dicts()
    for option, table in (
        ("--confusions", replayed.confusions),
        ("--modes", replayed.failure_modes()),
    ):
        assert (
            rows(run("what-if", saved, "--thresholds", path, option, "--format", "json"))
            == table.df.to_dicts()
        )
    found = rows(run("what-if", saved, "--thresholds", path, "--rows", "--format", "json"))
    assert len(found) == len(replayed.changed)


def test_one_threshold_needs_no_file(run, saved, evaluation):
    found = rows(run("what-if", saved, "--threshold", "0", "--format", "json"))
    assert found == evaluation.what_if(0.0).metrics().df.to_dicts()


def test_suppression_needs_no_thresholds(run, saved, evaluation):
    found = rows(run("what-if", saved, "--nms", "--format", "json"))
    assert found == evaluation.suppression().df.to_dicts()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["thresholds", "--best", "recall"], "needs a condition"),
        (["thresholds", "--guarantee", "missed"], "a risk and a limit"),
        (["thresholds", "--curve", "score", "--save", "t.toml"], "--save is for thresholds"),
        (["thresholds", "--by", "size"], "cannot be applied"),
        (["what-if"], "name what to change"),
        (["what-if", "--nms", "--threshold", "0.5"], "not thresholds"),
        (["what-if", "--thresholds", "none.toml"], "does not exist"),
    ],
)
def test_what_has_no_meaning_ends_with_a_hint(run, saved, command, message):
    answer = run(command[0], saved, *command[1:])
    assert answer.code != 0
    assert message in answer.err
    assert "Traceback" not in answer.err
