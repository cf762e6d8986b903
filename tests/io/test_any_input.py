"""Whatever is in a file or a table, the answer is a dataset or an error of ours."""

import contextlib
import copy
import json
import warnings

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cvfail.errors import CvfailError
from cvfail.io.coco import read_coco
from cvfail.io.frames import from_frames
from cvfail.io.labels import from_labels
from cvfail.tables.dataset import Dataset
from cvfail.tables.suspicions import InputWarning
from tests.io.coco_files import RESULTS, TRUTH

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
RELAXED = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)


def assert_dataset_or_own_error(read):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        with contextlib.suppress(CvfailError):
            assert isinstance(read(), Dataset)


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


PLACES = [(0, path) for path in places(TRUTH)] + [(1, path) for path in places(RESULTS)]


@RELAXED
@given(st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), min_size=1, max_size=2), st.booleans())
@example([((1, (0, "bbox")), [1, 2, 3, 10**400])], True)
@example([((0, ("annotations", 0, "area")), 10**400)], False)
def test_any_value_anywhere_in_coco_files(tmp_path, changes, drop):
    documents = [TRUTH, RESULTS]
    for (which, path), new in changes:
        if path in set(places(documents[which])):
            documents[which] = replaced(documents[which], path, new)
    options = {"on_invalid": "drop" if drop else "raise"}
    assert_dataset_or_own_error(lambda: read_coco(*documents, **options))
    paths = [tmp_path / "truth.json", tmp_path / "results.json"]
    for path, document in zip(paths, documents, strict=True):
        path.write_text(json.dumps(document))
    assert_dataset_or_own_error(lambda: read_coco(*paths, **options))


@RELAXED
@given(st.integers(0, len(json.dumps(TRUTH)) - 1), st.binary(max_size=2))
def test_any_bytes_anywhere_in_a_coco_file(tmp_path, position, new):
    content = json.dumps(TRUTH).encode()
    path = tmp_path / "truth.json"
    path.write_bytes(content[:position] + new + content[position + 1 :])
    assert_dataset_or_own_error(lambda: read_coco(path, RESULTS))


COLUMNS = st.one_of(
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=2),
    st.lists(st.none() | st.floats(), min_size=2, max_size=2),
    st.lists(st.none() | st.text(max_size=2), min_size=2, max_size=2),
    st.lists(st.none() | st.booleans(), min_size=2, max_size=2),
    st.lists(st.lists(st.floats(), max_size=5), min_size=2, max_size=2),
    st.lists(st.binary(max_size=2), min_size=2, max_size=2),
    st.lists(st.datetimes(), min_size=2, max_size=2),
    st.lists(st.decimals(-9, 9, places=2), min_size=2, max_size=2),
)
NAMES = ("image_id", "category_id", "x", "y", "width", "height", "score", "area", "is_crowd", "bbox", "size")


@RELAXED
@given(
    st.dictionaries(st.sampled_from(NAMES), COLUMNS),
    st.dictionaries(st.sampled_from(NAMES), COLUMNS),
    st.sampled_from(["xywh", "xyxy", "cxcywh"]),
    st.booleans(),
)
@pytest.mark.parametrize("normalised", [False, True])
def test_any_columns_in_frames(normalised, truth, found, box_format, drop):
    base = {name: [1, 2] for name in ("image_id", "category_id")} | {"bbox": [[0.0, 0, 1, 1]] * 2}
    assert_dataset_or_own_error(
        lambda: from_frames(
            ground_truth=pl.DataFrame(base | truth, strict=False),
            predictions=pl.DataFrame(base | {"score": [0.5, 0.5]} | found, strict=False),
            images={"image_id": [1, 2], "width": [9, 9], "height": [9, 9]},
            box_format=box_format,
            normalised=normalised,
            on_invalid="drop" if drop else "raise",
        )
    )


@RELAXED
@given(COLUMNS, st.none() | COLUMNS, st.none() | COLUMNS, st.none() | ANYTHING, st.booleans())
def test_any_columns_as_labels(true, predicted, scores, probabilities, drop):
    assert_dataset_or_own_error(
        lambda: from_labels(
            true,
            predicted,
            scores=scores,
            probabilities=probabilities,
            on_invalid="drop" if drop else "raise",
        )
    )
