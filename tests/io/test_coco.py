import json
import warnings

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from polars.testing import assert_frame_equal

from cvfail.errors import SchemaError
from cvfail.io.coco import read_coco
from cvfail.tables.suspicions import InputWarning
from tests.io.coco_files import RESULTS, TRUTH, annotations, pairs_of_files, saved, truth

TABLES = ("images", "categories", "ground_truth", "predictions")


@pytest.fixture
def files(tmp_path):
    return saved(tmp_path, "truth.json", TRUTH), saved(tmp_path, "results.json", RESULTS)


def test_fields_become_the_declared_columns_in_the_order_of_the_file(files):
    data = read_coco(*files)
    assert data.ground_truth["ground_truth_id"].to_list() == [0, 5, 9]
    assert data.ground_truth.select("x", "y", "width", "height", "area").row(0) == (1.0, 2.0, 30.5, 4.0, 60.0)
    assert data.ground_truth["is_crowd"].to_list() == [False, True, False]
    assert data.predictions["image_id"].to_list() == [2, 1]
    assert data.predictions["score"].to_list() == [0.75, 1.0]
    assert data.categories["supercategory"].to_list() == ["animal", "animal"]
    assert data.images.select("file_name", "width", "height").row(0) == ("a.jpg", 100, 80)
    assert data.source == {
        "images": "truth.json",
        "categories": "truth.json",
        "ground_truth": "truth.json",
        "predictions": "results.json",
    }


def test_fields_that_coco_does_not_define_are_attributes_of_all_three_tables():
    ground_truth = annotations(1, occluded=True, attributes={"pose": "left", "blur": 2})
    ground_truth["images"][2]["cluster_id"] = 4
    ground_truth["images"][0] |= {"cluster_id": 4, "license": 3, "coco_url": "u", "flickr_url": "v"}
    ground_truth["images"][1]["cluster_id"] = 5
    found = [RESULTS[0] | {"id": 17, "model": "v3", "segmentation": [[1, 2]]}, RESULTS[1] | {"area": 3}]
    data = read_coco(ground_truth, found)
    assert data.attributes("images") == ["time_of_day"]
    assert data.images["cluster_id"].to_list() == [4, 5, 4]
    assert data.attributes("ground_truth") == ["pose", "blur", "occluded"]
    assert data.ground_truth["pose"].to_list() == [None, "left", None]
    assert data.predictions.select("id", "model").rows() == [(17, "v3"), (None, None)]


def test_an_attribute_that_appears_late_is_found(tmp_path):
    records = [dict(RESULTS[0]) for _ in range(3000)]
    records[2999]["late"] = 1.5
    data = read_coco(saved(tmp_path, "t.json", TRUTH), saved(tmp_path, "r.json", records))
    assert data.predictions["late"].to_list() == [None] * 2999 + [1.5]


def test_names_that_are_no_python_names_are_attributes_too(tmp_path):
    found = [RESULTS[0] | {"is-truncated": True, "class": "x", "f0": 1, "größe": 2.5}]
    data = read_coco(TRUTH, saved(tmp_path, "r.json", found))
    assert data.predictions.select("is-truncated", "class", "f0", "größe").row(0) == (True, "x", 1, 2.5)


def test_missing_area_crowd_flag_and_annotation_ids_have_their_defaults():
    bare = [{k: a[k] for k in ("image_id", "category_id", "bbox")} for a in TRUTH["annotations"]]
    data = read_coco(truth(annotations=bare), RESULTS)
    assert data.ground_truth["area"].to_list() == [122.0, 0.0, 25.0]
    assert data.ground_truth["is_crowd"].to_list() == [False] * 3
    assert data.ground_truth["ground_truth_id"].to_list() == [0, 1, 2]


def test_a_null_area_is_width_times_height_of_that_annotation_alone():
    ground_truth = truth()
    ground_truth["annotations"][0]["area"] = None
    assert read_coco(ground_truth, RESULTS).ground_truth["area"].to_list() == [122.0, 0.5, 25.0]


def test_the_ignore_field_is_honoured_or_another_or_none():
    ground_truth = annotations(0, ignore=1)
    ground_truth["annotations"][1]["difficult"] = True
    assert read_coco(ground_truth, RESULTS).ground_truth["is_ignored"].to_list() == [True, False, False]
    by_difficult = read_coco(ground_truth, RESULTS, ignore="difficult")
    assert by_difficult.ground_truth["is_ignored"].to_list() == [False, True, False]
    assert by_difficult.attributes("ground_truth") == ["ignore", "difficult"]
    assert not read_coco(ground_truth, RESULTS, ignore=None).ground_truth["is_ignored"].any()


