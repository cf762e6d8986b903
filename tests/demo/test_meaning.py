"""cvfail sees the errors of the simulated detector as they are meant."""

import polars as pl
import pytest

import cvfail as cf
from cvfail.demo.coco_files import write_instances, write_results

SEEN_AS = {
    "found": None,
    "classification": "classification",
    "localisation": "localisation",
    "duplicate": "duplicate",
    "stray": "background",
}


@pytest.fixture(scope="module")
def seen(plain, tmp_path_factory):
    """Kept predictions with what they are meant to be and what cvfail makes of them."""
    folder = tmp_path_factory.mktemp("meaning")
    write_instances(plain, folder / "truth.json")
    write_results(plain, folder / "found.json")
    evaluation = cf.evaluate(cf.read_coco(folder / "truth.json", folder / "found.json"))
    meant = plain.predictions.select(pl.int_range(pl.len()).alias("prediction_index"), "kind")
    kept = evaluation.predictions_at().with_columns(pl.col("prediction_index").cast(pl.Int64))
    return kept.join(meant, on="prediction_index")


@pytest.mark.parametrize("kind", SEEN_AS)
def test_a_prediction_has_the_error_that_was_simulated(seen, kind):
    own = seen.filter(pl.col("kind") == kind)
    agree = own["error_type"].cast(pl.String).eq_missing(pl.Series([SEEN_AS[kind]], dtype=pl.String))
    assert len(own) >= 5
    assert agree.mean() >= 0.9


def test_predictions_in_crowd_regions_count_neither_for_nor_against(seen):
    assert set(seen.filter(pl.col("kind") == "region")["outcome"]) == {"ignored"}
