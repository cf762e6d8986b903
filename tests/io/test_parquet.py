import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from polars.testing import assert_frame_equal

from cvfail.errors import FormatError, MissingFileError, SchemaError
from cvfail.io.coco import read_coco
from cvfail.io.labels import from_labels
from cvfail.io.parquet import read_parquet, write_parquet
from tests.io.coco_files import RESULTS, TRUTH, pairs_of_files

TABLES = ("images", "categories", "ground_truth", "predictions")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(pairs_of_files())
@pytest.mark.filterwarnings("ignore::cvfail.tables.suspicions.InputWarning")
def test_what_is_written_is_read_back_equal(tmp_path, files):
    data = read_coco(*files)
    back = read_parquet(write_parquet(data, tmp_path / "tables"))
    for table in TABLES:
        assert_frame_equal(back.frame(table), data.frame(table))


def test_a_classification_comes_back_with_its_probabilities(tmp_path):
    data = from_labels(["a", "b"], probabilities=[[0.75, 0.25], [0.5, 0.5]], attributes={"age": [1, 2]})
    back = read_parquet(write_parquet(data, tmp_path), task="classification")
    for table in TABLES:
        assert_frame_equal(back.frame(table), data.frame(table))


def test_images_and_categories_may_be_absent_and_columns_mapped(tmp_path):
    write_parquet(read_coco(TRUTH, RESULTS), tmp_path)
    (tmp_path / "images.parquet").unlink()
    (tmp_path / "categories.parquet").unlink()
    found = pl.read_parquet(tmp_path / "predictions.parquet").rename({"score": "conf"})
    found.write_parquet(tmp_path / "predictions.parquet")
    data = read_parquet(tmp_path, columns={"predictions": {"score": "conf"}})
    assert data.images["image_id"].to_list() == [1, 2]
    assert data.categories["name"].to_list() == ["3", "7"]
    assert data.source["images"] == "derived"
    assert data.source["predictions"] == "predictions.parquet"


def test_a_missing_folder_or_table_is_told(tmp_path):
    with pytest.raises(MissingFileError, match="does not exist"):
        read_parquet(tmp_path / "nowhere")
    write_parquet(read_coco(TRUTH, RESULTS), tmp_path)
    (tmp_path / "predictions.parquet").rename(tmp_path / "prediction.parquet")
    with pytest.raises(MissingFileError, match=r"did you mean .*prediction\.parquet"):
        read_parquet(tmp_path)
    with pytest.raises(FormatError, match="takes the folder"):
        read_parquet(tmp_path / "prediction.parquet")


def test_a_truncated_file_is_named(tmp_path):
    write_parquet(read_coco(TRUTH, RESULTS), tmp_path)
    path = tmp_path / "ground_truth.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FormatError, match=r"ground_truth\.parquet is not a complete Parquet file"):
        read_parquet(tmp_path)


def test_problems_name_the_file(tmp_path):
    write_parquet(read_coco(TRUTH, RESULTS), tmp_path)
    found = pl.read_parquet(tmp_path / "predictions.parquet").with_columns(score=pl.lit(73.0))
    found.write_parquet(tmp_path / "predictions.parquet")
    with pytest.raises(SchemaError, match=r"^predictions\.parquet: score must be in \[0, 1\]; 2 of 2"):
        read_parquet(tmp_path)


def test_two_labels_of_one_image_are_no_classification(tmp_path):
    write_parquet(from_labels(["a", "b"], ["a", "b"]), tmp_path)
    path = tmp_path / "ground_truth.parquet"
    pl.read_parquet(path).with_columns(image_id=pl.lit(0, pl.Int64)).write_parquet(path)
    with pytest.raises(SchemaError, match="image_id must be unique"):
        read_parquet(tmp_path, task="classification")
