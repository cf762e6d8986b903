"""Rows behind numbers as pages of examples: those of the API; and pictures of these images alone."""

import io

import polars as pl
import pytest

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.choosing import confusion_units, error_type_units
from cvfail.report.summary import summarise
from cvfail.serve.behind import sql_behind


@pytest.fixture(scope="module")
def summary(evaluation):
    return summarise(evaluation)


def pairs_of(frame):
    return sorted(frame.select("prediction_index", "ground_truth_index").iter_rows(), key=str)


def behind(evaluation, kind, **given):
    return evaluation.sql(sql_behind(OperatingPoint.of(evaluation.evidence), kind, given))


def test_cells_have_the_rows_of_the_matrix(evaluation, summary):
    units = confusion_units(OperatingPoint.of(evaluation.evidence))
    labels = summary["labels"]
    assert summary["confusion"]["cells"]
    for cell in summary["confusion"]["cells"]:
        rows = behind(evaluation, "cell", true=labels[cell["true"]], predicted=labels[cell["predicted"]])
        assert rows.height == cell["count"]
        own = units.filter(true_code=cell["true"], predicted_code=cell["predicted"])
        assert pairs_of(rows) == pairs_of(own)


def test_error_types_and_classes_have_as_many_rows_as_the_report_says(evaluation, summary):
    point = OperatingPoint.of(evaluation.evidence)
    for entry in summary["error_types"]:
        rows = behind(evaluation, "error_type", name=entry["name"])
        assert (
            rows.height == entry["count"] == error_type_units(point).filter(error_type=entry["name"]).height
        )
    for row in summary["errors_by_class"]:
        for entry in row["types"]:
            label = summary["labels"][row["label"]]
            assert behind(evaluation, "class_error", label=label, name=entry["name"]).height == entry["count"]


def test_slices_have_as_many_rows_as_the_report_says(evaluation, summary):
    looked_at = 0
    for table in summary["slices"]:
        for row in table["rows"]:
            value = {} if row["value"] is None else {"value": row["value"]}
            assert behind(evaluation, "slice", attribute=table["attribute"], **value).height == row["errors"]
            looked_at += row["errors"]
    assert looked_at > 0


def test_modes_and_suspects_have_their_rows(evaluation):
    for rank, errors in evaluation.failure_modes().df.select("rank", "errors").iter_rows():
        assert behind(evaluation, "mode", rank=str(rank)).height == errors
    assert behind(evaluation, "suspects").height == len(evaluation.label_errors())


@pytest.mark.parametrize(
    "given", [{"kind": "nothing"}, {"kind": "cell", "true": "a"}, {"kind": "mode", "rank": "1 OR 1=1"}]
)
def test_what_is_not_known_is_refused(ask, given):
    assert ask("/behind", **given).status == 400


def test_a_name_with_quotes_is_a_name(ask):
    sql = ask("/behind", kind="cell", true="' OR true --", predicted="x").json["sql"]
    assert ask("/rows", sql=sql).json["total"] == 0


def test_a_page_of_examples_is_laid_out(ask, evaluation):
    sql = "SELECT prediction_index, target_index AS ground_truth_index FROM false_positives ORDER BY score DESC, 1"
    expected = evaluation.sql(sql)
    answer = ask("/examples", sql=sql, first=3, most=5).json
    assert (answer["total"], len(answer["examples"])) == (expected.height, 5)
    names = evaluation.evidence.predictions["image_id"].gather(expected["prediction_index"][3:8])
    shown = [answer["images"][example["image"]]["file_name"] for example in answer["examples"]]
    assert shown == [f"{image}.jpg" for image in names]
    for example in answer["examples"]:
        assert answer["images"][example["image"]]["objects"][example["prediction"]]["kind"] == "prediction"


def test_rows_that_name_an_image_show_it_whole(ask):
    answer = ask(
        "/examples",
        sql="SELECT image_id, count(*) AS n FROM predictions GROUP BY ALL ORDER BY n DESC, 1",
        most=4,
    ).json
    assert len(answer["examples"]) == len(answer["images"]) == 4
    assert all(example["truth"] is example["window"] is None for example in answer["examples"])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS one",
        "SELECT 10000000 AS prediction_index",
        "SELECT -1 AS ground_truth_index",
        "SELECT 'x' AS prediction_index",
    ],
)
def test_rows_that_name_nothing_are_refused(ask, sql):
    assert ask("/examples", sql=sql).status == 400


def test_no_rows_are_no_examples(ask):
    assert ask("/examples", sql="SELECT prediction_index FROM predictions WHERE false").json["examples"] == []


def test_pictures_are_made_small_and_whole_or_cut(ask, server):
    image = pytest.importorskip("PIL.Image")
    answer = ask("/picture/40")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert image.open(io.BytesIO(answer.body)).size == (320, 320)
    cut = ask("/picture/40", window="0,0,128,96")
    assert image.open(io.BytesIO(cut.body)).size == (128, 96)
    laid_out = ask("/examples", sql="SELECT prediction_index FROM false_positives", most=10).json
    for picture in laid_out["pictures"]:
        assert f"token={server.access.token}" in picture["uri"]


@pytest.mark.parametrize(
    "path",
    [
        "/picture/-1",
        "/picture/60",
        "/picture/99999999999999999999",
        "/picture/1.jpg",
        "/picture/",
        "/picture/../rows",
        "/picture/..%2f..%2fetc%2fpasswd",
        "/picture//etc/passwd",
        "/etc/passwd",
        "/../../etc/passwd",
    ],
)
def test_no_other_file_is_told(ask, path):
    answer = ask(path)
    assert answer.status == 404
    assert set(answer.json) == {"error"}


@pytest.mark.parametrize("window", ["0,0,1e9,1e9", "nan,0,1,1", "0,0,-1,5", "1,2", "0,0,inf,1", "x"])
def test_a_window_that_is_none_is_refused(ask, window):
    assert ask("/picture/40", window=window).status in {400, 404}


def test_links_and_names_that_lead_out_of_the_folder_are_not_followed(tmp_path, evaluation):
    image = pytest.importorskip("PIL.Image")
    from cvfail.serve.pictures import Pictures

    folder = tmp_path / "images"
    folder.mkdir()
    image.new("RGB", (8, 8)).save(tmp_path / "secret.jpg")
    image.new("RGB", (8, 8)).save(folder / "own.jpg")
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    names = ["own.jpg", "link.jpg", "../secret.jpg", str(tmp_path / "secret.jpg"), "x/../../secret.jpg"]
    images = evaluation.images.head(5).sort("image_id").with_columns(file_name=pl.Series(names))
    pictures = Pictures(folder, images)
    assert [pictures.picture(code) is not None for code in range(5)] == [True, False, False, False, False]
