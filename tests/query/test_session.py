"""SQL: the same numbers as the methods, read-only, and out of reach of files."""

import polars as pl
import pytest

from cvfail.errors import QueryError
from cvfail.evaluation import evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.query.session import VIEWS
from cvfail.query.session import query as answer
from tests.scenes import detection, random_records


@pytest.fixture(scope="module")
def evaluation():
    return evaluate(detection(*random_records(3, images=30)))


def test_the_confusion_matrix_view_equals_the_method(evaluation):
    expected = (
        evaluation.confusion_matrix().df.filter(pl.col("count") > 0).select("true", "predicted", "count")
    )
    answer = evaluation.sql("SELECT * FROM confusion_matrix")
    assert answer.sort("true", "predicted").equals(expected.sort("true", "predicted"))


def test_recall_by_size_in_sql_equals_metrics(evaluation):
    answer = evaluation.sql("""
        SELECT avg((outcome = 'found')::INT) AS recall FROM ground_truth
        WHERE is_regular GROUP BY CASE WHEN area < 1024 THEN 1 WHEN area < 9216 THEN 2 ELSE 3 END ORDER BY ALL
    """)
    expected = evaluation.metrics(by="size").df["recall"].drop_nulls().sort()
    assert answer["recall"].to_list() == pytest.approx(expected.to_list())


@pytest.mark.parametrize("score", [0.0, 0.5])
def test_views_count_what_the_methods_count(evaluation, score):
    row = evaluation.metrics(score=score).df.row(0, named=True)
    counts = [
        evaluation.sql(f"SELECT count(*) FROM {view}", score=score).item()
        for view in ("true_positives", "false_positives", "false_negatives")
    ]
    assert counts == [row["tp"], row["fp"], row["fn"]]


def test_outcomes_at_every_threshold_are_columns(evaluation):
    threshold = evaluation.policy.threshold_index(0.75)
    answer = evaluation.sql(f"""
        SELECT count(*) FROM ground_truth WHERE is_regular AND coalesce(matched_score[{threshold + 1}], -1) >= 0.4
    """)
    assert answer.item() == evaluation.metrics(iou=0.75, score=0.4).df["tp"].item()


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_answers_without_rows(view):
    empty = evaluate(detection([], [], [], []))
    assert empty.sql(f"SELECT * FROM {view}").is_empty()


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE images",
        "INSERT INTO images SELECT * FROM images",
        "SELECT 1; SELECT 2",
        "COPY images TO 'stolen.csv'",
        "ATTACH 'other.db'",
        "SELECT * FROM read_csv('README.md')",
        "SELECT * FROM 'README.md'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "",
    ],
)
def test_nothing_but_one_select_over_the_tables_is_answered(evaluation, query, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QueryError):
        evaluation.sql(query)
    assert not list(tmp_path.iterdir())


def test_a_misspelt_table_is_answered_with_those_that_exist(evaluation):
    with pytest.raises(QueryError, match="false_positives"):
        evaluation.sql("SELECT * FROM falsepositives")


def never():
    raise AssertionError("a table was made that the question does not read")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM images",
        "SELECT count(*) AS costly FROM images -- not costly",
        "WITH costly AS (SELECT * FROM images) SELECT count(*) FROM costly",
        "SELECT 'costly' FROM images",
    ],
)
def test_a_table_that_a_question_does_not_read_is_not_made(evaluation, query):
    found = answer(OperatingPoint.of(evaluation.evidence), query, made={"costly": never})
    assert found.height > 0


@pytest.mark.parametrize(
    "query",
    [
        "SELECT x FROM costly",
        "FROM Costly SELECT x",
        'SELECT "x" FROM main."COSTLY" c',
        "SELECT x FROM images JOIN costly USING (image_id)",
        "SELECT (SELECT max(x) FROM costly) AS x FROM costly JOIN images ON true LIMIT 1",
        "WITH costly AS (SELECT x FROM costly) SELECT x FROM costly",
    ],
)
def test_a_table_that_a_question_reads_is_made_once(evaluation, query):
    made = []

    def costly():
        made.append(1)
        return pl.DataFrame({"x": [7], "image_id": [evaluation.images["image_id"][0]]})

    tables = {"costly": costly, "other": never}
    assert answer(OperatingPoint.of(evaluation.evidence), query, made=tables).item() == 7
    assert made == [1]


def test_nothing_is_made_for_what_is_not_answered(evaluation):
    point = OperatingPoint.of(evaluation.evidence)
    for query in ("DROP TABLE costly", "SELECT 1; SELECT * FROM costly", "SELECT FROM costly WHERE"):
        with pytest.raises(QueryError):
            answer(point, query, made={"costly": never})
    with pytest.raises(QueryError, match=r"confusions, costly, false_negatives"):
        answer(point, "SELECT * FROM misspelt", made={"costly": never})
