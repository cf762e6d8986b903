"""The served page in Chromium: it opens, filters, pages and shows pictures, and malicious names do nothing."""

import time
import urllib.parse
from dataclasses import replace

import polars as pl
import pytest

from cvfail.evaluation import evaluate
from tests.report.conftest import planted, small_detection

SHOWN = "dialog[open] .cards figure"
MALICIOUS = "<script>document.title='attacked'</script>"


def waited(browser, script, *, seconds=20):
    """What a script says as soon as it is true."""
    end = time.monotonic() + seconds
    while not (found := browser.run(script)):
        assert time.monotonic() < end, f"never: {script}"
        time.sleep(0.05)
    return found


def ran(browser, sql):
    browser.run("document.querySelector('textarea.sql').value = arguments[0]", sql)
    browser.click("#explore .action.main")
    waited(
        browser, "return / in \\d|Error|Hint/.test(document.querySelector('#explore .status').textContent)"
    )


def cells(browser):
    rows = "[...document.querySelectorAll('.rows tbody tr')]"
    return browser.run(f"return {rows}.map((row) => [...row.cells].map((cell) => cell.textContent))")


@pytest.fixture
def page(browser, server):
    browser.visit(server.url)
    return browser


def test_it_opens_without_an_error_and_asks_its_server_only(page, server):
    assert page.text("h1") == "Served"
    assert page.count("#explore") == 1
    assert page.count(".matrix td[role=gridcell]") == 16
    own = f"http://127.0.0.1:{server.server_port}/"
    assert all(address.startswith(own) for address in page.requests())
    errors = [line for line in page.console() if "404" not in line]
    assert errors == [], "but for pictures that are missing or broken"


@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits_the_window(browser, server, width):
    browser.look(width=width)
    browser.visit(server.url)
    ran(browser, "SELECT * FROM predictions")
    assert browser.run("return document.documentElement.scrollWidth") == width


def test_a_filter_shows_the_rows_of_the_api(page, evaluation):
    page.run("document.querySelector('input.where').value = \"score > 0.6 AND time_of_day = 'night'\"")
    page.click(".where-form button")
    waited(page, "return document.querySelector('.rows tbody tr') !== null")
    rows = evaluation.sql(
        "SELECT prediction_id FROM false_positives JOIN images USING (image_id) "
        "WHERE score > 0.6 AND time_of_day = 'night'"
    )
    shown = sorted(int(row[0]) for row in cells(page))
    assert shown == sorted(rows["prediction_id"].to_list())[:50]
    assert len(shown) == rows.height > 0
    assert "WHERE score > 0.6" in page.run("return document.querySelector('textarea.sql').value")


def test_an_answer_is_paged_by_keyboard_and_kept_in_the_address(page, server):
    sql = "SELECT range AS n FROM range(120)"
    ran(page, sql)
    assert page.text(".answer .pager span") == "1 – 50 of 120"
    page.run("document.querySelector('.answer .next').focus()")
    page.press("Enter")
    waited(page, "return document.querySelector('.answer .pager span').textContent === '51 – 100 of 120'")
    page.press("Right")
    waited(page, "return document.querySelector('.answer .pager span').textContent === '101 – 120 of 120'")
    assert [row[0] for row in cells(page)] == [str(n) for n in range(100, 120)]
    page.press("Left")
    waited(page, "return document.querySelector('.answer .pager span').textContent === '51 – 100 of 120'")
    assert urllib.parse.unquote(page.run("return location.hash")) == f"#sql={sql}"
    page.blank()
    page.visit(f"{server.url}#sql={urllib.parse.quote(sql)}")
    waited(page, "return document.querySelectorAll('.rows tbody tr').length === 50")


def test_what_is_refused_is_said_as_text(page):
    ran(page, "SELECT '<img src=x onerror=alert(1)>' FROM nothing")
    assert "nothing" in page.text("#explore .status.problem")
    assert page.count("#explore img") == 0


def test_rows_are_shown_as_a_gallery_with_pictures_of_the_server(page, server, evaluation):
    ran(page, "SELECT prediction_index FROM predictions WHERE score > 0.5 ORDER BY 1")
    total = evaluation.sql("SELECT count(*) AS n FROM predictions WHERE score > 0.5").item()
    page.click("#explore .action:not(.main):not([type=submit])")
    waited(page, f"return document.querySelectorAll('{SHOWN}').length === 24")
    assert page.text("dialog .pager span") == f"1 – 24 of {total}"
    sources = page.run(
        "return [...document.querySelectorAll('dialog svg image')].map((node) => node.href.baseVal)"
    )
    assert sources
    assert all(source.startswith("picture/") for source in sources)
    page.requests()
    page.click("dialog .pager .next")
    waited(page, f"return document.querySelector('dialog .pager span').textContent === '25 – 48 of {total}'")
    waited(page, "return document.activeElement.classList.contains('next')")
    assert any("/picture/" in address for address in page.requests())


