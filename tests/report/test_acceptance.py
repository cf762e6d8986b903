"""The demo and real models in Chromium: clicks show the rows of the API, and malicious names do nothing."""

import re

import numpy as np
import polars as pl
import pytest

from cvfail.evidence.attributes import attribute
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.choosing import confusion_units, with_attribute
from tests.report.real_reports import CLASS, FILE, NAMES, real_report
from tests.report.test_in_browser import ATTACKS, CELL, HEAT, copied
from tests.report.test_threshold_steps import MOVE, NUMBERS

ROWS = "return [...document.querySelectorAll('.matrix tbody th')].map((n) => n.textContent)"
SHOWN = "dialog[open] .cards figure"

DRAWN = """
const box = (figure, kind) => {
  const node = figure.querySelector(`.outline.line.subject.${kind}`);
  return node && ["x", "y", "width", "height"].map((name) => Number(node.getAttribute(name)));
};
return [...document.querySelectorAll("dialog[open] .cards figure")].map((figure) =>
  [figure.querySelector("code").textContent, box(figure, "truth"), box(figure, "prediction")]);
"""


@pytest.fixture(scope="module", params=NAMES)
def real(request, tmp_path_factory):
    """One report after the other."""
    pytest.importorskip("jinja2")
    request.getfixturevalue("running_browser")
    return real_report(
        request.param, lambda: request.getfixturevalue("shared_data"), tmp_path_factory.mktemp("real")
    )


@pytest.fixture(scope="module")
def opened(real, running_browser):
    """Opened once for all tests, with what it asked for and complained of."""
    running_browser.blank()
    running_browser.look()
    running_browser.open(real.path)
    return running_browser, running_browser.requests(), running_browser.console()


@pytest.fixture
def page(opened):
    """Without a dialog before, without a complaint afterwards."""
    browser = opened[0]
    yield browser
    browser.run("document.querySelector('dialog[open]')?.close()")
    assert browser.console() == []


def rows_of(frame):
    return sorted(frame.select("prediction_index", "ground_truth_index").rows(), key=str)


def as_drawn(evaluation, rows):
    """File, box of the ground truth and box of the prediction of rows, as the page draws them."""
    evidence = evaluation.evidence
    names = dict(evidence.images.select("image_id", "file_name").iter_rows())
    sides = {"ground_truth_index": evidence.ground_truth, "prediction_index": evidence.predictions}
    found = []
    for row in rows.to_dicts():
        known = {key: frame.row(row[key], named=True) for key, frame in sides.items() if row[key] is not None}
        boxes = {
            key: tuple(round(one[name], 2) for name in ("x", "y", "width", "height"))
            for key, one in known.items()
            if evaluation.task == "detection"
        }
        image = next(iter(known.values()))["image_id"]
        found.append((names[image], *(boxes.get(key) for key in sides)))
    return found


def assert_shows(browser, real, count, rows):
    """The dialog names `count`, and what it shows are some of `rows`, none of them twice."""
    note = browser.text("dialog[open] .heading .note")
    assert re.search(rf"^(All {count:,} |The only one |\d+ of {count:,} )shown", note), note
    drawn = [
        (file, *(None if box is None else tuple(box) for box in boxes)) for file, *boxes in browser.run(DRAWN)
    ]
    behind = as_drawn(real.evaluation, rows)
    assert 0 < len(drawn) <= count
    assert set(drawn) <= set(behind)
    assert not real.detection or len(set(drawn)) == len(drawn)


def assert_sql_answers(browser, real, rows):
    sql = copied(browser, "dialog[open] .query .copy")
    assert rows_of(real.evaluation.sql(sql)) == rows_of(rows)


def test_it_opens_from_disk_without_a_request_or_a_complaint(opened, real):
    _, requests, console = opened
    assert requests == [real.path.resolve().as_uri()]
    assert console == []


