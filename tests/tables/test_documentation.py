from pathlib import Path

import duckdb

from cvfail.tables.declared import DETECTION_GROUND_TRUTH
from cvfail.tables.documentation import main, sql_schema, tables_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tables.md"


def test_the_committed_page_is_up_to_date():
    hint = "run: python -m cvfail.tables.documentation docs/tables.md"
    assert PAGE.read_text(encoding="utf-8") == tables_page(), hint


def test_the_module_writes_the_page(tmp_path):
    main([str(tmp_path / "tables.md")])
    assert (tmp_path / "tables.md").read_text(encoding="utf-8") == tables_page()


def test_the_sql_schema_runs_and_has_the_declared_columns():
    with duckdb.connect() as connection:
        connection.execute(sql_schema())
        columns = [row[0] for row in connection.execute("describe ground_truth").fetchall()]
    assert tuple(columns[: len(DETECTION_GROUND_TRUTH.names)]) == DETECTION_GROUND_TRUTH.names
