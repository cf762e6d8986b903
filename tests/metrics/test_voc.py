"""VOC average precision: the devkit's reference cases, a plain twin, and published numbers on real detections."""

import dataclasses
import itertools
import tarfile

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cvfail as cf
from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.making import make_evidence
from cvfail.matching.policy import Policy
from cvfail.metrics.voc import voc_average_precision
from tests.scenes import detection, random_records

COLUMNS = ["category_id", "category", "ap", "ap_lower", "ap_upper", "support"]


def evidence_of(*records, **policy):
    return make_evidence(detection(*records), Policy(**policy))


def devkit_evidence(case, *, last_pixel):
    """A reference case, whose corners name the first and last pixel, with widths that count the last or do not."""

    def record(image, corners, **further):
        left, top, right, bottom = corners
        size = [right - left + last_pixel, bottom - top + last_pixel]
        return {"image_id": image, "category_id": 1, "bbox": [left - 1, top - 1, *size], **further}

    given_truths, given_found = case["input"]["gts"], case["input"]["dets"]
    truths = [
        record(image, truth["bbox"], ignored=truth.get("difficult", 0))
        for image, objects in given_truths.items()
        for truth in objects
    ]
    found = [record(image, corners, score=score) for image, score, corners in given_found]
    return evidence_of(list(given_truths), [1], truths, found)


def mean_of(evidence, **options):
    return voc_average_precision(evidence, replicates=0, **options).mean.df["ap"].item()


@pytest.mark.parametrize("legacy_plus_one", [True, False])
@pytest.mark.parametrize(
    ("name", "method", "key"),
    [
        ("voc_basic", "area", "ap_area"),
        ("voc_basic", "11-point", "ap_11pt"),
        ("voc_no_second_choice", "area", "ap"),
        ("voc_strict_gt", "area", "ap"),
    ],
)
def test_the_reference_cases(golden, name, method, key, legacy_plus_one):
    evidence = devkit_evidence(golden[name], last_pixel=not legacy_plus_one)
    ap = mean_of(evidence, method=method, legacy_plus_one=legacy_plus_one)
    assert ap == pytest.approx(golden[name]["expected"][key], abs=1e-12)


def test_three_of_five_found_do_not_reach_the_recall_of_six_tenths():
    boxes = [[50 * i, 0, 10, 10] for i in range(5)]
    truths = [{"image_id": 1, "category_id": 1, "bbox": box} for box in boxes]
    found = [{**truth, "score": 0.9} for truth in truths[:3]]
    evidence = evidence_of([1], [1], truths, found)
    assert mean_of(evidence, method="area") == pytest.approx(3 / 5)
    assert mean_of(evidence, method="11-point") == pytest.approx(6 / 11)


def twin(truths, found, images, *, iou, plus, method):
    """One class by the devkit's loop, in plain Python."""
    images = sorted(images)
    ranked = sorted(found, key=lambda d: (-d["score"], images.index(d["image_id"])))
    taken, curve, right, wrong = set(), [], 0, 0
    difficult = {i for i, truth in enumerate(truths) if truth.get("iscrowd")}
    for d in ranked:
        best, choice = -1.0, None
        for i, truth in enumerate(truths):
            overlap = (
                overlap_of(d["bbox"], truth["bbox"], plus) if truth["image_id"] == d["image_id"] else -1.0
            )
            if overlap > best:
                best, choice = overlap, i
        if best > iou and choice in difficult:
            pass
        elif best > iou and choice not in taken:
            taken.add(choice)
            right += 1
        else:
            wrong += 1
        if right + wrong:
            curve.append((right / (len(truths) - len(difficult) or 1), right / (right + wrong)))
    if len(truths) == len(difficult):
        return None
    return eleven_points(curve) if method == "11-point" else area(curve)


def overlap_of(box, other, plus):
    left, top = max(box[0], other[0]), max(box[1], other[1])
    width = min(box[0] + box[2], other[0] + other[2]) - left + plus
    height = min(box[1] + box[3], other[1] + other[3]) - top + plus
    shared = max(width, 0) * max(height, 0)
    own, others = ((b[2] + plus) * (b[3] + plus) for b in (box, other))
    return shared / (own + others - shared) if shared else 0.0


def eleven_points(curve):
    return sum(max((p for r, p in curve if r >= t), default=0) for t in np.arange(0, 1.1, 0.1)) / 11


def area(curve):
    steps = sorted({r for r, _ in curve} | {0.0})
    return sum(
        (high - low) * max(p for r, p in curve if r >= high) for low, high in itertools.pairwise(steps)
    )


