"""From tables, or from a folder, to an `Evaluation`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cvfail.errors import PolicyError
from cvfail.matching.policy import Policy
from cvfail.tables.dataset import Dataset

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation
    from cvfail.io.parquet_scan import ParquetScan


def evaluate(
    data: Dataset | ParquetScan,
    policy: Policy | None = None,
    *,
    threads: int | None = None,
    folder: str | Path | None = None,
    memory: str | int = "4GB",
    progress: Callable[[str, int, int], None] | None = None,
) -> Evaluation:
    """Match predictions to ground truth once; every later question reads the stored outcomes.

    Args:
        data: Validated tables from a reader; not modified. Or what `scan_parquet` names: tables that need not fit
            in memory, which are streamed into a folder.
        policy: Every matching choice; COCO's if not given.
        threads: Threads over blocks of images; all processors if not given. The result does not depend on it.
        folder: Where the evaluation is saved; needed for what is streamed.
        memory: How much streaming may use, ``"4GB"`` or a number of bytes.
        progress: Is called with (what, rows done, rows in all) while tables are streamed.

    Returns:
        The evaluation; opened from the folder if there is one.

    Raises:
        PolicyError: Tables are to be streamed and there is no folder.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": [1, 1], "category_id": [1, 2], "bbox": [[0, 0, 10, 10], [20, 20, 10, 10]]}
        >>> found = {"image_id": [1], "category_id": [1], "score": [0.9], "bbox": [[0, 0, 10, 10]]}
        >>> data = cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh")
        >>> cf.evaluate(data).metrics().df.select("precision", "recall").row(0)
        (1.0, 0.5)
    """
    from cvfail.evaluation import Evaluation

    policy = policy or Policy()
    if isinstance(data, Dataset):
        from cvfail.evidence.making import make_evidence

        evaluation = Evaluation(make_evidence(data, policy, threads=threads))
        return evaluation if folder is None else open_evaluation(evaluation.save(folder))
    if folder is None:
        raise PolicyError(
            "tables that are streamed need a folder. Hint: evaluate(scan, policy, folder='run')"
        )
    from cvfail.evidence.streaming import evaluate_scan

    return Evaluation(evaluate_scan(data, policy, folder, memory=memory, threads=threads, progress=progress))


def open_evaluation(folder: str | Path, *, verify: bool = False) -> Evaluation:
    """Open an evaluation that `Evaluation.save` wrote; its rows are read when a question needs them.

    Args:
        folder: The folder.
        verify: Compare the digest of every file, which reads them all; else only their sizes.

    Raises:
        MissingFileError: It does not exist or has no manifest.
        FormatError: It is damaged, or of another schema version.
    """
    from cvfail.evaluation import Evaluation
    from cvfail.evidence.stored_evidence import open_evidence

    return Evaluation(open_evidence(folder, verify=verify))
