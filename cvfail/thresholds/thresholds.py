"""Score thresholds as an object: for everything, by class, by slice; written, read and applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import FormatError, PolicyError, QueryError
from cvfail.evidence.evidence import Block
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.conditions import Condition, condition_of_level, slice_name

KIND = "cvfail.thresholds"
"""What a file of thresholds says that it is."""

VERSION = 1

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ThresholdRule:
    """The threshold of a class, of a slice of the images, or of a class in a slice.

    Attributes:
        threshold: Predictions count from this score on; infinite keeps none.
        category: Name of the class; None for all.
        category_id: Its id.
        where: What must hold of the image.
    """

    threshold: float
    category: str | None = None
    category_id: int | str | None = None
    where: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no threshold."""
        if np.isnan(self.threshold):
            raise PolicyError(f"the threshold of {self.name} is no number. Hint: leave the rule out")

    @property
    def name(self) -> str:
        """Class and slice in short."""
        said = [self.category or ("all classes" if self.category_id is None else str(self.category_id))]
        return " | ".join([*said, *([slice_name(self.where)] if self.where else [])])

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        named = {"category": self.category, "category_id": self.category_id}
        where = [one.to_dict() for one in self.where]
        known = {name: value for name, value in named.items() if value is not None}
        return {"threshold": self.threshold, **known, **({"where": where} if where else {})}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ThresholdRule:
        """The rule that `to_dict` wrote down.

        Raises:
            FormatError: A field is missing or unknown, or the threshold is no number.
        """
        try:
            given = dict(values)
            where = tuple(Condition.from_dict(one) for one in given.pop("where", ()))
            return cls(_number(given.pop("threshold")), where=where, **given)
        except (KeyError, TypeError) as error:
            raise FormatError(
                f"{dict(values)} is no threshold: {error}. Hint: threshold, category, category_id, where"
            ) from error


