"""Crowding of a dataset: what counts as another object, and the number of threads, which does not matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cvfail as cf
from cvfail.attributes.crowding import CROWDING_COLUMNS
from cvfail.errors import PolicyError, SchemaError
from tests.scenes import detection, random_records


def objects(*boxes, **fields):
    return [{"image_id": 1, "category_id": 1, "bbox": list(some), **fields} for some in boxes]


def crowding(data, table="ground_truth", **options):
    return cf.with_crowding(data, **options).frame(table).select(CROWDING_COLUMNS).rows()


def test_crowds_and_ignored_objects_crowd_nobody_but_are_crowded_themselves():
    regular, crowd, ignored = objects((0, 0, 10, 10)), objects((0, 0, 10, 5)), objects((0, 0, 5, 10))
    crowd[0]["iscrowd"], ignored[0]["ignored"] = 1, True
    data = detection([1], [1], regular + crowd + ignored, [])
    assert crowding(data)[0] == (0.0, 0.0, 0.0, 0, 0, 0)
    assert crowding(data)[1] == (0.5, 0.5, 1.0, 1, 1, 1)
    assert cf.with_crowding(data).images["n_objects"].to_list() == [1]


def test_predictions_are_crowded_by_all_predictions_of_their_image():
    found = [{**record, "score": 0.001} for record in objects((0, 0, 10, 10), (0, 0, 10, 5))]
    data = detection([1, 2], [1], [], [*found, {**found[0], "image_id": 2}])
    assert crowding(data, "predictions", predictions=True) == [
        (0.5, 0.5, 0.5, 1, 1, 1),
        (0.5, 0.5, 1.0, 1, 1, 1),
        (0.0, 0.0, 0.0, 0, 0, 0),
    ]
    assert "n_near" not in cf.with_crowding(data).predictions.columns


@given(st.integers(0, 10_000), st.sampled_from([2, 3, 7]))
def test_any_number_of_threads_gives_the_same(seed, threads):
    data = detection(*random_records(seed, images=12))
    alone = cf.with_crowding(data, predictions=True, threads=1)
    several = cf.with_crowding(data, predictions=True, threads=threads)
    for table in ("images", "ground_truth", "predictions"):
        assert alone.frame(table).equals(several.frame(table))


@given(st.integers(0, 10_000))
def test_the_density_counts_regular_objects_by_image_and_class(seed):
    images, categories, annotations, detections = random_records(seed)
    data = detection(images, categories, annotations, detections)
    expected = {}
    for record in annotations:
        if not record["iscrowd"]:
            key = record["image_id"], record["category_id"]
            expected[key] = expected.get(key, 0) + 1
    table = cf.object_density(data).df
    found = {(image, category): n for image, category, _, n in table.iter_rows()}
    assert found == expected
    assert list(found) == sorted(found)
    by_image = cf.with_crowding(data).images.select("image_id", "n_objects").rows()
    assert by_image == [(i, sum(n for (image, _), n in expected.items() if image == i)) for i in images]


@pytest.mark.parametrize("images", [[], [1]])
def test_without_objects_there_are_no_rows(images):
    data = detection(images, [1], [], [])
    assert crowding(data, predictions=True) == []
    assert cf.with_crowding(data).images["n_objects"].to_list() == [0] * len(images)
    assert len(cf.object_density(data)) == 0


def test_one_object_is_alone():
    assert crowding(detection([1], [1], objects((0, 0, 10, 10)), [])) == [(0.0, 0.0, 0.0, 0, 0, 0)]


def test_boxes_without_extent_overlap_nothing():
    data = detection([1], [1], objects((5, 5, 0, 0), (0, 0, 10, 10)), [])
    assert crowding(data) == [(0.0, 0.0, 0.0, 0, 0, 1), (0.0, 0.0, 0.0, 0, 1, 1)]


def test_columns_that_are_there_already_are_not_replaced():
    data = cf.with_crowding(detection([1], [1], objects((0, 0, 10, 10)), []))
    with pytest.raises(SchemaError, match="are they there already"):
        cf.with_crowding(data)


def test_labels_are_not_crowded_but_have_a_density():
    data = cf.from_labels(["a", "b"], ["a", "a"])
    with pytest.raises(PolicyError, match="only boxes can be crowded"):
        cf.with_crowding(data)
    assert cf.object_density(data).df["n_objects"].to_list() == [1, 1]
