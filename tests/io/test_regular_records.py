"""The quick way through a file makes the columns of the slow way, or leaves the file to it."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.io.coco_columns import record_columns
from cvfail.io.coco_fields import ANNOTATIONS, CATEGORIES, IMAGES, RESULTS
from cvfail.io.coco_records import decoded
from cvfail.io.mapped_text import MappedText
from cvfail.io.regular_records import regular_columns
from tests.io.coco_files import pairs_of_files

RECORD = '{"image_id": 1, "category_id": 3, "bbox": [1, 2, 30.5, 4e0], "score": 0.9876543283462524%s}'


def quick(text, section, **options):
    return regular_columns(msgspec.Raw(text.encode()), section, least=0, **options)


def slow(text, section):
    values = decoded(msgspec.Raw(text.encode()), section)
    assert values is not None
    columns, clashes = record_columns(values, section, label="file")
    assert not clashes
    return columns


def assert_same(columns, expected):
    assert [(c.name, c.dtype) for c in columns] == [(c.name, c.dtype) for c in expected]
    for column, other in zip(columns, expected, strict=True):
        assert column.equals(other, null_equal=True)


@settings(max_examples=200, deadline=None)
@given(
    pairs_of_files(),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
    st.integers(1, 3),
    st.integers(1, 400),
)
def test_what_is_read_quickly_is_what_is_read_slowly(files, indent, ascii_only, threads, part_bytes):
    truth, results = files
    sections = [(RESULTS, results), *((s, truth[s.name]) for s in (IMAGES, CATEGORIES, ANNOTATIONS))]
    for section, records in sections:
        text = json.dumps(records, indent=indent, ensure_ascii=ascii_only)
        columns = quick(text, section, threads=threads, part_bytes=part_bytes)
        if columns is not None:
            assert_same(columns, slow(text, section))


@pytest.mark.parametrize("part_bytes", [1, 7, 64, 150, 10_000])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "extra",
    [
        "",
        ', "pose": "left"',
        ', "pose": "},{"',
        ', "segmentation": [{"a": [1, {"b": "},{"}]}, {"image_id": 5}]',
        ', "attributes": {"occluded": true, "blur": 2}',
        ', "attributes": {}, "track": 12345678901',
        ', "depth": 1.5e-3, "name": "žluťoučký 🐎"',
        ', "area": 3, "iscrowd": 0, "width": 5',
    ],
)
def test_regular_records_are_read_quickly_however_they_are_cut(part_bytes, threads, extra):
    text = "[" + " ,\n ".join(RECORD % (extra if n % 3 else "") for n in range(20)) + "]\n"
    columns = quick(text, RESULTS, threads=threads, part_bytes=part_bytes)
    assert columns is not None
    assert_same(columns, slow(text, RESULTS))


def test_attributes_that_come_late_are_null_before():
    rows = [RECORD % "" for _ in range(30)] + [RECORD % ', "late": 7', RECORD % ', "later": "x", "late": 1.5']
    text = "[" + ",".join(rows) + "]"
    columns = quick(text, RESULTS, threads=2, part_bytes=300)
    assert_same(columns, slow(text, RESULTS))
    assert [c.name for c in columns][-2:] == ["late", "later"]


@pytest.mark.parametrize("part_bytes", [20, 10_000])
@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        "[1]",
        "[" + RECORD % "",
        "[" + RECORD % "" + ",]",
        "[" + RECORD % "" + "]]",
        "[" + RECORD % "" + "] x",
        "[" + (RECORD % "")[:-1] + ",}]",
        "[" + RECORD % ', "score": 0.5' + "]",
        "[" + RECORD % ', "pose": "a\\u0062"' + "]",
        "[" + RECORD % ', "pose": "a", "pose": "b"' + "]",
        "[" + RECORD % ', "big": 123456789012345678901234567890' + "]",
        "[" + RECORD % ', "x": NaN' + "]",
        "[" + RECORD % ', "attributes": {"score": 1}' + "]",
        "[" + RECORD % ', "attributes": {"pose": 1}, "pose": 2' + "]",
        "[" + RECORD % "" + "," + (RECORD % "").replace('"image_id": 1', '"image_id": "1"') + "]",
        "[" + (RECORD % "").replace("1,", "1.5,", 1) + "]",
        "[" + (RECORD % "").replace("[1, 2, 30.5, 4e0]", "[1, 2, 30.5]") + "]",
        "[" + (RECORD % "").replace("[1, 2, 30.5, 4e0]", "[1, 2, 30.5, 4, 5]") + "]",
        "[" + (RECORD % "").replace("[1, 2, 30.5, 4e0]", "null") + "]",
        "[" + (RECORD % "").replace("0.9876543283462524", '"0.5"') + "]",
        "[" + (RECORD % "").replace("0.9876543283462524", "1e999") + "]",
        "[" + RECORD % ', "mixed": 1' + "," + RECORD % ', "mixed": "a"' + "]",
    ],
)
def test_what_is_odd_is_left_to_the_slow_way(text, part_bytes):
    assert quick(text, RESULTS, threads=2, part_bytes=part_bytes) is None


def test_bytes_that_are_no_text_are_left_to_the_slow_way():
    content = b"[" + (RECORD % ', "pose": "').encode()[:-1] + b'\xff\xfe"}]'
    assert regular_columns(msgspec.Raw(content), RESULTS, least=0) is None


def test_a_file_is_read_where_it_lies(tmp_path):
    path = tmp_path / "results.json"
    text = " \n [" + ",".join(RECORD % "" for _ in range(500)) + "]  \n"
    path.write_text(text)
    columns = regular_columns(MappedText(path), RESULTS, least=0, part_bytes=5000)
    assert_same(columns, slow(text, RESULTS))
