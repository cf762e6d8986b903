"""The form of a report follows its path, in Python as on the command line."""

import pytest

from cvfail.errors import PolicyError
from cvfail.report import publishing

pytest.importorskip("jinja2")


def test_a_path_without_suffix_is_a_folder_with_its_pictures(evaluation, image_folder, tmp_path):
    page = evaluation.report(tmp_path / "report", images=image_folder, max_thumbnails=5)
    assert page == tmp_path / "report" / "index.html"
    assert 0 < len(list((tmp_path / "report" / "pictures").iterdir())) <= 5


def test_a_file_ending_in_md_is_markdown_without_pictures(evaluation, image_folder, tmp_path):
    page = evaluation.report(tmp_path / "report.MD", images=image_folder, title="Night shift")
    assert page.read_text(encoding="utf-8").startswith("# Night shift\n")
    assert "base64" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["report.html", "report.HTM"])
def test_a_file_ending_in_html_is_one_page(evaluation, tmp_path, name):
    assert evaluation.report(tmp_path / name).read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(("name", "size"), [("thesis.tex", None), ("report", 5), ("report.md", 5)])
def test_what_is_no_form_is_refused_before_anything_is_made(tmp_path, monkeypatch, name, size):
    monkeypatch.setattr(publishing, "summarise", None)
    with pytest.raises(PolicyError, match=r"Hint: report\.html"):
        publishing.publish(None, tmp_path / name, max_megabytes=size)
    assert not list(tmp_path.iterdir())
