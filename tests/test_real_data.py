"""Real annotations and model outputs: the numbers that their README states."""

import numpy as np
import polars as pl
import pytest

import cvfail as cf

COCO_SUMMARY = [
    0.5046,
    0.6970,
    0.5730,
    0.5856,
    0.5194,
    0.5014,
    0.3868,
    0.5937,
    0.5954,
    0.6398,
    0.5664,
    0.5643,
]


def test_coco_val_gives_the_twelve_numbers(shared_data):
    folder = shared_data / "det_coco2014_val100"
    data = cf.read_coco(
        folder / "instances_val2014_100.json", folder / "instances_val2014_fakebbox100_results.json"
    )
    summary = cf.evaluate(data).coco_summary(replicates=0).df
    assert summary["estimate"].round(4).to_list() == COCO_SUMMARY


@pytest.mark.parametrize(
    ("detections", "ignore", "expected"),
    [
        ("dets_yolov2_e150", None, (0.3654, 0.6581)),
        ("dets_yolov2_e150", "difficult", (0.4209, 0.7434)),
        ("dets_yolov3", None, (0.2861, 0.6122)),
        ("dets_yolov3", "difficult", (0.3285, 0.6949)),
    ],
)
def test_voc_with_and_without_difficult_objects(shared_data, detections, ignore, expected):
    folder = shared_data / "det_voc2007_test"
    data = cf.read_coco(
        folder / "gt_coco.json", folder / f"{detections}.parquet", ignore=ignore, on_invalid="drop"
    )
    summary = cf.evaluate(data).coco_summary(replicates=0).df
    assert tuple(summary["estimate"].round(4).head(2)) == expected
    assert data.attributes("ground_truth") == ["ignore", "difficult", "truncated", "pose"]


def test_boxes_of_negative_size_are_named_with_their_record(shared_data):
    folder = shared_data / "det_voc2007_test"
    with pytest.raises(
        cf.CvfailError, match=r"dets_yolov3\.parquet: h must not be negative; 3 of 87765 records"
    ):
        cf.read_coco(folder / "gt_coco.json", folder / "dets_yolov3.parquet")


@pytest.fixture(scope="module")
def wider(shared_data):
    folder = shared_data / "det_widerface_val"
    truth = pl.read_parquet(folder / "gt.parquet").with_columns(category_id=pl.lit("face"))

    def read(detector):
        found = pl.read_parquet(folder / f"{detector}.parquet").with_columns(category_id=pl.lit("face"))
        return cf.from_frames(
            ground_truth=truth.drop("event"),
            predictions=found,
            images=truth.select("image", "event").unique(maintain_order=True),
            box_format="xywh",
            columns={"image_id": "image"},
            on_invalid="drop",
        )

    return read


@pytest.mark.parametrize("detector", ["det_yolov7face", "det_retinaface"])
def test_wider_keeps_every_face_and_its_attributes(wider, detector):
    data = wider(detector)
    evaluation = cf.evaluate(data, cf.Policy(max_detections=(1, 10, 1000)))
    rejected = data.rejected.filter(pl.col("table") == "ground_truth")
    assert rejected.select("field", "found").rows() == [("w", "-2.0")]
    assert len(evaluation.ground_truth) == 39_708 - len(rejected)
    assert (evaluation.ground_truth["width"] == 0).sum() + (
        evaluation.ground_truth["height"] == 0
    ).sum() >= 11
    by_blur = evaluation.metrics(by="blur").df
    recalls = by_blur.sort("blur")["recall"].to_list()
    assert by_blur["support"].sum() == len(evaluation.ground_truth)
    assert recalls[2] < 0.7 * min(recalls[:2]), "heavily blurred faces are found far less often"


def test_wider_recall_by_blur_is_the_same_in_sql_polars_and_metrics(wider):
    evaluation = cf.evaluate(wider("det_yolov7face"), cf.Policy(max_detections=(1, 10, 1000)))
    sql = evaluation.sql(
        "SELECT blur, avg((outcome = 'found')::INT) AS recall FROM ground_truth GROUP BY blur ORDER BY blur"
    )
    polars = (
        evaluation.ground_truth_at()
        .group_by("blur")
        .agg(recall=(pl.col("outcome") == "found").mean())
        .sort("blur")
    )
    metrics = evaluation.metrics(by="blur").df.sort("blur")
    np.testing.assert_allclose(sql["recall"], polars["recall"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(sql["recall"], metrics["recall"], rtol=0, atol=1e-12)


def test_wider_failure_modes_are_size_blur_occlusion_and_pose(wider):
    evaluation = cf.evaluate(wider("det_yolov7face"), cf.Policy(max_detections=(1, 10, 1000)))
    modes = evaluation.failure_modes(attributes=["blur", "occlusion", "pose", "illumination", "size"])
    missed = modes.df.filter(pl.col("significant") & (pl.col("error_type") == "missed"))["slice"].to_list()
    assert missed[:3] == ["size=small", "blur=2", "occlusion=2"]
    assert "pose=1" in missed


def test_cifar_accuracy_and_its_most_confused_pair(shared_data):
    folder = shared_data / "cls_cifar10_mnist"
    labels = np.load(folder / "cifar10_test_set_original_labels.npy")
    probabilities = np.load(folder / "cifar10_test_set_pyx.npy")
    evaluation = cf.evaluate(cf.from_labels(labels, probabilities=probabilities))
    matrix = evaluation.confusion_matrix()
    assert np.trace(matrix.counts) / matrix.counts.sum() == pytest.approx(0.9294)
    cat, dog = "3", "5"
    assert matrix.most_confused(2).df.select("true", "predicted").rows() == [(cat, dog), (dog, cat)]
