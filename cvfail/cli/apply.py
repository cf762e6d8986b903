"""``cvfail apply``: calibration maps and whatever else a deployment reads, applied to predictions."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, cast

from cyclopts import Parameter

from cvfail.cli.messages import DEFAULT_MESSAGES, OUTPUT, Messages
from cvfail.errors import FormatError, PolicyError

if TYPE_CHECKING:
    import polars as pl


class Applicable(Protocol):
    """What a file holds that can be applied to predictions."""

    def apply_to(self, predictions: pl.DataFrame, *, images: pl.DataFrame | None = None) -> pl.DataFrame:
        """The predictions with other scores, or fewer of them; other columns and the order of rows stay."""
        ...


READERS = {
    "cvfail.calibration_map": ("cvfail.calibration.calibration_map", "read_calibration"),
    "cvfail.thresholds": ("cvfail.thresholds.threshold_files", "read_thresholds"),
}
"""Module and function that read a file of each kind; what it returns is `Applicable`."""


def apply(
    *files: Path,
    pred: Annotated[Path, Parameter(metavar="FILE")],
    images: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    output: Annotated[Path, Parameter(name=("--output", "-o"), metavar="FILE", group=OUTPUT)],
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Apply saved calibration maps to predictions.

    Args:
        files: What `cvfail calibrate --save FILE` wrote, .json or .toml; several are applied one after the other.
        pred: Predictions: COCO results, or Parquet or CSV with the same columns.
        images: Attributes of the images, if maps are by one: Parquet or CSV with image_id, or a COCO file.
        output: File for the predictions, of the same kind.
        messages: How much is said on stderr.
    """
    from cvfail.io.prediction_files import PredictionFile, read_table

    if not files:
        raise PolicyError(
            "name what to apply. Hint: cvfail apply calibration.json --pred detections.json -o out.json"
        )
    applied = [read_applicable(path) for path in files]
    given = PredictionFile.read(pred)
    table = None if images is None else read_table(images)
    rows = given.frame
    for one in applied:
        rows = one.apply_to(rows, images=table)
    given.write(rows, output)
    dropped = given.frame.height - rows.height
    left_out = f", {dropped:,} left out" if dropped else ""
    messages.say(f"wrote {output}: {rows.height:,} predictions{left_out}")


def read_applicable(path: Path) -> Applicable:
    """What a file holds, by the `kind` that it names.

    Raises:
        MissingFileError: It does not exist.
        FormatError: It is neither JSON nor TOML, or of a kind that cannot be applied.
    """
    kind = _kind(path)
    if kind not in READERS:
        known = ", ".join(READERS)
        raise FormatError(f"{path}: kind {kind!r} cannot be applied. Hint: one of {known}")
    module, name = READERS[kind]
    return cast("Applicable", getattr(import_module(module), name)(path))


def _kind(path: Path) -> str | None:
    import msgspec

    from cvfail.io.files import file_bytes

    content = file_bytes(path)
    decode = _toml if path.suffix.lower() == ".toml" else msgspec.json.decode
    try:
        found = decode(content)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"{path}: {error}") from error
    kind = found.get("kind") if isinstance(found, dict) else None
    return kind if isinstance(kind, str) else None


def _toml(content: bytes) -> object:
    return tomllib.loads(content.decode())
