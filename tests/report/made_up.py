"""A summary written by hand, of a detector that never was: for tests of what is rendered from it."""

import random

from cvfail.report.queries import queries
from cvfail.report.schema import SCHEMA_VERSION, Estimate, Summary

ANIMALS = ("cat", "dog", "horse", "sheep", "cow", "bird")


def estimate(value, support, *, spread=0.03):
    return Estimate(
        estimate=round(value, 4),
        lower=round(max(0.0, value - spread), 4),
        upper=round(min(1.0, value + spread), 4),
        support=support,
    )


def made_up_summary(
    *,
    labels=ANIMALS,
    file_names=("000001.jpg", "street/000002.jpg", "night 3.jpg"),
    sizes=((640, 480), (640, 426), (381, 500)),
    seed=7,
) -> Summary:
    chance = random.Random(seed)
    classes = len(labels)
    examples, images = _gallery(chance, classes, file_names, sizes)

    def some(count):
        return sorted(chance.sample(range(len(examples)), min(count, len(examples))))

    cells = []
    for true in range(classes + 1):
        for predicted in range(classes + 1):
            background = classes in {true, predicted}
            if true == predicted == classes or (
                not background and true != predicted and chance.random() > 0.35
            ):
                continue
            size = 900 if true == predicted else 200 if background else 40
            count = max(1, round(chance.random() ** 3 * size))
            cells.append(
                {"true": true, "predicted": predicted, "count": count, "examples": some(min(count, 12))}
            )
    totals = [sum(c["count"] for c in cells if c["true"] == label) for label in range(classes + 1)]
    columns = [sum(c["count"] for c in cells if c["predicted"] == label) for label in range(classes + 1)]
    confused = [
        i
        for i, c in enumerate(cells)
        if c["true"] != c["predicted"] and classes not in {c["true"], c["predicted"]}
    ]
    confused.sort(key=lambda i: -cells[i]["count"])
    return {
        "schema_version": SCHEMA_VERSION,
        "cvfail_version": "0.1.0",
        "title": "VOC2007 test · YOLOv3",
        "task": "detection",
        "labels": [*labels, "(background)"],
        "operating_point": {
            "score": 0.25,
            "iou": 0.5,
            "policy": "coco: iou=.50:.05:.95 max_detections=1,10,100 score>=0.25 iou>=0.5 matching=class_first",
            "rules": [
                "Detections with a score of at least 0.25 count; the 100 best per image and class.",
                "A detection matches an object of its own class from an IoU of 0.5, best score first.",
            ],
        },
        "sources": [
            {"table": "ground_truth", "origin": "gt_coco.json"},
            {"table": "predictions", "origin": "dets_yolov3.parquet"},
        ],
        "counts": {
            "images": 4952,
            "ground_truth": 12032,
            "ignored_ground_truth": 2944,
            "predictions": 87765,
            "kept_predictions": 13121,
            "classes": classes,
        },
        "verdict": [
            "At score ≥ 0.25 the detector finds 71.2% of 12,032 objects.",
            "3 failure modes stand out.",
        ],
        "comparison": None,
        "headline": [
            _headline(
                "AP",
                "Average precision, mean over IoU 0.50 to 0.95 and classes",
                "score",
                "ranking",
                0.3285,
                0.008,
            ),
            _headline("AP50", "Average precision at IoU 0.50", "score", "ranking", 0.6949, 0.009),
            _headline("AP75", "Average precision at IoU 0.75", "score", "ranking", 0.2841, 0.01),
            _headline(
                "AR100",
                "Recall, mean over IoU, with 100 detections per image",
                "score",
                "ranking",
                0.4412,
                0.009,
            ),
            _headline(
                "Precision", "Of the detections, how many are right", "rate", "operating_point", 0.640, 0.011
            ),
            _headline(
                "Recall", "Of the objects, how many are found", "rate", "operating_point", 0.712, 0.011
            ),
            _headline("F1", "Harmonic mean of precision and recall", "rate", "operating_point", 0.674, 0.01),
        ],
        "averages": [
            {
                "average": "micro",
                "precision": estimate(0.64, 13121),
                "recall": estimate(0.712, 12032),
                "f1": estimate(0.674, 12032),
            },
            {
                "average": "macro",
                "precision": estimate(0.611, 13121),
                "recall": estimate(0.688, 12032),
                "f1": estimate(0.645, 12032),
            },
        ],
        "failure_modes": [_mode(rank, some(12)) for rank in range(1, 13)],
        "error_types": [
            _error_type("missed", "an object that no detection claims", 3465, 0.41, 0.112, some(12)),
            _error_type(
                "localisation", "right class, box too far off (IoU 0.1 to 0.5)", 2210, 0.26, 0.081, some(12)
            ),
            _error_type("background", "a detection where nothing is", 1480, 0.17, 0.041, some(12)),
            _error_type("classification", "right place, wrong class", 810, 0.1, 0.033, some(12)),
            _error_type(
                "duplicate", "a second detection of an object already found", 402, 0.05, 0.006, some(12)
            ),
            _error_type("both", "wrong class and box too far off", 121, 0.01, None, some(12)),
        ],
        "errors_by_class": [_errors_of_class(chance, label, some) for label in range(classes)],
        "label_suspects": _label_suspects(chance, examples, images),
        "confusion": {
            "background": classes,
            "row_totals": totals,
            "column_totals": columns,
            "cells": cells,
            "pairs": confused[:12],
            "similarity": [*range(0, classes, 2), *range(1, classes, 2)],
        },
        "curves": _curves(some),
        "calibration": {"sentences": ["Scores are off by 0.05."], "errors": []},
        "better_thresholds": {
            "sentences": ["F1 is 67.4% at score ≥ 0.25."],
            "everything": _choice(None),
            "classes": [_choice(label) for label in range(classes)],
            "command": "cvfail thresholds RUN --by category --save thresholds.toml",
        },
        "threshold_steps": _threshold_steps(cells),
        "classes": [_class_row(chance, label, totals[label], columns[label]) for label in range(classes)],
        "slices": [
            _slice_table(chance, "time_of_day", ["day", "night", "dusk", None], some),
            _slice_table(chance, "size", ["small", "medium", "large"], some),
            _slice_table(chance, "truncated", ["false", "true"], some),
        ],
        "heatmaps": [
            _heatmap(
                chance, "time_of_day", ["day", "night", None], "size", ["small", "medium", "large"], some
            ),
            _heatmap(chance, "truncated", ["false", "true"], "size", ["small", "medium", "large"], some),
        ],
        "queries": queries("detection"),
        "examples": examples,
        "images": images,
        "pictures": [],
        "picture_report": {
            "asked": False,
            "made": 0,
            "left_out": 0,
            "over_size": 0,
            "missing": [],
            "missing_count": 0,
        },
        "caveats": ["Intervals are 95% and clustered by image."],
    }


