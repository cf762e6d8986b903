"""Every kind of bad COCO input gives one error that says where, what and what to do."""

import json
import math

import polars as pl
import pytest

from cvfail.errors import FormatError, MissingFileError, SchemaError
from cvfail.io.coco import read_coco
from tests.io.coco_files import RESULTS, TRUTH, annotations, results, saved, truth


def refused(tmp_path, ground_truth=TRUTH, found=RESULTS, **options):
    """The error from files, after making sure that the loaded objects give the same problems."""
    paths = saved(tmp_path, "truth.json", ground_truth), saved(tmp_path, "results.json", found)
    with pytest.raises(SchemaError) as from_files:
        read_coco(*paths, **options)
    with pytest.raises(SchemaError) as from_objects:
        read_coco(ground_truth, found, **options)
    told = [(p.field, p.record, p.found) for p in from_files.value.problems]
    assert [(p.field, p.record, p.found) for p in from_objects.value.problems] == told
    return from_files.value


@pytest.mark.parametrize(
    ("fields", "field", "rule"),
    [
        ({"score": None}, "score", "score is missing"),
        ({"image_id": None}, "image_id", "image_id is missing"),
        ({"bbox": None}, "bbox", "bbox is missing"),
        ({"bbox": [1, 2, 3]}, "bbox", "bbox must be a list of 4 numbers: x, y, width, height"),
        ({"bbox": [1, 2, 3, "4"]}, "bbox", "bbox must be a list of 4 numbers: x, y, width, height"),
        ({"bbox": {"x": 1}}, "bbox", "bbox must be a list of 4 numbers: x, y, width, height"),
        ({"score": "0.9"}, "score", "score must be a number"),
        ({"score": True}, "score", "score must be a number"),
        ({"score": 10**400}, "score", "score must be a number"),
        ({"category_id": 1.5}, "category_id", "category_id must be an integer of 64 bits or text"),
        ({"image_id": [1]}, "image_id", "image_id must be an integer of 64 bits or text"),
        ({"score": 73.0}, "score", "score must be in [0, 1]"),
        ({"score": math.nan}, "score", "score must be a finite number"),
        ({"score": math.inf}, "score", "score must be a finite number"),
        ({"bbox": [math.nan, 0, 1, 1]}, "bbox[0]", "bbox[0] must be a finite number"),
        ({"bbox": [0, 0, -3, 1]}, "bbox[2]", "bbox[2] must not be negative"),
        ({"image_id": 99}, "image_id", "image_id must be the id of one of the images"),
    ],
)
def test_a_bad_result_is_named_with_file_record_field_value_and_remedy(tmp_path, fields, field, rule):
    error = refused(tmp_path, found=results(1, **fields))
    (problem,) = error.problems
    assert problem.source == "results.json, results"
    assert (problem.field, problem.rule, problem.record) == (field, rule, 1)
    assert (problem.count, problem.total) == (1, 2)
    assert problem.hint
    assert error.rows.select("table", "record", "field", "rule").row(0) == ("predictions", 1, field, rule)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"category_id": 99}, "category_id must be the id of one of the categories"),
        ({"image_id": 99}, "image_id must be the id of one of the images"),
        ({"id": 9}, "id must be unique"),
        ({"area": "big"}, "area must be a number"),
        ({"area": -4}, "area must not be negative"),
        ({"iscrowd": "no"}, "iscrowd must be 0 or 1"),
        ({"iscrowd": 2}, "iscrowd must be 0 or 1"),
        ({"bbox": [0, 0, 1, math.inf]}, "bbox[3] must be a finite number"),
        ({"id": [3]}, "id must be an integer of 64 bits or text"),
    ],
)
def test_a_bad_annotation_is_named_too(tmp_path, fields, rule):
    error = refused(tmp_path, ground_truth=annotations(1, **fields))
    assert rule in [problem.rule for problem in error.problems]
    assert all(problem.source == "truth.json, annotations" for problem in error.problems)


def test_the_message_shows_the_ids_of_the_first_record(tmp_path):
    error = refused(tmp_path, ground_truth=annotations(1, bbox=[0, 0, 1]))
    assert str(error) == (
        "truth.json, annotations: bbox must be a list of 4 numbers: x, y, width, height; "
        "1 of 3 records break this (first: record 1, bbox=[0, 0, 1] (id=5, image_id=2)). "
        "Hint: correct bbox where the file is made"
    )


def test_problems_of_both_files_and_of_both_kinds_come_together(tmp_path):
    ground_truth = annotations(0, bbox=[1, 2])
    ground_truth["annotations"][2]["category_id"] = 99
    ground_truth["images"].append(ground_truth["images"][0])
    found = [*results(0, score=None, bbox=[0, 0, -1, 0]), {**RESULTS[0], "score": 50}, "text"]
    error = refused(tmp_path, ground_truth, found)
    assert [(p.source, p.field, p.record) for p in error.problems] == [
        ("truth.json, images", "id", 3),
        ("truth.json, annotations", "bbox", 0),
        ("truth.json, annotations", "category_id", 2),
        ("results.json, results", "score", 0),
        ("results.json, results", "record", 3),
        ("results.json, results", "score", 2),
        ("results.json, results", "bbox[2]", 0),
    ]


def test_dropping_leaves_out_bad_records_of_every_kind_and_keeps_the_reasons(tmp_path):
    found = [results(0, score=None)[0], RESULTS[1], RESULTS[0] | {"score": math.nan}, "text"]
    data = read_coco(
        saved(tmp_path, "t.json", annotations(2, bbox=[1])),
        saved(tmp_path, "r.json", found),
        on_invalid="drop",
    )
    assert data.predictions["prediction_id"].to_list() == [1]
    assert data.ground_truth["ground_truth_id"].to_list() == [0, 5]
    assert data.rejected.select("table", "record", "field", "found").rows() == [
        ("ground_truth", 2, "bbox", "[1]"),
        ("predictions", 0, "score", "nothing"),
        ("predictions", 3, "record", "'text'"),
        ("predictions", 2, "score", "NaN"),
    ]


