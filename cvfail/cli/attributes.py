"""``cvfail attributes``: what boxes, neighbours, pixels and files tell, as a table that other commands join."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from cvfail.cli.inputs import INPUT, read_aloud
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    from cvfail.attributes.measured_images import Objects
    from cvfail.tables.dataset import Dataset
    from cvfail.tables.result import ResultTable

Of = Literal["images", "ground-truth", "predictions"]

_SHOWN = (
    *("file_name", "brightness", "contrast", "noise", "laplacian_variance_512", "blockiness", "file_problem"),
    *("relative_size", "aspect", "border", "position", "max_iou_any", "n_near", "crop_brightness"),
)


def attributes(
    *,
    images: Annotated[Path | None, Parameter(metavar="FOLDER", group=INPUT)] = None,
    gt: Annotated[Path | None, Parameter(metavar="FILE", group=INPUT)] = None,
    pred: Annotated[Path | None, Parameter(metavar="FILE", group=INPUT)] = None,
    ignore: Annotated[
        str | None,
        Parameter(metavar="COLUMN", group=INPUT, show_default='"ignore" of --gt, if it is there'),
    ] = None,
    of: Of = "images",
    work: Annotated[
        Path | None, Parameter(metavar="FOLDER", show_default=".cvfail-attributes in --images")
    ] = None,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Measure images and objects, as a table to join.

    Other commands join it with --join FILE. An interrupted run goes on where it was.

    Args:
        images: Folder of the image files; without --gt all in it and below are measured.
        gt: Ground truth, a COCO instances file; names the images and their objects.
        pred: Predictions, a COCO results file; for --of predictions.
        ignore: Ground-truth column that says, with 1 or true, which objects crowd nobody and are not counted;
            "none" ignores nothing.
        of: What a row is about. Objects have geometry, ground truth also crowding; both have the quality
            of their part of the picture, where --images is given.
        work: Where finished measurements are kept.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    _check(images, gt, pred, of)
    data = None if gt is None else read_aloud(lambda: _read(gt, pred, ignore), messages)
    with messages.step("measuring", spinner=images is None):
        table = _table(images, data, of, work, progress=not messages.quiet)
    shown = dict.fromkeys([table.df.columns[0], *_SHOWN])
    output.write(table.df, messages, caption=table.caption, shown=list(shown))


def _check(images: Path | None, gt: Path | None, pred: Path | None, of: Of) -> None:
    if of == "images" and images is None:
        raise PolicyError("--of images needs --images FOLDER")
    if of != "images" and gt is None:
        raise PolicyError(f"--of {of} needs --gt FILE")
    if of == "predictions" and pred is None:
        raise PolicyError("--of predictions needs --pred FILE")
    if pred is not None and of != "predictions":
        raise PolicyError("--pred is for --of predictions. Hint: leave it out")


def _read(gt: Path, pred: Path | None, ignore: str | None) -> Dataset:
    from cvfail.io.coco import read_coco

    column = "ignore" if ignore is None else None if ignore == "none" else ignore
    return read_coco(gt, [] if pred is None else pred, ignore=column)


def _table(
    images: Path | None, data: Dataset | None, of: Of, work: Path | None, *, progress: bool
) -> ResultTable:
    from cvfail.attributes.image_folder import image_attributes
    from cvfail.attributes.objects import object_attributes

    if data is None or (of == "images" and images is not None):
        assert images is not None
        measured = image_attributes(images, data, work=work, progress=progress)
        return measured if data is None else _with_density(measured, data)
    table: Objects = "predictions" if of == "predictions" else "ground_truth"
    return object_attributes(data, table, folder=images, work=work, progress=progress)


def _with_density(measured: ResultTable, data: Dataset) -> ResultTable:
    """Images with the number of their regular objects."""
    from cvfail.attributes.crowding import object_density
    from cvfail.tables.result import ResultTable

    counts = object_density(data).df.select("image_id", "n_objects").group_by("image_id").sum()
    df = measured.df.join(counts, on="image_id", how="left", maintain_order="left")
    return ResultTable(df.with_columns(df["n_objects"].fill_null(0)), caption=measured.caption)
