"""The tables of the report as CSV files: saved by Chromium, read back, and compared with the API."""

import csv
import time

import pytest

from cvfail.report.frame import ReportFrame
from cvfail.report.html import render, write_report
from tests.report.made_up import made_up_summary

CATCH = """
window.saved = [];
URL.createObjectURL = (blob) => { window.saved.push(blob); return "#"; };
HTMLAnchorElement.prototype.click = function () { window.saved.push(this.download); };
"""
READ = """
document.querySelector(arguments[0]).click();
const [blob, name] = window.saved.splice(0);
return blob.text().then((text) => [name, text]);
"""


def saved(browser, button):
    """The name and the text of the file that a button gives, without the disk."""
    return browser.run(READ, button)


def rows_of(text):
    return list(csv.DictReader(text.splitlines(keepends=True)))


def number(text):
    return None if text == "" else float(text)


@pytest.fixture(scope="module")
def page(evaluation, tmp_path_factory):
    return write_report(evaluation, tmp_path_factory.mktemp("csv") / "report.html", progress=False)


@pytest.fixture
def caught(browser, page):
    browser.open(page)
    browser.run(CATCH)
    yield browser
    assert browser.console() == []


def test_every_table_has_a_button(browser, page):
    browser.open(page)
    tables = browser.count("main table")
    assert browser.count("main .table") > 5
    assert browser.count("main button.csv") == tables
    assert browser.run(
        "return new Set([...document.querySelectorAll('button.csv')].map((b) => b.ariaLabel)).size"
    ) == browser.count("button.csv")


def test_the_matrix_is_the_one_of_the_api(caught, evaluation):
    name, text = saved(caught, "#matrix .csv")
    assert name == "detection-report-confusion-matrix.csv"
    matrix = evaluation.confusion_matrix()
    head, *rows = csv.reader(text.splitlines())
    assert head == ["true \\ predicted", *matrix.labels]
    assert [row[0] for row in rows] == list(matrix.labels)
    found = {
        (row[0], label): int(cell)
        for row in rows
        for label, cell in zip(matrix.labels, row[1:], strict=True)
        if cell not in {"", "0"}
    }
    assert found == {
        (row["true"], row["predicted"]): row["count"]
        for row in matrix.df.iter_rows(named=True)
        if row["count"]
    }
    assert rows[-1][-1] == "", "the undefined corner is empty"


def test_the_classes_are_those_of_the_api_in_full(caught, evaluation):
    rows = rows_of(saved(caught, "#classes .csv")[1])
    known = evaluation.metrics(by="category").df.to_dicts()
    for name in ("recall", "precision", "f1"):
        title = name.capitalize()
        expected = {row["category"]: (row[name], row[f"{name}_lower"], row[f"{name}_upper"]) for row in known}
        found = {
            row["Class"]: tuple(number(row[key]) for key in (title, f"{title} lower", f"{title} upper"))
            for row in rows
        }
        assert {label: found[label] for label in expected} == expected


def test_a_filter_and_a_fold_leave_the_file_whole(browser, tmp_path):
    labels = [f"class {number:03}" for number in range(130)]
    summary = made_up_summary(labels=labels)
    path = tmp_path / "report.html"
    path.write_text(render(summary), encoding="utf-8")
    browser.open(path)
    browser.run(CATCH)
    browser.run(
        "const box = document.querySelector('#classes input[type=search]'); box.value = '007';"
        "box.dispatchEvent(new Event('input'))"
    )
    assert browser.count("#classes tbody tr") == 1
    assert len(rows_of(saved(browser, "#classes .csv")[1])) == len(summary["classes"]) > 100


def test_text_is_quoted_and_never_a_formula(browser, tmp_path):
    labels = ['=1+1,"x"', "+cat", "-dog", "@SUM(A1)", "two\nlines", "'plain"]
    summary = made_up_summary(labels=labels)
    path = tmp_path / "report.html"
    path.write_text(render(summary), encoding="utf-8")
    browser.open(path)
    browser.run(CATCH)
    text = saved(browser, "#matrix .csv")[1]
    head = next(csv.reader(text.splitlines(keepends=True)))
    expected = ["'" + label if label[0] in "=+-@" else label for label in labels]
    assert head[1 : 1 + len(labels)] == expected
    assert '"\'=1+1,""x"""' in text
    assert text.endswith("\r\n")


def test_numbers_below_zero_stay_numbers(browser, tmp_path):
    summary = made_up_summary()
    summary["failure_modes"][0]["excess"]["lower"] = -1.25
    path = tmp_path / "report.html"
    path.write_text(render(summary), encoding="utf-8")
    browser.open(path)
    browser.run(CATCH)
    rows = rows_of(saved(browser, "#modes .csv")[1])
    assert rows[0]["Errors in excess lower"] == "-1.25"


def test_the_file_lands_on_the_disk(browser, page, tmp_path):
    browser.devtools("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    browser.open(page)
    browser.click("#classes .csv")
    path = tmp_path / "detection-report-classes.csv"
    for _ in range(50):
        if path.exists() and path.stat().st_size > 0:
            break
        time.sleep(0.1)
    assert path.read_text().startswith("Class,AP,AP lower,AP upper,AP50,")
    assert browser.console() == []


def test_a_frame_that_may_save_nothing_does_nothing(browser, tmp_path):
    html = ReportFrame(render(made_up_summary()))._repr_html_()
    path = tmp_path / "notebook.html"
    path.write_text("<!doctype html><meta charset=utf-8>" + html.replace(" allow-downloads", ""))
    browser.devtools("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    browser.open(path)
    time.sleep(0.5)
    with browser.inside("iframe"):
        browser.run("document.querySelector('#classes .csv').click()")
    time.sleep(0.3)
    complaints = [
        message for message in browser.console() if "Uncaught" in message or "Content Security" in message
    ]
    assert complaints == []
    with browser.inside("iframe"):
        assert browser.count("main section") > 3


def test_a_frame_copies_what_it_may_not_save(browser, tmp_path, page):
    html = ReportFrame(page.read_text(encoding="utf-8"))._repr_html_().replace(" allow-downloads", "")
    path = tmp_path / "notebook.html"
    path.write_text("<!doctype html><meta charset=utf-8><textarea></textarea>" + html, encoding="utf-8")
    browser.open(path)
    time.sleep(0.5)
    with browser.inside("iframe"):
        assert browser.count("main button.csv") == 2 * browser.count("main table")
        browser.run("document.querySelector('#classes .csv + .csv').focus()")
        browser.press("Enter")
        assert browser.text("#classes .csv + .csv") == "Copied"
        rows = browser.count("#classes tbody tr")
    browser.click("textarea")
    browser.devtools("Input.dispatchKeyEvent", type="keyDown", commands=["paste"], key="v", modifiers=2)
    pasted = rows_of(browser.run("return document.querySelector('textarea').value"))
    assert len(pasted) == rows > 0
    assert set(pasted[0]) >= {"Class", "AP", "AP lower"}
