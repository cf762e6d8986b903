"""Suspected label errors, the most suspect first, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.examples import examples
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.labels.classified_labels import OUT_OF_SAMPLE
from cvfail.labels.classified_suspects import classified_suspects
from cvfail.labels.confident_learning import Filter
from cvfail.labels.label_quality import Compat, Quality
from cvfail.labels.reasons import with_reasons
from cvfail.labels.suspect_rows import KINDS, SuspectRows, find_suspects
from cvfail.labels.verdicts import Verdicts, verdict_table, write_verdicts
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    from cvfail.labels.audit_plan import AuditOptions, AuditPlan

_COLUMNS = (
    *("rank", "kind", "image_id", "file_name", "ground_truth_index", "prediction_index", "other_index"),
    *("label", "suggested", "suspicion", "score", "overlap", "reason"),
)


class SuspectOptions(TypedDict, total=False):
    """Further options of `label_errors`, as it explains them."""

    min_score: float | None
    by: Filter | None
    rank_by: Quality
    compat: Compat | None


class LabelErrors(ResultTable):
    """Suspected label errors, the most suspect first.

    Attributes:
        df: One row per suspect: `rank`; `kind` (missing, wrong_class, bad_box, spurious, duplicate, conflict);
            `image_id`, `file_name`; `ground_truth_index`, the suspected label, null where one is missing;
            `prediction_index`, the prediction that speaks against it, and `other_index`, the other label in the
            same place, null where there is none; `label` and `suggested`, the class as given and as it should
            perhaps be; `suspicion` in [0, 1]; `score`, the model's in what it says; `overlap` of the label with
            the prediction or the other label; `reason`, a sentence.
        point: The evaluation at its operating point.
        suspects: The same as arrays, in the same order.
    """

    def __init__(
        self, df: pl.DataFrame, *, caption: str, point: OperatingPoint, suspects: SuspectRows
    ) -> None:
        super().__init__(df, caption=caption)
        self.point = point
        self.suspects = suspects

    def _shown(self) -> pl.DataFrame:
        return self.df.select("rank", "kind", "image_id", "label", "suggested", "suspicion", "reason")

    def rows(self, rank: int) -> pl.DataFrame:
        """The label and the prediction of a suspect, and the other label if there is one, with boxes of both.

        Args:
            rank: From 1.

        Returns:
            One row, or two where two labels stand in one place, with the columns of
            `cvfail.evidence.examples.examples`.

        Raises:
            QueryError: There is no such rank.
        """
        if not 1 <= rank <= len(self):
            raise QueryError(f"there is no rank {rank}. Hint: the {len(self)} suspects have ranks from 1")
        row = self.df.filter(rank=rank)
        units = row.select("kind", "prediction_index", "ground_truth_index")
        other = row.filter(pl.col("other_index").is_not_null())
        more = other.select("kind", "prediction_index", ground_truth_index="other_index")
        return examples(self.point.evidence, pl.concat([units, more]))

    def write_verdicts(self, path: str | Path) -> Path:
        """Write the suspects for people to judge: .csv or .parquet; see `cvfail.labels.verdicts`.

        Raises:
            FormatError: Another suffix.
        """
        return write_verdicts(self.point.evidence, self.df, path)

    def all_confirmed(self) -> Verdicts:
        """The verdicts as they would be if every suspect were a label error."""
        table = verdict_table(self.point.evidence, self.df)
        return Verdicts.of(table.with_columns(verdict=pl.lit("confirmed")))

    def correction_gain(self, *, threads: int | None = None) -> ResultTable:
        """The numbers if every suspect of a kind were put right; see `cvfail.labels.correction_gain`."""
        from cvfail.labels.correction_gain import correction_gain

        return correction_gain(self, threads=threads)

    def audit_plan(self, **options: Unpack[AuditOptions]) -> AuditPlan:
        """Which suspects to review to know how many are label errors; see `cvfail.labels.audit_plan`."""
        from cvfail.labels.audit_plan import audit_plan

        return audit_plan(self, **options)

    @property
    def counts(self) -> ResultTable:
        """How many suspects there are of each kind: `kind`, `suspects`, and `suspicion`, the mean."""
        kinds = pl.DataFrame({"kind": KINDS}, schema={"kind": pl.String})
        of_kind = self.df.group_by("kind").agg(
            suspects=pl.len().cast(pl.Int64), suspicion=pl.mean("suspicion")
        )
        table = kinds.join(of_kind, on="kind", how="left", maintain_order="left")
        return ResultTable(table.with_columns(pl.col("suspects").fill_null(0)), caption=self.caption)


def label_errors(
    point: OperatingPoint,
    *,
    kinds: Sequence[str] | None = None,
    top: int | None = None,
    min_score: float | None = None,
    by: Filter | None = None,
    rank_by: Quality = "self_confidence",
    compat: Compat | None = None,
) -> LabelErrors:
    """Rank the labels that are probably wrong.

    Args:
        point: The evaluation at an overlap and a score threshold.
        kinds: Only these kinds.
        top: Only so many of the most suspect.
        min_score: Detection: trust predictions from this score instead of that of `trusted_scores` per class.
        by: Classification: which labels are suspects, see `ConfidentLearning.issues`; what is confidently of
            another class if not given, with `compat` cleanlab's ``prune_by_noise_rate``.
        rank_by: Classification: the quality of labels by which suspects stand; suspicion is 1 minus that.
        compat: Classification: ``"cleanlab"`` follows that library.

    Returns:
        Suspects by descending suspicion, ties by kind, image and row. A label is suspected of one thing only, the
        first that holds of duplicate, conflict, wrong class, bad box and spurious.

    Raises:
        PolicyError: An option has no meaning, or none for this task.
        QueryError: A classifier without probabilities.

    Notes:
        Trusted is a false positive with a score at which its class is right in nine of ten cases
        (`trusted_scores`), t the overlap threshold, t_b the policy's background overlap. Suspicion, from boxes of
        one image alone and free of the unit of length, is in brackets.

        - missing: trusted, and overlaps every label of the image, ignored ones too, by less than t_b; of several
          in one place the best [score].
        - wrong_class: an unfound label with a trusted prediction of another class that overlaps it by t, paired
          one to one [score × overlap].
        - bad_box: an unfound label at which a trusted prediction of its class aims with an overlap in [.3, t)
          [score × (1 - overlap)].
        - spurious: a label that no prediction of any class with a score of at least .01 overlaps by t_b, in an
          image where half or more of the labels no larger than it are touched [(touched + 1) / (those + 2)].
        - duplicate, conflict: two labels of one class that overlap by .9, of two classes by .95 [overlap]. The
          suspect is the one that was not found, or the later row.

        They are leads for a person, not corrections: a model makes the same mistake again and again. Of
        classification see `confident_learning`; its probabilities must be out-of-sample.

    Source: semantics of hotcoco's diagnostics for missing and wrong class; JAIR 70 (2021) 1373-1411.
    """
    wanted = _checked_kinds(kinds)
    if top is not None and top < 0:
        raise PolicyError(f"top must not be negative; found {top}")
    evidence = point.evidence
    if evidence.task == "classification":
        suspects = classified_suspects(evidence, by=by, rank_by=rank_by, compat=compat)
        caption = f"suspected labels; {evidence.describe()}; {OUT_OF_SAMPLE}"
    else:
        if compat is not None or by is not None:
            raise PolicyError(
                "compat and by are for classification. Hint: object_label_quality(compat='cleanlab') has "
                "ObjectLab's scores"
            )
        suspects = find_suspects(point, min_score=min_score)
        caption = f"suspected labels; {evidence.describe(iou=point.iou, score=point.score)}"
    suspects = suspects.taken(np.isin(suspects.kind, wanted))
    suspects = suspects.taken(np.arange(suspects.kind.size)[:top])
    return LabelErrors(_table(evidence, suspects), caption=caption, point=point, suspects=suspects)


def _checked_kinds(kinds: Sequence[str] | None) -> list[int]:
    if isinstance(kinds, str):
        kinds = [kinds]
    unknown = [kind for kind in kinds or () if kind not in KINDS]
    if unknown:
        raise PolicyError(f"there is no kind {unknown[0]!r} of label errors. Hint: {', '.join(KINDS)}")
    return [code for code, kind in enumerate(KINDS, start=1) if kinds is None or kind in kinds]


def _table(evidence: Evidence, suspects: SuspectRows) -> pl.DataFrame:
    truth, prediction = _rows(suspects.truth), _rows(suspects.prediction)
    tables = evidence.outcomes
    image = pl.select(
        pl.coalesce(
            tables.column("ground_truth", "image_id").gather(truth),
            tables.column("predictions", "image_id").gather(prediction),
        )
    ).to_series()
    names = pl.Series(evidence.category_names, dtype=pl.String)
    files = evidence.images.select("image_id", "file_name")
    coding = evidence.coding
    frame = pl.DataFrame(
        {
            "kind": pl.Series(KINDS, dtype=pl.String).gather(_rows(suspects.kind.astype(np.int64) - 1)),
            "image_id": image,
            "ground_truth_index": truth,
            "prediction_index": prediction,
            "other_index": _rows(suspects.other),
            "label": names.gather(_coded(coding.truth_category, truth)),
            "suggested": names.gather(_rows(suspects.suggested)),
            "suspicion": suspects.suspicion,
            "score": pl.Series(suspects.score).fill_nan(None),
            "overlap": pl.Series(suspects.overlap).fill_nan(None),
            "smaller": suspects.smaller,
            "seen": suspects.seen,
        }
    )
    told = with_reasons(frame)
    ranked = told.join(files, on="image_id", how="left", maintain_order="left")
    return ranked.with_row_index("rank", offset=1).cast({"rank": pl.Int64}).select(_COLUMNS)


def _rows(numbers: NDArray[np.int64]) -> pl.Series:
    """Row numbers with null for -1."""
    return pl.Series(numbers, dtype=pl.Int64).replace(-1, None)


def _coded(codes: NDArray[np.int32], rows: pl.Series) -> pl.Series:
    return pl.Series(codes, dtype=pl.Int64).gather(rows)
