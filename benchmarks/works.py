"""What is compared, and what cvfail must reach: one `Work` a row.

A task is a function of the same name in every module of `benchmarks.programs` that takes part.
"""

from __future__ import annotations

from dataclasses import dataclass

FASTEST = "fastest"

NAMES = {
    "cvfail": "cvfail",
    "hotcoco": "hotcoco",
    "ultrafast_pycocotools": "ultrafast-pycocotools",
    "vernier": "vernier",
    "faster_coco_eval": "faster-coco-eval",
    "pycocotools": "pycocotools",
    "valor_lite": "valor-lite",
}
"""The tools by module, with the names under which they are installed."""

RUST = ("hotcoco", "ultrafast_pycocotools", "vernier")


@dataclass(frozen=True)
class Target:
    """Upper bounds; None bounds nothing.

    Attributes:
        ratio: Of cvfail's seconds to those of `against`.
        memory_ratio: Of cvfail's peak memory to that of `against`.
        against: A peer, or ``"fastest"``: the one with the smallest median seconds.
        seconds: Of cvfail.
        gigabytes: Of cvfail's peak memory.
    """

    ratio: float | None = None
    memory_ratio: float | None = None
    against: str = FASTEST
    seconds: float | None = None
    gigabytes: float | None = None


@dataclass(frozen=True)
class Work:
    """A task on a dataset, for cvfail and those peers that can do it.

    Attributes:
        name: For the command line.
        title: For the reader.
        data: A dataset of `benchmarks.datasets.RECIPES`.
        task: A function of the modules in `benchmarks.programs`.
        peers: Who is asked besides cvfail.
        target: What cvfail must reach.
        before: A task of cvfail that is run once before, and not timed.
        exact: Whether the tools' numbers have one definition, so that they must agree.
    """

    name: str
    title: str
    data: str
    task: str
    peers: tuple[str, ...]
    target: Target
    before: str | None = None
    exact: bool = True


WORKS = (
    Work(
        "S-json",
        "S, COCO JSON to the twelve numbers, whole process",
        "S",
        "summary_from_json",
        (*RUST, "faster_coco_eval", "pycocotools", "valor_lite"),
        Target(ratio=2.0, against="hotcoco"),
    ),
    Work(
        "M-json",
        "M, COCO JSON to the twelve numbers, whole process",
        "M",
        "summary_from_json",
        (*RUST, "faster_coco_eval"),
        Target(ratio=0.6, memory_ratio=1.0),
    ),
    Work(
        "M-parquet",
        "M, Parquet to the twelve numbers, whole process",
        "M",
        "summary_from_parquet",
        RUST,
        Target(ratio=0.4),
    ),
    Work(
        "L-parquet",
        "L, Parquet to the twelve numbers, whole process",
        "L",
        "summary_from_parquet",
        RUST,
        Target(ratio=0.4),
    ),
    Work(
        "M-loaded",
        "M, matching and accumulation on loaded data",
        "M",
        "summary_of_loaded",
        RUST,
        Target(ratio=0.2, against="hotcoco"),
    ),
    Work(
        "M-outcomes",
        "M, with all outcome columns kept and saved as Parquet, whole process",
        "M",
        "outcomes_saved",
        ("vernier",),
        Target(ratio=0.3, against="vernier"),
    ),
    Work(
        "M-slices",
        "M, average precision of 20 slices of images × 80 classes, after the match",
        "M",
        "precision_of_slices",
        RUST,
        Target(ratio=0.1, against="ultrafast_pycocotools"),
    ),
    Work(
        "M-confusion",
        "M, confusion matrix at a new threshold from a saved evaluation",
        "M",
        "confusion_of_saved",
        ("hotcoco",),
        Target(seconds=0.2),
        before="save_evaluation",
        exact=False,
    ),
    Work(
        "100M-summary",
        "100M detections in Parquet by image, out of core to the twelve numbers",
        "100M",
        "summary_out_of_core",
        (),
        Target(seconds=60, gigabytes=6),
    ),
    Work(
        "100M-questions",
        "100M detections, confusion matrix and metrics by an attribute, from the saved evaluation",
        "100M",
        "questions_out_of_core",
        (),
        Target(seconds=30),
    ),
    Work(
        "100M-random-summary",
        "100M detections in Parquet in random order, out of core to the twelve numbers",
        "100M-random",
        "summary_out_of_core",
        (),
        Target(gigabytes=6),
    ),
)
