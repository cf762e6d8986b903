"""``cvfail slices`` and ``cvfail search``: what the Python interface says, and the words of errors."""

import json

import pytest

NIGHT, SMALL = "light=night", "small: area < 1024"


def test_the_table_is_that_of_the_python_interface(run, saved, evaluation):
    answer = run("slices", saved, "--where", NIGHT, "--where", SMALL, "--format", "json")
    expected = evaluation.slices({"light=night": "light=night", "small": "area < 1024"})
    assert json.loads(answer.out) == expected.df.to_dicts()


def test_options_reach_the_table(run, saved, evaluation):
    options = ["--metrics", "ap50", "missed", "--rematch", "--replicates", 5, "--confidence", 0.9]
    answer = run("slices", saved, "--where", SMALL, *options, "--format", "json")
    expected = evaluation.slices(
        {"small": "area < 1024"}, metrics=["ap50", "missed"], rematch=True, replicates=5, confidence=0.9
    )
    assert json.loads(answer.out) == expected.df.to_dicts()


def test_confusions_and_rows_of_a_slice(run, saved, evaluation):
    table = evaluation.slices(NIGHT)
    assert json.loads(run("slices", saved, "--where", NIGHT, "--confusions", "--format", "json").out) == (
        table.confusions().to_dicts()
    )
    rows = json.loads(run("slices", saved, "--where", NIGHT, "--rows", NIGHT, "--format", "json").out)
    assert [row["ground_truth_index"] for row in rows] == table.rows(NIGHT)["ground_truth_index"].to_list()


def test_a_slice_without_rows_is_said(run, saved):
    answer = run("slices", saved, "--where", "vast: area > 1e9")
    assert answer.code == 0
    assert "no row lies in vast" in answer.err


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ([], "no slice is declared"),
        (["light=nigth"], "'light' is never 'nigth'. Hint: one of day, night"),
        (["lihgt=night"], "no attribute or column 'lihgt'"),
        (["light <"], "is no predicate"),
        ([NIGHT, NIGHT], "two slices have one name"),
    ],
)
def test_slices_without_meaning(run, saved, where, text):
    answer = run("slices", saved, *(part for one in where for part in ("--where", one)))
    assert (answer.code, answer.out) == (2, "")
    assert text in answer.err


def test_the_search_is_that_of_the_python_interface(run, saved, evaluation):
    options = ["--objective", "excess", "--max-order", 2, "--min-support", 3, "--top", 4]
    answer = run("search", saved, "--target", "missed", *options, "--format", "json")
    expected = evaluation.find_slices("missed", objective="excess", max_order=2, min_support=3, top=4)
    assert len(expected.df) >= 4
    assert json.loads(answer.out) == expected.df.to_dicts()


def test_rows_shares_and_a_null_run(run, saved, evaluation):
    options = ["--objective", "excess", "--min-support", 3]
    found = evaluation.find_slices(objective="excess", min_support=3)
    rows = json.loads(run("search", saved, *options, "--examples", 1, "--format", "json").out)
    assert [row["ground_truth_index"] for row in rows] == found.rows(1)["ground_truth_index"].to_list()
    shares = json.loads(run("search", saved, *options, "--attribution", 1, "--format", "json").out)
    assert shares == found.attribution(1).df.to_dicts()
    dealt = json.loads(run("search", saved, *options, "--null-run", 3, "--format", "json").out)
    assert dealt == found.null_run(seed=3).df.to_dicts()


def test_distinct_slices_alone(run, saved, evaluation):
    options = ["--objective", "excess", "--min-support", 3, "--top", 30]
    found = evaluation.find_slices(objective="excess", min_support=3, top=30)
    answer = json.loads(run("search", saved, *options, "--distinct", "--format", "json").out)
    assert 0 < len(answer) < len(found.df)
    assert answer == found.distinct().df.to_dicts()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--target", "beauty"], "no target 'beauty'. Hint: one of recall, precision"),
        (["--target", "cat->dog"], "'cat' is not a class"),
        (["--objective", "risk"], "needs weights"),
        (["--examples", 99], "no rank 99"),
    ],
)
def test_searches_without_meaning(run, saved, options, text):
    answer = run("search", saved, *options)
    assert (answer.code, answer.out) == (2, "")
    assert text in answer.err
