"""What notebooks show: small, static, escaped, and the numbers of the table."""

import re

import polars as pl
import pytest

import cvfail as cf
from cvfail.metrics.confusion import ConfusionMatrix
from cvfail.tables.notebook import number, table_html
from cvfail.tables.result import ResultTable
from tests.scenes import detection, random_records

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
LIMIT = 100_000


@pytest.fixture(scope="module")
def evaluation():
    return cf.evaluate(detection(*random_records(21, images=80), light=["day", "night"] * 40))


def assert_static(page):
    assert len(page.encode()) < LIMIT
    assert not re.search(r"<(script|style|link|img|iframe|svg)|\sid=|\sclass=|\son\w+=|https?:", page)


def test_every_answer_is_small_and_static(evaluation):
    candidate = evaluation.at(score=0.6)
    for answer in (
        evaluation,
        evaluation.metrics(by="category"),
        evaluation.confusion_matrix(),
        evaluation.failure_modes(),
        evaluation.curve(),
        cf.compare(evaluation, candidate, replicates=20, by="light", score=None),
        evaluation.gate({"rule": [{"metric": "recall", "at_least": 0.1}]}),
    ):
        assert_static(answer._repr_html_())


def test_names_from_the_data_are_text_and_nothing_else():
    names = [EVIL, "b" * 500, *(f"{EVIL}{k}" for k in range(300))]
    counts = [[(i + j) % 5 for j in range(len(names) + 1)] for i in range(len(names) + 1)]
    for answer in (
        ConfusionMatrix(counts, names, background=True, caption=EVIL),
        ResultTable(pl.DataFrame({EVIL: names, "x": range(len(names))}), caption=EVIL),
    ):
        page = answer._repr_html_()
        outside = re.sub(r"&\w+;|&#x27;", "", page)
        assert "<script" not in outside
        assert "<img" not in outside
        assert "&lt;script&gt;" in page
        assert len(page.encode()) < 2 * LIMIT


def test_an_estimate_and_its_bounds_share_a_cell_and_null_is_a_dash():
    frame = pl.DataFrame(
        {
            "name": ["a", None],
            "recall": [0.5, None],
            "recall_lower": [0.25, None],
            "recall_upper": [0.75, None],
            "difference": [-0.1, 0.2],
            "lower": [-0.2, None],
            "upper": [0.0, None],
            "support": [1672.0, 3.0],
        }
    )
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", table_html(frame))
    assert cells == ["a", "0.500 (0.250 to 0.750)", "-0.100 (-0.200 to 0)", "1,672", "–", "–", "0.200", "3"]
    assert table_html(frame).count("<th ") == 4


def test_rows_that_are_not_shown_are_counted():
    page = ResultTable(pl.DataFrame({"x": range(1050)}), caption="many")._repr_html_()
    assert page.count("<tr>") == 21
    assert "… 1,030 more" in page


def test_a_table_without_rows_or_columns_is_shown():
    assert "<table" in table_html(pl.DataFrame())
    assert "<table" in table_html(pl.DataFrame({"a": []}))
    assert number(float("nan")) == "–"


def test_a_large_matrix_has_the_classes_that_are_confused_most():
    counts = [[9 if i == j else 0 for j in range(30)] for i in range(30)]
    counts[28][29] = 4
    page = ConfusionMatrix(counts, [f"class {k}" for k in range(30)])._repr_html_()
    assert "class 28 → class 29: 4, 30.8% of the row" in page
    assert "20 of 30 classes" in page
    assert "10 more" in page


def test_an_evaluation_shows_failure_modes_only_when_they_have_been_made():
    evaluation = cf.evaluate(detection(*random_records(21, images=80), light=["day", "night"] * 40))
    assert ".failure_modes() ranks" in evaluation._repr_html_()
    first = evaluation.failure_modes().df["mode"][0]
    page = evaluation._repr_html_()
    assert first.split(":")[0].replace("&", "&amp;") in page
    assert ".failure_modes() ranks" not in page


def test_a_gate_and_a_comparison_say_first_what_came_out(evaluation):
    gate = evaluation.gate({"rule": [{"metric": "recall", "at_least": 0.99}]})
    assert gate._repr_html_().index(gate.summary) < gate._repr_html_().index("<table")
    same = cf.compare(evaluation, evaluation, replicates=20)
    assert f"0 of {len(same)} rows differ" in same._repr_html_()


@pytest.mark.parametrize(("classes", "upright"), [(3, 0), (8, 9)])
def test_names_of_many_columns_stand_upright_and_none_is_broken(classes, upright):
    categories = list(range(1, classes + 1))
    boxes = [{"image_id": 1, "category_id": number, "bbox": [0, 0, 9, 9]} for number in categories]
    page = cf.evaluate(detection([1], categories, boxes, [])).confusion_matrix()._repr_html_()
    assert page.count("writing-mode:vertical-rl") == upright
    assert page.count("white-space:nowrap") == 2 * (classes + 1)
    assert_static(page)
