"""A dataset with the labels that people found wrong put right."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from cvfail.errors import Problem, SchemaError
from cvfail.labels.verdicts import Verdicts
from cvfail.tables.dataset import Dataset

_REMOVED = ("spurious", "duplicate", "conflict")
_BOX = ("x", "y", "width", "height")


def corrected(data: Dataset, verdicts: Verdicts | pl.DataFrame | str | Path) -> Dataset:
    """Put right the labels whose suspicion was confirmed; what was rejected or not judged stays.

    Args:
        data: The dataset that the suspects are of; not modified.
        verdicts: Verdicts, a table of them, or a file.

    Returns:
        A new dataset, to be evaluated anew. A missing label becomes ground truth with the prediction's box and
        class, neither crowd nor ignored, with a new id and without attributes. A wrong class becomes the one that
        `corrected` names, else the suggested one. A bad box becomes the prediction's, its area width × height. A
        spurious or duplicate label, and the suspect one of a conflict, is removed.

    Raises:
        SchemaError: A verdict is about a label or prediction that is not there, or that is of another image or
            class than when it was suspected; a class does not exist; a label has two confirmed verdicts.
        MissingFileError, FormatError: The file does not exist or cannot be read.

    Example:
        >>> import cvfail as cf
        >>> data = cf.from_labels(["cat", "cat"], ["cat", "dog"])
        >>> row = {"kind": "wrong_class", "image_id": "1", "ground_truth_id": "1", "prediction_id": "1"}
        >>> verdicts = pl.DataFrame([row | {"label": "cat", "suggested": "dog", "verdict": "confirmed"}])
        >>> corrected(data, verdicts).ground_truth["category_id"].to_list()
        ['cat', 'dog']
    """
    given = Verdicts.of(verdicts)
    confirmed = given.df.with_row_index("record").filter(verdict="confirmed")
    checked = _Checked(data, given.source, confirmed.height)
    rows = checked.rows(confirmed)
    truth = data.ground_truth
    truth = _with_classes(truth, rows.filter(kind="wrong_class"), "category_id")
    boxed = rows.filter(pl.col("kind") == "bad_box")
    truth = _with_classes(_with_boxes(truth, data.predictions, boxed), boxed, "corrected_id")
    removed = rows.filter(pl.col("kind").is_in(_REMOVED))["truth_row"]
    truth = truth.filter(~pl.int_range(pl.len()).is_in(removed.cast(pl.Int64).implode()))
    added = _added(data, rows.filter(kind="missing"))
    return replace(data, ground_truth=pl.concat([truth, added], how="diagonal"))


class _Checked:
    """Finds the rows that verdicts are about, and collects what is wrong with verdicts."""

    def __init__(self, data: Dataset, source: str, total: int) -> None:
        self.data, self.source, self.total = data, source, total
        self.problems: list[Problem] = []
        self._classes = _class_ids(data.categories)

    def rows(self, confirmed: pl.DataFrame) -> pl.DataFrame:
        """The confirmed verdicts with `truth_row`, `prediction_row`, `category_id` and `corrected_id`.

        Raises:
            SchemaError: Everything that is wrong, at once.
        """
        found = self._located(confirmed, "ground_truth", "ground_truth_id", pl.col("kind") != "missing")
        needs = pl.col("kind").is_in(["missing", "bad_box"])
        found = self._located(found, "predictions", "prediction_id", needs)
        twice = found.filter(pl.col("truth_row").is_not_null() & ~pl.col("truth_row").is_first_distinct())
        self._tell(
            twice, "ground_truth_id", "a label may have one confirmed verdict only", "keep one of them"
        )
        twice = found.filter(
            pl.col("kind").eq("missing") & ~pl.struct("kind", "prediction_row").is_first_distinct()
        )
        self._tell(twice, "prediction_id", "a label may have one confirmed verdict only", "keep one of them")
        found = self._with_classes(found)
        if self.problems:
            raise SchemaError(self.problems)
        return found

    def _located(self, rows: pl.DataFrame, table: str, key: str, needed: pl.Expr) -> pl.DataFrame:
        """Add the row number of an id; tell of ids that are not there or are of another image."""
        name = "truth_row" if table == "ground_truth" else "prediction_row"
        frame = self.data.frame(table).select(key, "image_id", pl.int_range(pl.len()).alias(name))
        known = _possible(frame, key, rows[key]).select(
            pl.col(key).cast(pl.String), name, pl.col("image_id").cast(pl.String).alias("image_there")
        )
        found = rows.join(known, on=key, how="left", maintain_order="left")
        lost = found.filter(needed & pl.col(name).is_null())
        label = table.replace("_", " ")
        self._tell(lost, key, f"{key} must be that of a row of the {label}", "the data changed: suspect anew")
        moved = found.filter(needed & (pl.col("image_there") != pl.col("image_id")))
        self._tell(
            moved, "image_id", f"image_id must be that of the {label}", "the data changed: suspect anew"
        )
        return found.drop("image_there")

    def _with_classes(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add the class that each label gets; tell of classes that do not exist and labels that have another one."""
        classes = self._classes
        ids = {
            name: rows[name].replace_strict(classes["name"], classes["category_id"], default=None)
            for name in ("label", "suggested", "corrected")
        }
        for name, values in ids.items():
            used = pl.lit(True) if name == "corrected" else pl.col("kind").eq("wrong_class")
            unknown = rows.filter(used & pl.Series(rows[name].is_not_null() & values.is_null()))
            self._tell(unknown, name, f"{name} must be a class of the dataset", self._near(unknown, name))
        now = self.data.ground_truth["category_id"].gather(rows["truth_row"])
        other = rows.filter(pl.Series((ids["label"] != now).fill_null(value=False)))
        self._tell(
            other,
            "label",
            "label must still be the class of the ground truth",
            "the data changed: suspect anew",
        )
        found = self.data.predictions["category_id"].gather(rows["prediction_row"])
        frame = rows.with_columns(
            corrected_id=ids["corrected"],
            category_id=pl.select(
                pl.coalesce(
                    ids["corrected"],
                    pl.when(rows["kind"] == "missing").then(found).otherwise(ids["suggested"]),
                )
            ).to_series(),
        )
        without = frame.filter(pl.col("kind").eq("wrong_class") & pl.col("category_id").is_null())
        self._tell(without, "corrected", "a wrong class needs the right one", "name it in 'corrected'")
        return frame

    def _near(self, rows: pl.DataFrame, name: str) -> str:
        if rows.is_empty():
            return ""
        close = get_close_matches(rows[name][0], self._classes["name"].to_list(), n=3)
        return f"did you mean {', '.join(close)}?" if close else "use the name or the id of a category"

    def _tell(self, rows: pl.DataFrame, field: str, rule: str, hint: str) -> None:
        if rows.height:
            problem = Problem(
                source=self.source,
                field=field,
                rule=rule,
                count=rows.height,
                total=self.total,
                record=int(rows["record"][0]),
                found=str(rows[field][0]),
                hint=hint,
            )
            self.problems.append(problem)


