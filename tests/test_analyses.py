"""Analyses as tables of SQL: the rows of the methods, made where they are read, and made once."""

import re
from pathlib import Path

import polars as pl
import pytest

import cvfail as cf
from cvfail.analyses import ANALYSES, Analyses
from cvfail.errors import QueryError
from cvfail.evaluation import Evaluation
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.tables.result import ResultTable
from tests.scenes import detection, random_records


@pytest.fixture(scope="module")
def evaluation():
    return cf.evaluate(detection(*random_records(21, images=80), light=["day", "night"] * 40))


def answers(evaluation, **point):
    modes = evaluation.failure_modes(**point)
    return {
        "failure_modes": modes,
        "causes": modes.causes(),
        "interventions": modes.interventions(),
        "label_errors": evaluation.label_errors(**point),
        "error_types": evaluation.error_types(**point),
        **curves_and_scores(evaluation, **point),
    }


def curves_and_scores(evaluation, **point):
    overlap = {name: value for name, value in point.items() if name == "iou"}
    found = {
        "score_curve": lambda by: evaluation.curve(by=by, **overlap),
        "operating_points": lambda by: evaluation.operating_points(by=by, **overlap),
        "calibration": lambda by: evaluation.calibration(by=by, **point),
        "reliability": lambda by: evaluation.calibration(by=by, **point).reliability(),
    }
    return {name: whole_and_classes(answer) for name, answer in found.items()}


def whole_and_classes(answer):
    """The rows of everything, then those of each class."""
    whole, classes = answer([]).df, answer(["category"]).df.cast({"category": pl.String})
    rows = [{"category": None, **row} for row in whole.iter_rows(named=True)] + classes.to_dicts()
    return ResultTable(pl.DataFrame(rows, schema=classes.schema), caption="")


def same(answer, expected):
    return answer.equals(expected.cast({pl.Null: pl.String}))


@pytest.mark.parametrize("point", [{}, {"score": 0.6}, {"iou": 0.75}])
def test_their_rows_are_those_of_the_methods(evaluation, point):
    expected = answers(evaluation, **point)
    assert set(expected) == set(ANALYSES)
    for name, table in expected.items():
        assert len(table) > 0 or (name == "interventions" and point), "these points have no significant mode"
        assert same(evaluation.sql(f"SELECT * FROM {name}", **point), table.df), name


def test_a_run_in_many_blocks_has_them_too(evaluation, tmp_path):
    stored = Evaluation(open_evidence(save_evidence(evaluation.evidence, tmp_path / "run", block_rows=40)))
    assert stored.evidence.block_count > 1
    for name, table in answers(evaluation).items():
        assert same(stored.sql(f"SELECT * FROM {name}"), table.df), name
    joined = stored.sql("""
        SELECT count(*) FROM label_errors JOIN ground_truth USING (ground_truth_index)
    """)
    assert joined.item() == evaluation.label_errors().df["ground_truth_index"].count()


@pytest.mark.parametrize("point", [{}, {"score": 0.6}])
def test_the_rows_behind_the_modes_are_those_of_their_examples(evaluation, point):
    modes = evaluation.failure_modes(**point)
    indices = ["prediction_index", "ground_truth_index"]
    assert len(modes) > 0
    for rank, errors in modes.df.select("rank", "errors").iter_rows():
        rows = evaluation.sql(f"SELECT * EXCLUDE (rank) FROM mode_errors WHERE rank = {rank}", **point)
        assert rows.height == errors
        expected = modes.examples(rank).select(pl.col(indices).cast(pl.Int64))
        assert rows.select(indices).sort(indices).equals(expected.sort(indices)), rank


@pytest.mark.parametrize("point", [{}, {"score": 0.6}])
def test_what_causes_have_of_errors_is_a_table_too(evaluation, point):
    modes = evaluation.failure_modes(**point)
    causes = modes.causes()
    weights = evaluation.sql("SELECT * FROM cause_errors", **point)
    of_error = weights.group_by("rank", "prediction_index", "ground_truth_index").agg(pl.col("weight").sum())
    assert of_error.height == modes.df["errors"].sum() > 0
    assert of_error["weight"].is_close(1.0).all()
    for rank, cause, share in causes.df.select("rank", "cause", "share").iter_rows():
        own = weights.filter(rank=rank, cause=cause)
        assert own["weight"].sum() / modes.df["errors"][rank - 1] == pytest.approx(share)
        most = own.filter(pl.col("weight") >= 0.5)["ground_truth_index"].drop_nulls().sort().to_list()
        assert most == causes.rows(rank, cause)["ground_truth_index"].drop_nulls().sort().to_list()


