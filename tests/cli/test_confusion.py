"""``cvfail confusion``: the matrix in each of its forms, and the rows behind a cell."""

import io
import json

import polars as pl
import pytest

from cvfail.evaluation import evaluate
from tests.scenes import detection


def test_the_matrix_has_a_row_for_each_true_class(run, saved, evaluation):
    answer = run("confusion", saved, "--format", "csv")
    assert pl.read_csv(io.StringIO(answer.out)).rows() == evaluation.confusion_matrix().wide().df.rows()


@pytest.mark.parametrize("of", ["true", "predicted", "all"])
def test_normalised_by_row_column_or_everything(run, saved, evaluation, of):
    answer = run("confusion", saved, "--normalise", of, "--format", "json")
    assert json.loads(answer.out) == evaluation.confusion_matrix().wide(of).to_dicts()


def test_the_long_form_has_a_row_for_each_cell(run, saved, evaluation):
    answer = run("confusion", saved, "--long", "--format", "json")
    assert json.loads(answer.out) == evaluation.confusion_matrix().df.to_dicts()


def test_the_most_confused_pairs(run, saved, evaluation):
    answer = run("confusion", saved, "--top", 2, "--format", "json")
    assert json.loads(answer.out) == evaluation.confusion_matrix().most_confused(2).to_dicts()


def test_the_rows_behind_a_cell(run, saved, evaluation):
    matrix = evaluation.confusion_matrix()
    pair = matrix.most_confused(1).df.row(0, named=True)
    answer = run("confusion", saved, "--examples", pair["true"], pair["predicted"], "--format", "json")
    rows = json.loads(answer.out)
    assert len(rows) == pair["count"]
    assert rows == matrix.examples(pair["true"], pair["predicted"]).to_dicts()


def test_the_background_is_a_name_like_others(run, saved, evaluation):
    matrix = evaluation.confusion_matrix()
    answer = run("confusion", saved, "--examples", "(background)", matrix.labels[0], "--format", "jsonl")
    assert len(answer.out.splitlines()) == matrix.counts[-1, 0]


def test_a_class_that_does_not_exist_is_named_with_its_neighbour(run, saved):
    answer = run("confusion", saved, "--examples", "clas 9", "class 2")
    assert answer.code == 2
    assert "'clas 9' is not a class of this matrix. Hint: did you mean class 9" in answer.err


def test_two_forms_at_once_are_refused(run, saved):
    answer = run("confusion", saved, "--long", "--top", 2)
    assert answer.code == 2
    assert "--long, --top" in answer.err


def test_a_matrix_that_does_not_fit_is_told_by_its_largest_pairs(run, monkeypatch, tmp_path):
    classes = list(range(40))
    objects = [{"image_id": 1, "category_id": c, "bbox": [20 * c, 0, 10, 10]} for c in classes]
    found = [{**o, "category_id": (o["category_id"] + 1) % 40, "score": 0.9} for o in objects]
    folder = evaluate(detection([1], classes, objects, found)).save(tmp_path / "run")
    monkeypatch.setenv("COLUMNS", "100")
    answer = run("confusion", folder)
    assert "41 columns do not fit" in answer.err
    assert "most confused pairs" in answer.out
    assert len(run("confusion", folder, "--format", "csv").out.splitlines()) == 42
