"""Sections that are made at the same time come to what they come to one after the other."""

import json

import polars as pl
import pytest

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.choosing import confusion_units
from cvfail.report.gallery import Gallery
from cvfail.report.sections import Section, SetAside, make_sections
from cvfail.report.summary import summarise


@pytest.mark.parametrize("task", ["planted_evaluation", "classification"])
def test_the_summary_does_not_depend_on_the_number_of_threads(task, request):
    evaluation = request.getfixturevalue(task)
    one, two = (json.dumps(summarise(evaluation, threads=threads), sort_keys=True) for threads in (1, 2))
    assert one == two


def test_examples_that_were_set_aside_have_the_places_that_the_gallery_gives(evaluation):
    point = OperatingPoint.of(evaluation.evidence)
    units = confusion_units(point)
    groups = [units.head(4), units.slice(2, 4), units.clear(), units.tail(3)]
    gallery, aside = Gallery(point), SetAside()
    later = [aside.add(rows) for rows in groups]
    assert later == [[], [], [], []]
    aside.enter(Gallery(point))
    assert later == [gallery.add(rows) for rows in groups]


def test_examples_are_taken_in_once(evaluation):
    aside, gallery = SetAside(), Gallery(OperatingPoint.of(evaluation.evidence))
    places = aside.add(pl.DataFrame({"prediction_index": [0], "ground_truth_index": [None]}))
    aside.enter(gallery)
    aside.enter(gallery)
    assert places == [0]


def test_sections_may_fail(evaluation):
    def broken(_):
        raise ValueError("nothing to divide")

    with pytest.raises(ValueError, match="nothing to divide"):
        make_sections([Section("one", broken), Section("two", lambda _: 2)], lambda _: None, threads=2)


@pytest.mark.parametrize("threads", [1, 2, None])
def test_every_section_is_announced_and_made(threads):
    begun = []
    sections = [Section(str(number), lambda _, made=number: made) for number in range(5)]
    make_sections(sections, begun.append, threads=threads)
    assert [section.made for section in sections] == [0, 1, 2, 3, 4]
    assert sorted(begun) == ["0", "1", "2", "3", "4"]
