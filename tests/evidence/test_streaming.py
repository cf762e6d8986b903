"""Tables that are streamed give the folder that they give in memory, bit for bit, or nothing that opens."""

import numpy as np
import polars as pl
import pytest

import cvfail.evidence.streaming as streaming
from cvfail.errors import CvfailError, FormatError, PolicyError, SchemaError
from cvfail.evaluation import evaluate, open_evaluation
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.streaming import evaluate_scan
from cvfail.io.parquet import read_parquet, write_parquet
from cvfail.io.parquet_scan import scan_parquet
from cvfail.matching.policy import Policy
from tests.full_disk import files_no_larger_than
from tests.scenes import detection, random_records

POLICY = Policy(score=0.3)


@pytest.fixture
def tables(tmp_path):
    """A folder of tables with attributes, as random rows in random order."""
    records = random_records(3, images=30)
    light = np.random.default_rng(0).choice(["day", "night"], 30).tolist()
    return write_parquet(detection(*records, light=light), tmp_path / "tables")


@pytest.fixture(autouse=True)
def _same_time():
    """Folders are compared byte by byte, and their manifests tell the time."""
    with pytest.MonkeyPatch.context() as fixed:
        fixed.setenv("SOURCE_DATE_EPOCH", "1700000000")
        yield


def rewritten(folder, table, change):
    path = folder / f"{table}.parquet"
    change(pl.read_parquet(path)).write_parquet(path, row_group_size=13)


def sorted_by_image(folder):
    for table in ("ground_truth", "predictions"):
        rewritten(folder, table, lambda frame: frame.sort("image_id", maintain_order=True))


def content(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("block_rows", [5, 60, 10_000])
@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("is_sorted", [True, False])
def test_the_folder_is_the_one_from_memory_bit_for_bit(tables, tmp_path, block_rows, threads, is_sorted):
    if is_sorted:
        sorted_by_image(tables)
    in_memory = evaluate(read_parquet(tables), POLICY, threads=1)
    expected = save_evidence(in_memory.evidence, tmp_path / "memory", block_rows=block_rows)
    evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "streamed", block_rows=block_rows, threads=threads)
    assert content(tmp_path / "streamed") == content(expected)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["memory", "streamed", "tables"]


@pytest.mark.parametrize("rows_at_once", [4, 50])
def test_the_budget_changes_nothing(tables, tmp_path, rows_at_once, monkeypatch):
    evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "whole", block_rows=20)
    original = streaming.row_source
    monkeypatch.setattr(
        streaming,
        "row_source",
        lambda scan, plan, table, folder, _rows, progress: original(
            scan, plan, table, folder, rows_at_once, progress
        ),
    )
    evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "split", block_rows=20)
    assert content(tmp_path / "split") == content(tmp_path / "whole")


@pytest.mark.parametrize("absent", ["images", "categories", "both"])
def test_absent_tables_are_derived_as_in_memory(tables, tmp_path, absent):
    for table in ("images", "categories") if absent == "both" else (absent,):
        (tables / f"{table}.parquet").unlink()
    expected = save_evidence(
        evaluate(read_parquet(tables), POLICY).evidence, tmp_path / "memory", block_rows=20
    )
    evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "streamed", block_rows=20)
    assert content(tmp_path / "streamed") == content(expected)


@pytest.mark.parametrize("is_sorted", [True, False])
def test_rows_without_ids_are_numbered_in_the_whole_table(tables, tmp_path, is_sorted):
    if is_sorted:
        sorted_by_image(tables)
    rewritten(tables, "predictions", lambda frame: frame.drop("prediction_id"))
    rewritten(tables, "ground_truth", lambda frame: frame.drop("ground_truth_id", "area"))
    expected = save_evidence(
        evaluate(read_parquet(tables), POLICY).evidence, tmp_path / "memory", block_rows=20
    )
    evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "streamed", block_rows=20)
    assert content(tmp_path / "streamed") == content(expected)


def test_many_files_are_one_table_in_the_order_of_their_names(tables, tmp_path):
    expected = evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "one", block_rows=20)
    frame = pl.read_parquet(tables / "predictions.parquet")
    (tables / "predictions.parquet").unlink()
    (tables / "predictions").mkdir()
    for number, first in enumerate(range(0, frame.height, 17)):
        frame.slice(first, 17).write_parquet(tables / "predictions" / f"{number:03d}.parquet")
    many = evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "many", block_rows=20)
    assert many.predictions.equals(expected.predictions)
    assert many.pairs.equals(expected.pairs)


