"""``cvfail warmup``: compile ahead, for a container image or before a measurement."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from cvfail.cli.messages import DEFAULT_MESSAGES, Messages

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation


def warmup(*, messages: Messages = DEFAULT_MESSAGES) -> None:
    """Compile all kernels ahead.

    The first evaluation on a machine need not do so then. They are kept in numba's cache: next to the package,
    or where NUMBA_CACHE_DIR says.
    """
    start = perf_counter()
    with messages.step("compiling kernels"):
        _ask_everything(_tiny_evaluation())
    messages.say(f"all kernels are compiled ({perf_counter() - start:.0f} s)")


def _tiny_evaluation() -> Evaluation:
    """Two images with a right, a misplaced, a misnamed and a doubled prediction, and a missed object."""
    from cvfail.evaluation import evaluate
    from cvfail.io.frames import from_frames

    cat, dog, far = [0, 0, 10, 10], [20, 20, 10, 10], [60, 60, 10, 10]
    truth = {"image_id": [1, 1, 2, 2], "category_id": [1, 2, 1, 2], "bbox": [cat, dog, cat, far]}
    found = {
        "image_id": [1, 1, 1, 2],
        "category_id": [1, 1, 1, 1],
        "score": [0.9, 0.8, 0.7, 0.6],
        "bbox": [cat, cat, dog, [4, 0, 10, 10]],
    }
    return evaluate(from_frames(ground_truth=truth, predictions=found, box_format="xywh"))


def _ask_everything(evaluation: Evaluation) -> None:
    evaluation.coco_summary(replicates=2)
    evaluation.voc_average_precision(replicates=2)
    evaluation.confusion_matrix()
    evaluation.error_types()
    evaluation.failure_modes(min_support=1)
    evaluation.curve("score", replicates=2)
    evaluation.curve_area(replicates=2)
    evaluation.operating_points(replicates=2)
    _suspect(evaluation)
    _compare(evaluation)
    _calibrate(evaluation)
    _decompose(evaluation)
    _measure(evaluation)
    _search()
    _choose()
    _scan()


def _suspect(evaluation: Evaluation) -> None:
    """Labels that contradict the model or each other."""
    from cvfail.labels.object_label_quality import object_label_quality
    from cvfail.labels.suspect_rows import suspect_rows

    suspect_rows(evaluation._point(None, None))
    object_label_quality(evaluation.evidence, compat="cleanlab")


def _compare(evaluation: Evaluation) -> None:
    """A model with itself."""
    from cvfail.comparison.comparison import compare

    compare(evaluation.evidence, evaluation.evidence, replicates=2).flips()


def _calibrate(evaluation: Evaluation) -> None:
    """Scores of boxes, and probabilities of two classes."""
    from cvfail.evaluation import evaluate
    from cvfail.io.labels import from_labels

    evaluation.calibration(replicates=2, worlds=2)
    classified = evaluate(from_labels([0, 1], probabilities=[[0.9, 0.1], [0.4, 0.6]]))
    classified.calibration(replicates=2, worlds=2)


def _decompose(evaluation: Evaluation) -> None:
    """What errors are made of, beyond the error types."""
    from cvfail.decomposition.nms import nms_replay
    from cvfail.evidence.operating_point import OperatingPoint

    evaluation.error_types(compat="tidecv")
    nms_replay(OperatingPoint.of(evaluation.evidence))


def _search() -> None:
    """The slices of some rows, in cubes and in bitmaps, with and without costs."""
    import polars as pl

    from cvfail.slices.search import search_slices

    number = pl.int_range(300, eager=True)
    units = pl.DataFrame({"a": number % 2, "b": number % 3, "c": number % 5, "cost": number / 7 + 1})
    units = units.with_columns(error=(pl.col("a") == 0) & (pl.col("b") == 0))
    for weight in (None, "cost"):
        search_slices(units, attributes=["a", "b", "c"], error="error", weight=weight, min_support=1)


def _choose() -> None:
    """One of two slices, and an example of it, as the failure modes and the report do."""
    import numpy as np
    import polars as pl

    from cvfail.report.choosing import choose
    from cvfail.slices.every_slice import ClusteredUnits, each_against_rest

    values, every = pl.DataFrame({"a": [0, 1]}), np.ones(2, np.bool_)
    units = ClusteredUnits.of(values, np.arange(2, dtype=np.int32), min_support=1)
    each_against_rest(units, np.ones(2), [(units.members([0]), every)])
    choose(pl.DataFrame({"image": [0, 1]}), [], 1)


def _scan() -> None:
    """Two records as in a results file, with text that is numbered, read in two parts."""
    import msgspec

    from cvfail.io.coco_fields import RESULTS
    from cvfail.io.regular_records import regular_columns

    record = b'{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 0.5, "model": "a"}'
    regular_columns(
        msgspec.Raw(b"[" + record + b"," + record + b"]"), RESULTS, least=0, part_bytes=len(record)
    )


def _measure(evaluation: Evaluation) -> None:
    """Crowding of the objects, and quality of pixels, which need no picture file."""
    import numpy as np

    from cvfail.attributes.crowding import with_crowding
    from cvfail.attributes.image_quality import Pixels, measured, whole
    from cvfail.kernels.image_quality import luma_of_colours
    from cvfail.tables.arrays import read_only

    with_crowding(evaluation.data)
    colours = read_only(np.zeros((16, 16, 3), np.uint8))
    luma = read_only(luma_of_colours(colours))
    pixels = Pixels(colours, luma, luma)
    measured(pixels, whole(pixels))
