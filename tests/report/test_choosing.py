import numpy as np
import polars as pl
import pytest

from cvfail.evidence.attributes import attribute
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.choosing import (
    OrderedUnits,
    choose,
    confusion_units,
    error_type_units,
    in_order,
    with_attribute,
)


def units(*rows):
    columns = ["group", "image", "score", "area", "prediction_index", "ground_truth_index"]
    return pl.DataFrame(
        [[*row, number, number] for number, row in enumerate(rows)], schema=columns, orient="row"
    )


def test_the_surest_come_first_and_missed_objects_by_area():
    table = units(("a", 1, 0.5, 1.0), ("a", 2, None, 5.0), ("a", 3, 0.9, 1.0), ("a", 4, None, 9.0))
    assert choose(in_order(table), ["group"], 4)["image"].to_list() == [3, 1, 4, 2]


def test_right_ones_start_with_the_least_sure():
    table = units(("a", 1, 0.5, 1.0), ("a", 2, 0.9, 1.0))
    assert choose(in_order(table, surest_first=False), ["group"], 1)["image"].to_list() == [1]


def test_an_image_does_not_fill_a_gallery():
    table = units(("a", 1, 0.9, 1.0), ("a", 1, 0.8, 1.0), ("a", 1, 0.7, 1.0), ("a", 2, 0.3, 1.0))
    assert choose(in_order(table), ["group"], 2)["image"].to_list() == [1, 2]


def test_every_group_has_its_share_and_null_is_a_group():
    table = units(("a", 1, 0.9, 1.0), ("a", 2, 0.8, 1.0), (None, 3, 0.7, 1.0), (None, 4, 0.6, 1.0))
    assert sorted(choose(in_order(table), ["group"], 1)["image"].to_list()) == [1, 3]


def test_without_groups_all_units_are_one():
    table = units(("a", 1, 0.9, 1.0), ("b", 2, 0.8, 1.0))
    assert choose(in_order(table), [], 1)["image"].to_list() == [1]


def test_no_units_give_no_choice():
    assert choose(units().clear(), ["group"], 3).is_empty()


def test_confusion_units_are_those_of_the_matrix(evaluation):
    table = confusion_units(OperatingPoint.of(evaluation.evidence))
    assert len(table) == evaluation.confusion_matrix().counts.sum()
    assert table["image"].null_count() == 0


def test_errors_and_right_units_together_are_all_units(evaluation):
    point = OperatingPoint.of(evaluation.evidence)
    units, table = OrderedUnits.of(point), confusion_units(point)
    keys = ["prediction_index", "ground_truth_index"]
    assert pl.concat(units).sort(keys).equals(table.sort(keys))
    assert (units.right["true_code"] == units.right["predicted_code"]).all()
    assert (units.errors["true_code"] != units.errors["predicted_code"]).all()
    assert units.right["score"].is_sorted()
    assert units.errors["score"].drop_nulls().is_sorted(descending=True)


def test_error_type_units_are_counted_as_the_table_counts_them(evaluation):
    table = error_type_units(OperatingPoint.of(evaluation.evidence))
    counted = dict(table.group_by("error_type").len().iter_rows())
    expected = evaluation.error_types().df.head(6)
    assert {kind: counted.get(kind, 0) for kind in expected["error_type"]} == dict(
        expected.select("error_type", "count").iter_rows()
    )


def test_a_unit_has_the_attribute_of_its_ground_truth_or_else_of_its_prediction(evaluation):
    point = OperatingPoint.of(evaluation.evidence)
    table = with_attribute(confusion_units(point), attribute(evaluation.evidence, "time_of_day"))
    times = evaluation.images.sort("image_id")["time_of_day"]
    assert table["value"].to_list() == times.gather(table["image"]).to_list()


def chosen_plainly(rows, count):
    """Row by row: by falling score, then the n-th of every image before the next of any."""
    seen, turns = {}, []
    for row in sorted(rows.to_dicts(), key=lambda row: (-row["score"], row["prediction_index"])):
        key = (row["group"], row["image"])
        turns.append((seen.get(key, 0), row))
        seen[key] = seen.get(key, 0) + 1
    ordered = [row for _, row in sorted(turns, key=lambda pair: pair[0])]
    return {
        group: [row["prediction_index"] for row in ordered if row["group"] == group][:count]
        for group in dict.fromkeys(row["group"] for row in ordered)
    }


@pytest.mark.parametrize("count", [1, 2, 5, 100])
def test_the_choice_is_the_one_that_is_made_row_by_row(count):
    rng = np.random.default_rng(count)
    drawn = zip(
        rng.choice(list("abc"), 200), rng.integers(0, 9, 200), rng.integers(0, 20, 200) / 20, strict=True
    )
    table = units(*((str(group), int(image), float(score), 1.0) for group, image, score in drawn))
    chosen = choose(in_order(table), ["group"], count)
    own = {
        str(name): frame["prediction_index"].to_list()
        for (name,), frame in chosen.partition_by("group", as_dict=True).items()
    }
    assert own == chosen_plainly(table, count)
