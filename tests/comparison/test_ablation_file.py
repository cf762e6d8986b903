"""Runs and their settings from TOML and CSV."""

import pytest

from cvfail.comparison.ablation_file import read_ablation_file
from cvfail.errors import FormatError, MissingFileError


def written(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def test_a_table_of_toml_is_a_run(tmp_path):
    text = '[base]\nrun = "runs/a"\nmosaic = false\n\n["more nights"]\nrun = "/b"\nmosaic = true\nlr = 0.1\n'
    runs = read_ablation_file(written(tmp_path, "runs.toml", text))
    assert list(runs) == ["base", "more nights"]
    assert runs["base"] == (tmp_path / "runs" / "a", {"mosaic": False})
    assert runs["more nights"].folder.as_posix() == "/b"
    assert runs["more nights"].settings == {"mosaic": True, "lr": 0.1}


def test_a_row_of_csv_is_a_run_and_an_empty_cell_no_setting(tmp_path):
    text = 'run,mosaic,note\nruns/a,no,\nruns/b,yes,"a, b"\n'
    runs = read_ablation_file(written(tmp_path, "runs.csv", text))
    assert runs == {
        "a": (tmp_path / "runs/a", {"mosaic": "no"}),
        "b": (tmp_path / "runs/b", {"mosaic": "yes", "note": "a, b"}),
    }


def test_a_csv_may_name_its_runs(tmp_path):
    text = "name,run,lr\nfirst,a/run,1\nsecond,b/run,2\n"
    assert list(read_ablation_file(written(tmp_path, "runs.csv", text))) == ["first", "second"]
    assert read_ablation_file(written(tmp_path, "none.csv", "run,lr\n")) == {}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.toml", "[base]\nmosaic = 1\n", "base names no run"),
        ("a.toml", "base = 3\n", "base names no run"),
        ("a.toml", "[base\n", "TOML has a table of each run"),
        ("a.csv", "folder,lr\na,1\n", "row 1 names no run"),
        ("a.csv", "run,lr\na/run,1\nb/run,2\n", "two runs are named 'run'"),
    ],
)
def test_a_file_that_lists_no_runs_is_refused(tmp_path, name, text, told):
    with pytest.raises(FormatError, match=told):
        read_ablation_file(written(tmp_path, name, text))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"runs\.toml does not exist"):
        read_ablation_file(tmp_path / "runs.toml")
