"""One session for many questions: the answers of one-shot SQL, read-only, side by side, and stopped in time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from cvfail.errors import QueryError
from cvfail.evaluation import Evaluation, evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.query.session import Session
from tests.scenes import detection, random_records

QUESTIONS = [
    "SELECT * FROM confusion_matrix ORDER BY ALL",
    "SELECT count(*) FROM images",
    "SELECT prediction_index, outcome, category FROM predictions ORDER BY 1",
    "SELECT * FROM confusions ORDER BY ground_truth_index",
    "SELECT ground_truth_index, file_name FROM false_negatives JOIN images USING (image_id) ORDER BY 1",
]
ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


@pytest.fixture(scope="module")
def evaluation():
    return evaluate(detection(*random_records(3, images=30)))


@pytest.fixture(params=["in memory", "in files", "in blocks"])
def session(request, evaluation, tmp_path):
    evidence = evaluation.evidence
    if request.param == "in blocks":
        evidence = open_evidence(save_evidence(evidence, tmp_path / "run", block_rows=20))
        assert evidence.block_count > 1
    with Session(OperatingPoint.of(evidence), in_files=request.param != "in memory") as session:
        yield session


def test_it_answers_what_one_question_alone_is_answered(session, evaluation):
    for question in [*QUESTIONS, *QUESTIONS]:
        assert session.query(question).equals(evaluation.sql(question)), question


def test_questions_of_several_threads_are_answered_side_by_side(session, evaluation):
    expected = [evaluation.sql(question) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(session.query, QUESTIONS * 4))
    assert all(answer.equals(known) for answer, known in zip(answers, expected * 4, strict=True))


def test_pages_are_stretches_of_the_answer(session, evaluation):
    question = "SELECT prediction_index, score FROM predictions ORDER BY score DESC, prediction_index"
    whole = evaluation.sql(question)
    assert session.count(question) == whole.height
    pages = [session.query(question, first=first, most=7) for first in range(0, whole.height, 7)]
    assert pl.concat(pages).equals(whole)
    assert session.query(question, first=whole.height, most=7).is_empty()


@pytest.mark.parametrize(
    "statement",
    [
        "WITH gone AS (DELETE FROM images RETURNING *) SELECT * FROM gone",
        "WITH more AS (INSERT INTO images SELECT * FROM images RETURNING *) SELECT * FROM more",
        "WITH other AS (UPDATE images SET file_name = 'x' RETURNING *) SELECT * FROM other",
        "CREATE TABLE stolen AS SELECT * FROM images",
        "DROP VIEW images",
        "BEGIN TRANSACTION",
        "SET threads = 1",
        "RESET lock_configuration",
        "LOAD json",
        "EXPORT DATABASE 'stolen'",
        "COPY (SELECT 1) TO 'stolen.csv'",
        "CALL force_checkpoint()",
        "PRAGMA version",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM query('DROP VIEW images')",
        "SELECT * FROM evaluation",
        "SELECT * FROM duckdb_secrets()",
        "SELECT 1; DROP VIEW images",
    ],
)
def test_nothing_is_written_and_nothing_else_is_read(session, statement, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = session.query("SELECT * FROM images")
    with pytest.raises(QueryError):
        session.query(statement)
    assert session.query("SELECT * FROM images").equals(before)
    assert not list(tmp_path.rglob("stolen*"))


def test_a_select_that_writes_finds_no_transaction_to_write_in(session):
    with session._connected() as connection:
        connection.execute("CREATE TABLE own AS SELECT 1 AS x")
    with pytest.raises(QueryError, match="read-only"):
        session.query("WITH gone AS (DELETE FROM own RETURNING *) SELECT x FROM gone, images")
    assert session.query("SELECT x FROM own").item() == 1


def test_a_long_query_is_stopped_and_the_next_one_answered(session):
    with pytest.raises(QueryError, match=r"stopped after 0.2 s"):
        session.query(ENDLESS, timeout=0.2)
    with pytest.raises(QueryError, match=r"stopped after 0.2 s"):
        session.count(f"SELECT * FROM ({ENDLESS})", timeout=0.2)
    assert session.query("SELECT count(*) FROM images", timeout=60).item() == 30


def test_what_is_not_mentioned_is_not_made_and_what_is_made_is_made_once(evaluation):
    made = []

    def costly():
        made.append(1)
        return pl.DataFrame({"x": [7]})

    with Session(OperatingPoint.of(evaluation.evidence), made={"costly": costly}) as session:
        assert session.query("SELECT count(*) FROM images").item() == 30
        assert made == []
        assert [session.query("SELECT x FROM costly").item() for _ in range(3)] == [7, 7, 7]
        assert made == [1]


def test_all_tables_are_listed(session):
    listed = set(session.query("SHOW TABLES")["name"])
    assert {"images", "predictions", "pairs", "confusions"} <= listed


def test_its_files_go_with_it(evaluation):
    with Session(OperatingPoint.of(evaluation.evidence)) as session:
        folder = Path(session._folder.name)
        session.query("SELECT count(*) FROM predictions")
        assert list(folder.rglob("*.parquet"))
    assert not folder.exists()


def test_no_rows_are_answered():
    empty = Evaluation(evaluate(detection([], [], [], [])).evidence)
    with Session(OperatingPoint.of(empty.evidence)) as session:
        assert session.count("SELECT * FROM predictions JOIN pairs USING (prediction_index)") == 0
