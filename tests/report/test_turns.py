"""The first screen at once, the rest in turns: and nobody who goes further down finds something missing."""

import time

import pytest

from cvfail.report.html import Addition, render
from tests.report.made_up import made_up_summary

SEEN = """
  window.seen = {
    modes: document.querySelectorAll("#modes > .modes > .mode").length,
    waiting: document.querySelectorAll("[aria-busy=true]").length,
    cells: document.querySelectorAll(".matrix td[role=gridcell]").length,
    folded: document.querySelectorAll("#modes details .mode").length,
    rows: document.querySelectorAll("#classes tbody tr").length,
  };
"""
OPEN_MODES = 6
DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
NOTHING = {"waiting": 11, "cells": 0, "folded": 0, "rows": 0}
EVERYTHING = {"waiting": 0, "cells": 49, "folded": 2, "rows": 6}


def seen(browser, tmp_path, act, part=""):
    """What stands on the page as its script ends, after an act."""
    path = tmp_path / "report.html"
    page = render(made_up_summary(), Addition(style="", script=act + SEEN))
    path.write_text(page, encoding="utf-8")
    browser.visit(path.as_uri() + part)
    found = browser.run("return window.seen")
    assert found.pop("modes") == OPEN_MODES
    return found


def test_the_first_screen_comes_at_once_and_the_rest_soon_after(browser, tmp_path):
    assert seen(browser, tmp_path, "") == NOTHING
    browser.run(SEEN)
    assert browser.run("return window.seen") == {"modes": OPEN_MODES, **EVERYTHING}
    assert browser.run("return performance.getEntriesByName('drawn').length") == 1
    assert browser.console() == []


@pytest.mark.parametrize(
    "act",
    [
        "window.dispatchEvent(new Event('beforeprint'));",
        "document.querySelector('nav a[href=\"#by-class\"]').click();",
        "document.querySelector('#modes > .table tbody tr:nth-child(8) button').click();",
    ],
    ids=["print", "go to a section", "go to a folded mode"],
)
def test_everything_is_drawn_for_those_who_go_further_down(browser, tmp_path, act):
    assert seen(browser, tmp_path, act) == EVERYTHING
    assert browser.console() == []


def test_everything_is_drawn_where_the_address_names_a_part(browser, tmp_path):
    assert seen(browser, tmp_path, "", "#by-class") == EVERYTHING
    top = "return document.querySelector('#by-class').getBoundingClientRect().top"
    below = "return document.documentElement.scrollHeight - window.scrollY - window.innerHeight"
    assert 0 <= browser.run(top) < 100 or browser.run(below) <= 1


def test_everything_is_drawn_at_once_where_a_page_is_loaded_again(browser, tmp_path):
    assert seen(browser, tmp_path, "") == NOTHING
    browser.run("window.seen = undefined; location.reload()")
    for _ in range(100):
        if browser.run("return window.seen !== undefined && document.readyState === 'complete'"):
            break
        time.sleep(0.05)
    assert browser.run("return window.seen") == {"modes": OPEN_MODES, **EVERYTHING}


def test_the_overview_of_many_classes_is_painted_before_it_is_printed(browser, tmp_path):
    painted = """
      window.dispatchEvent(new Event("beforeprint"));
      const { width, height } = document.querySelector(".overview canvas");
      const pen = document.querySelector(".overview canvas").getContext("2d");
      window.painted = pen.getImageData(0, 0, width, height).data.some((value) => value > 0);
    """
    summary = made_up_summary(labels=[f"class {number}" for number in range(61)])
    path = tmp_path / "report.html"
    path.write_text(render(summary, Addition(style="", script=painted)), encoding="utf-8")
    browser.open(path)
    assert browser.run("return window.painted") is True


def test_pictures_follow_the_script_and_are_shown_when_they_are_read(browser, tmp_path):
    frames = "[...document.querySelectorAll('#modes .strip image')].map((node) => node.getAttribute('href'))"
    path = tmp_path / "report.html"
    summary = made_up_summary()
    summary["pictures"] = [{"uri": DOT, "window": [0.0, 0.0, 640.0, 480.0]}]
    for image in summary["images"]:
        image["picture"] = 0
    page = render(summary, Addition(style="", script=f"window.early = {frames};"))
    path.write_text(page, encoding="utf-8")
    assert page.index('id="summary"') < page.index("<script>") < page.index('id="pictures"')
    browser.open(path)
    early, late = browser.run("return window.early"), browser.run(f"return {frames}")
    assert set(early) == {None}
    assert len(late) >= len(early) > 0
    assert set(late) == {DOT}