def test_an_ignore_field_that_does_not_exist_is_told():
    with pytest.raises(SchemaError, match="column 'dificult', which was to say what is ignored, is missing"):
        read_coco(annotations(1, difficult=1), RESULTS, ignore="dificult")


def test_results_may_be_wrapped_or_come_as_a_whole_coco_file(files, tmp_path):
    expected = read_coco(*files)
    wrapped = saved(tmp_path, "wrapped.json", {"annotations": RESULTS})
    whole = saved(tmp_path, "whole.json", TRUTH | {"annotations": RESULTS})
    for path in (wrapped, whole):
        assert_frame_equal(read_coco(files[0], path).predictions, expected.predictions)


def test_results_may_be_a_parquet_file(files, tmp_path):
    expected = read_coco(*files).predictions
    ids = {name: [r[name] for r in RESULTS] for name in ("image_id", "category_id", "score")}
    boxes = [[float(v) for v in r["bbox"]] for r in RESULTS]
    lists = pl.DataFrame(ids | {"bbox": boxes})
    short = pl.DataFrame(ids | {n: [b[i] for b in boxes] for i, n in enumerate(("x", "y", "w", "h"))})
    for frame in (lists, short, short.rename({"w": "width", "h": "height"})):
        frame.write_parquet(tmp_path / "results.parquet")
        data = read_coco(files[0], tmp_path / "results.parquet")
        assert_frame_equal(data.predictions, expected)


def test_no_results_no_annotations_and_no_images_are_ordinary(tmp_path):
    empty = saved(tmp_path, "empty.json", [])
    assert read_coco(TRUTH, empty).predictions.height == 0
    assert read_coco(truth(annotations=[]), RESULTS).ground_truth.height == 0
    data = read_coco(truth(images=[], annotations=[]), [])
    assert data.images.columns[:2] == ["image_id", "file_name"]


def test_annotation_ids_and_boxes_of_zero_are_legal():
    data = read_coco(TRUTH, RESULTS)
    assert data.ground_truth["ground_truth_id"][0] == 0
    assert data.ground_truth["width"][1] == 0.0


def test_segmentations_of_any_kind_are_skipped(tmp_path):
    shapes = [[[1.5, 2, 3, 4]], {"size": [3, 4], "counts": [1, 2]}, {"size": [3, 4], "counts": "ab"}]
    ground_truth = truth()
    for annotation, shape in zip(ground_truth["annotations"], shapes, strict=True):
        annotation |= {"segmentation": shape, "keypoints": [1, 2, 2], "num_keypoints": 1, "width": 100}
    data = read_coco(saved(tmp_path, "t.json", ground_truth), RESULTS)
    assert data.attributes("ground_truth") == []


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "results.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(RESULTS).encode())
    assert read_coco(TRUTH, path).predictions.height == 2


def test_loaded_objects_are_not_modified():
    ground_truth, found = truth(), [dict(record) for record in RESULTS]
    read_coco(ground_truth, found)
    assert ground_truth == TRUTH
    assert found == RESULTS


def test_numpy_numbers_in_loaded_objects_are_understood():
    np = pytest.importorskip("numpy")
    found = [
        {
            "image_id": np.int64(2),
            "category_id": np.int32(3),
            "bbox": np.array([1, 2, 3, 4]),
            "score": np.float32(0.7),
        }
    ]
    row = read_coco(TRUTH, found).predictions.row(0, named=True)
    assert row["image_id"] == 2
    assert row["score"] == float(np.float32(0.7))
    assert row["height"] == 4.0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(pairs_of_files())
def test_a_file_and_the_loaded_object_read_the_same_and_nothing_is_lost(tmp_path, files):
    ground_truth, found = files
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        data = read_coco(saved(tmp_path, "t.json", ground_truth), saved(tmp_path, "r.json", found))
        loaded = read_coco(ground_truth, found)
    for table in TABLES:
        assert_frame_equal(data.frame(table), loaded.frame(table))
    assert data.predictions["score"].to_list() == [r["score"] for r in found]
    boxes = data.ground_truth.select("x", "y", "width", "height").rows()
    assert boxes == [tuple(map(float, a["bbox"])) for a in ground_truth["annotations"]]
    assert data.ground_truth["image_id"].to_list() == [a["image_id"] for a in ground_truth["annotations"]]
    assert data.ground_truth["is_crowd"].to_list() == [
        a.get("iscrowd") == 1 for a in ground_truth["annotations"]
    ]
