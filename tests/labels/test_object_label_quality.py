"""ObjectLab: the golden case, a plain twin, and freedom from resolution and from other images."""

import numpy as np
import pytest

import cvfail as cf
from tests.labels import plain_object_label_quality as plain
from tests.scenes import detection, random_records


def confident(records):
    """The records with higher scores, so that every gate is passed now and then."""
    images, categories, annotations, detections = records
    return images, categories, annotations, [{**d, "score": d["score"] ** 0.1} for d in detections]


def split(records):
    images, _, annotations, detections = records
    labels = [
        {"image": a["image_id"], "box": a["bbox"], "class": a["category_id"], "ignored": bool(a["iscrowd"])}
        for a in annotations
    ]
    found = [
        {"image": d["image_id"], "box": d["bbox"], "class": d["category_id"], "score": d["score"]}
        for d in detections
    ]
    return [
        ([row for row in labels if row["image"] == image], [row for row in found if row["image"] == image])
        for image in sorted(images)
    ]


def quality(records, **options):
    return cf.evaluate(detection(*records)).object_label_quality(**options)


@pytest.mark.parametrize("compat", [None, "cleanlab"])
@pytest.mark.parametrize("seed", range(12))
def test_scores_are_those_of_the_plain_rules(seed, compat):
    records = confident(random_records(seed))
    result = quality(records, compat=compat)
    expected = plain.scores(split(records), compat)
    overlooked = [value for image in expected for value in image[0]]
    known = [value for value in overlooked if not np.isnan(value)]
    assert np.allclose(result.predictions["overlooked"], known, rtol=1e-9, atol=0)
    assert result.predictions["prediction_index"].to_list() == np.flatnonzero(~np.isnan(overlooked)).tolist()
    for name, place in (("location", 1), ("swapped", 2)):
        values = [value for image in expected for value in image[place]]
        found = result.ground_truth[name].cast(float).fill_null(np.nan)
        assert np.allclose(found, values, rtol=1e-9, atol=1e-15, equal_nan=True)
    frame = result.df.sort("image_id")
    for place, name in enumerate(("overlooked", "location", "swapped")):
        assert np.allclose(frame[name], [plain.softmin(image[place]) for image in expected], atol=1e-12)
    pooled = frame.select("overlooked", "location", "swapped").to_numpy()
    assert np.allclose(frame["quality"], np.prod(pooled, axis=1) ** (1 / 3), atol=1e-12)


def golden_records(case):
    """The golden arrays as records: boxes as xyxy, predictions by image and class."""
    annotations, detections = [], []
    for image, labels in enumerate(case["labels"]):
        for box, category in zip(labels["bboxes"], labels["labels"], strict=True):
            annotations.append({"image_id": image, "category_id": category, "bbox": xywh(box)})
    for image, classes in enumerate(case["predictions_per_class_xyxys"]):
        for category, rows in enumerate(classes):
            detections += [
                {"image_id": image, "category_id": category, "bbox": xywh(row), "score": row[4]}
                for row in rows
            ]
    return list(range(len(case["labels"]))), [0, 1], annotations, detections


def xywh(box):
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]


def test_golden_scores_of_cleanlab(golden):
    case = golden["noise_objectlab"]
    expected = case["expected"]
    result = quality(golden_records(case["input"]), compat="cleanlab")
    overlooked = np.full(5, np.nan)
    overlooked[result.predictions["prediction_index"]] = result.predictions["overlooked"]
    given = np.array([float(value) for image in expected["overlooked"] for value in image])
    assert np.allclose(overlooked, given, rtol=0, atol=1e-9, equal_nan=True)
    for name, theirs in (("location", "badloc"), ("swapped", "swap")):
        flat = [value for image in expected[theirs] for value in image]
        assert np.allclose(result.ground_truth[name], flat, rtol=0, atol=1e-9)
        assert np.allclose(result.df.sort("image_id")[name], expected["pooled"][theirs], rtol=0, atol=1e-9)
    assert np.allclose(result.df.sort("image_id")["quality"], expected["image_quality"], rtol=1e-6, atol=0)
    assert result.df["image_id"].to_list() == [0, 1]


@pytest.mark.parametrize("factor", [4.0, 0.25])
def test_nothing_changes_with_the_resolution_unlike_in_compat(factor):
    records = confident(random_records(3, images=20))
    images, categories, *rows = records
    scaled = [[{**row, "bbox": [v * factor for v in row["bbox"]]} for row in some] for some in rows]
    assert quality(records).df.equals(quality((images, categories, *scaled)).df)
    theirs = [quality(some, compat="cleanlab").df for some in (records, (images, categories, *scaled))]
    assert not theirs[0].equals(theirs[1])


def test_scores_of_an_image_do_not_depend_on_other_images():
    images, categories, annotations, detections = confident(random_records(3, images=20))
    some = images[:6]
    part = quality(
        (
            some,
            categories,
            [a for a in annotations if a["image_id"] in some],
            [d for d in detections if d["image_id"] in some],
        )
    )
    whole = quality((images, categories, annotations, detections))
    of_some = whole.df.filter(whole.df["image_id"].is_in(some))
    assert of_some.drop("rank").sort("image_id").equals(part.df.drop("rank").sort("image_id"))
    assert (part.df["quality"] < 1).any()


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(threads):
    from cvfail.labels.object_label_quality import object_label_quality

    evidence = cf.evaluate(detection(*confident(random_records(2, images=20)))).evidence
    assert object_label_quality(evidence, threads=threads).df.equals(object_label_quality(evidence).df)


def test_without_rows_every_image_is_good():
    assert quality(([1, 2], [1], [], [])).df["quality"].to_list() == [1.0, 1.0]
    assert quality(([], [], [], [])).df.height == 0


def test_a_classifier_has_no_boxes_to_judge():
    with pytest.raises(cf.CvfailError, match="label_noise"):
        cf.evaluate(cf.from_labels([0, 1], [0, 1])).object_label_quality()
