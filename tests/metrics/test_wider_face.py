"""WIDER FACE average precision: the reference case, a plain twin of the protocol, and the published numbers."""

import dataclasses

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cvfail as cf
from cvfail.errors import QueryError
from cvfail.evidence.making import make_evidence
from cvfail.matching.policy import Policy
from cvfail.metrics.wider_face import wider_face_average_precision
from tests.metrics.test_voc import overlap_of
from tests.scenes import detection, random_records

FACE = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 20, 20]}


def evidence_of(images, truths, found, *, categories=(1,), **levels):
    data = detection(images, list(categories), truths, found)
    flags = {
        name: values if isinstance(values, pl.Series) else pl.Series(values, dtype=pl.Boolean)
        for name, values in levels.items()
    }
    truth = data.ground_truth.with_columns(**flags)
    return make_evidence(dataclasses.replace(data, ground_truth=truth), Policy())


def levels_of(evidence, **options):
    frame = wider_face_average_precision(evidence, **{"replicates": 0, **options}).df
    return {level: (ap, support) for level, ap, support in frame.select("level", "ap", "support").rows()}


def test_the_reference_case(golden):
    case = golden["wider_face"]
    faces = [{**FACE, "bbox": box} for box in case["input"]["gt_xywh"]]
    found = [{**FACE, "bbox": row[:4], "score": row[4]} for row in case["input"]["pred_xywhs"]]
    kept = [bool(flag) for flag in case["input"]["keep(1)/ignore(0)"]]
    expected = case["expected"]
    levels = levels_of(evidence_of([1], faces, found, hard=kept), keep=["hard"])
    assert levels == {"hard": (pytest.approx(expected["AP"], abs=1e-12), expected["n_keep"])}


def twin(images, faces, found, kept):
    """The protocol as published, in plain Python: image by image, threshold by threshold."""
    if not any(kept):
        return None
    scores = [d["score"] for d in found]
    low, span = min(scores, default=0), max(scores, default=1) - min(scores, default=0)
    curve = np.zeros((1000, 2))
    for image in images:
        own = [i for i, face in enumerate(faces) if face["image_id"] == image]
        ranked = sorted((d for d in found if d["image_id"] == image), key=lambda d: -d["score"])
        if not own or not ranked:
            continue
        claimed, recalled, proposed = set(), [], []
        for d in ranked:
            overlaps = [overlap_of(d["bbox"], faces[i]["bbox"], 1) for i in own]
            best = int(np.argmax(overlaps))
            removed = overlaps[best] >= 0.5 and not kept[own[best]]
            if overlaps[best] >= 0.5 and not removed:
                claimed.add(own[best])
            recalled.append(len(claimed))
            proposed.append(not removed)
        for t in range(1000):
            threshold = 1 - (t + 1) / 1000
            above = [h for h, d in enumerate(ranked) if (d["score"] - low) / span >= threshold]
            if above:
                curve[t] += sum(proposed[: above[-1] + 1]), recalled[above[-1]]
    recall = [0.0, *(curve[:, 1] / sum(kept)), 1.0]
    precision = [0.0, *(r / max(p, 1) for p, r in curve), 0.0]
    return sum(
        (recall[i] - recall[i - 1]) * max(precision[i:])
        for i in range(1, len(recall))
        if recall[i] > recall[i - 1]
    )


@given(st.integers(0, 2**32))
def test_every_level_is_as_a_plain_loop_says(seed):
    ids, _, faces, found = random_records(seed, images=4)
    faces = [{**face, "category_id": 1, "iscrowd": 0} for face in faces]
    found = [{**d, "category_id": 1} for d in found]
    if len({d["score"] for d in found}) == 1:
        found = []
    rng = np.random.default_rng(seed)
    kept = {
        level: (rng.random(len(faces)) < share).tolist() for level, share in (("easy", 0.3), ("hard", 0.8))
    }
    levels = levels_of(evidence_of(ids, faces, found, **kept), keep=list(kept))
    for level, flags in kept.items():
        expected = twin(ids, faces, found, flags)
        ap = None if expected is None else pytest.approx(expected, abs=1e-12)
        assert levels[level] == (ap, sum(flags))


def test_predictions_on_images_without_faces_cost_nothing_but_set_the_scale():
    found = [{**FACE, "score": 0.5}, {**FACE, "image_id": 2, "score": 0.9}]
    evidence = evidence_of([1, 2], [FACE], found, hard=[True])
    assert levels_of(evidence, keep=["hard"]) == {"hard": (1.0, 1)}


