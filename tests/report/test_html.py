import base64
import hashlib
import json
import re
import sys
from collections import Counter
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from cvfail.errors import MissingDependencyError
from cvfail.report import html
from cvfail.report.html import json_block, render, write_report
from cvfail.report.packing import pack
from tests.report.made_up import made_up_summary

MALICIOUS_CLASS = "<script>alert(1)</script>"
MALICIOUS_FILE = '"><img src=x onerror=alert(1)>'


class Page(HTMLParser):
    """Elements with their attributes, and the text of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.inside, self._open = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data):
        if self._open in {"script", "style"}:
            self.inside.append((self._open, self.elements[-1][1], data))
            self._open = None

    def content(self, tag, **attributes):
        return [text for name, own, text in self.inside if name == tag and attributes.items() <= own.items()]


def test_scripts_share_one_scope_and_no_name():
    """A function that is declared twice silently replaces the first."""
    folders = [files(room) / "assets" for room in ("cvfail.report", "cvfail.serve")]
    scripts = [path for folder in folders for path in folder.iterdir() if path.name.endswith(".js")]
    text = "\n".join(path.read_text("utf-8") for path in scripts)
    names = re.findall(r"^(?:async )?(?:function|const|let) (\w+)", text, re.MULTILINE)
    assert len(names) > 100
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.fixture(scope="module")
def page():
    return Page(render(made_up_summary()))


def test_the_data_block_is_the_packed_summary(page):
    summary = made_up_summary()
    data = json.loads(page.content("script", id="summary")[0])
    assert data == pack({key: value for key, value in summary.items() if key != "pictures"})


def test_no_string_of_the_data_becomes_markup():
    summary = made_up_summary(
        labels=[MALICIOUS_CLASS, "</title>", "{{ 7 * 7 }}"], file_names=[MALICIOUS_FILE]
    )
    summary["title"] = MALICIOUS_CLASS
    summary["verdict"] = [MALICIOUS_CLASS]
    summary["sources"][0]["origin"] = MALICIOUS_FILE
    summary["caveats"] = ["<!-- <script>"]
    plain, text = Page(render(made_up_summary())), render(summary)
    assert {tag for tag, _ in Page(text).elements} <= {tag for tag, _ in plain.elements}
    assert len(Page(text).content("script")) == 3
    assert MALICIOUS_CLASS not in text
    assert MALICIOUS_FILE not in text
    assert json.loads(Page(text).content("script", id="summary")[0])["labels"][0] == MALICIOUS_CLASS


def test_json_in_a_script_cannot_close_it_and_reads_back():
    value = {"a": "</script><!--<script>", "b": "\u2028 ünïcode 𝄞"}
    text = json_block(value)
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == value


def test_undefined_numbers_are_null_never_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_block({"a": float("nan")})


def test_the_policy_names_exactly_this_style_and_this_script(page):
    policy = next(
        own["content"] for tag, own in page.elements if own.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))

    def digest(text):
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["style-src"] == digest(page.content("style")[0])
    assert rules["script-src"] == digest(page.content("script")[1])
    assert "unsafe" not in policy


def test_nothing_is_fetched_from_anywhere(page):
    assert {tag for tag, own in page.elements if own.get("src")} == set()
    assert {own["href"] for tag, own in page.elements if tag == "link"} == {"data:,"}
    ours = " ".join(page.content("style") + page.content("script")[1:2])
    assert len(ours) > 100_000
    assert set(re.findall(r"\bhttps?://[^\s\"']+", ours)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(
        r"@import|url\(|\bfetch\(|\beval\(|XMLHttpRequest|innerHTML|insertAdjacentHTML", ours
    )


def test_markup_has_no_inline_handlers_or_styles(page):
    names = {name for _, own in page.elements for name in own}
    assert not {name for name in names if name.startswith("on") or name == "style"}


def test_the_same_summary_gives_the_same_text():
    assert render(made_up_summary()) == render(made_up_summary())


def test_a_report_is_written_whole_and_replaces_an_older_one(evaluation, tmp_path):
    path = tmp_path / "new folder" / "report.html"
    assert write_report(evaluation, path, progress=False) == path
    first = path.read_text()
    assert first.startswith("<!doctype html>")
    write_report(evaluation, str(path), title="Again")
    assert "<title>Again</title>" in path.read_text()
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]


def test_nothing_half_written_stays_where_writing_fails(evaluation, tmp_path, monkeypatch):
    def broken(summary):
        raise RuntimeError("no")

    monkeypatch.setattr(html, "render", broken)
    (tmp_path / "report.html").write_text("older")
    with pytest.raises(RuntimeError):
        write_report(evaluation, tmp_path / "report.html")
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("report.html", "older")]


def test_the_size_is_logged_and_a_large_report_is_warned_of(evaluation, tmp_path, monkeypatch, caplog):
    with caplog.at_level("INFO", logger="cvfail"):
        write_report(evaluation, tmp_path / "a.html")
        assert [record.levelname for record in caplog.records] == ["INFO"]
        monkeypatch.setattr(html, "LARGE_FILE", 1000)
        write_report(evaluation, tmp_path / "a.html")
    assert caplog.records[-1].levelname == "WARNING"
    assert "max_thumbnails" in caplog.records[-1].getMessage()


def test_a_missing_template_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'cvfail\[report\]'"):
        render(made_up_summary())


def test_the_report_loads_its_libraries_only_when_it_is_made():
    import subprocess

    code = "import cvfail.report, sys; print([m for m in ('jinja2', 'PIL', 'rich', 'numba') if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"