def test_all_rows_behind_a_cell_are_paged(page, evaluation):
    page.click(".matrix td[data-row='0'][data-column='0']")
    count = evaluation.confusion_matrix().counts[0, 0]
    assert page.text("dialog .extra .action") == f"Page through all {count}"
    page.click("dialog .extra .action")
    waited(page, "return document.querySelector('dialog .pager') !== null")
    assert page.text("dialog .pager span").endswith(f"of {count}")
    title = page.text("dialog h2")
    page.click("dialog .close")
    page.click(".matrix td[data-row='0'][data-column='0']")
    assert page.text("dialog h2") == title
    assert page.count(SHOWN) <= 12


@pytest.fixture
def planted_page(browser):
    """A page whose failure modes have causes and whose labels have suspects."""
    from cvfail.serve.server import serving

    with serving(planted_evaluation(), title="Planted") as server:
        browser.visit(server.url)
        yield browser


def planted_evaluation():
    return evaluate(planted())


@pytest.mark.parametrize("opener", ["#mode-1 .causes button", ".plot"])
def test_all_rows_behind_causes_and_points_of_curves_are_paged(planted_page, opener):
    known = planted_evaluation()
    all_, sure = (known.metrics(score=score).df.row(0, named=True) for score in (0.0, 0.5))
    counts = {".plot": all_["tp"] + all_["fp"] - sure["tp"] - sure["fp"]}
    count = counts.get(opener, len(known.failure_modes().causes().rows(1, "threshold")))
    planted_page.run("document.querySelector(arguments[0]).focus()", opener)
    planted_page.press(*(["End"] if opener == ".plot" else []), "Enter")
    assert planted_page.text("dialog .extra .action") == f"Page through all {count}"
    planted_page.click("dialog .extra .action")
    waited(planted_page, "return document.querySelector('dialog .pager') !== null")
    assert planted_page.text("dialog .pager span") == f"1 – 24 of {count}"
    assert planted_page.count(SHOWN) == 24
    assert planted_page.console() == []


def test_all_suspects_are_paged(browser, evaluation, monkeypatch):
    from cvfail.report import label_suspects
    from cvfail.serve.server import serving

    monkeypatch.setattr(label_suspects, "MOST_SUSPECTS", 2)
    monkeypatch.setattr(label_suspects, "MOST_OF_A_KIND", 2)
    known = evaluation.label_errors().df.filter(kind="spurious")
    with serving(evaluation, title="Suspects") as server:
        browser.visit(server.url)
        browser.run("document.querySelector('#label-suspects input[value=spurious]').click()")
        browser.run("document.querySelector('.suspect-rows tbody button').click()")
        assert browser.text("dialog .extra .action") == f"Page through all {len(known)}"
        browser.click("dialog .extra .action")
        waited(browser, "return document.querySelector('dialog .pager') !== null")
        assert browser.count(SHOWN) == len(known) > 2


def test_malicious_names_do_nothing(browser):
    from cvfail.serve.server import serving

    data = small_detection()
    names = pl.lit(MALICIOUS) + pl.col("category_id").cast(pl.String)
    data = replace(data, categories=data.categories.with_columns(name=names))
    with serving(evaluate(data), title="Malicious") as server:
        browser.visit(server.url)
        ran(browser, "SELECT DISTINCT category FROM predictions")
        assert all(row[0].startswith(MALICIOUS) for row in cells(browser))
        browser.run("document.querySelector('.matrix td.right').click()")
        browser.click("dialog .extra .action")
        waited(browser, "return document.querySelector('dialog .pager') !== null")
        assert browser.run("return document.title") == "Malicious"
        assert browser.console() == []


def test_the_report_in_a_file_has_nothing_of_this(evaluation):
    from cvfail.report.html import render
    from cvfail.report.summary import summarise

    page = render(summarise(evaluation))
    assert "connect-src" not in page
    assert "fetch(" not in page
    assert "X-Cvfail-Token" not in page
