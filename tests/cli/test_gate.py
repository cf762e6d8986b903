"""``cvfail gate`` and ``cvfail runs``: exit codes, files, and the answers of the Python interface."""

import json

import pytest

import cvfail as cf
from cvfail.failures.mode_files import write_modes
from tests.failures.causes.scenes import scene

RULES = """
[[rule]]
metric = "recall"
class = "*"
max_fall = 0.05
"""


@pytest.fixture(scope="session")
def history(tmp_path_factory):
    """Saved runs of a model, and of one that misses half of what is small at night."""
    folder = tmp_path_factory.mktemp("history")
    good = cf.evaluate(scene(5))
    data = good.data
    halved = data.predictions.gather_every(2)
    from dataclasses import replace

    good.save(folder / "1_good")
    cf.evaluate(replace(data, predictions=halved)).save(folder / "2_worse")
    return folder


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text(RULES)
    return path


def test_the_verdicts_are_those_of_the_python_interface(run, history, rules):
    good, worse = (cf.open(history / name) for name in ("1_good", "2_worse"))
    answer = run(
        "gate", history / "2_worse", "--baseline", history / "1_good", "--rules", rules, "--format", "json"
    )
    expected = worse.gate(rules, baseline=good)
    assert json.loads(answer.out) == expected.to_dicts()
    assert (expected.verdict, answer.code) == ("fail", 1)
    assert expected.summary in answer.err


def test_a_model_passes_against_itself(run, history, rules):
    answer = run("gate", history / "1_good", "--baseline", history / "1_good", "--rules", rules)
    assert answer.code == 0
    assert "pass: 0 of 3 rows fail" in answer.err
    assert answer.out.count("\npass ") == 3


def test_reports_are_written(run, history, rules, tmp_path):
    files = {name: tmp_path / f"gate.{name}" for name in ("junit", "json", "markdown")}
    options = [part for name, path in files.items() for part in (f"--{name}", path)]
    answer = run("gate", history / "2_worse", "--baseline", history / "1_good", "--rules", rules, *options)
    assert answer.code == 1
    assert [path.read_text()[:5] for path in files.values()] == ["<?xml", '{\n  "', "## cv"]
    assert all(f"wrote {path}" in answer.err for path in files.values())


def test_a_baseline_is_written_and_used(run, history, rules, tmp_path):
    path = tmp_path / "baseline.parquet"
    answer = run("gate", history / "1_good", "--rules", rules, "--write-baseline", path)
    assert (answer.code, answer.out) == (0, "")
    own, file = (
        run("gate", history / "2_worse", "--baseline", baseline, "--rules", rules, "--format", "csv")
        for baseline in (history / "1_good", path)
    )
    assert (own.out, own.code) == (file.out, file.code)


def test_strict_ends_with_1_where_it_cannot_be_told(run, history, tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text('[gate]\nmin_units = 1000000\n[[rule]]\nmetric = "recall"\nat_least = 0.5\n')
    assert run("gate", history / "1_good", "--rules", path).code == 0
    assert run("gate", history / "1_good", "--rules", path, "--strict").code == 1


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (RULES, 2, "needs a baseline. Hint: --baseline RUN"),
        (RULES.replace("recall", "recal"), 3, "gate.toml, rule 1, metric: no metric 'recal'. Hint: "),
        ('[[rule]]\nmetric = "recall"\nat_least = 0.5\nslice = "light=dusk"', 2, "'light' is never 'dusk'"),
    ],
)
def test_bad_rules(run, history, tmp_path, text, code, told):
    path = tmp_path / "gate.toml"
    path.write_text(text)
    answer = run("gate", history / "1_good", "--rules", path)
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err


def test_runs_are_listed(run, history):
    answer = run("runs", history, "--order", "name", "--format", "csv")
    assert answer.out == cf.runs(history, order="name").df.write_csv()


def test_slices_and_modes_of_runs(run, history, tmp_path):
    mode = cf.open(history / "1_good").failure_mode("missed", "light=night")
    modes = write_modes([mode], tmp_path / "modes.json")
    options = [
        "--modes",
        modes,
        "--where",
        "light=night",
        "--classes",
        "class 1",
        "--metrics",
        "recall",
        "f1",
    ]
    answer = run("runs", history, "--order", "name", *options, "--format", "csv")
    trend = cf.runs(history, order="name", metrics=[]).trend(
        slices=["light=night"], modes=[mode], classes=["class 1"], metrics=["recall", "f1"]
    )
    assert answer.out == trend.df.write_csv()
    assert len(trend) == 2 * (2 * 2 + 1)


def test_a_folder_that_is_not_there(run, tmp_path):
    answer = run("runs", tmp_path / "none")
    assert (answer.code, answer.out) == (3, "")
    assert "is not a folder" in answer.err
