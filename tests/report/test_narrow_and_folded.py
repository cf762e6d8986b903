"""Narrow screens, folded cards, and paper."""

import pytest

from tests.report.made_up import made_up_summary
from tests.report.test_in_browser import opened

OPEN = "return [...document.querySelectorAll('.mode > .explained')].map((node) => node.open)"


@pytest.fixture
def narrow(browser, tmp_path):
    browser.look(width=400, height=800)
    opened(browser, tmp_path, made_up_summary())
    yield browser
    browser.look()


def test_links_of_a_narrow_bar_are_as_wide_as_their_words(narrow):
    links = narrow.run(
        "return [...document.querySelectorAll('nav a')].map((a) => [a.offsetWidth, a.scrollWidth])"
    )
    assert len(links) > 5
    assert all(shown >= words for shown, words in links)


def test_what_is_hidden_stays_hidden_on_a_narrow_screen(narrow):
    hidden = "return [...document.querySelectorAll('[hidden]')].map((node) => node.offsetHeight)"
    heights = narrow.run(hidden)
    assert heights
    assert set(heights) == {0}


def test_what_is_touched_is_high_enough(narrow):
    heights = narrow.run(
        "return [...document.querySelectorAll('nav a, .csv, .more:not([hidden]), summary')]"
        ".filter((node) => node.offsetParent !== null).map((node) => node.offsetHeight)"
    )
    assert len(heights) > 10
    assert min(heights) >= 28


def test_why_and_what_to_do_are_open_in_the_first_cards_and_told_in_a_line_in_the_others(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary())
    assert browser.run(OPEN) == [True] * 3 + [False] * 5
    assert browser.run("return document.querySelector('#mode-1 .gist').offsetHeight") == 0
    told = browser.run("return document.querySelector('#mode-4 .gist').innerText")
    mode = made_up_summary()["failure_modes"][3]
    assert mode["interventions"][0]["title"] in told


def test_paper_has_everything_and_the_screen_is_as_before(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary())
    before = browser.run(OPEN)
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.count("details:not([open])") == 0
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    assert browser.run(OPEN) == before


def test_tinted_cells_are_as_high_as_their_row_where_fingers_need_room(narrow):
    heights = narrow.run(
        "return [...document.querySelectorAll('td.heat > button')].map((node) =>"
        " [node.offsetHeight, node.parentElement.clientHeight])"
    )
    assert heights
    assert all(button == cell for button, cell in heights)


def test_on_paper_short_tables_and_heatmaps_are_not_broken_and_heads_are_words(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary(labels=[f"class {number}" for number in range(14)]))
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    browser.devtools("Emulation.setEmulatedMedia", media="print")
    style = "return [...document.querySelectorAll('{}')].map((node) => getComputedStyle(node)['{}'])"
    try:
        tables = browser.run(
            "return [...document.querySelectorAll('table.data')].map((node) =>"
            " [node.tBodies[0].rows.length < 13, getComputedStyle(node).breakInside === 'avoid'])"
        )
        heads = browser.run(style.format(".data thead button", "display"))
        maps = browser.run(style.format("figure.heat", "display"))
    finally:
        browser.devtools("Emulation.setEmulatedMedia", media="")
        browser.look()
    assert {short for short, _ in tables} == {True, False}
    assert all(short == kept for short, kept in tables)
    assert set(heads) == {"contents"}
    assert set(maps) == {"inline-block"}
