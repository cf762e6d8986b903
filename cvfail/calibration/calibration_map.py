"""Maps that put scores right, one for all or one per level, in a file that a deployment reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.calibration.level_source import LevelSource
from cvfail.calibration.score_maps import Method, ScoreMap, from_dict, rescaled, to_dict
from cvfail.errors import FormatError, MissingFileError, QueryError
from cvfail.tables.dataset import Dataset
from cvfail.tables.writing import write_whole
from cvfail.version import __version__

KIND = "cvfail.calibration_map"
SCHEMA_VERSION = 1

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """The map of one level of an attribute.

    Attributes:
        level: The level as text, the id of a class; None for predictions without a value.
        name: What tables call it.
        support: Predictions that it was fitted on.
        map: Its own map; None if they were too few, or all right or all wrong: the map of all predictions is used.
    """

    level: str | None
    name: str | None
    support: int
    map: ScoreMap | None


@dataclass(frozen=True)
class CalibrationMap:
    """What makes scores mean what they say.

    Attributes:
        task: ``detection`` or ``classification``.
        method: Of all its maps.
        target: What a score should equal: the share that is ``right``, or the ``overlap`` with the object.
        everywhere: The map of all predictions.
        support: Predictions that it was fitted on.
        by: Where levels come from; None for one map.
        levels: The maps by level.
        policy: What decided what is right: the matching policy with its operating point.
        fitted: How it was fitted: seed, share, images and predictions, sources.
    """

    task: str
    method: Method
    target: str
    everywhere: ScoreMap
    support: int
    by: LevelSource | None = None
    levels: tuple[Level, ...] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)
    fitted: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        own = sum(level.map is not None for level in self.levels)
        by = f", by {self.by.name}: {own} maps of their own in {len(self.levels)} levels" if self.by else ""
        everywhere = to_dict(self.everywhere)
        shown = ", ".join(
            f"{name}={value:.4g}" for name, value in everywhere.items() if isinstance(value, float)
        )
        return f"{self.method} map ({shown or 'steps'}), fitted on {self.support:,} predictions{by}"

    def of_level(self, level: str | None) -> ScoreMap:
        """The map of a level; that of all predictions if it has none of its own."""
        for one in self.levels:
            if one.level == level and one.map is not None:
                return one.map
        return self.everywhere

    def calibrated(
        self, scores: Numbers, probabilities: Numbers, levels: pl.Series | None
    ) -> tuple[Numbers, Numbers]:
        """New scores and probabilities.

        Args:
            scores: Confidence, shape (n,).
            probabilities: Of all classes, shape (n, K); K may be 0.
            levels: The level of each, as text; not needed for one map.
        """
        if levels is None:
            return rescaled(self.everywhere, scores, probabilities)
        changed, spread = scores.copy(), probabilities.copy()
        frame = pl.DataFrame({"level": levels}).with_row_index("row")
        for (level,), rows in frame.group_by(["level"], maintain_order=True):
            own = rows["row"].to_numpy()
            changed[own], spread[own] = rescaled(self.of_level(level), scores[own], probabilities[own])
        return changed, spread

    def apply(self, data: Dataset) -> Dataset:
        """A new dataset with calibrated predictions; the one that is given is not changed.

        Raises:
            QueryError: It is of another task, or a column that levels are read from is missing.
        """
        if data.task != self.task:
            raise QueryError(f"the map is for {self.task}, the data for {data.task}")
        return replace(data, predictions=self.apply_to(data.predictions, images=data.images))

    def apply_to(self, predictions: pl.DataFrame, *, images: pl.DataFrame | None = None) -> pl.DataFrame:
        """A table of predictions with calibrated scores, all other columns and the order of rows as they are.

        Args:
            predictions: With `score`, and `probabilities` if there are such; `category_id`, width and height or an
                attribute if maps are by them.
            images: With `image_id`, if maps are by an attribute of images.

        Raises:
            QueryError: A column is missing.

        Notes:
            A null score stays null. A prediction of a level that was never seen takes the map of all predictions.
        """
        if "score" not in predictions.columns:
            raise QueryError("the predictions have no column 'score'. Hint: it holds the confidence")
        known = predictions["score"].is_not_null().to_numpy()
        rows = np.flatnonzero(known)
        levels = None if self.by is None else self.by.levels(predictions, images).gather(rows)
        given = _probabilities(predictions, rows)
        scores = predictions["score"].cast(pl.Float64).gather(rows).to_numpy()
        changed, spread = self.calibrated(scores, given, levels)
        column = np.full(predictions.height, np.nan)
        column[rows] = changed
        answer = predictions.with_columns(pl.Series("score", column, dtype=pl.Float64).fill_nan(None))
        if not given.shape[1]:
            return answer
        told = pl.Series("probabilities", spread.tolist(), dtype=pl.List(pl.Float64))
        whole = told if rows.size == predictions.height else _scattered(told, rows, predictions.height)
        return answer.with_columns(whole)

    def to_dict(self) -> dict[str, Any]:
        """The map as plain values, with the SHA-256 of everything else in `sha256`."""
        content = {
            "kind": KIND,
            "schema_version": SCHEMA_VERSION,
            "cvfail_version": __version__,
            "task": self.task,
            "method": self.method,
            "target": self.target,
            "policy": dict(self.policy),
            "fitted": dict(self.fitted),
            "everywhere": {"support": self.support, "parameters": to_dict(self.everywhere)},
            "by": None if self.by is None else _plain_source(self.by),
            "levels": [
                {
                    "level": one.level,
                    "name": one.name,
                    "support": one.support,
                    "parameters": None if one.map is None else to_dict(one.map),
                }
                for one in self.levels
            ],
        }
        return content | {"sha256": digest(content)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> CalibrationMap:
        """The map that `to_dict` wrote down.

        Raises:
            FormatError: It is of another kind or version, was altered, or has no meaning.
        """
        rest = {name: value for name, value in content.items() if name != "sha256"}
        if rest.get("kind") != KIND or rest.get("schema_version") != SCHEMA_VERSION:
            found = f"{rest.get('kind')!r}, version {rest.get('schema_version')!r}"
            raise FormatError(f"this is no calibration map of version {SCHEMA_VERSION}; found {found}")
        if content.get("sha256") != digest(rest):
            raise FormatError("the map was altered: its sha256 is another. Hint: fit and save it again")
        try:
            method, by = rest["method"], rest["by"]
            return cls(
                task=rest["task"],
                method=method,
                target=rest["target"],
                everywhere=from_dict(method, rest["everywhere"]["parameters"]),
                support=rest["everywhere"]["support"],
                by=None if by is None else LevelSource(by["attribute"], by["table"], tuple(by["edges"])),
                levels=tuple(_level(method, one) for one in rest["levels"]),
                policy=rest["policy"],
                fitted=rest["fitted"],
            )
        except (KeyError, TypeError) as error:
            raise FormatError(f"the map lacks something: {error}") from error

    def save(self, path: str | Path) -> Path:
        """Write the map as JSON, which `cf.read_calibration` and ``cvfail apply`` read; the file appears whole."""
        path = Path(path)
        encoded = msgspec.json.format(msgspec.json.encode(self.to_dict()), indent=2) + b"\n"
        write_whole(path, lambda target: target.write_bytes(encoded))
        return path


def read_calibration(path: str | Path) -> CalibrationMap:
    """The map that `CalibrationMap.save` wrote.

    Raises:
        MissingFileError: There is no such file.
        FormatError: It is no calibration map, or was altered.
    """
    try:
        content = msgspec.json.decode(Path(path).read_bytes(), type=dict[str, Any])
    except FileNotFoundError as error:
        hint = "cvfail calibrate ... --fit temperature --save FILE writes one"
        raise MissingFileError(f"{path} does not exist. Hint: {hint}") from error
    except msgspec.DecodeError as error:
        raise FormatError(f"{path} is no calibration map: {error}") from error
    try:
        return CalibrationMap.from_dict(content)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error


def digest(content: Mapping[str, Any]) -> str:
    """The SHA-256 of plain values as JSON with sorted keys."""
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def _plain_source(source: LevelSource) -> dict[str, Any]:
    return {"attribute": source.name, "table": source.table, "edges": list(source.edges)}


def _level(method: str, values: Mapping[str, Any]) -> Level:
    parameters = values["parameters"]
    own = None if parameters is None else from_dict(method, parameters)
    return Level(values["level"], values["name"], values["support"], own)


def _probabilities(predictions: pl.DataFrame, rows: NDArray[np.int64]) -> Numbers:
    """The probabilities of some predictions; without columns if not all have as many."""
    none = np.zeros((rows.size, 0))
    if "probabilities" not in predictions.columns or not rows.size:
        return none
    given = predictions["probabilities"].gather(rows)
    widths = given.list.len().unique()
    if given.null_count() or len(widths) != 1:
        return none
    values = given.explode(empty_as_null=False).cast(pl.Float64).to_numpy()
    return np.asarray(values.reshape(rows.size, int(widths[0])))


def _scattered(values: pl.Series, rows: NDArray[np.int64], height: int) -> pl.Series:
    """Values at some rows, null at the others."""
    place = np.full(height, -1, np.int64)
    place[rows] = np.arange(rows.size)
    return values.gather(pl.Series(place).replace(-1, None))
