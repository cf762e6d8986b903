"""Saving and opening: the same answers, whole or not at all, and damage is named."""

import json

import pytest

from cvfail.errors import CvfailError, FormatError, MissingFileError
from cvfail.evaluation import evaluate, open_evaluation
from cvfail.matching.policy import Policy
from tests.full_disk import files_no_larger_than
from tests.scenes import detection, random_records


@pytest.fixture
def evaluation():
    records = random_records(4, images=12)
    return evaluate(detection(*records, light=["day", "night"] * 6), Policy(score=0.3))


def test_an_opened_evaluation_answers_as_the_one_that_was_saved(evaluation, tmp_path):
    opened = open_evaluation(evaluation.save(tmp_path / "run"))
    assert opened.policy == evaluation.policy
    for table in ("images", "categories", "ground_truth", "predictions", "pairs"):
        assert getattr(opened, table).equals(getattr(evaluation, table))
        assert getattr(opened, table).schema == getattr(evaluation, table).schema
    assert opened.coco_summary(replicates=20).df.equals(evaluation.coco_summary(replicates=20).df)
    assert opened.metrics(by=["light", "size"]).df.equals(evaluation.metrics(by=["light", "size"]).df)
    assert opened.confusion_matrix(iou=0.75).df.equals(evaluation.confusion_matrix(iou=0.75).df)


def test_an_evaluation_without_rows_can_be_saved_and_opened(tmp_path):
    opened = open_evaluation(evaluate(detection([], [], [], [])).save(tmp_path / "run"))
    assert opened.metrics().df["support"].item() == 0


def test_saving_twice_replaces_and_leaves_nothing_else_behind(evaluation, tmp_path):
    evaluation.save(tmp_path / "run")
    evaluation.save(tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_is_something_else_is_left_alone(evaluation, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(CvfailError, match="is not an evaluation"):
        evaluation.save(tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_a_full_disk_is_said_and_leaves_nothing(evaluation, tmp_path):
    with files_no_larger_than(2000), pytest.raises(CvfailError, match="could not be written"):
        evaluation.save(tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_a_folder_without_manifest_does_not_open(evaluation, tmp_path):
    (evaluation.save(tmp_path / "run") / "manifest.json").unlink()
    with pytest.raises(MissingFileError, match=r"has no manifest\.json"):
        open_evaluation(tmp_path / "run")


def test_a_path_that_is_no_folder_is_told_so(tmp_path):
    with pytest.raises(MissingFileError, match="nowhere is not a folder"):
        open_evaluation(tmp_path / "nowhere")


@pytest.mark.parametrize("keep", [0, 100, -20])
def test_a_truncated_table_is_named(evaluation, tmp_path, keep):
    path = evaluation.save(tmp_path / "run") / "pairs" / "000000.parquet"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FormatError, match=r"pairs/000000\.parquet is damaged"):
        open_evaluation(tmp_path / "run")


def test_another_schema_version_is_refused(evaluation, tmp_path):
    path = evaluation.save(tmp_path / "run") / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))
    with pytest.raises(FormatError, match="schema_version 99"):
        open_evaluation(tmp_path / "run")


def test_a_changed_byte_is_found_when_it_is_looked_for(evaluation, tmp_path):
    path = evaluation.save(tmp_path / "run") / "predictions" / "000000.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"predictions/000000\.parquet is damaged"):
        open_evaluation(tmp_path / "run", verify=True)
    assert open_evaluation(tmp_path / "run").policy == evaluation.policy
