"""SQL over HTTP: the rows of the API, page by page; whatever is no question is refused with a reason."""

import pytest

ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


def test_rows_are_those_of_the_api(ask, evaluation):
    sql = (
        "SELECT prediction_index, score, category, error_type FROM false_positives ORDER BY prediction_index"
    )
    expected = evaluation.sql(sql)
    answer = ask("/rows", sql=sql, most=1000).json
    assert answer["total"] == expected.height > 0
    assert [column["name"] for column in answer["columns"]] == expected.columns
    assert answer["rows"] == [list(row) for row in expected.iter_rows()]


@pytest.mark.parametrize("most", [7, 1000])
def test_pages_make_the_whole(ask, evaluation, most):
    sql = "SELECT prediction_index FROM predictions"
    rows, first, total = [], 0, None
    while total is None or first < total:
        answer = ask("/rows", sql=sql, first=first, most=most).json
        rows, total, first = rows + answer["rows"], answer["total"], first + most
    assert [index for (index,) in rows] == evaluation.sql(sql)["prediction_index"].to_list()


def test_a_giant_answer_is_paged(ask):
    giant = "SELECT range AS n FROM range(3000000)"
    answer = ask("/rows", sql=giant, first=2_999_990, most=10**9).json
    assert answer["total"] == 3_000_000
    assert answer["rows"] == [[n] for n in range(2_999_990, 3_000_000)]
    assert len(ask("/rows", sql=giant, most=10**9).json["rows"]) == 1000
    assert ask("/rows", sql=giant, first=4995, most=10).json["rows"] == [[n] for n in range(4995, 5005)]


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "DROP VIEW predictions",
        "CREATE TABLE x AS SELECT 1",
        "INSERT INTO images SELECT * FROM images",
        "WITH x AS (DELETE FROM images RETURNING *) SELECT * FROM x",
        "ATTACH 'other.db'",
        "COPY images TO 'stolen.csv'",
        "EXPORT DATABASE 'stolen'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "SELECT 1 AS a; SELECT 2 AS b",
        "SELECT * FROM nothing",
        "SELECT \x00",
    ],
)
@pytest.mark.parametrize("path", ["/rows", "/examples"])
def test_what_is_no_question_is_refused_with_a_reason(ask, path, sql, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = ask(path, sql=sql)
    assert answer.status == 400
    assert answer.json["error"]
    assert not list(tmp_path.iterdir())
    assert ask("/rows", sql="SELECT count(*) AS n FROM images").json["rows"] == [[60]]


@pytest.mark.parametrize("path", ["/rows", "/examples"])
def test_a_long_query_is_stopped(ask, path):
    answer = ask(path, sql=ENDLESS)
    assert answer.status == 400
    assert "stopped after 1 s" in answer.json["error"]


@pytest.mark.parametrize("given", [{"first": "x"}, {"most": "1.5"}])
def test_numbers_that_are_none_are_refused(ask, given):
    assert ask("/rows", sql="SELECT 1 AS a", **given).status == 400


def test_numbers_below_the_first_row_are_the_first_page(ask):
    answer = ask("/rows", sql="SELECT range FROM range(3)", first=-5, most=-1).json
    assert (answer["first"], answer["rows"]) == (0, [[0]])


def test_values_that_json_lacks_are_text(ask):
    sql = """SELECT 'nan'::DOUBLE AS a, 9007199254740993 AS b, DATE '2026-11-26' AS c, NULL AS d, [1, NULL] AS e,
        {'x': 1} AS f, '\\x01'::BLOB AS g, true AS h, 0.5::DECIMAL(3, 1) AS i, repeat('x', 5000) AS j"""
    row = ask("/rows", sql=sql).json["rows"][0]
    assert row[:9] == ["nan", "9007199254740993", "2026-11-26", None, [1, None], {"x": 1}, "01", True, "0.5"]
    assert len(row[9]) == 2001


def test_analyses_are_tables(ask, evaluation):
    expected = evaluation.failure_modes().df.height
    assert ask("/rows", sql="SELECT count(*) AS n FROM failure_modes").json["rows"] == [[expected]]


def test_tables_are_listed_with_their_columns(ask, evaluation):
    ask("/rows", sql="SELECT 1 AS one")
    tables = {table["name"]: table["columns"] for table in ask("/tables").json["tables"]}
    assert "file_name" in tables["images"]
    assert {"outcome", "category", "score"} <= set(tables["predictions"])
    assert "failure_modes" in tables


@pytest.mark.parametrize(
    "table", ["false_positives", "false_negatives", "confusions", "ground_truth", "images"]
)
def test_a_filter_is_a_select_with_the_attributes_of_images(ask, evaluation, table):
    sql = ask("/filter", table=table, where="time_of_day = 'night'").json["sql"]
    other = "" if table == "images" else " JOIN images USING (image_id)"
    expected = evaluation.sql(f"SELECT count(*) AS n FROM {table}{other} WHERE time_of_day = 'night'").item()
    assert ask("/rows", sql=sql).json["total"] == expected > 0
    assert ask("/rows", sql=ask("/filter", table=table, where="").json["sql"]).json["total"] >= expected


def test_a_filter_of_another_table_is_refused(ask):
    assert ask("/filter", table="images; DROP VIEW images", where="").status == 400