def test_scores_that_are_all_the_same_count_at_every_threshold():
    other = {**FACE, "bbox": [100, 100, 20, 20]}
    found = [{**FACE, "score": 0.4}, {**other, "score": 0.4}]
    evidence = evidence_of([1], [FACE], found, hard=[True])
    assert levels_of(evidence, keep=["hard"]) == {"hard": (0.5, 1)}


def test_levels_may_be_renamed_be_one_and_hold_unknown_or_ignored_faces():
    faces = [FACE, {**FACE, "bbox": [50, 0, 20, 20]}, {**FACE, "bbox": [100, 0, 20, 20], "ignored": 1}]
    evidence = evidence_of([1], faces, [{**FACE, "score": 0.9}], clear=[True, None, True])
    assert levels_of(evidence, keep={"easy": "clear"}) == {"easy": (1.0, 1)}
    assert levels_of(evidence, keep="clear") == {"clear": (1.0, 1)}


def test_columns_are_as_documented_and_intervals_contain_the_estimate():
    ids, _, faces, found = random_records(3, images=60)
    faces = [{**face, "category_id": 1, "iscrowd": 0} for face in faces]
    evidence = evidence_of(ids, faces, [{**d, "category_id": 1} for d in found], hard=[True] * len(faces))
    table = wider_face_average_precision(evidence, keep=["hard"])
    assert table.df.columns == ["level", "ap", "ap_lower", "ap_upper", "support"]
    row = table.df.row(0, named=True)
    assert 0 < row["ap_lower"] < row["ap"] < row["ap_upper"] < 1


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (([], [], []), (None, 0)),
        (([1], [], []), (None, 0)),
        (([1], [], [{**FACE, "score": 0.9}]), (None, 0)),
        (([1], [FACE], []), (0.0, 1)),
    ],
)
def test_empty_tables_have_an_answer(records, expected):
    evidence = evidence_of(*records, hard=[True] * len(records[1]))
    assert levels_of(evidence, keep=["hard"], replicates=5) == {"hard": expected}
    assert levels_of(evidence, keep=[]) == {}


def test_impossible_requests_say_what_is_possible():
    with pytest.raises(
        QueryError, match=r"'easy' is not an attribute of the ground truth. Hint: one of hard"
    ):
        wider_face_average_precision(evidence_of([1], [FACE], [], hard=[True]))
    with pytest.raises(QueryError, match="'easy' must be boolean; its type is String"):
        wider_face_average_precision(evidence_of([1], [FACE], [], easy=pl.Series(["yes"])))
    with pytest.raises(QueryError, match="of one class; this is detection with 2 classes"):
        wider_face_average_precision(evidence_of([1], [FACE], [], categories=(1, 2)))


PUBLISHED = [
    ("det_yolov7face", (93.25, 91.28, 82.97)),
    ("det_retinaface", (89.79, 87.33, 75.94)),
]


def read_wider(shared_data, detector, truth):
    found = pl.read_parquet(shared_data / "det_widerface_val" / f"{detector}.parquet")
    data = cf.from_frames(
        ground_truth=truth,
        predictions=found.with_columns(category_id=pl.lit("face")),
        box_format="xywh",
        columns={"image_id": "image"},
        on_invalid="drop",
    )
    return make_evidence(data, Policy())


@pytest.mark.parametrize(("detector", "published"), PUBLISHED)
def test_published_numbers_on_wider_face(shared_data, detector, published):
    """One hard face has a negative width: no prediction reaches it, but the published recall counts it."""
    truth = pl.read_parquet(shared_data / "det_widerface_val" / "gt.parquet").with_columns(
        category_id=pl.lit("face")
    )
    whole = levels_of(read_wider(shared_data, detector, truth.with_columns(pl.col("w").clip(0))))
    assert tuple(round(100 * ap, 2) for ap, _ in whole.values()) == published
    dropped = levels_of(read_wider(shared_data, detector, truth))
    assert (dropped["easy"], dropped["medium"]) == (whole["easy"], whole["medium"])
    (ap, support), (smaller_ap, smaller_support) = dropped["hard"], whole["hard"]
    assert support == smaller_support - 1
    assert ap == pytest.approx(smaller_ap * smaller_support / support, abs=1e-12)
