"""``cvfail sql``: one SELECT, from the command line or from stdin."""

import io
import json

import pytest

from tests.cli.command import run_apart


def test_the_answer_has_the_columns_of_the_query(run, saved, evaluation):
    answer = run("sql", "SELECT count(*)::BIGINT AS n FROM predictions", saved, "--format", "json")
    assert json.loads(answer.out) == [{"n": len(evaluation.predictions)}]


def test_the_operating_point_is_said_with_the_answer(run, saved):
    assert run("sql", "SELECT 1 AS x", saved).out.startswith("COCO matching per class, IoU >= 0.5")


def test_the_analyses_are_tables(run, saved, evaluation):
    answer = run("sql", "SELECT error_type, count FROM error_types", saved, "--format", "json")
    assert json.loads(answer.out) == evaluation.error_types().df.select("error_type", "count").to_dicts()
    query = "SELECT threshold, f_score FROM operating_points WHERE category IS NULL"
    chosen = evaluation.operating_points().df.select("threshold", "f_score")
    assert json.loads(run("sql", query, saved, "--format", "json").out) == chosen.to_dicts()
    help_text = run("sql", "--help").out
    assert "reliability" in help_text
    assert "failure_modes" in help_text
    assert "label_errors" in help_text


def test_a_process_of_its_own_says_the_policy_on_stderr_and_nothing_else(saved):
    answer = run_apart("sql", "SELECT 1 AS x", saved, "--format", "csv")
    assert (answer.code, answer.out) == (0, "x\n1\n")
    assert answer.err.startswith("COCO matching")
    assert answer.err.count("\n") == 1


def test_files_can_be_asked_without_saving_a_run(run, files, evaluation):
    answer = run("sql", "SELECT count(*)::BIGINT AS n FROM images", *files, "--format", "jsonl")
    assert json.loads(answer.out) == {"n": len(evaluation.images)}


def test_a_dash_reads_the_query_from_stdin(run, saved, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("-- a comment\nSELECT 'a//b' AS x"))
    assert run("sql", "-", saved, "--format", "csv").out == "x\na//b\n"


def test_the_operating_point_can_be_moved(run, saved, evaluation):
    query = "SELECT count(*)::BIGINT AS n FROM true_positives"
    answer = run("sql", query, saved, "--score", 0.6, "--iou", 0.75, "--format", "json")
    expected = evaluation.metrics(score=0.6, iou=0.75).df["tp"].item()
    assert json.loads(answer.out) == [{"n": expected}]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nonsense FROM images", '"nonsense" not found'),
        ("DROP TABLE images", "answers one SELECT; found DROP"),
        ("SELECT 1; SELECT 2", "answers one SELECT"),
        ("SELECT * FROM read_csv('/etc/passwd')", "Permission Error"),
    ],
)
def test_a_query_that_cannot_be_answered(run, saved, query, said):
    answer = run("sql", query, saved)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_the_run_in_place_of_the_query_is_explained(run, saved):
    answer = run("sql", saved, "SELECT 1")
    assert answer.code == 2
    assert f"cvfail sql 'SELECT ...' {saved}" in answer.err
