"""What is planted stands out, each mode once, and has the cause that it says."""

import polars as pl
import pytest

import cvfail as cf
from cvfail.demo.coco_files import write_instances, write_results
from cvfail.demo.detector.planted import SMALL
from cvfail.demo.simulation import simulate
from cvfail.labels.trusted_scores import trusted_scores

# Also run once with the seeds 0 to 9: the first four came in this order for each, the last two in either order; seed
# 9 had one mode more, of q = .04.
IN_ORDER = [
    ("missed", {"time_of_day=night", "size=small"}),
    ("missed", {"weather=rain"}),
    ("duplicate", {"density=crowded"}),
    ("localisation", {"truncation=partial"}),
    ("truck→bus", {"category=truck", "camera=cam_c"}),
    ("classification", {"annotator=dora"}),
]


def read(simulation, folder):
    write_instances(simulation, folder / "truth.json")
    write_results(simulation, folder / "found.json")
    return cf.evaluate(cf.read_coco(folder / "truth.json", folder / "found.json"))


@pytest.fixture(scope="module")
def simulation():
    return simulate()


@pytest.fixture(scope="module")
def evaluation(simulation, tmp_path_factory):
    return read(simulation, tmp_path_factory.mktemp("causes"))


def significant(evaluation):
    table = evaluation.failure_modes().df.filter("significant")
    return [(error, set(text.split(" & "))) for error, text in table.select("error", "slice").iter_rows()]


def test_the_planted_modes_are_the_ones_that_stand_out_each_once(evaluation):
    assert significant(evaluation) == IN_ORDER


def test_without_planting_no_mode_stands_out(tmp_path):
    assert significant(read(simulate(planted=False), tmp_path)) == []


def test_a_lower_threshold_finds_what_is_missed_in_rain_but_not_small_objects_at_night(
    simulation, evaluation
):
    objects = simulation.objects.join(simulation.images, on="image_id", how="left", maintain_order="left")
    night = (pl.col("time_of_day") == "night") & (pl.col("area") < SMALL)
    for where, least, most in (
        (night, 0.0, 0.25),
        ((pl.col("weather") == "rain") & ~night, 0.85, 1.0),
    ):
        inside = objects.select(where).to_series()
        before, after = (
            (evaluation.ground_truth_at(score=score)["outcome"].cast(pl.String) == "missed")
            .filter(inside)
            .sum()
            for score in (0.25, 0.06)
        )
        assert least <= 1 - after / before <= most


def taken_for_another_class(simulation, evaluation):
    """Kept predictions of a wrong class, with the object that they aim at and the score that makes them trusted."""
    trusted = trusted_scores(evaluation.at()._point(None, None))
    wrong = evaluation.predictions_at().filter(pl.col("error_type").cast(pl.String) == "classification")
    objects = simulation.objects.join(simulation.images, on="image_id", how="left", maintain_order="left")
    aimed_at = objects.select("category", "label", "camera")[wrong["target_index"].cast(pl.Int64)]
    codes = evaluation.categories["category_id"].to_list()
    trust = wrong["category_id"].replace_strict(codes, list(trusted), return_dtype=pl.Float64)
    return aimed_at.with_columns(
        predicted=wrong["category_id"].replace_strict(codes, evaluation.categories["name"].to_list()),
        is_trusted=wrong["score"] >= trust,
    )


def test_predictions_are_trusted_against_wrong_labels_but_not_where_the_pair_is_confused(
    simulation, evaluation
):
    """With the seeds 0 to 9 of the first 67 to 82 %, of the second 0 to 29 %."""
    wrong = taken_for_another_class(simulation, evaluation)
    against_labels = wrong.filter(
        (pl.col("label") != pl.col("category")) & (pl.col("predicted") == pl.col("category"))
    )
    confused = wrong.filter(category="truck", label="truck", predicted="bus", camera="cam_c")
    assert len(against_labels) > 25 < len(confused)
    assert against_labels["is_trusted"].mean() > 0.6
    assert confused["is_trusted"].mean() < 0.3