def test_a_click_on_a_cell_shows_the_rows_of_the_api(page, real):
    matrix = real.evaluation.confusion_matrix()
    shown = [place for name in page.run(ROWS) for place in [matrix.labels.index(name)]]
    counts = matrix.counts[np.ix_(shown, shown)]
    counts[range(len(counts)), range(len(counts))] = 0
    across, down = divmod(int(counts.argmax()), len(counts))
    page.run("document.querySelector(arguments[0]).click()", CELL.format(across, down))
    row, column = shown[across], shown[down]
    behind = matrix.examples(matrix.labels[row], matrix.labels[column])
    assert len(behind) == counts[across, down] > 0
    assert_shows(page, real, len(behind), behind)
    assert_sql_answers(page, real, behind)


def errors_where(evaluation, name, value):
    """The errors whose attribute has a value, as `metrics(by=…)` divides them."""
    wrong = confusion_units(OperatingPoint.of(evaluation.evidence)).filter(
        pl.col("true_code") != pl.col("predicted_code")
    )
    valued = with_attribute(wrong, attribute(evaluation.evidence, name))
    return valued.filter(pl.col("value").cast(pl.String).eq_missing(value))


def test_a_click_on_a_slice_shows_the_errors_in_it(page, real):
    table = real.summary["slices"][0]
    first = "#slices .attribute:first-child tbody tr:first-child"
    value = page.text(f"{first} button").removesuffix(" (too few images to be trusted)")
    page.run("document.querySelector(arguments[0]).click()", f"{first} button")
    behind = errors_where(real.evaluation, table["attribute"], value)
    assert_shows(page, real, len(behind), behind)
    assert_sql_answers(page, real, behind)


def test_a_click_on_a_cell_of_a_heatmap_shows_the_errors_with_both_values(page, real):
    heatmap = real.summary["heatmaps"][0]
    cell = max(heatmap["cells"], key=lambda cell: cell["errors"])
    page.run("document.querySelector(arguments[0]).click()", HEAT.format(1, cell["row"], cell["column"]))
    sql = copied(page, "dialog[open] .query .copy")
    behind = real.evaluation.sql(sql)
    assert len(behind) == cell["errors"]
    assert_shows(page, real, len(behind), behind)
    one = errors_where(real.evaluation, heatmap["rows_by"], heatmap["rows"][cell["row"]]["value"])
    assert set(rows_of(behind)) <= set(rows_of(one))


def test_a_click_on_a_failure_mode_shows_its_errors(page, real):
    modes = real.evaluation.failure_modes()
    assert modes.df["significant"][0]
    page.run("document.querySelector('#mode-1 h3 button').click()")
    behind = modes.examples(1)
    assert len(behind) == modes.df["errors"][0]
    assert_shows(page, real, len(behind), behind)
    key = "prediction_index" if modes.of_rank(1).mode.unit == "predictions" else "ground_truth_index"
    answer = real.evaluation.sql(copied(page, "dialog[open] .query .copy"))
    assert sorted(answer[key]) == sorted(behind[key])


def test_a_point_of_a_curve_opens_the_predictions_with_its_score(page, real):
    page.run("document.querySelector('.plot').focus()")
    page.press("End", *["Left"] * 40)
    words = page.run("return document.activeElement.getAttribute('aria-valuetext')")
    score = float(words.split()[2].rstrip(","))
    page.press("Enter")
    bands = real.summary["curves"]["everything"]["bands"]
    low, high = next((b["low"], b["high"]) for b in bands if b["low"] <= score < b["high"] or b is bands[-1])
    counts = [real.evaluation.metrics(score=edge).df.row(0, named=True) for edge in (low, high)]
    if high == 1:
        counts[1] = {"tp": 0, "fp": 0}
    right, wrong = (counts[0][key] - counts[1][key] for key in ("tp", "fp"))
    assert page.text("dialog h2").endswith(f"{right:,} right, {wrong:,} wrong")
    answer = real.evaluation.sql(copied(page, "dialog[open] .query .copy"))
    assert (answer["is_right"].sum(), len(answer)) == (right, right + wrong)
    scores = [float(found) for found in re.findall(r"score ([\d.]+)", " ".join(page.run(CAPTIONS)))]
    assert len(scores) == page.count(SHOWN) > 0
    assert all(low - 0.005 <= score <= high + 0.005 for score in scores)


CAPTIONS = f"return [...document.querySelectorAll('{SHOWN} .what')].map((node) => node.textContent)"