def test_a_field_that_every_record_lacks_is_an_error_even_when_rows_are_dropped():
    with pytest.raises(SchemaError, match="2 of 2 records break this"):
        read_coco(TRUTH, [results(0, score=None)[0], results(1, score=None)[1]], on_invalid="drop")


def test_mixed_id_types_inside_a_file_and_between_files_are_told(tmp_path):
    error = refused(tmp_path, found=results(1, category_id="3"))
    assert [p.rule for p in error.problems] == ["category_id must have the same type in all records"]
    assert "text in 1 of 2 records, first in record 1" in error.problems[0].found
    texts = [record | {"category_id": str(record["category_id"])} for record in RESULTS]
    error = refused(tmp_path, found=texts)
    assert error.problems[0].rule == "category_id must have the same type as id in truth.json, categories"


def test_an_id_beyond_64_bits_is_refused(tmp_path):
    assert "image_id must be an integer of 64 bits" in str(
        refused(tmp_path, found=results(1, image_id=2**70))
    )


def test_a_predicted_category_that_nothing_knows_is_kept_as_one_of_its_own():
    data = read_coco(TRUTH, results(0, category_id=50))
    assert data.categories["name"].to_list() == ["cat", "dog", "50"]


def test_results_without_boxes_or_scores_say_what_they_look_like(tmp_path):
    masks = [{"image_id": 1, "category_id": 3, "segmentation": {"counts": "a"}, "score": 0.5}]
    assert "look like masks" in str(refused(tmp_path, found=masks))
    points = [{"image_id": 1, "category_id": 3, "keypoints": [1, 2, 2], "score": 0.5}]
    assert "look like keypoints" in str(refused(tmp_path, found=points))
    renamed = [{"image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "confidence": 0.5}]
    assert "rename confidence to score" in str(refused(tmp_path, found=renamed))
    assert "is this a ground-truth file?" in str(refused(tmp_path, found=TRUTH))


@pytest.mark.parametrize("wrong", [RESULTS, {"images": []}, {"images": [], "annotations": []}])
def test_ground_truth_that_is_no_instances_file_is_told(tmp_path, wrong):
    error = refused(tmp_path, ground_truth=wrong)
    assert "must be an object with images, annotations and categories" in str(error)


def test_a_section_that_is_no_list_is_told(tmp_path):
    assert "annotations must be a list of records" in str(
        refused(tmp_path, ground_truth=truth(annotations={"1": {}}))
    )
    assert "results must be a list of records, or an object with annotations" in str(
        refused(tmp_path, found={"results": []})
    )


@pytest.mark.parametrize("cut", [1, 20, 60, -1, -3, -40])
@pytest.mark.parametrize("file", ["truth", "results"])
def test_a_truncated_file_is_called_cut_off_with_line_column_and_byte(tmp_path, cut, file):
    paths = {
        "truth": saved(tmp_path, "truth.json", TRUTH),
        "results": saved(tmp_path, "results.json", RESULTS),
    }
    content = paths[file].read_bytes()
    paths[file].write_bytes(content[:cut])
    with pytest.raises(FormatError, match=rf"{file}.json is cut off: .* line 1, column \d+, byte \d+"):
        read_coco(paths["truth"], paths["results"])


def test_a_file_that_is_not_json_is_told_with_the_place(tmp_path):
    path = saved(tmp_path, "results.json", '[{"image_id": 1,\n "score": 0.5,,}]')
    with pytest.raises(
        FormatError, match=r"results.json is not valid JSON: .* at line 2, column 15, byte 31"
    ):
        read_coco(TRUTH, path)


def test_text_after_the_end_and_binary_content_are_told(tmp_path):
    with pytest.raises(FormatError, match="not valid JSON: Extra data"):
        read_coco(TRUTH, saved(tmp_path, "r.json", json.dumps(RESULTS) + "]"))
    path = tmp_path / "archive.json"
    path.write_bytes(b"\x1f\x8b\x08\x00\xff\xfe")
    with pytest.raises(FormatError, match=r"archive\.json is not text"):
        read_coco(TRUTH, path)


def test_an_empty_file_a_folder_and_a_missing_file_are_told(tmp_path):
    path = saved(tmp_path, "results.json", "")
    with pytest.raises(FormatError, match=r"is empty \(0 bytes\)"):
        read_coco(TRUTH, path)
    with pytest.raises(FormatError, match="is a folder"):
        read_coco(TRUTH, tmp_path)
    with pytest.raises(MissingFileError, match=r"did you mean .*results\.json"):
        read_coco(TRUTH, tmp_path / "result.json")
    with pytest.raises(MissingFileError, match="nor does the folder"):
        read_coco(tmp_path / "no" / "truth.json", RESULTS)


def test_a_truncated_parquet_file_of_results_is_told(tmp_path):
    path = tmp_path / "results.parquet"
    pl.DataFrame({"image_id": list(range(1000))}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FormatError, match=r"results\.parquet is not a complete Parquet file"):
        read_coco(TRUTH, path)


def test_attribute_names_that_are_taken_are_told_with_a_remedy(tmp_path):
    ground_truth = annotations(0, outcome="x", pose="left", attributes={"pose": "right", "width": 3})
    fields = [problem.field for problem in refused(tmp_path, ground_truth=ground_truth).problems]
    assert sorted(fields) == ["outcome", "pose", "width"]
