"""``cvfail plot``: charts as files, and their paths on stdout."""

import json

import pytest

pytest.importorskip("altair")


def test_the_suffix_decides_what_is_written(run, saved, tmp_path):
    for suffix, start in (("svg", b"<svg"), ("json", b"{")):
        path = tmp_path / "new" / f"figure.{suffix}"
        assert run("plot", "rates", saved, "--by", "light", "-o", path, "--quiet") == (0, f"{path}\n", "")
        assert path.read_bytes().startswith(start)


def test_options_reach_the_drawing_and_the_question(run, saved, tmp_path):
    path = tmp_path / "matrix.json"
    run("plot", "confusion_matrix", saved, "-o", path, "--theme", "dark", "--width", 200, "--score", 0.6)
    told = json.loads(path.read_text())
    assert told["width"] == 200
    assert told["config"]["background"] == "#161b22"
    assert "score >= 0.6" in " ".join(told["title"]["subtitle"])


def test_a_comparison_needs_a_baseline(run, saved, tmp_path):
    path = tmp_path / "figure.json"
    assert run("plot", "comparison", saved, "-o", path).code == 2
    assert run("plot", "roc", saved, "--baseline", saved, "-o", path).code == 2
    assert run("plot", "comparison", saved, "--baseline", saved, "--by", "light", "-o", path).code == 0
    assert "slice" in json.loads(path.read_text())["title"]["text"][0]


def test_all_charts_go_to_a_folder(run, saved, tmp_path):
    answer = run("plot", "all", saved, "-o", tmp_path / "figures", "--format", "json", "--quiet")
    assert answer.code == 0
    written = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert len(written) == 15
    assert sorted(line.rsplit("/", 1)[1] for line in answer.out.split()) == written


def test_what_cannot_be_written_is_refused_before_anything_is_read(run, tmp_path):
    answer = run("plot", "roc", "absent", "-o", tmp_path / "figure.gif")
    assert answer.code == 2
    assert "a chart is .png" in answer.err
    assert run("plot", "all", "absent", "-o", tmp_path / "figure.png").code == 2
    assert run("plot", "confusion_matrix", tmp_path, "--by", "light", "-o", tmp_path / "a.svg").code in {2, 3}


def test_without_the_extra_the_message_names_it(run, saved, tmp_path, monkeypatch):
    from cvfail.charts import saving
    from cvfail.errors import MissingDependencyError

    def missing(*_):
        raise MissingDependencyError("vl-convert", "report", "a chart")

    monkeypatch.setattr(saving, "_encoded", missing)
    answer = run("plot", "rates", saved, "-o", tmp_path / "figure.svg")
    assert answer.code != 0
    assert "cvfail[report]" in answer.err
    assert not list(tmp_path.iterdir())
