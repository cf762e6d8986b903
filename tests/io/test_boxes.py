import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.errors import PolicyError, SchemaError
from cvfail.io.frames import from_frames

IMAGES = pl.DataFrame({"image_id": [1, 2], "width": [200, 100], "height": [100, 50]})
NO_PREDICTIONS = pl.DataFrame()


def truth(boxes, names):
    ids = {"image_id": [1 + n % 2 for n in range(len(boxes))], "category_id": [1] * len(boxes)}
    return pl.DataFrame(ids | {name: [float(box[i]) for box in boxes] for i, name in enumerate(names)})


def boxes_of(table, box_format, **options):
    data = from_frames(
        ground_truth=table, predictions=NO_PREDICTIONS, images=IMAGES, box_format=box_format, **options
    )
    return data.ground_truth.select("x", "y", "width", "height").rows()


def test_corners_become_widths_by_subtraction():
    assert boxes_of(truth([(0.1, 2, 0.3, 7)], ("x1", "y1", "x2", "y2")), "xyxy") == [
        (0.1, 2.0, 0.3 - 0.1, 5.0)
    ]


def test_centres_become_left_and_top():
    assert boxes_of(truth([(5, 6, 4, 2)], ("cx", "cy", "width", "height")), "cxcywh") == [
        (3.0, 5.0, 4.0, 2.0)
    ]


@pytest.mark.filterwarnings("ignore::cvfail.tables.suspicions.InputWarning")  # some do look like corners
@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(*[st.integers(0, 1000)] * 4), min_size=1, max_size=5))
def test_whole_numbers_come_back_exactly_from_every_format(boxes):
    expected = [tuple(map(float, box)) for box in boxes]
    corners = [(x, y, x + w, y + h) for x, y, w, h in boxes]
    centres = [(x + w / 2, y + h / 2, w, h) for x, y, w, h in boxes]
    options = {"images": IMAGES}
    for rows, names, box_format in (
        (boxes, ("x", "y", "width", "height"), "xywh"),
        (corners, ("x1", "y1", "x2", "y2"), "xyxy"),
        (centres, ("cx", "cy", "width", "height"), "cxcywh"),
    ):
        data = from_frames(
            ground_truth=truth(rows, names), predictions=NO_PREDICTIONS, box_format=box_format, **options
        )
        assert data.ground_truth.select("x", "y", "width", "height").rows() == expected


def test_box_columns_are_mapped_by_the_names_of_their_format():
    table = truth([(1, 2, 3, 5)], ("xmin", "ymin", "xmax", "ymax"))
    columns = {"x1": "xmin", "y1": "ymin", "x2": "xmax", "y2": "ymax"}
    assert boxes_of(table, "xyxy", columns=columns) == [(1.0, 2.0, 2.0, 3.0)]


def test_normalised_boxes_are_scaled_by_the_size_of_their_image():
    table = truth([(0.25, 0.5, 0.75, 1)] * 2, ("x1", "y1", "x2", "y2"))
    assert boxes_of(table, "xyxy", normalised=True) == [(50.0, 50.0, 100.0, 50.0), (25.0, 25.0, 50.0, 25.0)]


def test_normalised_boxes_without_image_sizes_are_refused():
    table = truth([(0.25, 0.5, 0.75, 1)] * 2, ("x", "y", "width", "height"))
    for images in (None, IMAGES.select("image_id"), IMAGES.with_columns(width=pl.lit(None))):
        with pytest.raises(
            SchemaError, match="normalised boxes need the width and the height of their image"
        ):
            from_frames(
                ground_truth=table,
                predictions=NO_PREDICTIONS,
                images=images,
                box_format="xywh",
                normalised=True,
            )


def test_a_normalised_box_in_an_unknown_image_is_told_as_such():
    table = truth([(0.1, 0.1, 0.1, 0.1)], ("x", "y", "width", "height")).with_columns(image_id=pl.lit(9))
    with pytest.raises(SchemaError) as caught:
        boxes_of(table, "xywh", normalised=True)
    assert [p.rule for p in caught.value.problems] == ["image_id must be the id of one of the images"]


def test_a_corner_left_of_the_other_is_a_negative_width():
    with pytest.raises(SchemaError, match="x2 must not be negative"):
        boxes_of(truth([(5, 5, 3, 9)], ("x1", "y1", "x2", "y2")), "xyxy")


def test_missing_box_columns_are_told_by_the_names_of_the_format():
    with pytest.raises(SchemaError) as caught:
        boxes_of(truth([(5, 5)], ("x1", "y1")), "xyxy")
    assert [p.field for p in caught.value.problems] == ["x2", "y2"]


def test_lists_of_another_length_are_told_and_can_be_dropped():
    table = pl.DataFrame(
        {"image_id": [1, 2, 1], "category_id": [1, 1, 1], "bbox": [[1.0, 2, 3, 4], [1.0], None]}
    )
    with pytest.raises(SchemaError, match="bbox must be a list of 4 numbers; 2 of 3 records") as caught:
        boxes_of(table, "xywh")
    assert caught.value.rows["found"].to_list() == ["[1.0]", "null"]
    assert boxes_of(table, "xywh", on_invalid="drop") == [(1.0, 2.0, 3.0, 4.0)]


def test_a_bbox_column_that_holds_no_lists_of_numbers_is_told_once():
    table = pl.DataFrame({"image_id": [1], "category_id": [1], "bbox": ["1,2,3,4"]})
    with pytest.raises(SchemaError) as caught:
        boxes_of(table, "xywh")
    assert [p.rule for p in caught.value.problems] == ["bbox must be a list of 4 numbers"]


def test_an_unknown_format_is_refused():
    with pytest.raises(PolicyError, match="say one of 'xywh', 'xyxy', 'cxcywh'"):
        boxes_of(truth([], ("x", "y", "width", "height")), "yolo")
