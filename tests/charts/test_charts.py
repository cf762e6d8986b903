"""Charts hold the numbers of their tables, are valid, and are few enough to draw."""

import json

import polars as pl
import pytest

import cvfail as cf
from cvfail.errors import MissingDependencyError, PolicyError, QueryError
from cvfail.metrics.confusion import ConfusionMatrix
from cvfail.tables.result import ResultTable
from tests.scenes import detection, random_records

pytest.importorskip("altair")

KINDS = (
    *("confusion_matrix", "precision_recall", "score", "roc", "det", "froc", "cost", "reliability", "rates"),
    *("average_precision", "heatmap", "slices", "failure_modes", "error_types", "operating_points"),
)


@pytest.fixture(scope="module")
def evaluation():
    return cf.evaluate(detection(*random_records(21, images=80), light=["day", "night"] * 40))


def rows_of(chart):
    """Every row that a chart holds."""
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


def subtitle(chart):
    return " ".join(chart.to_dict()["title"]["subtitle"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_kind_is_valid_and_states_the_policy(evaluation, kind, theme):
    chart = evaluation.chart(kind, theme=theme)
    specification = chart.to_dict(validate=True)
    assert ("IoU >= 0.5" in subtitle(chart)) or kind == "average_precision"
    assert specification["config"]["background"] == cf.charts.theme.PALETTES[theme].page
    assert len(rows_of(chart)) <= 5000
    assert all(isinstance(row, dict) for row in rows_of(chart))


def test_the_cells_of_the_matrix_are_its_counts(evaluation):
    matrix = evaluation.confusion_matrix()
    drawn = {(row["row"], row["column"]): row["count"] for row in rows_of(cf.charts.confusion_matrix(matrix))}
    known = matrix.df.drop_nulls("count")
    assert drawn == {(row["true"], row["predicted"]): row["count"] for row in known.to_dicts()}


def test_classes_that_are_not_drawn_stand_together_and_rows_still_add_up():
    counts = [[(7 * i + 3 * j) % 11 for j in range(41)] for i in range(41)]
    matrix = ConfusionMatrix(counts, [f"class {k}" for k in range(40)], background=True)
    drawn = rows_of(cf.charts.confusion_matrix(matrix, most=10))
    assert len(drawn) == 12 * 12 - 1
    assert "(30 others)" in {row["row"] for row in drawn}
    total = int(matrix.counts.sum() - matrix.counts[-1, -1])
    assert sum(row["count"] for row in drawn) == total
    name = next(row["row"] for row in drawn)
    expected = int(matrix.counts[matrix.labels.index(name)].sum())
    assert sum(row["count"] for row in drawn if row["row"] == name) == expected


def test_a_thousand_classes_are_few_enough_to_draw():
    counts = [[1] * 1001 for _ in range(1001)]
    matrix = ConfusionMatrix(counts, [f"class {k}" for k in range(1000)], background=True)
    chart = cf.charts.confusion_matrix(matrix, most=1000)
    assert len(rows_of(chart)) == 70 * 70 - 1
    assert "the 68 of 1000 classes" in subtitle(chart)


def test_the_points_of_a_curve_are_those_of_its_table(evaluation):
    curve = evaluation.curve()
    drawn = [row for row in rows_of(cf.charts.precision_recall(curve)) if "threshold" in row]
    known = curve.df.drop_nulls(["recall", "precision"])
    assert [row["precision"] for row in drawn] == known["precision"].to_list()
    assert [row["precision_lower"] for row in drawn] == known["precision_lower"].to_list()


def test_long_curves_are_thinned_and_keep_their_ends():
    size = 30_000
    long = pl.DataFrame({"threshold": [1 - k / size for k in range(size)]}).with_columns(
        precision=pl.col("threshold"), recall=1 - pl.col("threshold"), support=pl.lit(9)
    )
    table = ResultTable(long, caption="made up")
    drawn = [row for row in rows_of(cf.charts.precision_recall(table)) if "threshold" in row]
    assert 1000 < len(drawn) <= 2001
    assert drawn[0]["threshold"] == 1.0
    assert drawn[-1]["threshold"] == long["threshold"][-1]


def test_the_groups_with_most_support_are_drawn_and_the_others_counted(evaluation):
    curve = evaluation.curve(by="category")
    chart = cf.charts.precision_recall(curve, most=2)
    largest = curve.df.group_by("category").agg(pl.col("support").max()).sort("support")["category"][-2:]
    assert {row["group"] for row in rows_of(chart) if "group" in row} == set(largest)
    assert "2 of 3 groups" in subtitle(chart)


def test_modes_stand_in_their_order_with_their_intervals(evaluation):
    modes = evaluation.failure_modes()
    drawn = rows_of(cf.charts.failure_modes(modes))
    unique = {row["rank"]: (row["excess_lower"], row["excess_upper"]) for row in drawn}
    known = modes.df.head(20)
    assert unique == {r["rank"]: (r["excess_lower"], r["excess_upper"]) for r in known.to_dicts()}


def test_what_is_lower_is_better_is_drawn_as_such(evaluation):
    few = cf.evaluate(evaluation.data.__class__(**vars(evaluation.data)), evaluation.policy).at(score=0.2)
    table = cf.compare(evaluation.at(score=0.9), few, replicates=50, average_precision=False, score=None)
    drawn = {row["metric"]: row for row in rows_of(cf.charts.comparison(table, level=1.1))}
    assert drawn["false_positives_per_image"]["difference"] > 0
    assert drawn["false_positives_per_image"]["verdict"] == "worse"
    assert drawn["recall"]["verdict"] == "better"


@pytest.mark.parametrize("kind", KINDS)
def test_an_evaluation_without_rows_is_drawn_empty(kind):
    empty = cf.evaluate(detection([1], [1], [], []))
    assert json.dumps(
        empty.chart(kind, **({"by": ["size", "category"]} if kind == "heatmap" else {})).to_dict()
    )


def test_another_table_is_refused(evaluation):
    with pytest.raises(QueryError, match="needs the columns threshold"):
        cf.charts.precision_recall(evaluation.failure_modes())
    with pytest.raises(QueryError, match="by two attributes"):
        cf.charts.heatmap(evaluation.metrics(by="size"))
    with pytest.raises(QueryError, match="there is no chart 'pie'"):
        evaluation.chart("pie")
    with pytest.raises(PolicyError, match="theme is 'pink'"):
        evaluation.chart("rates", theme="pink")


def test_files_are_written_by_their_suffix_and_always_the_same(evaluation, tmp_path):
    pytest.importorskip("vl_convert")
    chart = cf.charts.rates(evaluation.metrics(by="light"))
    starts = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF", "json": b"{", "html": b"<!DOCTYPE html>"}
    for suffix, start in starts.items():
        path = cf.charts.save(chart, tmp_path / f"a.{suffix}")
        assert path.read_bytes().startswith(start)
        again = cf.charts.save(cf.charts.rates(evaluation.metrics(by="light")), tmp_path / f"b.{suffix}")
        assert again.read_bytes() == path.read_bytes() or suffix == "pdf", suffix
    assert 'src="http' not in (tmp_path / "a.html").read_text()
    with pytest.raises(PolicyError, match="a chart is"):
        cf.charts.save(chart, tmp_path / "a.gif")


def test_without_altair_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "altair", None)
    for name in list(__import__("sys").modules):
        if name.startswith("cvfail.charts.") and "theme" not in name:
            monkeypatch.delitem(__import__("sys").modules, name)
    monkeypatch.delitem(vars(cf.charts), "roc", raising=False)
    with pytest.raises(MissingDependencyError, match=r"cvfail\[report\]"):
        cf.charts.roc  # noqa: B018


OF_BOXES = ("froc", "error_types", "average_precision", "heatmap")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in OF_BOXES])
def test_a_classifier_has_every_chart_but_those_of_boxes(kind):
    said = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.35, 0.65]] * 5
    evaluation = cf.evaluate(cf.from_labels([0, 0, 1, 0] * 5, probabilities=said))
    assert evaluation.chart(kind).to_dict(validate=True)["title"]["subtitle"]
