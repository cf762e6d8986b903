"""The report inside a notebook: in a sandboxed frame, where it works like the file."""

import time

import pytest

from cvfail.errors import PolicyError
from cvfail.report.frame import ReportFrame

pytest.importorskip("jinja2")


def test_the_page_is_an_attribute_of_the_frame_and_nothing_of_it_leaks():
    page = '<p title="a">it\'s & <script>1</script></p>'
    html = ReportFrame(page, height=400)._repr_html_()
    assert html.count("<") == 2
    assert 'sandbox="allow-scripts allow-downloads"' in html
    assert "height:400px" in html
    from html.parser import HTMLParser

    found = {}
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.update(dict(attributes))
    parser.feed(html)
    assert found["srcdoc"] == page


def test_a_frame_has_a_height():
    with pytest.raises(PolicyError, match="height is a positive number"):
        ReportFrame("", height=0)


def test_the_frame_can_be_written_as_the_file(evaluation, tmp_path):
    frame = evaluation.show(title="Night shift")
    assert frame.write(tmp_path / "report.html").read_text() == frame.page
    assert "<title>Night shift" in frame.page


def test_a_baseline_is_compared_in_the_frame_too(evaluation):
    assert 'id="comparison"' in evaluation.show(baseline=evaluation).page
    assert 'id="comparison"' not in evaluation.show().page


def test_the_report_runs_in_its_frame_without_a_complaint(evaluation, browser, tmp_path):
    page = tmp_path / "notebook.html"
    html = evaluation.show(height=700)._repr_html_()
    page.write_text(f"<!doctype html><meta charset=utf-8><body style='background:#111'>{html}</body>")
    browser.open(page)
    time.sleep(0.5)
    assert browser.console() == []
    assert {address.split(":")[0] for address in browser.requests()} <= {"file", "about"}
    with browser.inside("iframe"):
        assert browser.count("main section") > 3
        assert browser.count("table td") > 3
        place = browser.run("return scrollY")
        browser.click("a[href='#method']")
        time.sleep(0.3)
        assert browser.count("main section") > 3, "a link to a section stays in the report"
        assert browser.run("return scrollY") > place
    assert browser.console() == []
