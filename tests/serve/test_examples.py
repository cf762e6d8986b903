"""Rows of an answer as pages of examples; and pictures of these images alone."""

import io

import polars as pl
import pytest

from cvfail.report.summary import summarise


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


def test_what_galleries_of_the_report_copy_is_laid_out_whole(ask, evaluation):
    """That the SQL has exactly the rows of the API is tested where it is made, in tests/report/test_queries.py."""
    summary = summarise(evaluation)
    asked = [
        (entry["sql"], entry["count" if "count" in entry else "errors"])
        for entry in (*summary["error_types"], *summary["failure_modes"])
    ]
    asked.append((summary["queries"]["all_suspects"], len(evaluation.label_errors())))
    assert len(asked) > 5
    for sql, count in asked:
        answer = ask("/examples", sql=sql, most=7).json
        assert answer["total"] == count
        assert len(answer["examples"]) == min(count, 7)


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
