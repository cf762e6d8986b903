import polars as pl

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report import gallery
from cvfail.report.choosing import confusion_units
from cvfail.report.gallery import Gallery


def test_a_row_that_comes_twice_is_one_example(evaluation):
    point = OperatingPoint.of(evaluation.evidence)
    units = confusion_units(point)
    collected = Gallery(point)
    assert collected.add(units.head(4)) == [0, 1, 2, 3]
    assert collected.add(units.slice(2, 4)) == [2, 3, 4, 5]
    assert len(collected.content(None, most_pictures=0).examples) == 6


def test_a_full_gallery_takes_examples_of_the_images_that_it_has_and_no_others(evaluation, monkeypatch):
    monkeypatch.setattr(gallery, "MOST_IMAGES", 3)
    point = OperatingPoint.of(evaluation.evidence)
    units = confusion_units(point)
    collected = Gallery(point)
    collected.add(units)
    content = collected.content(None, most_pictures=0)
    known = units["image"].unique(maintain_order=True).head(3)
    assert len(content.images) == 3
    assert len(content.examples) == units.filter(pl.col("image").is_in(known.implode())).height


def test_places_say_which_rows_were_not_taken_in(evaluation, monkeypatch):
    point = OperatingPoint.of(evaluation.evidence)
    units = confusion_units(point)
    collected = Gallery(point)
    monkeypatch.setattr(gallery, "MOST_IMAGES", 1)
    first = units["image"][0]
    places = collected.places(units)
    assert [place is not None for place in places] == (units["image"] == first).to_list()
    assert [place for place in places if place is not None] == collected.add(units)


def test_a_second_label_makes_another_example(evaluation):
    rows = pl.DataFrame({"prediction_index": [None, None], "ground_truth_index": [0, 0]})
    collected = Gallery(OperatingPoint.of(evaluation.evidence))
    assert collected.places(rows.with_columns(other_index=pl.Series([None, 1]))) == [0, 1]


def test_pictures_go_to_the_first_examples(evaluation, image_folder):
    point = OperatingPoint.of(evaluation.evidence)
    collected = Gallery(point)
    collected.add(confusion_units(point).filter(pl.col("image") > 5))
    content = collected.content(image_folder, most_pictures=6)
    with_picture = [content.images[example["image"]]["picture"] is not None for example in content.examples]
    assert with_picture[0]
    assert with_picture.index(False) > 0
    assert content.picture_report["left_out"] == with_picture.count(False)
