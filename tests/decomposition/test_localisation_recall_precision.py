"""LRP: golden cases, a plain twin over thresholds, components that add up, and what is undefined."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.decomposition.groups import MEAN
from cvfail.decomposition.localisation_recall_precision import localisation_recall_precision
from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.io.labels import from_labels
from cvfail.matching.policy import Policy
from tests.decomposition.plain_tidecv import overlap
from tests.scenes import detection, random_records

SEEDS = st.integers(0, 10_000)
LIGHT = ["day", "night", None, "day", "night", "day"]


def made(records, **columns):
    return make_evidence(detection(*records, **columns), Policy())


def table(evidence, *, score=0.0, iou=0.5, by=()):
    return localisation_recall_precision(OperatingPoint.of(evidence, iou=iou, score=score), by=by).df


@pytest.mark.parametrize("name", ["lrp_simple", "lrp_no_tp"])
def test_the_golden_cases(golden, name):
    case = golden[name]
    truths = [{"image_id": i, "category_id": c, "bbox": b} for i, c, b in case["input"]["gt"]]
    found = [{"image_id": i, "category_id": c, "bbox": b, "score": s} for i, c, b, s in case["input"]["dets"]]
    classes = sorted({row["category_id"] for row in truths + found})
    rows = {row["category_id"]: row for row in table(made(([1], classes, truths, found))).to_dicts()}
    ours = {
        "oLRP": "optimal_lrp",
        "loc": "optimal_localisation",
        "fp": "optimal_false_positive",
        "fn": "optimal_false_negative",
        "thr": "optimal_score",
    }
    for code, expected in case["expected"].items():
        for theirs, column in ours.items():
            value = expected[theirs]
            known = None if value in {"NaN", -1.0} else pytest.approx(value, abs=1e-12)
            assert rows[int(code)][column] == known


def plain_lrp(point, code, score):
    """LRP of one class at a score, and its components; None without ground truth."""
    evidence = point.evidence
    boxes = [
        [tuple(row[k] for k in ("x", "y", "width", "height")) for row in frame.to_dicts()]
        for frame in (evidence.predictions, evidence.ground_truth)
    ]
    at = OperatingPoint(evidence, point.iou, score)
    truths = [g for g in np.flatnonzero(evidence.regular()) if evidence.coding.truth_category[g] == code]
    if not truths:
        return None
    hits = [g for g in truths if at.found[g]]
    lost = [1 - overlap(boxes[0][at.partner[g]], boxes[1][g]) for g in hits]
    wrong = sum(at.wrong[d] and evidence.coding.category[d] == code for d in range(at.wrong.size))
    unfound = len(truths) - len(hits)
    lrp = (sum(lost) / (1 - point.iou) + wrong + unfound) / (len(hits) + wrong + unfound)
    return {
        "lrp": lrp,
        "localisation": sum(lost) / len(lost) if lost else None,
        "false_positive": wrong / (wrong + len(hits)) if wrong + len(hits) else None,
        "false_negative": unfound / len(truths),
    }


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, score=st.sampled_from([0.0, 0.3]), iou=st.sampled_from([0.5, 0.75]))
def test_it_equals_the_plain_twin_tried_at_every_score(seed, score, iou):
    evidence = made(random_records(seed))
    point = OperatingPoint.of(evidence, iou=iou, score=score)
    frame = table(evidence, score=score, iou=iou)
    for code, row in enumerate(frame.head(-1).to_dicts()):
        now = plain_lrp(point, code, score)
        if now is None:
            assert row["support"] == 0
            assert all(value is None for name, value in row.items() if name.startswith(("lrp", "optimal")))
            continue
        for name, value in now.items():
            assert row[name] == (None if value is None else pytest.approx(value, abs=1e-12))
        tried = [(s, plain_lrp(point, code, s)) for s in sorted(set(point.scores.tolist()), reverse=True)]
        tried = [(s, values) for s, values in tried if values["localisation"] is not None]
        best = min((values["lrp"] for _, values in tried), default=1.0)
        assert row["optimal_lrp"] == pytest.approx(best, abs=1e-12)
        if tried:
            at_score = plain_lrp(point, code, row["optimal_score"])
            assert at_score["lrp"] == pytest.approx(best, abs=1e-12)
            assert row["optimal_localisation"] == pytest.approx(at_score["localisation"], abs=1e-12)
            assert row["optimal_false_negative"] == pytest.approx(at_score["false_negative"], abs=1e-12)
        else:
            assert (row["optimal_score"], row["optimal_false_negative"]) == (None, 1.0)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_last_row_is_the_mean_of_the_classes_that_have_a_value(seed):
    frame = table(made(random_records(seed)), score=0.3)
    last = frame.row(-1, named=True)
    assert (last["category"], last["category_id"]) == (MEAN, None)
    for name in ("lrp", "optimal_lrp", "optimal_score", "localisation", "false_negative"):
        expected = frame.head(-1)[name].mean()
        assert last[name] == (None if expected is None else pytest.approx(expected, abs=1e-12))
    assert last["support"] == frame.head(-1)["support"].sum()


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_levels_of_images_are_the_sub_datasets_of_these_images(seed):
    images, categories, annotations, detections = random_records(seed)
    sliced = table(made((images, categories, annotations, detections), light=LIGHT), by="light")
    for level in ("day", "night"):
        kept = [i for i, light in zip(images, LIGHT, strict=True) if light == level]
        alone = table(
            made(
                (
                    kept,
                    categories,
                    [a for a in annotations if a["image_id"] in kept],
                    [d for d in detections if d["image_id"] in kept],
                )
            )
        )
        own = sliced.filter(light=level).drop("light")
        if len(own):
            assert own.equals(alone)


def test_tied_scores_are_not_parted():
    """Over ranks the true positive alone would have an LRP of .5; a threshold takes the false positive too."""
    truths = [{"image_id": 1, "category_id": 1, "bbox": box} for box in ([0, 0, 10, 10], [50, 50, 10, 10])]
    found = [
        {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.5},
        {"image_id": 1, "category_id": 1, "bbox": [200, 0, 10, 10], "score": 0.5},
    ]
    row = table(made(([1], [1], truths, found))).row(0, named=True)
    assert row["optimal_lrp"] == pytest.approx(2 / 3)


def test_intervals_are_clustered_and_hold_the_estimate():
    frame = table(made(random_records(11, images=40)), score=0.3)
    assert (frame["lrp_lower"] < frame["lrp"]).all()
    assert (frame["lrp"] < frame["lrp_upper"]).all()
    assert not any(math.isnan(value) for value in frame["lrp_lower"])


def test_saved_in_blocks_it_is_the_same(tmp_path):
    evidence = made(random_records(7, images=24))
    stored = open_evidence(save_evidence(evidence, tmp_path / "run", block_rows=7))
    assert table(stored, by="size").equals(table(evidence, by="size"))


def test_nothing_at_all_is_null():
    evidence = made(([], [], [], []))
    assert table(evidence)["optimal_lrp"].to_list() == [None]
    assert len(table(evidence, by="size")) == 0


def test_what_has_no_meaning_is_refused():
    evidence = make_evidence(detection(*random_records(3)), Policy(iou_thresholds=(0.5, 1.0)))
    with pytest.raises(PolicyError, match="threshold of 1"):
        table(evidence, iou=1.0)
    with pytest.raises(QueryError, match="for detection"):
        table(make_evidence(from_labels(["a"], ["a"]), Policy()))
