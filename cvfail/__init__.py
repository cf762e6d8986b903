"""cvfail: where a computer-vision model fails, how sure that is, and what to do about it.

The public names load when they are first used, so that ``import cvfail`` is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cvfail.version import __version__

if TYPE_CHECKING:
    from cvfail import charts
    from cvfail.attributes.binning import bin_by_edges, bin_by_quantiles, bin_by_time
    from cvfail.attributes.crowding import object_density, with_crowding
    from cvfail.attributes.geometry import with_geometry
    from cvfail.attributes.image_folder import image_attributes
    from cvfail.attributes.image_quality import image_quality
    from cvfail.attributes.joining import with_attributes
    from cvfail.calibration.calibration_error import calibration_error
    from cvfail.calibration.calibration_map import CalibrationMap, read_calibration
    from cvfail.comparing import ablations, compare, disagreement
    from cvfail.demo import write_demo
    from cvfail.errors import CvfailError, SchemaError
    from cvfail.evaluation import Evaluation, evaluate
    from cvfail.evaluation import open_evaluation as open  # noqa: A004
    from cvfail.failures.costs import Costs
    from cvfail.failures.failure_mode import FailureMode
    from cvfail.failures.interventions.rule import read_rules
    from cvfail.failures.mode_files import read_modes
    from cvfail.failures.plan.plan import read_plan
    from cvfail.gate.baseline import read_baseline
    from cvfail.gate.runs import runs
    from cvfail.io.coco import read_coco
    from cvfail.io.frames import from_frames
    from cvfail.io.labels import from_labels
    from cvfail.io.parquet import read_parquet, write_parquet
    from cvfail.io.parquet_scan import scan_parquet
    from cvfail.labels.confident_learning import confident_learning
    from cvfail.labels.correction import corrected
    from cvfail.labels.verdicts import read_verdicts
    from cvfail.matching.policy import Policy
    from cvfail.metrics.classification_counts import ClassificationCounts, rates_from_counts
    from cvfail.metrics.confusion import ConfusionMatrix
    from cvfail.thresholds.thresholds import ThresholdRule, Thresholds

_HOME = {
    "CalibrationMap": "cvfail.calibration.calibration_map",
    "ConfusionMatrix": "cvfail.metrics.confusion",
    "CvfailError": "cvfail.errors",
    "SchemaError": "cvfail.errors",
    "rates_from_counts": "cvfail.metrics.classification_counts",
    "ClassificationCounts": "cvfail.metrics.classification_counts",
    "Evaluation": "cvfail.evaluation",
    "Costs": "cvfail.failures.costs",
    "FailureMode": "cvfail.failures.failure_mode",
    "Policy": "cvfail.matching.policy",
    "Slice": "cvfail.slices.predicates",
    "ThresholdRule": "cvfail.thresholds.thresholds",
    "Thresholds": "cvfail.thresholds.thresholds",
    "ablations": "cvfail.comparing",
    "bin_by_edges": "cvfail.attributes.binning",
    "bin_by_quantiles": "cvfail.attributes.binning",
    "bin_by_time": "cvfail.attributes.binning",
    "calibration_error": "cvfail.calibration.calibration_error",
    "compare": "cvfail.comparing",
    "confident_learning": "cvfail.labels.confident_learning",
    "corrected": "cvfail.labels.correction",
    "disagreement": "cvfail.comparing",
    "evaluate": "cvfail.evaluation",
    "from_frames": "cvfail.io.frames",
    "from_labels": "cvfail.io.labels",
    "image_attributes": "cvfail.attributes.image_folder",
    "image_quality": "cvfail.attributes.image_quality",
    "object_density": "cvfail.attributes.crowding",
    "open": "cvfail.evaluation",
    "read_calibration": "cvfail.calibration.calibration_map",
    "read_baseline": "cvfail.gate.baseline",
    "read_coco": "cvfail.io.coco",
    "read_modes": "cvfail.failures.mode_files",
    "read_parquet": "cvfail.io.parquet",
    "read_plan": "cvfail.failures.plan.plan",
    "read_rules": "cvfail.failures.interventions.rule",
    "read_verdicts": "cvfail.labels.verdicts",
    "with_attributes": "cvfail.attributes.joining",
    "with_crowding": "cvfail.attributes.crowding",
    "with_geometry": "cvfail.attributes.geometry",
    "runs": "cvfail.gate.runs",
    "scan_parquet": "cvfail.io.parquet_scan",
    "search_slices": "cvfail.slices.search",
    "write_demo": "cvfail.demo",
    "write_parquet": "cvfail.io.parquet",
}

_INSIDE = {"open": "open_evaluation"}

__all__ = [
    "CalibrationMap",
    "ClassificationCounts",
    "ConfusionMatrix",
    "Costs",
    "CvfailError",
    "Evaluation",
    "FailureMode",
    "Policy",
    "SchemaError",
    "Slice",
    "ThresholdRule",
    "Thresholds",
    "__version__",
    "ablations",
    "bin_by_edges",
    "bin_by_quantiles",
    "bin_by_time",
    "calibration_error",
    "charts",
    "compare",
    "confident_learning",
    "corrected",
    "disagreement",
    "evaluate",
    "from_frames",
    "from_labels",
    "image_attributes",
    "image_quality",
    "object_density",
    "open",
    "rates_from_counts",
    "read_baseline",
    "read_calibration",
    "read_coco",
    "read_modes",
    "read_parquet",
    "read_plan",
    "read_rules",
    "read_verdicts",
    "runs",
    "scan_parquet",
    "search_slices",
    "with_attributes",
    "with_crowding",
    "with_geometry",
    "write_demo",
    "write_parquet",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name == "charts":
        return import_module("cvfail.charts")
    if name not in _HOME:
        raise AttributeError(f"module 'cvfail' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), _INSIDE.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
