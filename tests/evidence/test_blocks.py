"""Questions to an evaluation that is saved in many blocks have the answers of the one in memory."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from cvfail.errors import QueryError
from cvfail.evaluation import Evaluation, evaluate, open_evaluation
from cvfail.evidence.layout import block_spans
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.matching.policy import Policy
from tests.scenes import detection, random_records

BLOCK_ROWS = (1, 7, 40, 10_000)
LEVELS = {"easy": 0.3, "hard": 0.9}


@pytest.fixture(params=BLOCK_ROWS)
def both(request, tmp_path):
    """The same evaluation in memory and opened from a folder of blocks."""
    images, categories, annotations, detections = random_records(7, images=24)
    rng = np.random.default_rng(1)
    data = detection(
        images,
        categories,
        annotations,
        detections,
        light=["day", "night", None] * 8,
        brightness=rng.random(24).tolist(),
    )
    in_memory = evaluate(data, Policy(score=0.2))
    folder = save_evidence(in_memory.evidence, tmp_path / "run", block_rows=request.param)
    return in_memory, Evaluation(open_evidence(folder))


def test_blocks_hold_every_image_once_whatever_their_size():
    offsets, truth_offsets = np.array([0, 0, 5, 5, 5, 30, 31]), np.array([0, 2, 2, 2, 4, 4, 4])
    for rows in (1, 3, 8, 1000):
        spans = block_spans(truth_offsets, offsets, block_rows=rows)
        assert [span.images[0] for span in spans] == [0, *(span.images[1] for span in spans[:-1])]
        assert spans[-1].images[1] == 6
        assert sum(span.predictions[1] - span.predictions[0] for span in spans) == 31


def test_there_are_as_many_blocks_as_the_rows_ask_for(both):
    in_memory, stored = both
    rows = len(in_memory.predictions) + len(in_memory.ground_truth)
    blocks = list(stored.evidence.blocks())
    assert 1 <= len(blocks) <= rows
    assert sum(block.evidence.images.height for block in blocks) == 24


def test_tables_are_the_same(both):
    in_memory, stored = both
    for table in ("images", "categories", "ground_truth", "predictions", "pairs"):
        assert getattr(stored, table).equals(getattr(in_memory, table))


def test_columns_are_named_before_they_are_made(both):
    for evaluation in both:
        for table in ("ground_truth", "predictions", "pairs"):
            outcomes = evaluation.evidence.outcomes
            assert outcomes.names(table) == outcomes.frame(table).columns
            assert outcomes.columns(table, outcomes.names(table)[:3]).columns == outcomes.names(table)[:3]


@pytest.mark.parametrize("by", [[], ["light"], ["brightness", "size"], ["category", "light"]])
@pytest.mark.parametrize("average", ["micro", "macro"])
def test_rates_are_the_same(both, by, average):
    in_memory, stored = both
    assert stored.metrics(by=by, average=average).df.equals(in_memory.metrics(by=by, average=average).df)


def test_the_confusion_matrix_and_the_rows_behind_it_are_the_same(both):
    in_memory, stored = both
    ours, theirs = (
        stored.confusion_matrix(score=0.3, iou=0.75),
        in_memory.confusion_matrix(score=0.3, iou=0.75),
    )
    assert ours.df.equals(theirs.df)
    for true, predicted in ((ours.labels[0], ours.labels[0]), (ours.labels[1], ours.labels[-1])):
        assert ours.examples(true, predicted).equals(theirs.examples(true, predicted))


def test_curves_and_their_intervals_are_the_same(both):
    in_memory, stored = both
    assert stored.coco_summary(replicates=20).df.equals(in_memory.coco_summary(replicates=20).df)
    assert stored.average_precision(replicates=5).df.equals(in_memory.average_precision(replicates=5).df)


def test_error_types_and_what_their_repair_would_gain_are_the_same(both):
    in_memory, stored = both
    assert stored.error_types().df.equals(in_memory.error_types().df)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM predictions ORDER BY prediction_index",
        "SELECT * FROM ground_truth ORDER BY ground_truth_index",
        "SELECT * FROM cells ORDER BY ALL",
        "SELECT * FROM confusion_matrix",
        "SELECT light, count(*) AS n FROM false_negatives JOIN images USING (image_id) GROUP BY ALL ORDER BY ALL",
        "SELECT p.score FROM pairs JOIN predictions p USING (prediction_index) "
        "JOIN ground_truth g USING (ground_truth_index) ORDER BY ALL",
    ],
)
def test_sql_sees_the_same_rows(both, query):
    in_memory, stored = both
    assert stored.sql(query, score=0.3).equals(in_memory.sql(query, score=0.3))


def test_sql_over_blocks_reads_no_other_file(both, tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with pytest.raises(QueryError, match="Permission Error"):
        both[1].sql(f"SELECT * FROM read_csv('{tmp_path}/secret.csv')")


@pytest.mark.parametrize("method", ["area", "11-point"])
def test_voc_average_precision_is_the_same(both, method):
    in_memory, stored = (
        evaluation.voc_average_precision(method=method, replicates=20) for evaluation in both
    )
    assert stored.df.equals(in_memory.df)
    assert stored.mean.df.equals(in_memory.mean.df)


@pytest.mark.parametrize("block_rows", BLOCK_ROWS)
def test_wider_face_average_precision_is_the_same(tmp_path, block_rows):
    data = detection(*random_records(11, images=24, categories=1))
    rng = np.random.default_rng(2)
    levels = {name: pl.Series(rng.random(len(data.ground_truth)) < share) for name, share in LEVELS.items()}
    in_memory = evaluate(replace(data, ground_truth=data.ground_truth.with_columns(**levels)))
    stored = open_evaluation(save_evidence(in_memory.evidence, tmp_path / "run", block_rows=block_rows))
    answers = [
        evaluation.wider_face_average_precision(keep=list(LEVELS), replicates=20)
        for evaluation in (in_memory, stored)
    ]
    assert answers[0].df["ap"].is_between(0.01, 0.99).any()
    assert answers[1].df.equals(answers[0].df)
