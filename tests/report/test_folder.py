"""The report as a folder: opened from disk, and whole or not there."""

import pytest

from cvfail.errors import PolicyError
from cvfail.report import folder as report_folder
from cvfail.report.folder import write_report_folder

WIDTHS = """
return Promise.all(arguments[0].map((source) => new Promise((then) => {
  const picture = new Image();
  picture.onload = () => then(picture.naturalWidth);
  picture.onerror = () => then(0);
  picture.src = source;
})));
"""


@pytest.fixture(scope="module")
def written(evaluation, image_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("folder") / "a report"
    page = write_report_folder(evaluation, folder, images=image_folder, progress=False)
    assert page == folder / "index.html"
    return folder


def test_it_opens_from_disk_with_its_pictures_and_without_an_error(browser, written):
    browser.open(written / "index.html")
    browser.click(".matrix td.right[data-row='0']")
    sources = browser.run(
        "return [...document.querySelectorAll('dialog[open] .cards image')].map((node) => node.getAttribute('href'))"
    )
    assert sources
    assert {source.partition("/")[0] for source in sources} == {"pictures"}
    widths = browser.run(WIDTHS, sources)
    assert len(widths) == len(sources)
    assert 0 not in widths
    assert browser.console() == []
    assert {address.partition(":")[0] for address in browser.requests()} == {"file"}


def test_every_picture_is_a_file_and_no_other_is_there(written):
    assert {entry.name for entry in written.iterdir()} == {"index.html", "pictures"}
    pictures = sorted((written / "pictures").iterdir())
    assert len(pictures) > 10
    assert [entry.name for entry in pictures] == [
        f"{number:04}.jpg" for number in range(1, len(pictures) + 1)
    ]
    assert all(entry.read_bytes().startswith(b"\xff\xd8") for entry in pictures)
    assert "data:image/jpeg" not in (written / "index.html").read_text()
    assert [entry.name for entry in written.parent.iterdir()] == [written.name]


def test_what_is_no_report_is_not_replaced(evaluation, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(PolicyError, match=r"thesis\.tex"):
        write_report_folder(evaluation, tmp_path)
    with pytest.raises(PolicyError, match="is a file"):
        write_report_folder(evaluation, tmp_path / "thesis.tex")
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_older_report_stays_where_writing_fails_and_goes_where_it_does_not(tmp_path, monkeypatch):
    from tests.report.made_up import made_up_summary

    monkeypatch.setattr(report_folder, "summarise", lambda *_, **__: made_up_summary())
    folder = tmp_path / "report"
    (folder / "pictures").mkdir(parents=True)
    (folder / "index.html").write_text("older")

    def broken(*_, **__):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(report_folder, "render", broken)
        with pytest.raises(OSError, match="disk full"):
            write_report_folder(None, folder)
    assert (folder / "index.html").read_text() == "older"
    write_report_folder(None, folder)
    assert (folder / "index.html").read_text().startswith("<!doctype html>")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report"]
