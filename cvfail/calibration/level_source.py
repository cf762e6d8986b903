"""Where a prediction that was never evaluated gets its level from, so that the right map is applied to it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cvfail.attributes.binning import SIZE_EDGES, SIZE_LABELS, bin_by_edges
from cvfail.errors import QueryError
from cvfail.evidence.attributes import level_bounds
from cvfail.evidence.evidence import Evidence


@dataclass(frozen=True)
class LevelSource:
    """How the level of an attribute is found in tables.

    Attributes:
        name: The attribute; ``category`` is read from `category_id`, ``size`` from width and height.
        table: ``images`` or ``predictions``.
        edges: Where a number is cut into ranges; empty for values as they stand.
    """

    name: str
    table: str
    edges: tuple[float, ...] = ()

    @classmethod
    def of(cls, evidence: Evidence, name: str) -> LevelSource:
        """Where an evaluation has an attribute from."""
        if name in {"category", "size"}:
            return cls(name, "predictions")
        table = "images" if name in evidence.attributes("images") else "predictions"
        if evidence.task == "classification":
            table = "images" if name in evidence.attributes("images") else "ground_truth"
        bounds = level_bounds(evidence, name)
        edges = () if bounds is None else tuple(low for low, _ in bounds.values() if low is not None)
        return cls(name, table, edges)

    def level_of(self, evidence: Evidence, name: str | None) -> str | None:
        """How `levels` writes a level of the evaluation: a class by its id, 1.0 as 1."""
        if name is None or self.name == "size":
            return name
        if self.name == "category":
            keys = evidence.coding.category_keys
            return str(keys[evidence.category_names.index(name)])
        tables = ("images", "ground_truth", "predictions")
        table = next(table for table in tables if self.name in evidence.attributes(table))
        is_number = not self.edges and evidence.attribute_column(table, self.name).dtype.is_float()
        return _whole(pl.Series([float(name)]))[0] if is_number else name

    def levels(self, predictions: pl.DataFrame, images: pl.DataFrame | None) -> pl.Series:
        """The level of every prediction as text, null where unknown; of ``category`` the id.

        Args:
            predictions: With `image_id`, and `category_id`, width and height or the attribute if they are needed.
            images: With `image_id` and the attribute, if it is one of images and predictions do not have it.

        Raises:
            QueryError: A column is missing.
        """
        if self.name == "category":
            return _column(predictions, "category_id", "predictions").cast(pl.String)
        if self.name == "size":
            width, height = (_column(predictions, side, "predictions") for side in ("width", "height"))
            return bin_by_edges(width.cast(pl.Float64) * height, SIZE_EDGES, labels=SIZE_LABELS).cast(
                pl.String
            )
        if self.name in predictions.columns:
            return self._as_levels(predictions[self.name])
        if images is None:
            raise QueryError(
                f"scores were calibrated by {self.name!r}, an attribute of the {self.table}, which the predictions "
                "do not have. Hint: give the table of images with that column"
            )
        values = _column(images, self.name, "images").alias("unit:level")
        table = pl.DataFrame([_column(images, "image_id", "images").cast(pl.String), values]).unique(
            "image_id"
        )
        ids = pl.DataFrame([_column(predictions, "image_id", "predictions").cast(pl.String)])
        return self._as_levels(
            ids.join(table, on="image_id", how="left", maintain_order="left")["unit:level"]
        )

    def _as_levels(self, values: pl.Series) -> pl.Series:
        if self.edges:
            return bin_by_edges(values.cast(pl.Float64), list(self.edges)).cast(pl.String)
        return _whole(values) if values.dtype.is_float() else values.cast(pl.String)


def _whole(values: pl.Series) -> pl.Series:
    """Numbers as text, whole ones without a point: the 1.0 of a CSV file is the 1 of a table of integers."""
    whole = values.cast(pl.Int64, strict=False)
    return values.cast(pl.String).zip_with((whole != values).fill_null(True), whole.cast(pl.String))


def _column(frame: pl.DataFrame, name: str, table: str) -> pl.Series:
    if name not in frame.columns:
        raise QueryError(f"the {table} have no column {name!r}. Hint: it decides which map a score takes")
    return frame[name]
