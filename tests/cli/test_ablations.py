"""``cvfail ablations``: runs of a file, in the numbers of the Python interface, which are those of SQL."""

import json

import pytest

import cvfail as cf
from tests.comparison.models import two_datasets

VIEWS = ("true_positives", "false_positives", "false_negatives")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two models and the second at another score: two settings, two single changes; the files that say so."""
    folder = tmp_path_factory.mktemp("ablations")
    first, second = (cf.evaluate(one) for one in two_datasets(3, images=30))
    runs = {"base": first, "nights": second, "strict": second.at(score=0.9)}
    for name, one in runs.items():
        one.save(folder / name)
    first.reevaluate([first.failure_mode("missed", "size=small")]).write_modes(folder / "modes.json")
    (folder / "runs.csv").write_text("run,nights,score\nbase,no,0.25\nnights,yes,0.25\nstrict,yes,0.9\n")
    (folder / "runs.toml").write_text(
        '[base]\nrun = "base"\nnights = "no"\nscore = 0.25\n[nights]\nrun = "nights"\nnights = "yes"\n'
        'score = 0.25\n[strict]\nrun = "strict"\nnights = "yes"\nscore = 0.9\n'
    )
    return folder


@pytest.fixture(scope="module")
def table(folder):
    settings = {
        "base": {"nights": "no", "score": 0.25},
        "nights": {"nights": "yes", "score": 0.25},
        "strict": {"nights": "yes", "score": 0.9},
    }
    known = {name: (cf.open(folder / name), own) for name, own in settings.items()}
    modes = cf.read_modes(folder / "modes.json")
    return cf.ablations(known, modes=modes, by=("light",), replicates=20, seed=4)


def asked(run, folder, *options, file="runs.csv"):
    told = ("--modes", folder / "modes.json", "--by", "light", "--replicates", 20, "--seed", 4)
    answer = run("ablations", folder / file, *told, *options, "--format", "json")
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


@pytest.mark.parametrize("file", ["runs.csv", "runs.toml"])
def test_the_table_is_that_of_the_python_interface(run, folder, table, file):
    assert asked(run, folder, file=file) == table.to_dicts()
    assert set(table.df["level"]) == {"overall", "class", "slice", "failure mode"}


def test_every_form_is_a_part_of_it(run, folder, table):
    assert asked(run, folder, "--changed") == table.changed().to_dicts() != []
    assert asked(run, folder, "--removed") == table.removed().to_dicts()
    assert asked(run, folder, "--brought") == table.brought().to_dicts()
    assert asked(run, folder, "--runs") == table.runs.to_dicts()


def test_the_numbers_of_both_runs_are_those_of_sql(run, folder):
    rows = [one for one in asked(run, folder) if (one["level"], one["metric"]) == ("overall", "recall")]
    assert [one["candidate_run"] for one in rows] == ["nights", "strict"]
    for row in rows:
        for side in ("baseline", "candidate"):
            evaluation = cf.open(folder / row[f"{side}_run"])
            right, _, missed = (evaluation.sql(f"SELECT count(*) FROM {view}").item() for view in VIEWS)
            assert row[side] == pytest.approx(right / (right + missed), abs=1e-12)


def test_a_file_has_every_column_and_a_terminal_what_fits(run, folder, table, tmp_path, monkeypatch):
    asked_for = ("ablations", folder / "runs.csv", "--replicates", 20, "--by", "light")
    assert run(*asked_for, "-o", tmp_path / "table.csv").code == 0
    header = (tmp_path / "table.csv").read_text().splitlines()[0]
    assert header.split(",") == table.df.columns
    monkeypatch.setenv("COLUMNS", "80")
    out = run(*asked_for).out
    heading = next(line for line in out.splitlines() if line.startswith("change"))
    assert heading.split()[:4] == ["change", "where", "metric", "difference"]
    assert "nights=yes" in out
    assert "light=night" in out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--removed"], "name the failure modes"),
        (["--by", "lihgt"], "'lihgt' is not an attribute"),
        (["--removed", "--brought"], "mutually exclusive"),
    ],
)
def test_options_without_meaning(run, folder, options, told):
    answer = run("ablations", folder / "runs.csv", *options)
    assert (answer.code, answer.out) == (2, "")
    assert told.lower() in answer.err.lower()
