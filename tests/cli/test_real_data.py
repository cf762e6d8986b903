"""Real annotations, from the files to the numbers that their README states, through the command line."""

import json

import numpy as np
import polars as pl
import pytest

import cvfail as cf

COCO_SUMMARY = {
    "AP": 0.5046,
    "AP50": 0.6970,
    "AP75": 0.5730,
    "APs": 0.5856,
    "APm": 0.5194,
    "APl": 0.5014,
    "AR1": 0.3868,
    "AR10": 0.5937,
    "AR100": 0.5954,
    "ARs": 0.6398,
    "ARm": 0.5664,
    "ARl": 0.5643,
}


@pytest.fixture
def summary(run):
    """`cvfail evaluate` without intervals, its rows."""

    def ask(*arguments):
        answer = run("evaluate", *arguments, "--replicates", 0, "--format", "json")
        assert answer.code == 0, answer.err
        return json.loads(answer.out)

    return ask


def test_coco_val_gives_the_twelve_numbers(summary, shared_data):
    folder = shared_data / "det_coco2014_val100"
    rows = summary(
        *["--gt", folder / "instances_val2014_100.json"],
        *["--pred", folder / "instances_val2014_fakebbox100_results.json"],
    )
    assert {row["metric"]: round(row["estimate"], 4) for row in rows} == COCO_SUMMARY


@pytest.fixture
def voc(shared_data):
    """The arguments for one of the two detectors on PASCAL VOC; one has boxes of negative size."""
    folder = shared_data / "det_voc2007_test"

    def arguments(detections):
        found = folder / f"{detections}.parquet"
        return ["--gt", folder / "gt_coco.json", "--pred", found, "--on-invalid", "drop"]

    return arguments


@pytest.mark.parametrize(
    ("detections", "ignore", "expected"),
    [
        ("dets_yolov2_e150", "none", [0.3654, 0.6581]),
        ("dets_yolov2_e150", "difficult", [0.4209, 0.7434]),
        ("dets_yolov3", "none", [0.2861, 0.6122]),
        ("dets_yolov3", "difficult", [0.3285, 0.6949]),
    ],
)
def test_voc_with_and_without_difficult_objects(summary, voc, detections, ignore, expected):
    rows = summary(*voc(detections), "--ignore", ignore)
    assert [round(row["estimate"], 4) for row in rows[:2]] == expected


@pytest.mark.parametrize(
    ("detections", "expected"), [("dets_yolov2_e150", 0.72138), ("dets_yolov3", 0.67748)]
)
def test_voc_by_its_own_protocol(summary, voc, detections, expected):
    rows = summary(*voc(detections), "--ignore", "difficult", "--protocol", "voc-2007")
    assert [round(row["ap"], 5) for row in rows] == [expected]


def test_voc_recall_by_an_attribute_is_the_same_in_sql_and_metrics(run, voc, tmp_path):
    saved = tmp_path / "run"
    assert run("evaluate", *voc("dets_yolov3"), "--replicates", 0, "-o", saved).code == 0
    question = """
        SELECT truncated::VARCHAR AS truncated, avg((outcome = 'found')::INT) AS recall
        FROM ground_truth WHERE is_regular GROUP BY ALL ORDER BY ALL
    """
    sql = json.loads(run("sql", question, saved, "--format", "json").out)
    metrics = json.loads(run("metrics", saved, "--by", "truncated", "--format", "json").out)
    assert [row["truncated"] for row in sql] == sorted(row["truncated"] for row in metrics)
    recalls = {row["truncated"]: row["recall"] for row in metrics}
    np.testing.assert_allclose(
        [row["recall"] for row in sql], [recalls[row["truncated"]] for row in sql], rtol=0, atol=1e-12
    )


@pytest.mark.parametrize(
    ("detector", "expected"),
    [("det_yolov7face", [93.25, 91.28, 82.97]), ("det_retinaface", [89.79, 87.33, 75.94])],
)
def test_wider_face_by_its_own_protocol(summary, shared_data, tmp_path, detector, expected):
    """One hard face has a negative width: no prediction reaches it, but the published recall counts it."""
    folder = shared_data / "det_widerface_val"
    for name, table in (("gt", "ground_truth"), (detector, "predictions")):
        frame = pl.read_parquet(folder / f"{name}.parquet").rename({"image": "image_id"})
        faces = frame.with_columns(pl.col("w").clip(0), category_id=pl.lit("face"))
        faces.write_parquet(tmp_path / f"{table}.parquet")
    rows = summary("--data", tmp_path, "--on-invalid", "drop", "--protocol", "wider-face")
    assert [row["level"] for row in rows] == ["easy", "medium", "hard"]
    assert [round(100 * row["ap"], 2) for row in rows] == expected


def test_cifar_accuracy_and_its_most_confused_pair(summary, run, shared_data, tmp_path):
    folder = shared_data / "cls_cifar10_mnist"
    labels = np.load(folder / "cifar10_test_set_original_labels.npy")
    probabilities = np.load(folder / "cifar10_test_set_pyx.npy")
    cf.write_parquet(cf.from_labels(labels, probabilities=probabilities), tmp_path)
    given = ["--data", tmp_path, "--task", "classification"]
    accuracy = summary(*given)[0]
    assert (accuracy["metric"], accuracy["estimate"]) == ("accuracy", pytest.approx(0.9294))
    pairs = json.loads(run("confusion", *given, "--top", 2, "--format", "json").out)
    assert [(pair["true"], pair["predicted"]) for pair in pairs] == [("3", "5"), ("5", "3")]
