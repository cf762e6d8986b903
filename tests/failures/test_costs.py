"""Costs: lines that read as a sentence, the last one that fits counts, and a mode ranks by what it costs."""

import numpy as np
import polars as pl
import pytest

from cvfail.errors import FormatError, MissingFileError, QueryError
from cvfail.evaluation import evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.costs import Costs
from tests.failures.test_modes import street


def modes_of(costs, **options):
    evaluation = evaluate(street(1, night_small=0.7, confused_on_c=0.5, crowd_duplicates=0.15))
    return evaluation.failure_modes(costs=Costs.from_dict(costs), **options)


def test_the_last_line_that_fits_counts():
    evaluation = evaluate(street(1, images=60))
    costs = Costs.from_dict({"missed": 2, "class 1 missed": 10, "class 1 missed where light=night": 50})
    point = OperatingPoint.of(evaluation.evidence)
    rows = evaluation.ground_truth.join(evaluation.images.select("image_id", "light"), on="image_id")
    wanted = np.select(
        [(rows["category_id"] == 1) & (rows["light"] == "night"), rows["category_id"] == 1], [50.0, 10.0], 2.0
    )
    assert np.array_equal(costs.weights(point, "missed", "ground_truth"), wanted)
    assert (costs.weights(point, "background", "predictions") == 1.0).all()


def test_a_cost_of_confusions_holds_for_each_pair_unless_it_has_its_own():
    evaluation = evaluate(street(1, images=20))
    point = OperatingPoint.of(evaluation.evidence)
    costs = Costs.from_dict({"classification": 3, "class 1 -> class 2": 7})
    assert set(costs.weights(point, "class 1→class 2", "ground_truth")) == {7.0}
    assert set(costs.weights(point, "class 2→class 1", "ground_truth")) == {3.0}


def test_modes_rank_by_risk_and_risk_is_the_excess_at_its_cost():
    cheap = modes_of({"missed": 0.01})
    assert cheap.df["error_type"].head(3).to_list() == ["classification", "duplicate", "missed"]
    plain = modes_of({})
    assert plain.df["error_type"][0] == "missed"
    assert (
        plain.df.select("risk", "risk_lower").rows()
        == plain.df.select("excess_errors", "excess_lower").rows()
    )
    dear = modes_of({"missed": 5.0})
    same = dear.df.filter(pl.col("error_type") == "missed").row(0, named=True)
    assert same["risk"] == pytest.approx(5.0 * same["excess_errors"])
    assert same["risk_upper"] == pytest.approx(5.0 * same["excess_upper"])


def test_another_order_may_be_asked_for():
    by_precision = modes_of({}, rank_by="precision").df.filter("significant")
    assert by_precision["precision_gain"].is_sorted(descending=True)
    with pytest.raises(QueryError, match="cannot be ranked by 'size'"):
        modes_of({}, rank_by="size")


def test_a_file_of_costs_is_read_and_bad_ones_are_refused_by_name(tmp_path):
    path = tmp_path / "costs.toml"
    path.write_text('[costs]\n"pedestrian missed where light=night" = 50\n')
    (line,) = Costs.read(path).lines
    assert (line.error, line.category, line.where.name, line.cost) == (
        "missed",
        "pedestrian",
        "light=night",
        50.0,
    )
    for text, match in [
        ("[prices]\n", r"no table \[costs\]"),
        ('[costs]\n"mised" = 2', "'mised' names no error"),
        ('[costs]\nmissed = "two"', "must be a number >= 0; found 'two'"),
        ("[costs]\nmissed = -1", "found -1"),
        ("[costs\n", "costs.toml:"),
    ]:
        path.write_text(text)
        with pytest.raises(FormatError, match=match):
            Costs.read(path)
    with pytest.raises(MissingFileError, match=r"none\.toml does not exist"):
        Costs.read(tmp_path / "none.toml")
