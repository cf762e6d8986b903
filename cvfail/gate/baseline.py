"""A baseline as one small file of sums, which needs no raw data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from cvfail.errors import FormatError, MissingFileError
from cvfail.evidence.evidence import Evidence
from cvfail.gate.identity import Identity
from cvfail.gate.measured import Measured, asked_of, measured
from cvfail.gate.rate_sums import SUMS_SCHEMA
from cvfail.gate.rules_file import RulesLike, rules_of
from cvfail.tables.writing import write_whole
from cvfail.version import __version__

BASELINE_VERSION = 1
"""Of the layout of the file."""

_KEY = "cvfail:baseline"
_HINT = "cvfail gate RUN --rules FILE --write-baseline FILE writes one"
_VALUES_SCHEMA = {"question": pl.String, "replicate": pl.Int32, "value": pl.Float64}


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    """What the file says of itself."""

    version: int
    cvfail: str
    identity: Identity
    asked: list[str]
    seed: int
    described: str


def measure_baseline(evidence: Evidence, rules: RulesLike, *, threads: int | None = None) -> Measured:
    """All that the rules with a baseline ask of a model.

    Args:
        evidence: The model that later ones are compared with.
        rules: The gate.
        threads: Threads over classes; all processors if not given.

    Raises:
        QueryError: A slice, an attribute or a class has no meaning here.
    """
    rules = rules_of(rules)
    questions = [question for rule, question in asked_of(rules, evidence) if rule.is_relative]
    return measured(evidence, questions, rules, threads=threads)


def write_baseline(baseline: Measured, path: str | Path) -> Path:
    """Write a baseline as Parquet; the file appears whole or not at all.

    Args:
        baseline: What `measure_baseline` returned.
        path: The file, by custom ``.parquet``.

    Returns:
        The path.

    Notes:
        Rows of rates have question, cluster (its code), numerator and denominator; those of average precision
        question, replicate (0 for the value itself) and value. The rest is JSON in the metadata: version of cvfail,
        policy, digests of images, classes, labels and predictions. No id, box, score or attribute is in it, but
        for the names of classes and slices that the rules ask for.
    """
    path = Path(path)
    head = _Head(
        version=BASELINE_VERSION,
        cvfail=__version__,
        identity=baseline.identity,
        asked=sorted(baseline.asked),
        seed=baseline.seed,
        described=baseline.described,
    )
    values = [
        pl.DataFrame(
            {"question": [key] * len(own), "replicate": range(len(own)), "value": own}, schema=_VALUES_SCHEMA
        )
        for key, own in sorted(baseline.values.items())
    ]
    rows = pl.concat([baseline.sums, pl.DataFrame(schema=_VALUES_SCHEMA), *values], how="diagonal")
    metadata = {_KEY: msgspec.json.encode(head).decode()}
    write_whole(path, lambda target: rows.write_parquet(target, metadata=metadata))
    return path


def read_baseline(path: str | Path) -> Measured:
    """The baseline that `write_baseline` wrote.

    Raises:
        MissingFileError: There is no such file.
        FormatError: It is no baseline, or one of another version.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist. Hint: {_HINT}")
    try:
        head = _head(pl.read_parquet_metadata(path), path)
        rows = pl.read_parquet(path)
    except PolarsError as error:
        raise FormatError(f"{path} is no baseline: {str(error).splitlines()[0]}. Hint: {_HINT}") from error
    values = rows.filter(pl.col("replicate").is_not_null()).sort("question", "replicate")
    return Measured(
        identity=head.identity,
        asked=frozenset(head.asked),
        sums=rows.filter(pl.col("replicate").is_null()).select(*SUMS_SCHEMA),
        values={
            str(key): np.asarray(own["value"].to_numpy())
            for (key,), own in values.group_by(["question"], maintain_order=True)
        },
        seed=head.seed,
        described=head.described,
    )


def _head(metadata: dict[str, Any], path: Path) -> _Head:
    if _KEY not in metadata:
        raise FormatError(f"{path} is no baseline. Hint: {_HINT}")
    try:
        version = msgspec.json.decode(metadata[_KEY], type=dict[str, Any]).get("version")
        if version == BASELINE_VERSION:
            return msgspec.json.decode(metadata[_KEY], type=_Head)
    except msgspec.MsgspecError as error:
        raise FormatError(f"{path} is no baseline: {error}. Hint: {_HINT}") from error
    raise FormatError(
        f"{path}: a baseline of version {version}, this cvfail reads {BASELINE_VERSION}. Hint: write it anew"
    )
