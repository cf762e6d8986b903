import json
import types
from typing import Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from cvfail.errors import MissingFileError
from cvfail.evaluation import evaluate
from cvfail.report.schema import Summary
from cvfail.report.summary import summarise
from tests.report.conftest import small_classification, small_detection
from tests.report.made_up import made_up_summary
from tests.report.made_up_comparison import made_up_with_comparison
from tests.scenes import detection


def differences(value, expected, where="summary"):
    """Where a value departs from its documented type, as text."""
    origin = get_origin(expected)
    if is_typeddict(expected):
        hints = get_type_hints(expected)
        if not isinstance(value, dict) or value.keys() != hints.keys():
            return [f"{where}: {value!r} has not the keys {sorted(hints)}"]
        return [d for key, hint in hints.items() for d in differences(value[key], hint, f"{where}.{key}")]
    if origin is list and isinstance(value, list):
        (inner,) = get_args(expected)
        return [d for place, item in enumerate(value) for d in differences(item, inner, f"{where}[{place}]")]
    if origin is dict and isinstance(value, dict):
        inner = get_args(expected)[1]
        return [d for key, item in value.items() for d in differences(item, inner, f"{where}[{key!r}]")]
    if origin is Literal:
        return [] if value in get_args(expected) else [f"{where}: {value!r}"]
    if origin in {Union, types.UnionType}:
        options = [differences(value, option, where) for option in get_args(expected)]
        return min(options, key=len) if all(options) else []
    allowed = (int, float) if expected is float else (origin or expected,)
    right = isinstance(value, allowed) and (expected is bool or not isinstance(value, bool))
    return [] if right else [f"{where}: {value!r} is not {expected}"]


@pytest.fixture(scope="module")
def summary(evaluation):
    return summarise(evaluation)


def empty(*, images=0, annotations=(), detections=()):
    return evaluate(detection(list(range(images)), [1], list(annotations), list(detections)))


BOX = {"image_id": 0, "category_id": 1, "bbox": [10, 10, 20, 20]}


@pytest.mark.parametrize(
    "some",
    [
        empty(),
        empty(images=2),
        empty(images=1, annotations=[BOX]),
        empty(images=1, detections=[{**BOX, "score": 0.9}]),
        empty(images=1, detections=[{**BOX, "score": 0.01}]),
        empty(images=1, annotations=[{**BOX, "iscrowd": 1}], detections=[{**BOX, "score": 0.9}]),
        evaluate(small_detection()),
        evaluate(small_classification()),
        evaluate(small_classification(images=0)),
    ],
    ids=[
        "nothing",
        "images",
        "objects",
        "detections",
        "unsure",
        "crowd",
        "detection",
        "classification",
        "no-labels",
    ],
)
def test_documented_keys_are_the_real_keys(some):
    made = summarise(some)
    assert differences(made, Summary) == []
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_the_made_up_summary_is_of_the_documented_shape():
    assert differences(made_up_summary(), Summary) == []


def test_the_made_up_comparison_is_of_the_documented_shape():
    assert differences(made_up_with_comparison(), Summary) == []


def test_the_same_evaluation_gives_the_same_summary(summary):
    assert summarise(evaluate(small_detection())) == summary


def test_positions_lie_in_their_lists(summary):
    examples, images = summary["examples"], summary["images"]
    shown = [*summary["failure_modes"], *summary["error_types"], *summary["confusion"]["cells"]]
    shown += [row for table in summary["slices"] for row in table["rows"]]
    shown += [cell for heatmap in summary["heatmaps"] for cell in heatmap["cells"]]
    shown += [cause for mode in summary["failure_modes"] for cause in mode["causes"]]
    shown += [kind for row in summary["errors_by_class"] for kind in row["types"]]
    curves = summary["curves"]
    shown += [band for curve in (curves["everything"], *curves["classes"]) for band in curve["bands"]]
    places = {place for part in shown for place in part["examples"]}
    places |= {row["example"] for row in summary["label_suspects"]["suspects"]}
    assert places == set(range(len(examples)))
    for example in examples:
        objects = images[example["image"]]["objects"]
        kinds = [
            None if example[side] is None else objects[example[side]]["kind"]
            for side in ("truth", "prediction")
        ]
        assert kinds in (["truth", "prediction"], ["truth", None], [None, "prediction"])


def test_cells_and_their_examples_are_those_of_the_confusion_matrix(evaluation, summary):
    matrix = evaluation.confusion_matrix()
    labels = summary["labels"]
    assert labels == matrix.labels
    assert sum(cell["count"] for cell in summary["confusion"]["cells"]) == matrix.counts.sum()
    for cell in summary["confusion"]["cells"]:
        assert cell["count"] == matrix.counts[cell["true"], cell["predicted"]]
        behind = matrix.examples(labels[cell["true"]], labels[cell["predicted"]])
        files = {
            summary["images"][summary["examples"][place]["image"]]["file_name"] for place in cell["examples"]
        }
        assert 0 < len(cell["examples"]) <= min(cell["count"], 12)
        assert files <= set(behind["file_name"])


