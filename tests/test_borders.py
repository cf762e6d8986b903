"""Odd but possible input: names that collide, values without levels, policies and folders at their limits."""

import math
import pickle

import numpy as np
import polars as pl
import pytest

import cvfail as cf
from cvfail.errors import CvfailError, PolicyError, QueryError
from tests.scenes import detection

IMAGES = 30


def dataset(*, images=None, truth=None, names=None):
    """Thirty images with an object each, two thirds found; attributes as given."""
    boxes = [{"image_id": i, "category_id": i % 3, "bbox": [0, 0, 10 + i, 20]} for i in range(IMAGES)]
    data = detection(
        list(range(IMAGES)), [0, 1, 2], boxes, [{**box, "score": 0.9} for box in boxes[:20]], **(images or {})
    )
    categories = data.categories if names is None else data.categories.with_columns(name=pl.Series(names))
    ground_truth = data.ground_truth.with_columns(**{n: pl.Series(v) for n, v in (truth or {}).items()})
    return type(data)(
        task="detection",
        images=data.images,
        categories=categories,
        ground_truth=ground_truth,
        predictions=data.predictions,
    )


@pytest.mark.parametrize("name", ["cluster", "row", "units", "errors", "slice", "attribute_1"])
def test_attributes_may_be_called_what_the_search_calls_its_own(name):
    evaluation = cf.evaluate(dataset(images={name: ["a", "b", "a"] * 10}))
    assert name in evaluation.attribute_columns
    assert evaluation.metrics(by=name).df["support"].sum() == IMAGES
    assert evaluation.failure_modes().search.slices > 0


@pytest.mark.parametrize("name", ["recall", "tp", "support", "_y", "unit:row"])
def test_attributes_called_like_a_column_of_the_answer_are_left_out_and_told_of(name):
    evaluation = cf.evaluate(dataset(images={name: ["a", "b"] * 15}))
    assert name not in evaluation.attribute_columns
    assert name in evaluation.failure_modes().search.dropped
    with pytest.raises(QueryError, match="rename the attribute"):
        evaluation.metrics(by=name)


def test_naming_an_attribute_twice_is_naming_it_once():
    evaluation = cf.evaluate(dataset())
    assert evaluation.metrics(by=["category", "category"]).df.equals(evaluation.metrics(by="category").df)


@pytest.mark.parametrize("start", [1_700_000_000.5, 47.123456, 1_700_000_000_000_000_000])
def test_numbers_that_differ_in_late_digits_have_levels_that_differ(start):
    values = [start + i for i in range(IMAGES)]
    evaluation = cf.evaluate(dataset(images={"stamp": values}))
    assert evaluation.metrics(by="stamp").df["stamp"].n_unique() <= 4


def test_infinite_values_have_no_level():
    evaluation = cf.evaluate(
        dataset(images={"depth": [math.inf, -math.inf, math.nan, *map(float, range(27))]})
    )
    assert evaluation.metrics(by="depth").df.filter(pl.col("depth").is_null())["support"].item() == 3


def test_values_without_levels_are_refused_in_words():
    evaluation = cf.evaluate(dataset(images={"tags": [["a"]] * IMAGES}))
    with pytest.raises(QueryError, match="no levels to group by"):
        evaluation.metrics(by="tags")


def test_attributes_that_repeat_core_columns_keep_out_of_their_way():
    truth = {"score": [0.1] * IMAGES, "predicted": ["x"] * IMAGES, "file_name": ["y"] * IMAGES}
    matrix = cf.evaluate(dataset(truth=truth)).confusion_matrix()
    rows = matrix.examples("class 0", "class 0")
    assert set(rows["score"]) == {0.9}
    assert set(rows["predicted"]) == {"class 0"}
    assert rows["file_name"][0] == "0.jpg"
    assert rows["score_of_ground_truth"][0] == 0.1


@pytest.mark.parametrize("names", [["a", "(background)", "c"], ["a", "a", "a [1]"], ["a", "a", "a"]])
def test_class_names_that_are_taken_carry_their_id(names):
    evaluation = cf.evaluate(dataset(names=names))
    matrix = evaluation.confusion_matrix()
    assert len(set(matrix.labels)) == 4
    assert "true" in repr(matrix)
    assert evaluation.metrics(by="category").df["support"].to_list() == [10, 10, 10]
    missed = sum(len(matrix.examples(label, "(background)")) for label in matrix.labels[:-1])
    assert missed == 10
    assert evaluation.sql("SELECT sum(count) FROM confusion_matrix").item() == IMAGES
    evaluation.failure_modes()


