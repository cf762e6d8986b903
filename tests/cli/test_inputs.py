"""What a question is put to: runs, files, folders, and every way to name them wrongly."""

import json
from typing import get_args

import polars as pl
import pytest

from cvfail.cli import inputs
from cvfail.evaluation import evaluate, open_evaluation
from cvfail.io.boxes import BoxFormat
from cvfail.io.coco import read_coco
from cvfail.io.parquet import write_parquet
from cvfail.matching.policy import Policy
from cvfail.tables.dataset import Task
from cvfail.tables.validation import OnInvalid

METRICS = ["metrics", "--format", "json"]
WAYS = "name one input: a saved RUN, --gt FILE with --pred FILE, or --data FOLDER"


def test_the_options_offer_what_the_readers_take():
    assert get_args(inputs.Task) == get_args(Task)
    assert get_args(inputs.BoxFormat) == get_args(BoxFormat)
    assert get_args(inputs.OnInvalid) == get_args(OnInvalid)


def test_files_a_run_and_a_folder_of_tables_give_the_same_answer(run, files, saved, evaluation, tmp_path):
    folder = write_parquet(evaluation.data, tmp_path / "tables")
    answers = {
        run(*METRICS, *source).out for source in (files, [saved], ["--run", saved], ["--data", folder])
    }
    assert [json.loads(answer) for answer in answers] == [evaluation.metrics().to_dicts()]


def test_predictions_may_be_parquet(run, files, evaluation, tmp_path):
    columns = ["image_id", "category_id", "score", "x", "y", "width", "height"]
    evaluation.data.predictions.select(columns).write_parquet(tmp_path / "found.parquet")
    answer = run(*METRICS, "--gt", files[1], "--pred", tmp_path / "found.parquet")
    assert json.loads(answer.out) == evaluation.metrics().to_dicts()


def test_the_policy_is_made_of_the_options(run, files, tmp_path):
    options = ["--iou", 0.6, "--score", 0.4, "--iou-thresholds", 0.3, 0.6, "--max-detections", 5, 50]
    assert run("evaluate", *files, *options, "--replicates", 0, "-o", tmp_path / "run").code == 0
    expected = Policy(iou=0.6, score=0.4, iou_thresholds=(0.3, 0.6), max_detections=(5, 50))
    assert open_evaluation(tmp_path / "run").policy == expected


def test_the_operating_point_of_a_run_can_be_moved(run, saved, evaluation):
    answer = run(*METRICS, saved, "--iou", 0.75, "--score", 0.6)
    assert json.loads(answer.out) == evaluation.metrics(iou=0.75, score=0.6).to_dicts()
    assert "IoU >= 0.75, score >= 0.6" in answer.err


@pytest.fixture
def doubtful(files, tmp_path):
    """The files with the field `ignore` on every other object and `doubtful` on all others."""
    truth = json.loads(files[1].read_text())
    for i, annotation in enumerate(truth["annotations"]):
        annotation |= {"ignore": i % 2, "doubtful": 1 - i % 2}
    (tmp_path / "doubtful.json").write_text(json.dumps(truth))
    return ["--gt", tmp_path / "doubtful.json", *files[2:]]


@pytest.mark.parametrize(
    ("options", "ignore"),
    [([], "ignore"), (["--ignore", "none"], None), (["--ignore", "doubtful"], "doubtful")],
)
def test_what_is_ignored_is_a_choice(run, doubtful, options, ignore):
    answer = run(*METRICS, *doubtful, *options)
    expected = evaluate(read_coco(doubtful[1], doubtful[3], ignore=ignore)).metrics()
    assert json.loads(answer.out) == expected.to_dicts()


def test_records_that_break_a_rule_are_refused_or_dropped(run, files, evaluation, tmp_path):
    found = json.loads(files[3].read_text())
    (tmp_path / "found.json").write_text(json.dumps([*found, {**found[0], "score": 73.0}]))
    spoiled = [*files[:3], tmp_path / "found.json"]
    refused = run(*METRICS, *spoiled)
    assert (refused.code, refused.out) == (3, "")
    assert "score must be in [0, 1]" in refused.err
    dropped = run(*METRICS, *spoiled, "--on-invalid", "drop")
    assert json.loads(dropped.out) == evaluation.metrics().to_dicts()
    assert "dropped 1 record; " in dropped.err


def test_a_warning_of_the_reader_is_one_plain_line(run, files, tmp_path):
    found = json.loads(files[3].read_text())
    for prediction in found:
        prediction["bbox"] = [side / 200 for side in prediction["bbox"]]
    (tmp_path / "shares.json").write_text(json.dumps(found))
    answer = run("metrics", *files[:3], tmp_path / "shares.json")
    assert answer.code == 0
    assert answer.err.splitlines()[0].startswith("warning: shares.json: ")
    assert "InputWarning" not in answer.err
    assert run("metrics", *files[:3], tmp_path / "shares.json", "--quiet").err == ""


def test_boxes_of_tables_may_be_corners(run, evaluation, tmp_path):
    data = evaluation.data
    corners = [pl.col("x").alias("x1"), pl.col("y").alias("y1")]
    corners += [(pl.col("x") + pl.col("width")).alias("x2"), (pl.col("y") + pl.col("height")).alias("y2")]
    for name in ("ground_truth", "predictions"):
        frame = data.frame(name).with_columns(corners).drop("x", "y", "width", "height")
        frame.write_parquet(tmp_path / f"{name}.parquet")
    answer = run(*METRICS, "--data", tmp_path, "--box-format", "xyxy")
    assert json.loads(answer.out)[0]["tp"] == evaluation.metrics().df["tp"].item()


@pytest.mark.parametrize("given", [[], ["--gt", "a.json"], ["--pred", "a.json"], ["run", "--data", "tables"]])
def test_one_input_must_be_named(run, given):
    assert run("metrics", *given) == (2, "", f"{WAYS}\n")


@pytest.mark.parametrize(
    "late", [["--ignore", "none"], ["--on-invalid", "drop"], ["--max-detections", 5], ["--task", "detection"]]
)
def test_what_was_decided_when_a_run_was_saved_cannot_be_changed(run, saved, late):
    answer = run("metrics", saved, *late)
    assert answer.code == 2
    assert answer.err.startswith(f"{late[0]} cannot be applied: {saved} was read and matched")


def test_coco_files_have_one_box_format(run, files):
    answer = run("metrics", *files, "--box-format", "xyxy")
    assert answer.code == 2
    assert "--box-format cannot be applied: COCO files hold boxes as xywh" in answer.err


def test_a_file_in_place_of_a_run_is_explained(run, files):
    answer = run("metrics", files[1])
    assert answer.code == 2
    assert "is a file, not a saved run. Hint: --gt FILE --pred FILE" in answer.err


@pytest.mark.parametrize("wrong", [["--iou", 0.52], ["--iou-thresholds", 0.9, 0.5], ["--max-detections", 0]])
def test_a_policy_without_meaning_is_refused_before_anything_is_read(run, wrong):
    answer = run("metrics", "--gt", "absent.json", "--pred", "absent.json", *wrong)
    assert answer.code == 2
    assert wrong[0].lstrip("-").replace("-", "_") in answer.err