def _curves(some):
    def track(values):
        return {
            "estimate": values,
            "lower": [value - 0.02 for value in values],
            "upper": [value + 0.02 for value in values],
        }

    def curve(label):
        return {
            "label": label,
            "support": 900,
            "area": estimate(0.7, 900),
            "threshold": [0.9, 0.5, 0.25, 0.05],
            "precision": track([0.95, 0.85, 0.7, 0.3]),
            "recall": track([0.3, 0.5, 0.7, 0.8]),
            "f1": track([0.45, 0.63, 0.7, 0.44]),
            "false_positives_per_image": track([0.05, 0.2, 0.9, 6.0]),
            "coverage": None,
            "bands": [
                {
                    "low": low,
                    "high": low + 0.05,
                    "right": 40,
                    "wrong": 20,
                    "missed": 40 if low < 0.25 else 0,
                    "mean_score": low + 0.02,
                    "share": estimate(0.3 + low / 2, 60),
                    "chance_lower": max(0.0, low - 0.05),
                    "chance_upper": low + 0.08,
                    "examples": some(6),
                }
                for low in (0.05, 0.25, 0.5, 0.9)
            ],
        }

    return {"note": "", "best": 0.25, "everything": curve(None), "classes": [curve(0), curve(1)], "roc": []}


def _choice(label):
    return {
        "label": label,
        "threshold": 0.31,
        "lower": 0.28,
        "upper": 0.35,
        "f1_now": 0.67,
        "f1_then": 0.69,
        "held_out": estimate(0.68, 900),
        "support": 900,
        "source": "own",
        "reason": None,
    }


