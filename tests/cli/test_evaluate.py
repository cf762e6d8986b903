"""``cvfail evaluate``: the twelve numbers, and the run folder."""

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cvfail.evaluation import evaluate, open_evaluation
from cvfail.io.labels import from_labels
from cvfail.io.parquet import write_parquet


def test_the_summary_is_that_of_the_python_interface(run, files, evaluation):
    answer = run("evaluate", *files, "--replicates", 20, "--format", "json")
    assert json.loads(answer.out) == evaluation.coco_summary(replicates=20).to_dicts()


def test_without_replicates_there_are_no_intervals(run, files):
    table = run("evaluate", *files, "--replicates", 0).out
    assert "no intervals" in table
    assert "[" not in table


def test_seed_and_confidence_reach_the_bootstrap(run, saved, evaluation):
    answer = run("evaluate", saved, "--replicates", 20, "--seed", 3, "--confidence", 0.8, "--format", "json")
    expected = evaluation.coco_summary(replicates=20, seed=3, confidence=0.8)
    assert json.loads(answer.out) == expected.to_dicts()


def test_per_class_is_average_precision(run, saved, evaluation):
    answer = run("evaluate", saved, "--per-class", "--replicates", 20, "--format", "json")
    assert json.loads(answer.out) == evaluation.average_precision(replicates=20).to_dicts()


def test_an_output_without_suffix_saves_the_run_and_prints_the_summary(run, files, evaluation, tmp_path):
    answer = run("evaluate", *files, "--replicates", 0, "-o", tmp_path / "run", "--format", "csv")
    assert answer.out.startswith("metric,")
    assert f"cvfail failures {tmp_path / 'run'}" in answer.err
    assert_frame_equal(open_evaluation(tmp_path / "run").predictions, evaluation.predictions)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_run_with_a_dot_in_its_name_is_replaced_if_it_is_there(run, files, saved, tmp_path):
    folder = open_evaluation(saved).save(tmp_path / "run.v2")
    assert run("evaluate", *files, "--replicates", 0, "-o", folder, "--score", 0.5).code == 0
    assert open_evaluation(folder).policy.score == 0.5


def test_an_output_with_a_suffix_is_the_table(run, files, evaluation, tmp_path):
    answer = run("evaluate", *files, "--replicates", 0, "-o", tmp_path / "summary.parquet")
    assert answer.out == ""
    assert_frame_equal(
        pl.read_parquet(tmp_path / "summary.parquet"), evaluation.coco_summary(replicates=0).df
    )


def test_a_folder_that_is_no_run_is_left_alone(run, files, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    answer = run("evaluate", *files, "-o", tmp_path)
    assert answer.code == 2
    assert "is not an evaluation" in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_classification_has_accuracy_and_rates_of_the_classes_instead(run, tmp_path):
    data = from_labels(["cat", "dog", "cat", "dog"], ["cat", "dog", "dog", "dog"])
    folder = write_parquet(data, tmp_path / "labels")
    given = ["evaluate", "--data", folder, "--task", "classification", "--format", "json"]
    assert json.loads(run(*given).out) == evaluate(data).agreement().to_dicts()
    assert json.loads(run(*given, "--per-class").out) == evaluate(data).metrics(by="category").to_dicts()


@pytest.mark.parametrize(("protocol", "method"), [("voc", "area"), ("voc-2007", "11-point")])
@pytest.mark.parametrize("extra_pixel", [True, False])
def test_the_protocol_of_voc(run, saved, evaluation, protocol, method, extra_pixel):
    options = ["--protocol", protocol, "--replicates", 20, *["--extra-pixel"] * extra_pixel]
    expected = evaluation.voc_average_precision(method=method, legacy_plus_one=extra_pixel, replicates=20)
    given = ["evaluate", saved, *options, "--format", "json"]
    assert json.loads(run(*given).out) == expected.mean.to_dicts()
    assert json.loads(run(*given, "--per-class").out) == expected.to_dicts()


def test_the_protocol_of_wider_face_needs_its_levels(run, saved):
    answer = run("evaluate", saved, "--protocol", "wider-face")
    assert (answer.code, answer.out) == (2, "")


@pytest.mark.parametrize("options", [["--extra-pixel"], ["--protocol", "wider-face", "--per-class"]])
def test_options_of_another_protocol_are_refused(run, saved, options):
    answer = run("evaluate", saved, *options)
    assert answer.code == 2
    assert options[-1] in answer.err


def test_tables_are_streamed_into_the_folder_that_they_give_in_memory(run, evaluation, tmp_path):
    tables = write_parquet(evaluation.data, tmp_path / "tables")
    options = ("--data", tables, "--replicates", 0, "--format", "csv")
    in_memory = run("evaluate", *options, "-o", tmp_path / "memory")
    streamed = run("evaluate", *options, "-o", tmp_path / "streamed", "--memory", "1GB")
    assert streamed.code == 0
    assert streamed.out == in_memory.out
    for table in ("ground_truth", "predictions", "pairs"):
        path = f"{table}/000000.parquet"
        assert (tmp_path / "streamed" / path).read_bytes() == (tmp_path / "memory" / path).read_bytes()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--memory", "1GB"], "--memory streams into a folder"),
        (["--memory", "1GB", "-o", "run", "--on-invalid", "drop"], "--on-invalid cannot be applied"),
        (["--memory", "lots", "-o", "run"], "is no amount"),
    ],
)
def test_streaming_options_that_make_no_sense_are_usage_errors(
    run, evaluation, tmp_path, options, text, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    tables = write_parquet(evaluation.data, tmp_path / "tables")
    answer = run("evaluate", "--data", tables, *options)
    assert answer.code == 2
    assert text in answer.err


def test_coco_files_are_not_streamed(run, files, tmp_path):
    answer = run("evaluate", *files, "--memory", "1GB", "-o", tmp_path / "run")
    assert (answer.code, "--memory is for --data FOLDER" in answer.err) == (2, True)
