"""A report of 1,203 classes, as many as LVIS has, as it is used in Chromium."""

import csv
import logging
import re

import numpy as np
import polars as pl
import pytest

from benchmarks.synthetic import block
from cvfail.evaluation import evaluate
from cvfail.io.frames import from_frames
from cvfail.report.html import write_report

CLASSES = 1_203
IMAGES = 60
SHOWN = "dialog[open] .cards figure"
PART = 40
"""Classes that the matrix shows as a table; the overview above it has all."""


@pytest.fixture(scope="module")
def evaluation():
    """Rows of the generator; every class is known, most are rare."""
    made = block(0, seed=1, images=IMAGES, categories=CLASSES)
    tables = {name: pl.from_arrow(getattr(made, name)) for name in ("images", "ground_truth", "predictions")}
    tables["images"] = tables["images"].select("image_id", "file_name", "width", "height", "time_of_day")
    names = [f"class {number:04}" for number in range(1, CLASSES + 1)]
    categories = pl.DataFrame({"category_id": range(1, CLASSES + 1), "name": names})
    return evaluate(from_frames(**tables, categories=categories, box_format="xywh"))


@pytest.fixture(scope="module")
def written(evaluation, tmp_path_factory):
    """The file, and what was said of it."""
    said = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logger = logging.getLogger("cvfail.report.html")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        path = write_report(evaluation, tmp_path_factory.mktemp("many") / "report.html", progress=False)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    return path, said


@pytest.fixture
def page(browser, written):
    browser.open(written[0])
    return browser


@pytest.fixture(scope="module")
def counts(evaluation):
    return evaluation.confusion_matrix().counts


@pytest.fixture(scope="module")
def worst(counts):
    """Positions of the classes, those with most errors first, the background at the end."""
    errors = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    return [*np.argsort(-errors[:CLASSES], kind="stable").tolist(), CLASSES]


def told(matrix, row, column):
    """A cell in words, as the page says it."""
    labels, count = matrix.labels, matrix.counts[row, column]
    if column == CLASSES:
        return f"{labels[row]} missed: {count}"
    if row == CLASSES:
        return f"{labels[column]} where nothing is: {count}"
    words = "as" if row == column else "predicted as"
    return f"{labels[row]} {words} {labels[column]}: {count}"


def assert_gallery_shows(browser, evaluation, row, column):
    """The open gallery has the rows of a cell, and no others."""
    matrix = evaluation.confusion_matrix()
    behind = matrix.examples(matrix.labels[row], matrix.labels[column])
    shown = browser.run(
        f"return [...document.querySelectorAll('{SHOWN} code')].map((node) => node.textContent)"
    )
    assert len(shown) == min(matrix.counts[row, column], 12) > 0
    assert set(shown) <= set(behind["file_name"])


def test_it_opens_from_disk_without_a_request_or_an_error_and_its_size_is_told(browser, written):
    path, said = written
    browser.open(path)
    assert browser.requests() == [path.resolve().as_uri()]
    assert browser.console() == []
    assert browser.text(".counts").split() == f"{IMAGES} images".split() + browser.text(".counts").split()[2:]
    assert f"{CLASSES:,} classes" in " ".join(browser.text(".counts").split())
    size = path.stat().st_size
    assert size < 3_000_000
    assert said == [f"{path}: {size / 1e6:.1f} MB, 0 pictures"]


def test_a_click_on_a_cell_shows_the_rows_of_the_api(page, evaluation, counts, worst):
    assert page.count(".matrix td[role=gridcell]") == (PART + 1) ** 2
    seen = worst[:PART]
    row, column = next((r, c) for r in seen for c in seen if r != c and counts[r, c] > 0)
    page.click(f".matrix td[data-row='{seen.index(row)}'][data-column='{seen.index(column)}']")
    assert page.text("dialog[open] h2") == told(evaluation.confusion_matrix(), row, column).split(":")[0]
    assert_gallery_shows(page, evaluation, row, column)


def test_keys_reach_every_filled_cell_of_all_classes(page, evaluation, counts, worst):
    matrix = evaluation.confusion_matrix()
    readout = "#matrix .overview .readout"
    page.run("document.querySelector('.overview canvas').focus()")
    page.press("Right", "Down", "Left", "Up")
    assert page.text(readout).startswith(told(matrix, worst[0], worst[0]).split(":")[0])
    filled = np.flatnonzero(counts[worst[0]][worst] > 0)
    for column in filled[filled > 0][:3]:
        page.press("Shift+Right")
        assert page.text(readout).startswith(told(matrix, worst[0], worst[column]))
    page.press("Enter")
    assert_gallery_shows(page, evaluation, worst[0], worst[column])
    page.press("Escape", *["Shift+Right"] * (filled.size + 1))
    assert page.text(readout).startswith(told(matrix, worst[0], CLASSES)), "the last filled one is a stop"
    assert page.run("return document.activeElement.tagName") == "CANVAS"


MOVE = """
const range = document.getElementById("threshold-range");
range.value = arguments[0];
range.dispatchEvent(new Event("input"));
return document.querySelector(".threshold-value").textContent;
"""
NUMBERS = """
return Object.fromEntries([...document.querySelectorAll("[data-number]")].map((tile) =>
  [tile.dataset.number, tile.querySelector("b").textContent]));
"""


@pytest.mark.parametrize("step", [3, 40, 90])
def test_the_numbers_of_the_slider_are_those_of_the_api(page, evaluation, step):
    score = float(re.search(r"≥ ([\d.]+)", page.run(MOVE, step))[1])
    row = evaluation.at(score=score).metrics().df.row(0, named=True)
    shown = page.run(NUMBERS)
    numbers = [int(shown[key].replace(",", "")) for key in ("right", "wrong", "missed")]
    assert numbers == [row["tp"], row["fp"], row["fn"]]
    for name in ("precision", "recall", "f1"):
        assert shown[name] == f"{100 * row[name]:.1f}%"


def test_the_saved_matrix_is_the_whole_one_of_the_api(page, counts):
    page.run("URL.createObjectURL = (blob) => { window.saved = blob; return '#'; };")
    page.run("HTMLAnchorElement.prototype.click = () => {};")
    page.click("#matrix input[value=given]")
    text = page.run("document.querySelector('#matrix .csv').click(); return window.saved.text();")
    rows = list(csv.reader(text.splitlines()))[1:]
    saved = np.array([[int(field or 0) for field in row[1:]] for row in rows])
    assert np.array_equal(saved, counts)


def test_the_table_of_classes_begins_with_a_hundred_and_finds_any(page, evaluation):
    rows = "#classes tbody tr"
    assert page.count(rows) == 100
    assert page.text("#classes .more") == f"Show all {CLASSES:,} rows"
    search = (
        "const box = document.querySelector('#classes input[type=search]'); box.value = arguments[0];"
        "box.dispatchEvent(new Event('input'));"
    )
    page.run(search, "class 0805")
    cells = page.run(f"return [...document.querySelectorAll('{rows} > *')].map((c) => c.textContent)")
    known = evaluation.metrics(by="category").df.filter(category="class 0805").row(0, named=True)
    assert cells[0].startswith("class 0805")
    assert int(cells[-2].replace(",", "")) == known["tp"] + known["fn"]
    page.run(search, "")
    page.click("#classes .more")
    assert page.count(rows) == CLASSES
    assert page.console() == []
