"""Every metric of two models: overall, by class, by slice and by failure mode, with paired differences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

import polars as pl

from cvfail.comparison.answers import COMPARISON_SCHEMA
from cvfail.comparison.compared_rows import Asked, compared_rows
from cvfail.comparison.flips import Flips, flips
from cvfail.comparison.pairing import Pair, Score
from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.failures.failure_mode import FailureMode
from cvfail.slices.predicates import Slices, declared_slices
from cvfail.statistics.multiplicity import benjamini_hochberg
from cvfail.tables.result import ResultTable

_SHOWN = ("slice", "category", "metric", "baseline", "candidate", "difference", "lower", "upper", "q_value")


class Comparison(ResultTable):
    """Two or more models, row by row of what was compared.

    Attributes:
        df: model (name of the candidate), level (``overall``, ``class``, ``slice``, ``slice × class``, ``failure
            mode``), slice (null for all; the name of the failure mode), category (null for all), metric (precision,
            recall, f1, false_positives_per_image, macro_precision, macro_recall, macro_f1, ap, ap50; of a mode
            error_rate), baseline, candidate, difference (candidate - baseline) with lower and upper (percentiles of
            replicates in which both models have the same images), p_value (of no difference), q_value (over all
            rows), detectable (the smallest difference that would be seen with a probability of 80 %; null where the
            models nowhere differ), support (what the metric is a share of, of the baseline), clusters. Null where
            undefined; bounds and p-values with fewer than two clusters.
        pairs: The models by name of the candidate.
    """

    def __init__(self, df: pl.DataFrame, *, caption: str, pairs: Mapping[str, Pair]) -> None:
        super().__init__(df, caption=caption)
        self.pairs = dict(pairs)

    def _headline(self) -> str:
        differ = int((self.df["q_value"] < 0.05).sum())
        return f"{differ} of {len(self.df)} rows differ (q < 0.05)"

    def _shown(self) -> pl.DataFrame:
        names = ["model", *_SHOWN] if self.df["model"].n_unique() > 1 else list(_SHOWN)
        return self.df.select(names)

    def flips(self, model: str | None = None, *, overlap: float = 0.5) -> Flips:
        """What a candidate fixed and what it broke, object by object; see `cvfail.comparison.flips.flips`.

        Args:
            model: Name of the candidate; may be left out if there is one alone.
            overlap: From which on false positives of both models are the same.

        Raises:
            QueryError: There is no such candidate, or several and none is named.
        """
        if model is None and len(self.pairs) == 1:
            model = next(iter(self.pairs))
        if model not in self.pairs:
            raise QueryError(f"no candidate {model!r}. Hint: one of {', '.join(self.pairs)}")
        return flips(self.pairs[model], overlap=overlap)

    def of_level(self, level: str) -> ResultTable:
        """The rows of one level."""
        return ResultTable(self.df.filter(level=level), caption=f"{level}; {self.caption}")

    @property
    def metrics(self) -> ResultTable:
        """Everything together."""
        return self.of_level("overall")

    @property
    def classes(self) -> ResultTable:
        """Class by class."""
        return self.of_level("class")

    @property
    def slices(self) -> ResultTable:
        """Slice by slice."""
        return self.of_level("slice")

    @property
    def failure_modes(self) -> ResultTable:
        """Frozen failure modes; a negative difference is fewer errors."""
        return self.of_level("failure mode")

    def power(self, difference: float, *, level: float = 0.05, power: float = 0.8) -> ResultTable:
        """Whether these images would show a difference, and how many it takes; see `power_of_rows`.

        Args:
            difference: True difference of the two models, such as 0.02.
            level: Of the p-value of one row.
            power: How often it is to be seen.
        """
        from cvfail.comparison.power import power_of_rows

        rows = power_of_rows(self.df, difference, level=level, power=power)
        told = f"how often a true difference of {difference:g} has p < {level:g}, and images for {power:.0%}"
        return ResultTable(rows, caption=f"{told}; {self.caption}")

    def changed(self, *, level: float = 0.05) -> ResultTable:
        """The rows that differ with a q-value below a level, the largest difference in standard errors first."""
        rows = self.df.filter(pl.col("q_value") < level).sort("p_value", maintain_order=True)
        return ResultTable(rows, caption=f"q < {level:g}; {self.caption}")


class CompareOptions(TypedDict, total=False):
    """Options of `compare`."""

    by: str | Sequence[str]
    slices: Slices
    modes: Iterable[FailureMode]
    slice_classes: bool
    average_precision: bool
    slice_average_precision: bool
    iou: float | None
    score: Score
    intersection: bool
    replicates: int
    confidence: float
    seed: int
    threads: int | None


def compare(
    baseline: Evidence,
    candidate: Evidence | Mapping[str, Evidence],
    *,
    by: str | Sequence[str] = (),
    slices: Slices = (),
    modes: Iterable[FailureMode] = (),
    slice_classes: bool = False,
    average_precision: bool = True,
    slice_average_precision: bool = True,
    iou: float | None = None,
    score: Score = None,
    intersection: bool = False,
    replicates: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> Comparison:
    """Compare models on the same images and labels.

    Args:
        baseline: The model that others are compared with.
        candidate: Another one, or several by name.
        by: Attributes whose every value is a slice.
        slices: Further slices, see `cvfail.slices.predicates.Slice`.
        modes: Frozen failure modes.
        slice_classes: Also every class in every slice.
        average_precision: Also AP (detection), overall and by class.
        slice_average_precision: Also AP of slices, where false positives of which ground truth alone could tell
            count in every slice; this takes the time of one overall AP for each slice that is not of whole images.
        iou: Overlap threshold of both; the baseline's if not given.
        score: Score threshold, or one for each model; each model's own if not given.
        intersection: Leave out images that only one model has, instead of refusing.
        replicates: Bootstrap replicates.
        confidence: Coverage of the intervals.
        seed: Of their weights, which both models share.
        threads: Threads over slices and classes; all processors if not given.

    Returns:
        See `Comparison`.

    Raises:
        PolicyError: Images, labels, classes or policies differ; the message lists how.
        QueryError: A slice, an attribute or a mode has no meaning here.

    Notes:
        Replicates weigh every image (or cluster) by Poisson(1), the same for both models; an image that is drawn
        twice counts twice, in AP as well. p-values are of Student's t: of rates, the linearised difference; of AP
        and of means over classes, the difference in standard deviations of its replicates. Where the models differ
        in u images alone, p is at least 2^(1-u). detectable is 2.80 standard errors (level 5 %, power 80 %),
        more for few clusters. Failure modes are compared at their own operating point.
    """
    names = (by,) if isinstance(by, str) else tuple(by)
    asked = Asked(
        slices=tuple(declared_slices(slices)),
        modes=tuple(modes),
        by=names,
        slice_classes=slice_classes,
        average_precision=average_precision and baseline.task == "detection",
        slice_average_precision=average_precision
        and slice_average_precision
        and baseline.task == "detection",
        replicates=replicates,
        confidence=confidence,
        seed=seed,
        threads=threads,
    )
    models = {"candidate": candidate} if isinstance(candidate, Evidence) else candidate
    pairs = {
        name: Pair.of(baseline, one, iou=iou, score=score, intersection=intersection)
        for name, one in models.items()
    }
    frames = [compared_rows(pair, asked).with_columns(model=pl.lit(name)) for name, pair in pairs.items()]
    frame = pl.concat(frames, how="diagonal") if frames else pl.DataFrame(schema=COMPARISON_SCHEMA)
    frame = frame.with_columns(q_value=benjamini_hochberg(frame["p_value"]))
    told = next(iter(pairs.values())).describe() if pairs else baseline.describe()
    return Comparison(
        frame.select(pl.col(name).cast(dtype) for name, dtype in COMPARISON_SCHEMA.items()),
        caption=f"candidate - baseline; {told}; {confidence:.0%} intervals from {replicates} bootstrap replicates",
        pairs=pairs,
    )
