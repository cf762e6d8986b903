"""This run against a baseline: deltas, frozen failure modes, flips, and where it got worse."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from cvfail.comparison.comparison import Comparison as ComparedModels
from cvfail.comparison.comparison import compare
from cvfail.comparison.flips import Flips, flips
from cvfail.comparison.pairing import Pair
from cvfail.evidence.attributes import attribute, attribute_names
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.likeness import refuse_unlike
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.comparison_sentences import caveats, verdict
from cvfail.report.deltas import CHANGED_LEVEL, changed_deltas, overall_deltas
from cvfail.report.flipped import Flipped
from cvfail.report.frozen_modes import frozen_modes
from cvfail.report.gallery import Gallery
from cvfail.report.reportable import Reportable
from cvfail.report.schema import Comparison
from cvfail.report.typeset import typeset_policy
from cvfail.report.worse_slices import WorseSlices

if TYPE_CHECKING:
    from cvfail.failures.failure_mode import FailureMode

MOST_VALUES = 50
"""Attributes of more values are not compared value by value."""

MOST_MODES = 30


@dataclass(frozen=True)
class _Asked:
    """What is compared: attributes value by value, and the frozen modes of the baseline, but for some."""

    by: list[str]
    not_by: list[str]
    modes: list[FailureMode]
    modes_left_out: int


def paired(baseline: Reportable, point: OperatingPoint) -> Pair:
    """A baseline beside what a report is of, at the report's overlap threshold and each one's score threshold.

    Raises:
        PolicyError: Images, labels, classes or policies differ; the message lists how.
    """
    refuse_unlike(baseline.evidence, point.evidence)
    return Pair(OperatingPoint.of(baseline.evidence, iou=point.iou), point)


def comparison(baseline: Reportable, pair: Pair, gallery: Gallery, *, examples: int) -> Comparison:
    """Compare what a report is of with a baseline.

    Args:
        baseline: An evaluation of the same images and labels.
        pair: Both, see `paired`.
        gallery: Takes the examples; it knows the baseline.
        examples: Per group.
    """
    evidence = pair.second.evidence
    turned = flips(pair)
    asked = _asked(evidence, baseline)
    worse = WorseSlices.of(turned, asked.by)
    models = compare(
        baseline.evidence,
        evidence,
        by=asked.by,
        slices=worse.slices,
        modes=asked.modes,
        slice_average_precision=False,
        iou=pair.second.iou,
    )
    return _gathered(models, turned, asked, worse, gallery, examples)


def _gathered(
    models: ComparedModels,
    turned: Flips,
    asked: _Asked,
    worse: WorseSlices,
    gallery: Gallery,
    examples: int,
) -> Comparison:
    evidence = turned.pair.second.evidence
    flipped = Flipped.of(turned)
    modes = frozen_modes(asked.modes, models, turned, gallery, examples=examples)
    objects, false_positives = flipped.groups(gallery, examples=2 * examples)
    changed, left_out = changed_deltas(models, without=worse.names)
    made = Comparison(
        baseline=_name(turned.pair.first.evidence),
        operating_points=typeset_policy(turned.pair.describe()),
        verdict=[],
        overall=overall_deltas(models, evidence.task),
        changed=changed,
        changed_left_out=left_out,
        looked_at=models.df["p_value"].count(),
        modes=modes,
        modes_left_out=asked.modes_left_out,
        objects=objects,
        false_positives=false_positives,
        worse=worse.told(models, flipped, gallery, examples=examples),
        not_by=asked.not_by,
        caveats=[],
    )
    made["verdict"], made["caveats"] = verdict(made, evidence.task), caveats(made, CHANGED_LEVEL)
    return made


def _asked(evidence: Evidence, baseline: Reportable) -> _Asked:
    ours, theirs = (attribute_names(one) for one in (evidence, baseline.evidence))
    by, not_by = [], [f"{name} (of one run alone)" for name in theirs if name not in ours]
    for name in ours:
        if name == "category":
            continue
        if name not in theirs:
            not_by.append(f"{name} (of one run alone)")
        elif attribute(evidence, name).truth.n_unique() > MOST_VALUES:
            not_by.append(f"{name} (more than {MOST_VALUES} values)")
        else:
            by.append(name)
    ranked = baseline.failure_modes()
    found = ranked.df.filter(pl.col("significant"))["rank"].to_list()
    known = [ranked.modes[rank - 1] for rank in found]
    usable = [mode for mode in known if _has_columns(mode, ours)]
    return _Asked(by, not_by, usable[:MOST_MODES], len(known) - len(usable[:MOST_MODES]))


def _has_columns(mode: FailureMode, names: list[str]) -> bool:
    return set(mode.slice_.columns) <= set(names)


def _name(evidence: Evidence) -> str:
    """The baseline by the file of its predictions, where it came from one."""
    origin = evidence.source.get("predictions", "frame")
    return "the baseline" if origin == "frame" else Path(origin).stem