def counts_at(evaluation, score):
    """By class, the first ones, and of all (-1): right, wrong and missed; a classifier's rejects are missed."""
    if evaluation.task == "detection":
        known = evaluation.metrics(by="category", score=score).df.head(3)
        places = [evaluation.evidence.category_names.index(name) for name in known["category"]]
        everything = evaluation.metrics(score=score).df.select("tp", "fp", "fn").row(0)
        return {-1: everything, **dict(zip(places, known.select("tp", "fp", "fn").rows(), strict=True))}
    whole = {row["metric"]: row["after"] for row in evaluation.what_if(score).metrics().df.to_dicts()}
    evidence = evaluation.evidence
    answers = evidence.predictions.join(evidence.ground_truth, on="image_id", suffix="_true")
    answers = answers.filter(pl.col("score") >= score)
    counts = {-1: tuple(int(whole[name]) for name in ("tp", "fp", "fn"))}
    for place, name in enumerate(evidence.categories.sort("category_id")["category_id"][:3]):
        said, true = answers.filter(category_id=name), evidence.ground_truth.filter(category_id=name)
        right = int((said["category_id"] == said["category_id_true"]).sum())
        counts[place] = right, len(said) - right, len(true) - right
    return counts


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_the_slider_shows_the_numbers_of_the_api(page, real, share):
    steps = real.summary["threshold_steps"]["scores"]
    score = page.run(MOVE, int(share * len(steps)))
    for place, (right, wrong, missed) in counts_at(real.evaluation, score).items():
        page.run(CHOOSE, place)
        shown = page.run(NUMBERS)
        assert [int(shown[key].replace(",", "")) for key in ("right", "wrong", "missed")] == [
            right,
            wrong,
            missed,
        ]
        of = {"precision": right + wrong, "recall": right + missed}
        assert {name: shown[name] for name in of} == {
            name: f"{100 * right / total:.1f}%" if total else "–" for name, total in of.items()
        }
    page.run(CHOOSE, -1)


CHOOSE = """
const select = document.querySelector(".threshold select");
select.value = arguments[0] < 0 ? "" : String(arguments[0]);
select.dispatchEvent(new Event("change"));
"""


WATCH = """
window.reached = new Set();
document.activeElement.blur();
const kinds = [".mode h3 button", "#slices tbody button", ".matrix td", ".heat td", ".plot", "#threshold-range"];
document.addEventListener("focusin", ({ target }) => {
  kinds.filter((kind) => target.matches(kind)).forEach((kind) => reached.add(kind));
  reached.add(target.closest("section[id]")?.id);
});
const sections = [...document.querySelectorAll("section[id]")].filter((section) =>
  section.querySelector('button, input, select, [tabindex="0"]'));
return [...kinds, ...sections.map((section) => section.id)];
"""


def test_keys_alone_reach_everything_and_open_and_close(page, real):
    wanted = page.run(WATCH)
    for _ in range(40):
        page.press(*["Tab"] * 25)
        if set(wanted) <= set(page.run("return [...reached]")):
            break
    assert set(wanted) <= set(page.run("return [...reached]"))
    page.run("document.querySelector('.matrix td[tabindex=\"0\"]').focus()")
    page.press("Right", "Left", "Enter")
    assert page.count("dialog[open]") == 1
    assert page.count(SHOWN) > 0
    page.press("Escape")
    assert page.count("dialog[open]") == 0
    assert page.run("return document.activeElement.dataset.row") == "0"


def test_malicious_names_are_text(page, real):
    assert CLASS in page.run(ROWS)
    assert any(image["file_name"].startswith(FILE) for image in real.summary["images"])
    assert page.count("img") == 0
    assert page.count("body script:not([id])") == 1
    assert page.run("return document.title") == real.summary["title"]


def test_the_policy_blocks_what_is_not_of_the_page(opened, real):
    browser = opened[0]
    tried = browser.run(ATTACKS)
    assert len(tried) == 7
    assert browser.run("return window.attacked") == []
    assert len([line for line in browser.console() if "Content Security Policy" in line]) >= 5
    assert [address for address in browser.requests() if not address.startswith("file:")] == []