def test_a_matrix_of_equal_labels_is_refused():
    with pytest.raises(QueryError, match="must all differ"):
        cf.ConfusionMatrix(np.zeros((2, 2)), ["a", "a"])


@pytest.mark.parametrize("average", ["marco", "Micro", "none", ""])
def test_a_misspelt_average_is_refused(average):
    for evaluation in (cf.evaluate(dataset()), cf.evaluate(cf.from_labels([0, 1], [0, 1]))):
        with pytest.raises(PolicyError, match="micro, macro, weighted"):
            evaluation.metrics(average=average)


def test_a_policy_of_numpy_numbers_can_be_saved_pickled_and_hashed(tmp_path):
    ladder = np.linspace(0.3, 0.9, 3)
    policy = cf.Policy(iou_thresholds=ladder, iou=ladder[-1], score=np.float32(0.5))
    assert cf.open(cf.evaluate(dataset(), policy).save(tmp_path / "run")).policy == policy
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert hash(policy) == hash(cf.Policy.from_dict(policy.to_dict()))


@pytest.mark.parametrize(
    "options", [{"area_ranges": {"all": (0, math.inf)}}, {"iou": "half"}, {"score": None}, {"area_ranges": 3}]
)
def test_policies_that_could_not_be_written_down_are_refused(options):
    with pytest.raises(PolicyError):
        cf.Policy(**options)


def test_another_programs_manifest_does_not_make_a_folder_ours(tmp_path):
    (tmp_path / "app" / "src").mkdir(parents=True)
    (tmp_path / "app" / "manifest.json").write_text('{"name": "app"}')
    (tmp_path / "app" / "src" / "main.py").write_text("work")
    evaluation = cf.evaluate(dataset())
    with pytest.raises(CvfailError, match="is not an evaluation"):
        evaluation.save(tmp_path / "app")
    run = evaluation.save(tmp_path / "run")
    (run / "notes.txt").write_text("mine")
    with pytest.raises(CvfailError, match="is not an evaluation"):
        evaluation.save(run)
    assert (run / "notes.txt").read_text() == "mine"


def test_an_altered_table_does_not_open(tmp_path):
    run = cf.evaluate(dataset()).save(tmp_path / "run")
    path = run / "predictions" / "000000.parquet"
    pl.read_parquet(path).with_columns(matched=pl.lit(0, pl.UInt16)).write_parquet(path)
    with pytest.raises(CvfailError, match="not what was saved"):
        cf.open(run)


def test_sql_says_what_to_do_with_equal_names_and_intervals():
    evaluation = cf.evaluate(dataset(images={"nothing": pl.Series([None] * IMAGES)}))
    with pytest.raises(QueryError, match="name them with AS"):
        evaluation.sql("SELECT * FROM ground_truth JOIN images USING (image_id)")
    with pytest.raises(QueryError, match="interval"):
        evaluation.sql("SELECT INTERVAL 3 DAY AS wait")
    assert evaluation.sql("SELECT nothing FROM images")["nothing"].null_count() == IMAGES


def test_ignored_labels_are_left_out_of_a_classifiers_matrix(tmp_path):
    truth = {"image_id": [1, 2, 3, 4], "category_id": [0, 0, 1, 1], "is_ignored": [False, True, True, False]}
    found = {"image_id": [1, 2, 3, 4], "category_id": [0, 0, 0, 1]}
    for name, columns in (("ground_truth", truth), ("predictions", found)):
        pl.DataFrame(columns).write_parquet(tmp_path / f"{name}.parquet")
    evaluation = cf.evaluate(cf.read_parquet(tmp_path, task="classification"))
    assert evaluation.confusion_matrix().counts.tolist() == [[1, 0], [0, 1]]
    assert evaluation.metrics().df["tp"].item() == 2


def test_changing_arrays_afterwards_changes_nothing_inside():
    ids = np.arange(3)
    boxes = {name: np.ones(3) for name in ("x", "y", "width", "height")}
    columns = {"image_id": ids, "category_id": ids, **boxes}
    found = {**columns, "score": np.full(3, 0.5)}
    evaluation = cf.evaluate(cf.from_frames(ground_truth=columns, predictions=found, box_format="xywh"))
    ids[:] = 0
    assert evaluation.ground_truth["image_id"].to_list() == [0, 1, 2]