def _possible(frame: pl.DataFrame, key: str, texts: pl.Series) -> pl.DataFrame:
    """The rows whose ids, integers or texts, may read as one of some texts; all rows where ids are something else."""
    dtype = frame[key].dtype
    if not (dtype.is_integer() or dtype == pl.String):
        return frame
    wanted = texts.cast(dtype, strict=False).drop_nulls().unique()
    return frame.filter(pl.col(key).is_in(wanted.implode()))


def _class_ids(categories: pl.DataFrame) -> pl.DataFrame:
    """The texts that name one class: its name, ``name [id]``, or its id; in this order where they clash."""
    frame = categories.select("category_id", "name", id=pl.col("category_id").cast(pl.String))
    texts = (pl.col("name"), pl.format("{} [{}]", "name", "id"), pl.col("id"))
    alone = [frame.select("category_id", name=text) for text in texts]
    once = alone[0].filter(~alone[0]["name"].is_duplicated())
    return pl.concat([once, *alone[1:]]).unique("name", keep="first", maintain_order=True)


def _with_classes(truth: pl.DataFrame, rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """The ground truth with other classes in some rows; a null changes nothing."""
    rows = rows.filter(pl.col(column).is_not_null())
    if rows.is_empty():
        return truth
    given = truth["category_id"].scatter(rows["truth_row"], rows[column])
    return truth.with_columns(given.alias("category_id"))


def _with_boxes(truth: pl.DataFrame, predictions: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The ground truth with the boxes of predictions in some rows."""
    if rows.is_empty():
        return truth
    boxes = predictions[rows["prediction_row"]].select(*_BOX, area=pl.col("width") * pl.col("height"))
    columns = [truth[name].scatter(rows["truth_row"], boxes[name]) for name in boxes.columns]
    return truth.with_columns(columns)


def _added(data: Dataset, rows: pl.DataFrame) -> pl.DataFrame:
    """New ground truth from predictions."""
    truth = data.ground_truth
    if rows.is_empty():
        return truth.clear()
    found = data.predictions[rows["prediction_row"]]
    return found.select(
        _new_ids(truth["ground_truth_id"], found["prediction_id"]),
        "image_id",
        rows["category_id"].cast(truth.schema["category_id"]),
        *_BOX,
        area=pl.col("width") * pl.col("height"),
        is_crowd=pl.lit(value=False),
        is_ignored=pl.lit(value=False),
    )


def _new_ids(taken: pl.Series, predictions: pl.Series) -> pl.Series:
    """Ids that no label has: the next integers, or text that names the prediction."""
    name = "ground_truth_id"
    if taken.dtype == pl.String:
        ids = pl.select(pl.format("added {}", predictions.cast(pl.String)).alias(name)).to_series()
        while ids.is_in(taken.implode()).any():
            ids = (ids + "'").alias(name)
        return ids
    first = (int(taken.max()) if taken.len() else -1) + 1  # type: ignore[arg-type]
    return pl.int_range(first, first + predictions.len(), eager=True).cast(taken.dtype).alias(name)
