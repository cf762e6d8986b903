"""Attributes of the image files of a folder: facts and quality, of whole pictures and of the objects in them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.attributes.file_facts import FACTS
from cvfail.attributes.finished_parts import KEYS, PART_SCHEMA, FinishedParts, unfinished
from cvfail.attributes.image_quality import QUALITY_COLUMNS
from cvfail.attributes.joining import Key
from cvfail.attributes.measured_file import MeasuredFile, measure_file
from cvfail.attributes.measured_images import CROP_COLUMNS, OBJECT_KEYS, ImageAttributes, Objects
from cvfail.attributes.wanted_files import WantedFiles, wanted_boxes, wanted_images
from cvfail.errors import FormatError, MissingDependencyError
from cvfail.io.adapters import TableLike
from cvfail.io.files import existing
from cvfail.tables.dataset import Dataset
from cvfail.tables.parallel import run_in_order, worker_count

_BLOCK = 128
"""Images in a part; an interruption costs at most so many."""

_NAMED_PROBLEMS = 3


def image_attributes(
    folder: str | Path,
    data: Dataset | TableLike | None = None,
    *,
    crops: Sequence[Objects] = (),
    work: str | Path | None = None,
    threads: int | None = None,
    progress: bool = True,
) -> ImageAttributes:
    """Measure the image files of a folder.

    Every file is decoded once, in threads. Finished measurements are kept, so that a run that was interrupted goes
    on where it was, and one over a grown folder measures what is new; a file is measured again when its size or
    its time of change differ, and one that could not be measured is tried again.

    Args:
        folder: The image files; file names of the data are relative to it.
        data: A dataset, or a table of images with `file_name` and, where there are such, `image_id`, `width` and
            `height`. All image files in the folder and below if not given.
        crops: Whose boxes are measured too: ``"ground_truth"``, ``"predictions"``; needs a dataset.
        work: Folder for finished measurements; the hidden ``.cvfail-attributes`` in `folder` if not given. Where it
            cannot be written to nothing is kept, and the caption says so.
        threads: All processors if not given. The result does not depend on it.
        progress: Whether a bar on stderr shows how far it is; only on a terminal.

    Returns:
        `ImageAttributes`, images in the order of the data, objects in that of their tables. Columns of images are
        the facts of `cvfail.attributes.file_facts.FACTS`, the measures of
        `cvfail.attributes.image_quality.image_quality`, and `file_problem`, why a file has no measures: it is
        missing or broken. Columns of objects are the same measures with ``crop_`` before the name.

    Raises:
        MissingFileError: The folder does not exist.
        FormatError: It is a file.
        PolicyError: Crops are asked for without a dataset for detection.
        SchemaError: The table of images has no `file_name`.
        MissingDependencyError: Pillow is not installed.

    Notes:
        A box is scaled where the data gives another size than the file has, and turned as EXIF says where the data
        gives the turned size; the pixels whose centres lie inside are measured. `crop_laplacian_variance_512` is
        that of the box in the whole picture at a short side of 512 px. Cost: one to two times that of decoding.
    """
    _require_pillow()
    folder = existing(folder)
    if not folder.is_dir():
        raise FormatError(f"{folder} is a file. Hint: name the folder that holds the images")
    images = wanted_images(folder, data)
    rows, boxes = wanted_boxes(images, data, crops)
    wanted = WantedFiles.of(folder, images, boxes)
    parts = FinishedParts.of(folder, None if work is None else Path(work))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of damaged tags; what matters is in `file_problem`
        finished = _finish(wanted, parts, worker_count(threads), shown=progress)
    results = wanted.keys.join(finished, on=list(KEYS), how="left", maintain_order="left").with_columns(
        file_problem=pl.coalesce(wanted.problems, "file_problem")
    )
    df = pl.concat(
        [
            images.select(name for name in ("image_id", "file_name") if name in images.columns),
            results.select(*FACTS, *QUALITY_COLUMNS, "file_problem"),
        ],
        how="horizontal",
    )
    return ImageAttributes(
        df,
        crops={
            table: _crops(data.frame(table), OBJECT_KEYS[table], places, boxes, results["crops"])
            for table, places in rows.items()
            if isinstance(data, Dataset) and boxes is not None
        },
        caption=_caption(folder, df, parts),
    )


def _finish(wanted: WantedFiles, parts: FinishedParts, workers: int, *, shown: bool) -> pl.DataFrame:
    """All measurements: those that are there already, and the others, kept block by block."""
    finished = [parts.read()]
    waiting = unfinished(wanted.keys.filter(wanted.problems.is_null()), finished[0])
    present = np.flatnonzero(wanted.problems.is_null().to_numpy())[waiting].tolist()
    with _progress(len(present), shown=shown) as advance:

        def measure(place: int) -> MeasuredFile:
            file = wanted.files[place]
            assert file is not None
            result = measure_file(file)
            advance()
            return result

        for start in range(0, len(present), _BLOCK):
            block = present[start : start + _BLOCK]
            part = _part(wanted.keys[block], run_in_order(measure, block, threads=workers))
            parts.add(part.filter(pl.col("file_problem").is_null()))
            finished.append(part)
    return pl.concat(finished)


def _part(keys: pl.DataFrame, files: Sequence[MeasuredFile]) -> pl.DataFrame:
    """Measured files as rows."""
    quality = np.stack([file.quality[0] for file in files])
    columns = {
        **keys.to_dict(),
        **{name: [file.facts.get(name) for file in files] for name in FACTS},
        **{name: quality[:, i] for i, name in enumerate(QUALITY_COLUMNS)},
        "file_problem": [file.problem for file in files],
        "crops": [file.quality[1:].tolist() for file in files],
    }
    frame = pl.DataFrame(columns, schema=PART_SCHEMA)
    return frame.with_columns(pl.col(QUALITY_COLUMNS).fill_nan(None))


def _crops(
    objects: pl.DataFrame, key: Key, places: pl.Series, boxes: Sequence[NDArray[np.float64]], crops: pl.Series
) -> pl.DataFrame:
    """The quality of each object, in the order of its table; null where its file is missing or broken.

    Args:
        objects: The table.
        key: Its id.
        places: Where each object stands among the boxes of all images.
        boxes: The boxes of each image.
        crops: Their quality, a list per image, null where there is no file.
    """
    counts = np.array([len(some) for some in boxes], np.int64)
    quality = np.full((int(counts.sum()), len(QUALITY_COLUMNS)), np.nan)
    is_known = crops.is_not_null().to_numpy()
    measured = crops.filter(crops.list.len().fill_null(0) > 0).explode()
    if len(measured):
        quality[np.repeat(is_known, counts)] = measured.to_numpy()
    rows = pl.DataFrame(quality[places.to_numpy()], schema=CROP_COLUMNS).fill_nan(None)
    return objects.select(key).hstack(rows)


def _caption(folder: Path, df: pl.DataFrame, parts: FinishedParts) -> str:
    broken = df.filter(pl.col("file_problem").is_not_null())
    text = f"{len(df) - len(broken):,} of {len(df):,} images of {folder} measured"
    if len(broken):
        named = ", ".join(
            f"{name}: {problem}"
            for name, problem in broken.select("file_name", "file_problem").head(_NAMED_PROBLEMS).iter_rows()
        )
        more = f", and {len(broken) - _NAMED_PROBLEMS:,} more" if len(broken) > _NAMED_PROBLEMS else ""
        text += f"; {len(broken):,} could not be ({named}{more})"
    return text if parts.is_kept else f"{text}; nothing was kept for a next run, the work folder is read-only"


def _require_pillow() -> None:
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError("Pillow", "report", "measuring images") from error


@contextmanager
def _progress(total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    """A bar on stderr; nothing where that is not a terminal."""
    if not (shown and total and sys.stderr.isatty()):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring images", total=total)
        yield lambda: bar.advance(task)
