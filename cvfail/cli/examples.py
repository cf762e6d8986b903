"""How the rows behind a number are shown on a terminal."""

from __future__ import annotations

EXAMPLE_COLUMNS = (
    "image_id",
    "file_name",
    "true",
    "predicted",
    "score",
    "overlap",
    "gt_box",
    "pred_box",
    "ground_truth_index",
    "prediction_index",
)
"""The most important first; attributes are in the files."""