def test_they_are_made_once_for_an_operating_point(evaluation, monkeypatch):
    made = []

    def frame(self, name):
        made.append((name, self.point.iou, self.point.score))
        return pl.DataFrame({"made": [len(made)]})

    monkeypatch.setattr(Analyses, "_frame", frame)
    fresh = Evaluation(evaluation.evidence)
    policy = evaluation.policy
    kept = fresh._analyses(policy.iou, policy.score)
    fresh.sql("SELECT made FROM causes")
    fresh.sql("SELECT made FROM causes", iou=policy.iou, score=policy.score)
    assert fresh._analyses(policy.iou, policy.score) is kept
    fresh.sql("SELECT made FROM causes", score=0.6)
    assert made == [("causes", policy.iou, policy.score)] * 2 + [("causes", policy.iou, 0.6)]


@pytest.mark.parametrize("name", ANALYSES)
def test_each_keeps_what_it_made(evaluation, name):
    analyses = Analyses(OperatingPoint.of(evaluation.evidence))
    assert getattr(analyses, name) is getattr(analyses, name)


def test_no_rows_are_tables_without_rows():
    empty = cf.evaluate(detection([], [], [], []))
    for name in (
        "failure_modes",
        "causes",
        "label_errors",
        "mode_errors",
        "cause_errors",
        "score_curve",
        "reliability",
    ):
        assert empty.sql(f"SELECT * FROM {name}").is_empty()
    assert empty.sql("SELECT sum(count) FROM error_types").item() == 0
    assert empty.sql("SELECT category, threshold, support FROM operating_points").rows() == [(None, None, 0)]
    assert empty.sql("SELECT count(*) FROM calibration WHERE estimate IS NULL").item() > 0


def test_rates_of_a_curve_in_sql_are_counts_of_rows(evaluation):
    """At three thresholds, from the predictions themselves."""
    rows = evaluation.sql("""
        SELECT threshold, tp, fp, fn FROM score_curve WHERE category IS NULL AND threshold IN
        (SELECT quantile_disc(threshold, [0.1, 0.5, 0.9])[i] FROM score_curve, generate_series(1, 3) t(i)
         WHERE category IS NULL GROUP BY i)
    """)
    assert len(rows) == 3
    for threshold, *counts in rows.iter_rows():
        own = evaluation.metrics(score=threshold).df.row(0, named=True)
        assert counts == [own["tp"], own["fp"], own["fn"]]


def test_a_classifier_has_curves_and_thresholds():
    classifier = cf.evaluate(cf.from_labels([0, 1, 1], probabilities=[[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]))
    for name, answer in curves_and_scores(classifier).items():
        assert same(classifier.sql(f"SELECT * FROM {name}"), answer.df), name


def test_what_a_classifier_does_not_have_is_said():
    labels = ["cat", "dog"]
    classifier = cf.evaluate(cf.from_labels(labels, labels))
    with pytest.raises(QueryError, match="for detection"):
        classifier.sql("SELECT * FROM error_types")
    with pytest.raises(QueryError, match="probabilities"):
        classifier.sql("SELECT * FROM label_errors")
    assert classifier.sql("SELECT count(*) FROM failure_modes").item() == 0


def test_the_queries_of_the_page_on_curves_are_answered(evaluation):
    page = (Path(__file__).resolve().parents[1] / "docs" / "sql.md").read_text()
    queries = re.findall(r'cvfail sql "(.*?)" run', page, re.DOTALL)
    thresholds, bins = (
        evaluation.sql(next(one for one in queries if name in one)) for name in ("score_curve", "reliability")
    )
    whole = evaluation.operating_points().df["threshold"].item()
    for category, threshold, _, with_one in thresholds.iter_rows():
        own = evaluation.curve(by="category", points=None).df.filter(category=category)
        assert with_one == pytest.approx(own.filter(pl.col("threshold") >= whole)["f_score"][-1], abs=0.05), (
            "as near as the 100 thresholds are"
        )
        assert threshold in own["threshold"]
    assert len(thresholds) == len(evaluation.categories)
    assert (bins["estimate"] < bins["mean_score"]).all()
