"""A comparison with a baseline written by hand, to go with the made-up summary."""

from cvfail.report.schema import Summary
from tests.report.made_up import estimate, made_up_summary


def made_up_with_comparison(**options) -> Summary:
    """The made-up summary beside a baseline: every outcome, every flip, and things left out of each list."""
    summary = made_up_summary(**options)
    label = summary["labels"][0]
    summary["comparison"] = {
        "baseline": "yolov2_e150",
        "operating_points": "Both at score ≥ 0.25 and IoU ≥ 0.5",
        "verdict": ["This run is better overall: recall +3.1 points.", "1 failure mode is gone."],
        "overall": [
            _delta("overall", "", "ap", "score", 0.31, 0.33, "better"),
            _delta("overall", "", "recall", "rate", 0.68, 0.712, "better"),
            _delta("overall", "", "false_positives_per_image", "number", 0.9, None, "unclear"),
        ],
        "changed": [
            _delta("class", label, "recall", "rate", 0.6, 0.52, "worse"),
            _delta("slice", "time_of_day=night", "precision", "rate", 0.4, 0.6, "better", thin=True),
        ],
        "changed_left_out": 7,
        "looked_at": 140,
        "modes": [
            _mode(rank, outcome)
            for rank, outcome in enumerate(("removed", "reduced", "worse", "moved", "unclear"), start=1)
        ],
        "modes_left_out": 3,
        "objects": [
            _flips("fixed", 320, 0.2),
            _flips("broken", 120, 0.08),
            _flips("still wrong", 460, 0.29),
            _flips("still right", 700, 0.43, examples=0),
        ],
        "false_positives": [_flips("gone", 90, 0.5), _flips("new", 40, 0.2), _flips("still there", 54, 0.3)],
        "worse": [
            _worse("broken", f"category={label}", balance="worse"),
            _worse("new", "size=small & time_of_day=<night>", balance=None),
        ],
        "not_by": ["scene (more than 50 values)"],
        "caveats": ["Both runs are weighed on the same images."],
    }
    summary["verdict"] = summary["comparison"]["verdict"] + summary["verdict"]
    return summary


def _delta(level, name, metric, style, baseline, candidate, change, *, thin=False):
    known = candidate is not None
    difference = estimate(0.0, 900)
    bounds = (candidate - baseline, 0.02) if known else (None, None)
    difference["estimate"] = bounds[0]
    difference["lower"] = bounds[0] - bounds[1] if known else None
    difference["upper"] = bounds[0] + bounds[1] if known else None
    return {
        "level": level,
        "name": name,
        "metric": metric,
        "style": style,
        "lower_is_better": metric in {"false_positives_per_image", "error_rate"},
        "baseline": baseline,
        "candidate": candidate,
        "difference": difference,
        "p_value": 0.001 if known else None,
        "q_value": 0.004 if known else None,
        "detectable": 0.015 if known else None,
        "clusters": 800,
        "thin": thin,
        "change": change,
    }


def _mode(rank, outcome):
    change = {"removed": "better", "reduced": "better", "worse": "worse"}.get(outcome, "unclear")
    where = f"time_of_day=night & rank={rank}"
    return {
        **_delta("failure mode", f"missed where {where}", "error_rate", "rate", 0.5, 0.3, change),
        "title": f"Missed where {where}",
        "what": "Missed",
        "slice": where,
        "outcome": outcome,
        "errors_before": 100 * rank,
        "errors_now": 40 * rank,
        "repaired": 70 * rank,
        "broken": 10 * rank,
        "examples": [0, 1],
        "captions": ["missed → found", "missed → found"],
    }


def _flips(flip, count, share, *, examples=2):
    return {
        "flip": flip,
        "title": flip.capitalize(),
        "count": count,
        "share": share,
        "examples": list(range(examples)),
        "captions": [f"{flip} {place}" for place in range(examples)],
    }


def _worse(flip, slice_, *, balance):
    return {
        "flip": flip,
        "slice": slice_,
        "support": 210,
        "flipped": 31,
        "rate": 0.148,
        "rest_rate": None if flip == "new" else 0.02,
        "q_value": 0.003,
        "balance": None if balance is None else _delta("slice", slice_, "recall", "rate", 0.7, 0.6, balance),
        "examples": [2, 3],
        "captions": ["found → missed", "found → missed"],
    }