@dataclass(frozen=True)
class Thresholds:
    """From which score on predictions count; of several rules that fit a prediction the last one does.

    Attributes:
        default: Where no rule fits.
        rules: In order, the more special ones later.
        objective: What they were chosen for.
        iou: Overlap at which they were chosen; None if they were not.
        policy: The matching policy behind them, as plain values.

    Raises:
        PolicyError: The default is no number.

    Example:
        >>> thresholds = Thresholds(0.5, (ThresholdRule(0.3, category="person", category_id=1),))
        >>> predictions = pl.DataFrame({"category_id": [1, 1, 2], "score": [0.4, 0.2, 0.4]})
        >>> thresholds.apply(predictions)["score"].to_list()
        [0.4]
        >>> Thresholds.from_toml(thresholds.to_toml()) == thresholds
        True
    """

    default: float
    rules: tuple[ThresholdRule, ...] = ()
    objective: str | None = None
    iou: float | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is no threshold."""
        if np.isnan(self.default):
            raise PolicyError("the default threshold is no number. Hint: 0.25")

    def __repr__(self) -> str:
        chosen = f" for the {self.objective}" if self.objective else ""
        return f"Thresholds({self.default:g}, {len(self.rules)} rules{chosen}; {self.hash})"

    @cached_property
    def hash(self) -> str:
        """Twelve hexadecimal digits that name all of it together."""
        content = msgspec.json.encode(_plain(self._content()), order="deterministic")
        return blake2b(content, digest_size=6).hexdigest()

    @property
    def df(self) -> pl.DataFrame:
        """One row per rule, the default first: category, where (as SQL), threshold."""
        rows: list[tuple[str | None, str | None, float]] = [(None, None, self.default)]
        rows += [
            (one.category, " AND ".join(part.sql for part in one.where) or None, one.threshold)
            for one in self.rules
        ]
        schema = {"category": pl.String, "where": pl.String, "threshold": pl.Float64}
        return pl.DataFrame(rows, schema=schema, orient="row")

    @classmethod
    def of_groups(
        cls, point: OperatingPoint, groups: pl.DataFrame, *, default: float, objective: str | None = None
    ) -> Thresholds:
        """Thresholds of groups, such as `operating_points` makes.

        Args:
            point: The evaluation that they were chosen on.
            groups: Columns of ``category`` and of attributes of the images, and ``threshold``; rows in which it is
                null take the default.
            default: For what is in no group; the evaluation's score threshold where it is NaN.
            objective: What they were chosen for.
        """
        evidence = point.evidence
        ids = dict(zip(evidence.category_names, evidence.coding.category_keys.to_list(), strict=True))
        names = [name for name in groups.columns if name != "threshold"]
        rules = []
        for row in groups.drop_nulls("threshold").iter_rows(named=True) if names else ():
            where = tuple(
                condition_of_level(evidence, name, row[name]) for name in names if name != "category"
            )
            category = row.get("category")
            category_id = None if category is None else ids[category]
            rules.append(ThresholdRule(row["threshold"], category, category_id, where))
        return cls(
            point.score if np.isnan(default) else default,
            tuple(rules),
            objective=objective,
            iou=point.iou,
            policy=evidence.policy.to_dict(),
        )

    def apply(self, predictions: pl.DataFrame, *, images: pl.DataFrame | None = None) -> pl.DataFrame:
        """The predictions that count, in their order.

        Args:
            predictions: One row per prediction: score, category_id or category, and what rules ask of images,
                unless `images` has it.
            images: One row per image, by image_id.

        Raises:
            QueryError: A column is missing.
        """
        wanted = sorted({part.attribute for one in self.rules for part in one.where})
        lacking = [name for name in wanted if name not in predictions.columns]
        frame = predictions
        if lacking:
            if images is None or any(name not in images.columns for name in ["image_id", *lacking]):
                raise QueryError(
                    f"the thresholds depend on {', '.join(lacking)} of the images. "
                    "Hint: apply(predictions, images=...)"
                )
            frame = frame.join(
                images.select("image_id", *lacking), on="image_id", how="left", maintain_order="left"
            )
        if "score" not in frame.columns:
            raise QueryError(f"predictions lack a score. Hint: they have {', '.join(predictions.columns)}")
        kept = pl.col("score") >= self._expression(frame.columns)
        return predictions.filter(frame.select(kept).to_series())

    def apply_to(self, predictions: pl.DataFrame, *, images: pl.DataFrame | None = None) -> pl.DataFrame:
        """As `apply`; so `cvfail apply` calls whatever it read."""
        return self.apply(predictions, images=images)

    def of_predictions(self, block: Block) -> Numbers:
        """The threshold of each prediction of an evaluation, shape (D,).

        Raises:
            QueryError: A rule asks for an attribute or a class that the evaluation lacks.
        """
        evidence = block.evidence
        names = np.array(evidence.category_names, dtype=object)
        thresholds = np.full(evidence.coding.image.size, self.default)
        for one in self.rules:
            fits = np.ones(thresholds.size, np.bool_)
            if one.category is not None or one.category_id is not None:
                own = names == one.category
                if not own.any():
                    own = np.array([key == one.category_id for key in evidence.coding.category_keys])
                fits &= own[evidence.coding.category] if own.any() else False
            if one.where:
                fits &= self._holds(one, block)[evidence.coding.image]
            thresholds[fits] = one.threshold
        return thresholds

    def to_dict(self) -> dict[str, Any]:
        """Plain values, with kind, version and hash."""
        return {"kind": KIND, "version": VERSION, "hash": self.hash, **self._content()}

    def to_json(self) -> bytes:
        """As JSON; an infinite threshold is written as the text ``inf``."""
        return msgspec.json.format(msgspec.json.encode(_plain(self.to_dict())), indent=2)

    def to_toml(self) -> str:
        """As TOML, the rules as an array of tables."""
        from cvfail.thresholds.threshold_files import toml_of

        return toml_of(self.to_dict())

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Thresholds:
        """The thresholds that `to_dict` wrote down.

        Raises:
            FormatError: It is of another kind or version, lacks a field, or was changed after it was written.
        """
        if values.get("kind") != KIND or values.get("version") != VERSION:
            raise FormatError(
                f"a file of kind {values.get('kind')!r}, version {values.get('version')!r}; "
                f"thresholds of version {VERSION} are expected"
            )
        try:
            made = cls(
                _number(values["default"]),
                tuple(ThresholdRule.from_dict(one) for one in values.get("rules", ())),
                objective=values.get("objective"),
                iou=values.get("iou"),
                policy=values.get("policy", {}),
            )
        except KeyError as error:
            raise FormatError(f"thresholds lack {error}. Hint: write them with Thresholds.write()") from error
        except TypeError as error:
            raise FormatError(f"no thresholds: {error}. Hint: default = 0.25") from error
        if values.get("hash", made.hash) != made.hash:
            raise FormatError(
                f"the thresholds were changed after they were written: hash {values['hash']}, content {made.hash}. "
                "Hint: remove the line of the hash if that is meant"
            )
        return made

    @classmethod
    def from_json(cls, text: bytes | str) -> Thresholds:
        """The thresholds that `to_json` wrote down."""
        from cvfail.thresholds.threshold_files import parsed_json

        return cls.from_dict(parsed_json(text))

    @classmethod
    def from_toml(cls, text: str) -> Thresholds:
        """The thresholds that `to_toml` wrote down."""
        from cvfail.thresholds.threshold_files import parsed_toml

        return cls.from_dict(parsed_toml(text))

    def write(self, path: str | Path) -> Path:
        """Write a file; the suffix decides the format, .toml or .json."""
        from cvfail.thresholds.threshold_files import write_thresholds

        return write_thresholds(self, path)

    @classmethod
    def read(cls, path: str | Path) -> Thresholds:
        """Read a file that `write` wrote."""
        from cvfail.thresholds.threshold_files import read_thresholds

        return read_thresholds(path)

    def _content(self) -> dict[str, Any]:
        told = {"objective": self.objective, "iou": self.iou}
        return {
            **{name: value for name, value in told.items() if value is not None},
            "default": self.default,
            "policy": dict(self.policy),
            "rules": [one.to_dict() for one in self.rules],
        }

    def _expression(self, columns: Sequence[str]) -> pl.Expr:
        """The threshold of each row of a table of predictions."""
        threshold = pl.lit(self.default)
        for one in self.rules:
            parts = [part.expression for part in one.where]
            if one.category is not None or one.category_id is not None:
                parts.append(_is_category(one, columns))
            if parts:
                fits = reduce(lambda a, b: a & b, parts)
                threshold = pl.when(fits).then(one.threshold).otherwise(threshold)
            else:
                threshold = pl.lit(one.threshold)
        return threshold

    def _holds(self, rule: ThresholdRule, block: Block) -> NDArray[np.bool_]:
        """Of which images of a block a rule is, shape (images,)."""
        images = block.evidence.images
        missing = [part.attribute for part in rule.where if part.attribute not in images.columns]
        if missing:
            raise QueryError(
                f"the threshold of {rule.name} depends on {missing[0]!r}, which the images lack. "
                f"Hint: they have {', '.join(images.columns)}"
            )
        holds = reduce(lambda a, b: a & b, (part.expression for part in rule.where))
        return images.select(holds).to_series().fill_null(value=False).to_numpy()


def describe_without_score(point: OperatingPoint) -> str:
    """How predictions were matched, at whatever score."""
    policy = point.evidence.policy
    if point.evidence.task == "classification":
        return "each image's label against its predicted class"
    return f"COCO matching per class, IoU >= {point.iou:g}, at most {policy.limit} predictions per image and class"


def _is_category(rule: ThresholdRule, columns: Sequence[str]) -> pl.Expr:
    if "category_id" in columns and rule.category_id is not None:
        return pl.col("category_id").cast(pl.String) == str(rule.category_id)
    if "category" in columns and rule.category is not None:
        return pl.col("category").cast(pl.String) == rule.category
    raise QueryError(
        f"the threshold of {rule.name} is of a class, which the predictions do not tell. Hint: a column category_id "
        f"or category beside {', '.join(columns)}"
    )


def _number(value: object) -> float:
    """A threshold as files have it.

    Raises:
        TypeError: It is no number.
    """
    if isinstance(value, bool) or not (isinstance(value, int | float) or value in ("inf", "-inf")):
        raise TypeError(f"a threshold is a number or inf; found {value!r}")
    return float(value)


def _plain(value: Any) -> Any:  # noqa: ANN401
    """The same with infinite numbers as text, which JSON lacks."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, float) and np.isinf(value) else value
