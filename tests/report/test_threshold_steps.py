"""The numbers of the slider are those of the evaluation, in the summary and in the browser."""

import re

import pytest

from cvfail.evaluation import evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report import threshold_steps as written
from cvfail.report.html import write_report
from tests.report import chromium
from tests.report.conftest import small_classification, small_detection


def matrix_of(steps, step, size):
    """The matrix at a step, by adding up the written changes."""
    counts = [[0] * size for _ in range(size)]
    for true, predicted, changes in zip(steps["true"], steps["predicted"], steps["changes"], strict=True):
        at = 0
        for gap, change in zip(changes[::2], changes[1::2], strict=True):
            at += gap
            counts[true][predicted] += change if at <= step else 0
    return counts


@pytest.mark.parametrize(
    "data", [small_detection(), small_classification()], ids=["detection", "classification"]
)
def test_written_changes_add_up_to_the_matrix_at_every_threshold(data):
    evaluation = evaluate(data)
    point = OperatingPoint.of(evaluation.evidence)
    steps, _ = written.threshold_steps(point, 0.4321)
    assert steps["scores"][steps["policy"]] == point.score
    assert steps["scores"][steps["best"]] == 0.4321
    for step, score in enumerate(steps["scores"]):
        matrix = evaluation.confusion_matrix(score=score)
        counts = matrix_of(steps, step, len(point.evidence.categories) + 1)
        assert [row[: len(matrix.labels)] for row in counts[: len(matrix.labels)]] == matrix.counts.tolist()


def test_too_many_changes_make_the_grid_coarser_and_keep_what_was_added(evaluation, monkeypatch):
    monkeypatch.setattr(written, "MOST_CHANGES", 100)
    point = OperatingPoint.of(evaluation.evidence)
    steps, changes = written.threshold_steps(point, 0.4321)
    assert steps["width"] > 0.01
    assert changes.change.size <= 100
    assert {0.0, point.score, 0.4321} <= set(steps["scores"])
    alone = evaluation.at(score=0.4321).confusion_matrix().counts.tolist()
    assert matrix_of(steps, steps["best"], len(alone)) == alone


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    if chromium.BROWSER is None or chromium.DRIVER is None:
        pytest.skip("no chromium with chromedriver on this machine")
    evaluation = evaluate(small_detection())
    path = write_report(evaluation, tmp_path_factory.mktemp("slider") / "report.html", progress=False)
    with chromium.running() as browser:
        browser.blank()
        browser.look()
        browser.open(path)
        yield evaluation, browser


MOVE = """
const range = document.getElementById("threshold-range");
range.value = arguments[0];
range.dispatchEvent(new Event("input"));
return JSON.parse(document.getElementById("summary").textContent).threshold_steps.scores[arguments[0]];
"""

MATRIX = """
document.querySelectorAll(".matrix-block input[value=count]")[0].click();
return [...document.querySelectorAll("table.matrix tbody tr")].map((row) =>
  [...row.querySelectorAll("td")].map((cell) => Number(cell.textContent || 0)));
"""

NUMBERS = """
return Object.fromEntries([...document.querySelectorAll("[data-number]")].map((tile) =>
  [tile.dataset.number, tile.querySelector("b").textContent]));
"""


@pytest.mark.parametrize("step", [0, 10, 37, 62, 99])
def test_the_slider_shows_the_numbers_and_the_matrix_of_the_evaluation(page, step):
    evaluation, browser = page
    score = browser.run(MOVE, step)
    browser.devtools("Runtime.evaluate", expression="new Promise(requestAnimationFrame)", awaitPromise=True)
    there = evaluation.at(score=score)
    assert browser.run(MATRIX) == there.confusion_matrix().counts.tolist()
    row = there.metrics().df.row(0, named=True)
    shown = browser.run(NUMBERS)
    assert [int(shown[key].replace(",", "")) for key in ("right", "wrong", "missed")] == [
        row["tp"],
        row["fp"],
        row["fn"],
    ]
    for name in ("precision", "recall", "f1"):
        assert shown[name] == ("–" if row[name] is None else f"{100 * row[name]:.1f}%")


def test_keys_move_the_slider_and_reset_brings_the_report_back(page):
    evaluation, browser = page
    browser.run(MOVE, 50)
    browser.run("document.getElementById('threshold-range').focus()")
    browser.press("Right")
    assert browser.run("return document.getElementById('threshold-range').value") == "51"
    assert re.search(r"[+−]\d", browser.text(".threshold-numbers"))
    browser.run("document.querySelector('.threshold-controls .more:last-of-type').click()")
    browser.devtools("Runtime.evaluate", expression="new Promise(requestAnimationFrame)", awaitPromise=True)
    assert not re.search(r"[+−]\d", browser.text(".threshold-numbers"))
    assert browser.run(MATRIX) == evaluation.confusion_matrix().counts.tolist()
    assert browser.console() == []


def test_a_class_has_its_own_numbers(page):
    evaluation, browser = page
    score = browser.run(MOVE, 30)
    browser.run(
        "const s = document.querySelector('.threshold select'); s.value = '1'; s.dispatchEvent(new Event('change'))"
    )
    name = evaluation.evidence.category_names[1]
    rates = evaluation.at(score=score).metrics(by="category").df
    row = rates.filter(category=name).row(0, named=True)
    shown = browser.run(NUMBERS)
    assert [int(shown[key]) for key in ("right", "wrong", "missed")] == [row["tp"], row["fp"], row["fn"]]
