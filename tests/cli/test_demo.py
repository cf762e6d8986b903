"""``cvfail demo``: from nothing to a report."""

import pytest

from cvfail.evaluation import open_evaluation

pytest.importorskip("PIL")
pytest.importorskip("jinja2")


@pytest.fixture
def demo(run, tmp_path):
    """The demo on a few pictures, in a folder."""

    def make(*options):
        return run("demo", "--images", 4, "-o", tmp_path / "demo", *options)

    return make


def test_it_leaves_pictures_files_a_run_and_a_report_and_says_where(demo, tmp_path):
    answer = demo()
    folder = tmp_path / "demo"
    assert answer.code == 0
    assert {path.name for path in folder.iterdir()} == {
        "images",
        "ground_truth.json",
        "predictions.json",
        "predictions_retrained.json",
        "training_images.csv",
        "run",
        "report.html",
        "retrained",
        "report_retrained.html",
    }
    assert 'id="comparison"' in (folder / "report_retrained.html").read_text("utf-8")
    assert 'id="comparison"' not in (folder / "report.html").read_text("utf-8")
    assert len(list((folder / "images").iterdir())) == 4
    assert len(open_evaluation(folder / "run").images) == 4
    assert answer.out.startswith("failure modes; ")
    assert "planted in the simulated detector:" in answer.err
    assert f"open {folder / 'report.html'}; cvfail confusion {folder / 'run'}" in answer.err


def test_nothing_need_be_planted(demo):
    answer = demo("--nothing-planted")
    assert "planted in the simulated detector:\n- nothing\n" in answer.err


def test_a_second_demo_of_the_same_seed_leaves_the_same(demo, tmp_path):
    predictions = tmp_path / "demo" / "predictions.json"
    first, texts = demo("--quiet"), [predictions.read_text()]
    second, texts = demo("--quiet"), [*texts, predictions.read_text()]
    assert first == second
    assert first.err == ""
    assert texts[0] == texts[1]