@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("score", 73.0, r"score must be in \[0, 1\]"),
        ("width", float("nan"), "width must be a finite number"),
        ("image_id", 999_999, "image_id must be the id of one of the images"),
    ],
)
def test_a_bad_row_in_the_middle_is_named_with_its_number_in_the_whole(
    tables, tmp_path, is_sorted, column, value, text
):
    if is_sorted:
        sorted_by_image(tables)
    record = pl.read_parquet(tables / "predictions.parquet").height // 2

    def spoil(frame):
        return frame.with_columns(
            pl.when(pl.int_range(pl.len()) == record).then(value).otherwise(pl.col(column)).alias(column)
        )

    rewritten(tables, "predictions", spoil)
    with pytest.raises(SchemaError, match=text) as caught:
        evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "run", block_rows=5)
    assert [problem.record for problem in caught.value.problems] == [record]
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


def test_an_id_that_stands_twice_is_named(tables, tmp_path):
    rewritten(tables, "predictions", lambda frame: frame.with_columns(pl.lit(7).alias("prediction_id")))
    with pytest.raises(SchemaError, match=r"predictions\.parquet: prediction_id must be unique"):
        evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "run")


@pytest.mark.parametrize("keep", [0, 200, -30])
def test_a_truncated_file_is_named(tables, tmp_path, keep):
    path = tables / "predictions.parquet"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FormatError, match=r"predictions\.parquet is not a complete Parquet file"):
        evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("after", [0, 1, 3])
def test_an_interrupted_call_goes_on_where_it_was(tables, tmp_path, is_sorted, after, monkeypatch):
    if is_sorted:
        sorted_by_image(tables)
    evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "whole", block_rows=20)
    original, calls = streaming._Work.matched, []

    def killed(self, span):
        if len(calls) == after:
            raise KeyboardInterrupt
        calls.append(span)
        return original(self, span)

    monkeypatch.setattr(streaming._Work, "matched", killed)
    with pytest.raises(KeyboardInterrupt):
        evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "run", block_rows=20, threads=1)
    assert not (tmp_path / "run").exists()
    with pytest.raises(CvfailError):
        open_evaluation(tmp_path / ".run.draft")
    matched = []
    monkeypatch.setattr(
        streaming._Work, "matched", lambda self, span: matched.append(span) or original(self, span)
    )
    stored = evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "run", block_rows=20)
    assert len(matched) + after == stored.block_count
    assert content(tmp_path / "run") == content(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "tables", "whole"]


def test_a_draft_of_other_input_is_not_continued(tables, tmp_path, monkeypatch):
    original = streaming._Work.matched

    def stopped(self, span):
        if span.images[0]:
            raise KeyboardInterrupt
        return original(self, span)

    monkeypatch.setattr(streaming._Work, "matched", stopped)
    with pytest.raises(KeyboardInterrupt):
        evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "run", block_rows=20)
    monkeypatch.undo()
    rewritten(tables, "predictions", lambda frame: frame.with_columns(score=pl.col("score") / 2))
    expected = save_evidence(
        evaluate(read_parquet(tables), POLICY).evidence, tmp_path / "memory", block_rows=20
    )
    evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "run", block_rows=20)
    assert content(tmp_path / "run") == content(expected)


@pytest.mark.parametrize("is_sorted", [True, False])
def test_a_full_disk_is_said_nothing_opens_and_the_call_goes_on_with_room(tables, tmp_path, is_sorted):
    if is_sorted:
        sorted_by_image(tables)
    expected = save_evidence(
        evaluate(read_parquet(tables), POLICY).evidence, tmp_path / "memory", block_rows=20
    )
    with files_no_larger_than(3000), pytest.raises(CvfailError, match=r"could not be written.*make room"):
        evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "run", block_rows=20)
    assert not (tmp_path / "run").exists()
    evaluate_scan(scan_parquet(tables), POLICY, tmp_path / "run", block_rows=20)
    assert content(tmp_path / "run") == content(expected)


def test_no_rows_are_an_evaluation_too(tmp_path):
    folder = write_parquet(detection([], [], [], []), tmp_path / "tables")
    evaluation = evaluate(scan_parquet(folder), folder=tmp_path / "run")
    assert evaluation.metrics().df["support"].item() == 0


def test_progress_tells_of_every_row(tables, tmp_path):
    told = []
    evaluate(scan_parquet(tables), folder=tmp_path / "run", progress=lambda *step: told.append(step))
    assert {what for what, _, _ in told} >= {"reading ids", "matching"}
    assert all(0 <= done <= total for _, done, total in told)
    assert told[-1][1] == told[-1][2]


@pytest.mark.parametrize(
    ("memory", "text"), [("much", "is no amount"), ("1MB", "is too little"), (5, "too little")]
)
def test_a_budget_that_makes_no_sense_is_refused(tables, tmp_path, memory, text):
    with pytest.raises(PolicyError, match=text):
        evaluate(scan_parquet(tables), folder=tmp_path / "run", memory=memory)


def test_streaming_needs_a_folder(tables):
    with pytest.raises(PolicyError, match="folder='run'"):
        evaluate(scan_parquet(tables))