def test_an_example_shows_the_boxes_of_its_rows(evaluation, summary):
    cell = next(c for c in summary["confusion"]["cells"] if c["true"] != c["predicted"])
    labels = summary["labels"]
    behind = evaluation.confusion_matrix().examples(labels[cell["true"]], labels[cell["predicted"]])
    corners = [f"{side}_{name}" for side in ("gt", "pred") for name in ("x", "y", "width", "height")]
    boxes = set(behind.select("file_name", *corners).iter_rows())
    for place in cell["examples"]:
        example = summary["examples"][place]
        image = summary["images"][example["image"]]
        sides = [example["truth"], example["prediction"]]
        drawn = [[None] * 4 if side is None else image["objects"][side]["box"] for side in sides]
        assert (image["file_name"], *drawn[0], *drawn[1]) in boxes


def test_confused_pairs_are_the_most_confused_of_the_matrix(evaluation, summary):
    cells = [summary["confusion"]["cells"][place] for place in summary["confusion"]["pairs"]]
    counts = evaluation.confusion_matrix().most_confused(12).df["count"].to_list()
    assert [cell["count"] for cell in cells] == counts


def test_headline_numbers_carry_their_intervals(evaluation, summary):
    shown = {number["name"]: number["value"] for number in summary["headline"]}
    assert list(shown) == ["AP", "AP50", "AP75", "AR100", "Precision", "Recall", "F1"]
    row = evaluation.metrics().df.row(0, named=True)
    assert shown["Recall"] == {
        "estimate": row["recall"],
        "lower": row["recall_lower"],
        "upper": row["recall_upper"],
        "support": row["support"],
    }
    assert all(value["lower"] <= value["estimate"] <= value["upper"] for value in shown.values())


def test_every_attribute_but_the_class_has_a_slice_table(summary):
    tables = {table["attribute"]: table for table in summary["slices"]}
    assert list(tables) == ["size", "time_of_day"]
    assert [row["value"] for row in tables["time_of_day"]["rows"]] == ["day", "night", None]
    assert all(len(row["examples"]) <= row["errors"] for row in tables["time_of_day"]["rows"])


def test_verdict_of_nothing_is_said_in_words():
    assert "no objects to compare with" in summarise(empty(images=1))["verdict"][0]
    assert "it reports nothing" in summarise(empty(images=1, annotations=[BOX]))["verdict"][0]


def test_without_images_there_are_no_pictures(summary):
    assert summary["pictures"] == []
    assert summary["picture_report"]["asked"] is False


def test_pictures_serve_many_examples_and_missing_files_are_named(evaluation, image_folder):
    seen = []
    made = summarise(evaluation, images=image_folder, on_picture=seen.append)
    report = made["picture_report"]
    names = evaluation.images["file_name"].to_list()
    assert 0 < report["missing_count"] <= 3
    assert set(report["missing"]) <= set(names[:3])
    assert len(seen) == len(made["images"])
    assert report["made"] == len(made["pictures"])
    assert report["left_out"] == 0
    for image in made["images"]:
        assert (image["picture"] is None) == (image["file_name"] in report["missing"])
    used = [image["picture"] for image in made["images"]] + [
        example["picture"] for example in made["examples"]
    ]
    assert sorted(place for place in used if place is not None) == list(range(len(made["pictures"])))


def test_the_limit_on_pictures_holds_and_says_what_it_left_out(evaluation, image_folder):
    made = summarise(evaluation, images=image_folder, max_thumbnails=5)
    assert len(made["pictures"]) <= 5
    assert made["picture_report"]["left_out"] > 0
    assert summarise(evaluation, images=image_folder, max_thumbnails=0)["pictures"] == []


def test_a_folder_of_images_that_does_not_exist_is_said_at_once(evaluation, tmp_path):
    with pytest.raises(MissingFileError, match="no such folder of images"):
        summarise(evaluation, images=tmp_path / "absent")


def test_the_title_is_given_or_made_from_the_files(evaluation):
    assert summarise(evaluation, title="Ours")["title"] == "Ours"
    assert summarise(evaluation)["title"] == "Detection report"


def test_classification_has_labels_instead_of_boxes(classification):
    made = summarise(classification)
    assert [number["name"] for number in made["headline"]] == [
        "Accuracy",
        "Macro precision",
        "Macro recall",
        "Macro F1",
    ]
    assert made["error_types"] == []
    assert made["confusion"]["background"] is None
    assert {example["window"] for example in made["examples"]} == {None}
    assert {entry["box"] for image in made["images"] for entry in image["objects"]} == {None}
