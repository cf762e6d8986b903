"""Datasets on disk: written once, the same bytes twice, the same rows in every form."""

import hashlib

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import cvfail as cf
from benchmarks import datasets
from benchmarks.datasets import Recipe, write_dataset

IMAGES = 1_200
FIRST_BATCH = 1_000
PLAIN = Recipe(IMAGES, json=True)
GROWING = ("ground_truth", "predictions")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("plain") / "S", PLAIN)


@pytest.fixture
def small_batches(monkeypatch):
    """One block a batch and one batch a part, so that a small dataset has several of both."""
    monkeypatch.setattr(datasets, "BLOCKS_PER_BATCH", 1)
    monkeypatch.setattr(datasets, "BATCHES_PER_PART", 1)


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(folder, table):
    single = folder / f"{table}.parquet"
    return pl.read_parquet(single if single.is_file() else folder / table / "*.parquet")


def test_a_dataset_has_its_tables_its_json_and_its_recipe_and_nothing_else(plain):
    assert set(digests(plain)) == {
        *(f"{table}.parquet" for table in ("images", "categories", *GROWING)),
        *("ground_truth.json", "predictions.json", "recipe.json"),
    }
    assert list(plain.parent.iterdir()) == [plain]


def test_the_same_recipe_makes_the_same_bytes(plain, tmp_path):
    again = write_dataset(tmp_path / "again", PLAIN)
    assert digests(again) == digests(plain)


def test_a_dataset_that_is_there_is_left_as_it_is(plain):
    before = {path: path.stat().st_mtime_ns for path in plain.iterdir()}
    assert write_dataset(plain, PLAIN) == plain
    assert {path: path.stat().st_mtime_ns for path in plain.iterdir()} == before


def test_another_recipe_takes_the_place_of_the_old_one(tmp_path):
    folder = write_dataset(tmp_path / "S", Recipe(20, json=True))
    write_dataset(folder, Recipe(30))
    assert rows(folder, "images").height == 30
    assert not (folder / "predictions.json").exists()


def test_what_an_interrupted_call_left_is_made_anew(tmp_path):
    left = tmp_path / ".S.unfinished"
    left.mkdir()
    (left / "images.parquet").write_bytes(b"PAR1")
    folder = write_dataset(tmp_path / "S", Recipe(20))
    assert rows(folder, "images").height == 20
    assert list(tmp_path.iterdir()) == [folder]


def test_json_and_parquet_are_the_same_dataset(plain):
    json = cf.read_coco(plain / "ground_truth.json", plain / "predictions.json")
    parquet = cf.read_parquet(plain)
    for table in ("images", "categories", *GROWING):
        assert_frame_equal(
            json.frame(table), parquet.frame(table), check_column_order=False, check_exact=True
        )
    assert parquet.predictions.height > 50 * IMAGES


def test_parts_hold_the_same_rows_in_the_same_order(plain, tmp_path, small_batches):
    folder = write_dataset(tmp_path / "parts", Recipe(IMAGES, parts=True))
    assert rows(folder, "images").equals(rows(plain, "images"))
    for table in GROWING:
        files = sorted((folder / table).iterdir())
        assert [path.name for path in files] == ["part-00000.parquet", "part-00001.parquet"]
        assert pl.read_parquet(files[0])["image_id"].max() == FIRST_BATCH
        assert rows(folder, table).equals(rows(plain, table))


def test_a_shuffled_dataset_holds_the_same_rows_in_another_order(plain, tmp_path, small_batches):
    folder = write_dataset(tmp_path / "shuffled", Recipe(2 * IMAGES, parts=True, shuffled=True))
    sorted_folder = write_dataset(tmp_path / "sorted", Recipe(2 * IMAGES))
    assert rows(folder, "images").equals(rows(sorted_folder, "images"))
    for table in GROWING:
        files = list((folder / table).iterdir())
        assert len(files) == 2
        assert not any(pl.read_parquet(path)["image_id"].is_sorted() for path in files)
        shuffled, ordered = rows(folder, table), rows(sorted_folder, table)
        assert_frame_equal(shuffled, ordered, check_row_order=False, check_exact=True)
    assert not list(folder.glob("*.arrows"))


def test_a_shuffled_dataset_is_the_same_twice(tmp_path, small_batches):
    first, second = (write_dataset(tmp_path / n, Recipe(50, parts=True, shuffled=True)) for n in "ab")
    assert digests(first) == digests(second)