@given(
    st.integers(0, 2**32), st.sampled_from([0.3, 0.5]), st.booleans(), st.sampled_from(["area", "11-point"])
)
def test_every_class_is_as_a_plain_loop_says(seed, iou, plus, method):
    ids, categories, truths, found = random_records(seed)
    evidence = evidence_of(ids, categories, truths, found)
    options = {"iou": iou, "legacy_plus_one": plus, "method": method}
    table = voc_average_precision(evidence, replicates=0, **options).df
    for category, ap in table.select("category_id", "ap").rows():
        own = [[r for r in rows if r["category_id"] == category] for rows in (truths, found)]
        expected = twin(*own, ids, iou=iou, plus=int(plus), method=method)
        assert ap == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_the_mean_leaves_out_classes_without_ground_truth():
    box = {"image_id": 1, "bbox": [0, 0, 10, 10]}
    truths = [{**box, "category_id": 1}, {**box, "category_id": 2}]
    evidence = evidence_of([1], [1, 2, 3], truths, [{**box, "category_id": c, "score": 0.9} for c in (1, 3)])
    table = voc_average_precision(evidence, replicates=0)
    assert table.df.columns == COLUMNS
    assert table.df.select("ap", "support").rows() == [(1.0, 1), (0.0, 1), (None, 0)]
    assert table.mean.df.rows() == [(0.5, None, None, 2)]
    assert "(mean)" in repr(table)


def test_intervals_contain_the_estimate_and_do_not_depend_on_threads():
    evidence = evidence_of(*random_records(3, images=60))
    table = voc_average_precision(evidence, replicates=100, threads=1)
    row = table.mean.df.row(0, named=True)
    assert 0 < row["ap_lower"] < row["ap"] < row["ap_upper"] < 1
    assert table.df.equals(voc_average_precision(evidence, replicates=100, threads=4).df)


def test_the_limit_of_the_policy_does_not_apply():
    records = random_records(5)
    assert mean_of(evidence_of(*records)) == mean_of(evidence_of(*records, max_detections=(1,)))


BOX = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10]}


@pytest.mark.parametrize(
    ("records", "by_class", "mean"),
    [
        (([], [], [], []), [], (None, None, None, 0)),
        (([1], [1], [], []), [None], (None, None, None, 0)),
        (([1], [1], [], [{**BOX, "score": 0.9}]), [None], (None, None, None, 0)),
        (([1], [1], [{**BOX, "ignored": 1}], [{**BOX, "score": 0.9}]), [None], (None, None, None, 0)),
        (([1], [1], [BOX], []), [0.0], (0.0, 0.0, 0.0, 1)),
    ],
)
@pytest.mark.parametrize("method", ["area", "11-point"])
def test_empty_tables_have_an_answer(records, by_class, mean, method):
    table = voc_average_precision(evidence_of(*records), method=method)
    assert table.df["ap"].to_list() == by_class
    assert table.mean.df.row(0) == mean


def test_impossible_requests_say_what_is_possible():
    evidence = evidence_of([1], [1], [BOX], [])
    with pytest.raises(PolicyError, match=r"iou must be in \[0, 1\)"):
        voc_average_precision(evidence, iou=1.0)
    with pytest.raises(QueryError, match="'area' or '11-point'"):
        voc_average_precision(evidence, method="101-point")
    evidence.task = "classification"
    with pytest.raises(QueryError, match="for detection"):
        voc_average_precision(evidence)


VOC_2007 = [("dets_yolov2_e150", 0.72138), ("dets_yolov3", 0.67748)]


def read_voc(shared_data, detections):
    folder = shared_data / "det_voc2007_test"
    truth, found = folder / "gt_coco.json", folder / f"{detections}.parquet"
    return cf.read_coco(truth, found, ignore="difficult", on_invalid="drop")


@pytest.mark.parametrize(("detections", "expected"), VOC_2007)
def test_published_numbers_on_voc_2007(shared_data, detections, expected):
    """Widths in these files are xmax - xmin + 1, so the devkit's pixel is in them already."""
    evidence = make_evidence(read_voc(shared_data, detections), Policy())
    assert round(mean_of(evidence, method="11-point"), 5) == expected


def test_the_devkit_files_give_the_same_number_with_the_extra_pixel(shared_data):
    data = read_voc(shared_data, "dets_yolov3")
    narrow = data.ground_truth.with_columns(pl.col("width", "height") - 1)
    found = cf.from_frames(
        ground_truth=narrow.select("image_id", "category_id", "x", "y", "width", "height"),
        predictions=devkit_detections(shared_data, data.categories),
        images=data.images.select("image_id"),
        box_format="xywh",
        on_invalid="drop",
    ).predictions
    evidence = make_evidence(dataclasses.replace(data, ground_truth=narrow, predictions=found), Policy())
    assert round(mean_of(evidence, method="11-point", legacy_plus_one=True), 5) == 0.67748


def devkit_detections(shared_data, categories):
    """The text files of the devkit: image, score and 1-based corners of the first and last pixel."""
    codes = dict(categories.select("name", "category_id").rows())
    columns = ["image_id", "score", "x", "y", "right", "bottom"]
    with tarfile.open(shared_data / "det_voc2007_test" / "dets_yolov3_vocdevkit_txt.tar.xz") as archive:
        frames = [
            pl.read_csv(
                archive.extractfile(member).read(), separator=" ", has_header=False, new_columns=columns
            ).with_columns(category_id=pl.lit(codes[member.name.rsplit("_", 1)[1].removesuffix(".txt")]))
            for member in archive
            if member.isfile()
        ]
    return pl.concat(frames).select(
        "image_id",
        "category_id",
        "score",
        pl.col("x", "y") - 1,
        width=pl.col("right") - pl.col("x"),
        height=pl.col("bottom") - pl.col("y"),
    )
