"""COCO files as Python objects: a small pair by hand, and random ones."""

import copy
import json
from pathlib import Path

from hypothesis import strategies as st

TRUTH = {
    "images": [
        {"id": 1, "file_name": "a.jpg", "width": 100, "height": 80, "time_of_day": "night"},
        {"id": 2, "file_name": "b.jpg", "width": 100, "height": 80},
        {"id": 3, "file_name": "c.jpg", "width": 100, "height": 80},
    ],
    "annotations": [
        {"id": 0, "image_id": 1, "category_id": 3, "bbox": [1, 2, 30.5, 4], "area": 60, "iscrowd": 0},
        {"id": 5, "image_id": 2, "category_id": 7, "bbox": [0, 0, 0, 0], "area": 0.5, "iscrowd": 1},
        {"id": 9, "image_id": 2, "category_id": 3, "bbox": [5, 5, 5, 5], "area": 25, "iscrowd": 0},
    ],
    "categories": [
        {"id": 3, "name": "cat", "supercategory": "animal"},
        {"id": 7, "name": "dog", "supercategory": "animal"},
    ],
}

RESULTS = [
    {"image_id": 2, "category_id": 3, "bbox": [5, 5, 5, 4.5], "score": 0.75},
    {"image_id": 1, "category_id": 3, "bbox": [1, 2, 30, 4], "score": 1},
]


def truth(**changes):
    """The ground truth with sections replaced."""
    return copy.deepcopy(TRUTH) | changes


def annotations(number, **fields):
    """The ground truth with fields of one annotation changed; None removes a field."""
    changed = truth()
    changed["annotations"][number] = _changed(changed["annotations"][number], fields)
    return changed


def results(number, **fields):
    """The results with fields of one record changed; None removes a field."""
    changed = copy.deepcopy(RESULTS)
    changed[number] = _changed(changed[number], fields)
    return changed


def _changed(record, fields):
    return {key: value for key, value in (record | fields).items() if value is not None}


def saved(folder: Path, name: str, value) -> Path:
    """A value as a JSON file."""
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


_lengths = st.floats(0, 500, allow_nan=False) | st.integers(0, 500)
_boxes = st.tuples(_lengths, _lengths, _lengths, _lengths).map(list)
_scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1, 1) | st.text(max_size=3)


@st.composite
def pairs_of_files(draw):
    """Ground truth and results that fit together, with ids of either type and odd attributes."""
    ids = draw(st.sampled_from([st.integers(-5, 2**40), st.text(min_size=1, max_size=4)]))
    images = draw(st.lists(ids, unique=True, max_size=4))
    classes = draw(st.lists(ids, unique=True, max_size=3))
    some = st.sampled_from
    records = 5 if images and classes else 0
    annotation = st.fixed_dictionaries(
        {"image_id": some(images or [0]), "category_id": some(classes or [0]), "bbox": _boxes},
        optional={"iscrowd": some([0, 1]), "area": _lengths, "pose": _scalars, "attributes": _attributes()},
    )
    result = st.fixed_dictionaries(
        {
            "image_id": some(images or [0]),
            "category_id": some(classes or [0]),
            "bbox": _boxes,
            "score": st.floats(0, 1),
        },
        optional={"model": _scalars},
    )
    ground_truth = {
        "images": [{"id": i, "file_name": f"{i}.jpg"} for i in images],
        "annotations": draw(st.lists(annotation, max_size=records)),
        "categories": [{"id": c, "name": f"class {c}"} for c in classes],
    }
    return ground_truth, draw(st.lists(result, max_size=records))


def _attributes():
    return st.fixed_dictionaries({}, optional={"blur": st.integers(0, 2), "occluded": st.booleans()})
