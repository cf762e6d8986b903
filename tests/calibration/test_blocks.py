"""An evaluation that is saved in many blocks is calibrated as the one in memory; borders of input have answers."""

import polars as pl
import pytest

import cvfail as cf
from cvfail.evaluation import Evaluation
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from tests.calibration.forecasts_made_up import detections

FEW = {"replicates": 10, "worlds": 10}
BY = [(), "category", "light", ["size", "light"], {"dark": "light=night", "big": pl.col("width") > 30}]


@pytest.fixture(scope="module", params=[1, 40])
def both(request, tmp_path_factory):
    in_memory = cf.evaluate(detections(5, images=30), cf.Policy(score=0.1))
    folder = tmp_path_factory.mktemp("blocks") / "run"
    save_evidence(in_memory.evidence, folder, block_rows=request.param)
    return in_memory, Evaluation(open_evidence(folder))


@pytest.mark.parametrize("by", BY, ids=["none", "class", "light", "two", "slices"][: len(BY)])
def test_measures_are_the_same(both, by):
    in_memory, stored = both
    assert stored.evidence.block_count > 1
    options = {"by": by, "dimensions": ["x", "height"], "bins": 4, **FEW}
    expected, found = in_memory.calibration(**options), stored.calibration(**options)
    assert found.df.equals(expected.df)
    assert found.reliability().df.equals(expected.reliability().df)


@pytest.mark.parametrize("by", [None, "category", "light"])
def test_maps_are_the_same(both, by):
    in_memory, stored = both
    options = {"method": "platt", "by": by, "min_support": 3, "judge_by": "size", **FEW}
    expected, found = in_memory.fit_calibration(**options), stored.fit_calibration(**options)
    assert found.df.equals(expected.df)
    assert found.map.to_dict() == expected.map.to_dict()


def test_no_images_at_all():
    boxes = pl.DataFrame(
        schema={
            **dict.fromkeys(("image_id", "category_id"), pl.Int64),
            **dict.fromkeys(("x", "y", "width", "height"), pl.Float64),
        }
    )
    scored = boxes.with_columns(score=pl.lit(0.5))
    evaluation = cf.evaluate(cf.from_frames(ground_truth=boxes, predictions=scored, box_format="xywh"))
    table = evaluation.calibration(dimensions=["x"], **FEW)
    assert table.df["estimate"].null_count() == len(table) > 0
    with pytest.raises(cf.CvfailError, match="no prediction to fit on"):
        evaluation.fit_calibration(**FEW)


def test_no_ground_truth_makes_every_score_too_sure():
    data = detections(3, images=10)
    found = data.predictions.drop("prediction_id")
    empty = data.ground_truth.drop("pose").clear()
    data = cf.from_frames(ground_truth=empty, predictions=found, images=data.images, box_format="xywh")
    table = cf.evaluate(data, cf.Policy(score=0.0)).calibration(**FEW)
    assert table.value("ece") == pytest.approx(found["score"].mean())
    assert table.value("overconfidence") == pytest.approx(found["score"].mean())
    assert table.df.filter(measure="ece")["beyond_chance"].item()
