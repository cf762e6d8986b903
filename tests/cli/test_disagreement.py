"""``cvfail disagreement``: the numbers of the Python interface, which are those of SQL."""

import json

import polars as pl
import pytest

import cvfail as cf

STRICT = "score=0.5,iou=0.75"


def asked(run, saved, *arguments):
    answer = run("disagreement", *arguments, saved, "--format", "json")
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


@pytest.mark.parametrize("tool", ["ultralytics 8.4", "supervision", "hotcoco", "mmdet", "fiftyone"])
def test_every_form_is_that_of_the_python_interface(run, saved, evaluation, tool):
    found = cf.disagreement(evaluation, evaluation.policy, tool)
    assert asked(run, saved, "cvfail", tool) == found.to_dicts()
    assert asked(run, saved, "cvfail", tool, "--reasons") == found.reasons.to_dicts()
    assert asked(run, saved, "cvfail", tool, "--cells") == found.cells.to_dicts()
    assert asked(run, saved, "cvfail", tool, "--rows") == found.rows.to_dicts()


def test_a_policy_is_a_side_and_its_numbers_are_those_of_sql(run, saved, evaluation):
    sides = asked(run, saved, "cvfail", STRICT)
    cells = pl.DataFrame(asked(run, saved, "cvfail", STRICT, "--cells"))
    for place, side, point in (("first", sides[0], {}), ("second", sides[1], {"score": 0.5, "iou": 0.75})):
        matrix = evaluation.sql("SELECT * FROM confusion_matrix", **point)
        own = cells.filter(pl.col(place) > 0).select("true", "predicted", count=place)
        key = ["true", "predicted"]
        assert own.sort(key).rows() == matrix.select(*key, "count").sort(key).rows()
        counts = {view: evaluation.sql(f"SELECT count(*) FROM {view}", **point).item() for view in VIEWS}
        assert side["correct"] == counts["true_positives"]
        assert side["confused"] + side["background"] == counts["false_positives"]
    moved = pl.DataFrame(asked(run, saved, "cvfail", STRICT, "--reasons"))
    assert moved["count"].sum() == len(asked(run, saved, "cvfail", STRICT, "--rows")) > 0


VIEWS = ("true_positives", "false_positives")


def test_the_point_of_the_run_is_where_the_options_move_it(run, saved):
    moved = asked(run, saved, "cvfail", "mmdet", "--score", 0.5, "--iou", 0.75)
    assert moved[0] == asked(run, saved, STRICT, "mmdet")[0]
    assert moved[0]["side"] == "cvfail (IoU 0.75, score 0.5)"


def test_a_file_has_all_rows_with_file_and_box(run, saved, evaluation, tmp_path):
    answer = run("disagreement", "cvfail", "mmdet", saved, "--rows", "-o", tmp_path / "rows.parquet")
    assert answer.code == 0
    rows = pl.read_parquet(tmp_path / "rows.parquet")
    assert rows.equals(cf.disagreement(evaluation, evaluation.policy, "mmdet").rows)
    objects, predictions = (rows.filter(table=table) for table in ("ground_truth", "predictions"))
    assert objects["gt_x"].null_count() == 0 == predictions["pred_x"].null_count()
    truth = evaluation.data.ground_truth[objects["row"]]
    assert objects["gt_width"].to_list() == truth["width"].to_list()
    assert objects["image_id"].to_list() == truth["image_id"].to_list()
    assert (
        predictions["score"].to_list() == evaluation.data.predictions[predictions["row"]]["score"].to_list()
    )
    assert (rows["file_name"] == rows["image_id"].cast(pl.String) + ".jpg").all()


def test_a_table_to_read_has_both_sides_and_the_reasons(run, saved):
    out = run("disagreement", "cvfail", "ultralytics 8.4", saved).out
    assert "cvfail (IoU 0.5, score 0.25) against ultralytics 8.4" in out
    assert "rows that change sides" in out
    assert out.index("precision") < out.index("reason")


def test_nothing_changes_between_one_way_and_itself(run, saved):
    assert asked(run, saved, "cvfail", "cvfail", "--rows") == []
    assert {one["difference"] for one in asked(run, saved, "mmdet", "mmdet", "--cells")} == {0}


@pytest.mark.parametrize(
    ("sides", "told"),
    [
        (("yolo", "mmdet"), "no convention 'yolo'"),
        (("score=high", "mmdet"), "'score=high' is no number"),
        (("scoer=0.4", "mmdet"), "an operating point has no 'scoer'"),
        (("iou=0.42", "mmdet"), "iou=0.42 is not on the ladder"),
    ],
)
def test_sides_without_meaning_are_refused(run, saved, sides, told):
    answer = run("disagreement", *sides, saved)
    assert (answer.code, answer.out) == (2, "")
    assert told in answer.err


def test_a_run_that_comes_first_is_told_to_come_last(run, saved):
    answer = run("disagreement", saved, "cvfail", "mmdet")
    assert answer.code == 2
    assert "the run comes last" in answer.err
