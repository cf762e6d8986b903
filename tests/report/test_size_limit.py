"""A report that may not be larger than so many megabytes, with made-up pictures of any size."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.errors import PolicyError
from cvfail.report import html
from cvfail.report.html import json_block, render, write_report
from cvfail.report.size_limit import size_in_bytes, within_size
from tests.report.made_up import made_up_summary


def with_pictures(lengths):
    """The made-up summary whose images, in turn, have pictures with addresses of these lengths."""
    summary = copy.deepcopy(made_up_summary())
    images = [*range(len(summary["images"]))][: len(lengths)]
    for position, image in enumerate(images):
        summary["images"][image]["picture"] = position
    summary["pictures"] = [
        {"uri": "data:image/jpeg;base64," + "A" * length, "window": [0.0, 0.0, 1.5, 100.25]}
        for length, _ in zip(lengths, images, strict=False)
    ]
    summary["picture_report"] |= {"asked": True, "made": len(summary["pictures"])}
    return summary


def data_size(summary):
    """What the page's two blocks of data take, which is what pictures add to."""
    data = {key: value for key, value in summary.items() if key != "pictures"}
    return len((json_block(data) + json_block(summary["pictures"])).encode())


@settings(max_examples=30, deadline=None)
@given(lengths=st.lists(st.integers(0, 5000), max_size=12), room=st.integers(0, 40_000))
def test_the_size_holds_and_no_picture_that_fits_is_left_out(lengths, room):
    summary = with_pictures(lengths)
    bare = data_size(with_pictures([]))
    limit = bare + 300 + room
    made = within_size(summary, limit, page_size=data_size)
    assert data_size(made) <= limit
    count = len(made["pictures"])
    assert made["pictures"] == summary["pictures"][:count]
    if count < len(summary["pictures"]):
        assert data_size(made) + len(json_block(summary["pictures"][count])) + 400 + 6 * count > limit
    assert made["picture_report"]["over_size"] == len(summary["pictures"]) - count
    shown = {image["picture"] for image in made["images"]} - {None}
    assert shown == set(range(count))


def test_the_page_says_how_many_pictures_it_left_out():
    summary = with_pictures([50_000] * 3)
    limit = len(render(with_pictures([])).encode()) + 110_000
    made = within_size(summary, limit, page_size=lambda smaller: len(render(smaller).encode()))
    page = render(made)
    assert len(page.encode()) <= limit
    assert len(made["pictures"]) == 2
    assert "2 made" in page
    assert ", 1 left out because the file may not be larger" in page


def test_examples_that_lost_their_picture_are_counted():
    summary = with_pictures([5000] * 3)
    made = within_size(summary, data_size(with_pictures([])) + 400, page_size=data_size)
    lost = sum(example["image"] < 3 for example in summary["examples"])
    assert made["picture_report"]["left_out"] == lost > 0


def test_a_written_report_holds_the_size_or_says_what_is_possible(evaluation, tmp_path, monkeypatch):
    summary = with_pictures([50_000] * 3)
    monkeypatch.setattr(html, "summarise", lambda *_, **__: summary)
    path = tmp_path / "report.html"
    with pytest.raises(PolicyError, match=r"MB without any picture; found a limit of 0\.01 MB"):
        write_report(evaluation, path, max_megabytes=0.01, progress=False)
    assert not path.exists()
    limit = (len(render(summary).encode()) - 1000) / 1e6
    evaluation.report(path, max_megabytes=limit)
    assert limit * 1e6 - 52_000 < path.stat().st_size <= limit * 1e6
    evaluation.report(path, max_megabytes=2 * limit)
    assert path.read_text() == render(summary)


@pytest.mark.parametrize("megabytes", [0, -1, float("nan"), float("inf")])
def test_a_size_is_a_positive_number(megabytes):
    with pytest.raises(PolicyError, match="positive number of megabytes"):
        size_in_bytes(megabytes)