def _threshold_steps(cells):
    """At every step half of what the step before had, and the cells of the matrix at the second one."""
    return {
        "scores": [0.0, 0.25, 0.5],
        "width": 0.25,
        "policy": 1,
        "best": 2,
        "true": [cell["true"] for cell in cells],
        "predicted": [cell["predicted"] for cell in cells],
        "changes": [
            [0, 2 * cell["count"], 1, -cell["count"], 1, cell["count"] // 2 - cell["count"]] for cell in cells
        ],
    }


def _gallery(chance, classes, file_names, sizes):
    examples, images = [], []
    for number, file_name in enumerate(file_names):
        width, height = sizes[number % len(sizes)]
        objects = []
        for _ in range(5):
            box = [chance.uniform(0, width * 0.6), chance.uniform(0, height * 0.6), 0, 0]
            box[2:] = [chance.uniform(20, width * 0.35), chance.uniform(20, height * 0.35)]
            shifted = [side + chance.uniform(-8, 8) for side in box]
            truth, seen = chance.randrange(classes), chance.randrange(classes)
            objects.append(
                {"kind": "truth", "label": truth, "box": [round(v, 1) for v in box], "score": None}
            )
            objects.append(
                {
                    "kind": "prediction",
                    "label": seen,
                    "box": [round(v, 1) for v in shifted],
                    "score": round(chance.uniform(0.25, 1), 3),
                }
            )
        for first, (has_truth, has_prediction) in zip(
            range(0, 10, 2), [(1, 1), (1, 1), (1, 0), (0, 1), (1, 1)], strict=True
        ):
            x, y, w, h = objects[first]["box"]
            side = max(w * 1.7, h * 1.7 * 4 / 3, 96)
            window = [x + w / 2 - side / 2, y + h / 2 - side * 3 / 8, side, side * 3 / 4]
            examples.append(
                {
                    "image": number,
                    "truth": first if has_truth else None,
                    "prediction": first + 1 if has_prediction else None,
                    "other": None,
                    "baseline": None,
                    "overlap": round(chance.uniform(0.1, 0.9), 3) if has_truth and has_prediction else None,
                    "window": [round(v, 1) for v in window],
                    "picture": None,
                }
            )
        images.append(
            {
                "file_name": file_name,
                "width": width,
                "height": height,
                "size_known": True,
                "picture": None,
                "objects": objects,
                "hidden": 0,
            }
        )
    return examples, images


def _headline(name, explanation, style, group, value, spread):
    return {
        "name": name,
        "explanation": explanation,
        "style": style,
        "group": group,
        "value": estimate(value, 12032, spread=spread),
    }


def _error_type(name, explanation, count, share, delta_ap, examples):
    return {
        "name": name,
        "explanation": explanation,
        "count": count,
        "share": share,
        "delta_ap": delta_ap,
        "delta_ap_lower": None if delta_ap is None else delta_ap - 0.005,
        "delta_ap_upper": None if delta_ap is None else delta_ap + 0.006,
        "sql": f"SELECT * FROM predictions WHERE error_type = '{name}'",
        "examples": examples,
    }


def _errors_of_class(chance, label, some):
    names = ("missed", "localisation", "background", "classification", "duplicate", "both")
    types = [
        {
            "name": name,
            "count": chance.randrange(1, 200 // place),
            "delta_ap": None if name == "both" else round(chance.random() / 10, 3),
            "examples": some(4),
        }
        for place, name in enumerate(names, 1)
        if label or name != "both"
    ]
    return {"label": label, "ap": None if label == 1 else round(chance.random(), 4), "types": types}


def _label_suspects(chance, examples, images):
    def kind(name, title, suspects, gain):
        gains = {"precision": gain / 2, "recall": gain, "f1": gain / 1.5, "ap": gain} if suspects else {}
        return {
            "name": name,
            "title": title,
            "explanation": f"what {name} is",
            "suspects": suspects,
            "gains": gains,
        }

    kinds = [
        kind("missing", "Missing label", 12, 0.004),
        kind("wrong_class", "Wrong class", 7, 0.011),
        kind("bad_box", "Poor box", 3, 0.002),
        kind("spurious", "No object", 0, 0.0),
    ]
    suspects = []
    for rank in range(1, 23):
        place = chance.randrange(len(examples))
        suspects.append(
            {
                "rank": rank,
                "kind": "missing" if rank % 2 else "wrong_class" if rank < 16 else "bad_box",
                "reason": f"reason {rank} with score 0.9 where no label is",
                "file_name": images[examples[place]["image"]]["file_name"],
                "label": None if rank % 2 else 0,
                "suggested": 0,
                "suspicion": round(1 - rank / 50, 3),
                "score": None if rank == 4 else 0.9,
                "example": place,
            }
        )
    return {
        "kinds": kinds,
        "together": kind("all", "All of them", 22, 0.017),
        "suspects": suspects,
        "note": "",
    }


def _cause(name, title, remedy, share, examples):
    return {
        "name": name,
        "title": title,
        "explanation": f"what {name} means",
        "remedy": remedy,
        "share": estimate(share, 200),
        "errors": 200 * share,
        "rows": round(200 * share),
        "evidence": f"{200 * share:.0f} of 200 errors, says the evidence",
        "thin": share < 0.05,
        "examples": examples,
    }


def _intervention(place, basis):
    known = basis != "unknown"
    return {
        "title": f"Act in way {place}",
        "action": f"act_in_way_{place}",
        "kind": "threshold",
        "cause": "threshold",
        "text": f"Do this {place} times where `cvfail` says so.",
        "errors_gone": 41.3 if known else None,
        "objects_found": 41.0 if known else None,
        "false_positives": 24.0 if basis == "replayed" else -3.2 if known else None,
        "recall_gain": 0.02 if known else None,
        "precision_gain": -0.001 if known else None,
        "f1_gain": 0.013 if known else None,
        "basis": basis,
        "effort": "hours",
        "images_needed": 43 if known else None,
        "images_here": 114,
    }


def _mode(rank, examples):
    error_type, where, unit = [
        ("missed", "time_of_day=night & size=small", "objects"),
        ("classification", "camera=rear", "detections"),
        ("duplicate", "crowding=high", "detections"),
        ("localisation", "truncated=true & pose=Frontal", "objects"),
    ][(rank - 1) % 4]
    rate, rest = 0.62 / rank + 0.1, 0.18 / rank + 0.02
    support = 800 // rank
    excess = round((rate - rest) * support, 1)
    return {
        "rank": rank,
        "title": f"{error_type} where {where}",
        "what": error_type.capitalize(),
        "sentence": f"{rate:.1%} of {support} {unit} here, {rest:.1%} elsewhere.",
        "error_type": error_type,
        "slice": where,
        "unit": unit,
        "support": support,
        "errors": round(rate * support),
        "rate": rate,
        "rest_rate": rest,
        "difference": {
            "estimate": rate - rest,
            "lower": rate - rest - 0.06,
            "upper": rate - rest + 0.06,
            "support": support,
        },
        "excess": {"estimate": excess, "lower": excess * 0.8, "upper": excess * 1.2, "support": support},
        "q_value": 10.0 ** (rank - 10) if rank < 9 else 0.02 * rank,
        "significant": rank < 9,
        "sql": f"SELECT * FROM ground_truth WHERE outcome = '{error_type}'",
        "examples": examples,
        "causes": []
        if rank == 2
        else [
            _cause("size", "Object size", "data", 0.61, examples),
            _cause("threshold", "Score threshold", "settings", 0.2, examples[:2]),
            _cause("label_noise", "Label noise", "labels", 0.15, []),
            _cause("crowding", "Crowding", "data", 0.03, []),
            _cause("inherent", "No known cause", "unknown", 0.01, []),
        ],
        "interventions": []
        if rank in {3, *range(9, 13)}
        else [
            _intervention(place, basis)
            for place, basis in enumerate(("replayed", "at most", "at most", "unknown", "unknown"), 1)
        ],
        "watch": ["background | (all)", "missed | size=large"] if rank == 1 else [],
    }


def _class_row(chance, label, support, predicted):
    recall = chance.uniform(0.4, 0.95)
    precision = chance.uniform(0.3, 0.95)
    thin = label % 7 == 3
    spread = 0.2 if thin else 0.04
    return {
        "label": label,
        "precision": estimate(precision, predicted, spread=spread),
        "recall": estimate(recall, support, spread=spread),
        "f1": estimate(2 * recall * precision / (recall + precision), support, spread=spread),
        "ap": estimate(recall * 0.6, support),
        "ap50": round(recall * 0.9, 4),
        "specificity": None,
        "support": support,
        "predicted": predicted,
        "thin": thin,
    }


def _heatmap(chance, rows_by, rows, columns_by, columns, some):
    """Recall falls with the row; the last cell is thin, the last but one is empty."""

    def level(name, value):
        return {"value": value, "where": f"{name} IS NULL" if value is None else f"{name} = '{value}'"}

    cells = []
    for row in range(len(rows)):
        for column in range(len(columns)):
            last = row == len(rows) - 1
            if last and column == len(columns) - 2:
                continue
            support = 900 // (1 + row + 2 * column)
            recall = min(0.98, chance.uniform(0.3, 0.8) + 0.1 * column)
            errors = round(support * (1 - recall))
            cells.append(
                {
                    "row": row,
                    "column": column,
                    "recall": estimate(recall, support, spread=0.05),
                    "precision": estimate(recall * 0.9, support) if rows_by != "truncated" else None,
                    "support": support,
                    "errors": errors,
                    "clusters": 6 if last and column == len(columns) - 1 else 60,
                    "thin": last and column == len(columns) - 1,
                    "examples": some(min(errors, 6)),
                }
            )
    return {
        "rows_by": rows_by,
        "columns_by": columns_by,
        "note": "",
        "rows": [level(rows_by, value) for value in rows],
        "columns": [level(columns_by, value) for value in columns],
        "cells": cells,
    }


def _slice_table(chance, attribute, values, some):
    rows = []
    for position, value in enumerate(values):
        row = _class_row(chance, position, 4000 // (position + 1), 4400 // (position + 1))
        rows.append(
            {
                "value": value,
                "where": f"images.{attribute} IS NULL"
                if value is None
                else f"images.{attribute} = '{value}'",
                **{key: row[key] for key in ("precision", "recall", "f1", "support", "predicted", "thin")},
                "errors": 40 // (position + 1),
                "clusters": 1200 // (position + 1),
                "examples": some(8),
            }
        )
    return {"attribute": attribute, "note": "", "rows": rows}
