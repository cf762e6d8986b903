"""For test suites: fail a test where a new model breaks the rules of a gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cvfail.evaluating import open_evaluation

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation
    from cvfail.gate.gate import Gate
    from cvfail.gate.measured import Measured
    from cvfail.gate.rules_file import RulesLike

__all__ = ["assert_no_regression"]

_MOST_ROWS = 20


def assert_no_regression(
    candidate: Evaluation | str | Path,
    baseline: Evaluation | Measured | str | Path | None = None,
    *,
    rules: RulesLike,
    strict: bool = False,
) -> Gate:
    """Fail if a model breaks a rule.

    Args:
        candidate: The new model, or the folder of its run.
        baseline: What it is compared with: an evaluation, the folder of a run, or a file of sums; not needed if
            all rules are of the candidate alone.
        rules: A TOML file of rules, what it holds, or `cvfail.gate.rules_file.Rules`.
        strict: Also fail where there are too few data to tell.

    Returns:
        The verdicts.

    Raises:
        AssertionError: A row fails, or under `strict` is to be investigated; the message lists these rows.
        CvfailError: Rules or models cannot be read, or do not fit together.

    Example:
        >>> import cvfail as cf
        >>> box = {"bbox": [[20, 20, 9, 9]] * 40, "image_id": range(40), "category_id": [1] * 40}
        >>> found = {name: values[:20] for name, values in box.items()} | {"score": [0.9] * 20}
        >>> data = cf.from_frames(ground_truth=box, predictions=found, box_format="xywh")
        >>> assert_no_regression(cf.evaluate(data), rules={"rule": [{"metric": "recall", "at_least": 0.8}]})
        Traceback (most recent call last):
        AssertionError: fail: 1 of 1 rows fails, 0 to investigate, 0 pass
        - fail: recall at least 0.8: recall: 0.500 [0.356, 0.644], limit 0.800: beyond the limit
    """
    __tracebackhide__ = True
    from cvfail.gate.wording import told_row

    known = open_evaluation(candidate) if isinstance(candidate, str | Path) else candidate
    verdicts = known.gate(rules, baseline=baseline)
    if verdicts.is_kept(strict=strict):
        return verdicts
    told = {"fail", "investigate"} if strict else {"fail"}
    rows = [row for row in verdicts.to_dicts() if row["verdict"] in told]
    lines = [f"- {row['verdict']}: {row['rule']}: {told_row(row)}" for row in rows[:_MOST_ROWS]]
    more = [f"- and {len(rows) - _MOST_ROWS} more"] if len(rows) > _MOST_ROWS else []
    raise AssertionError("\n".join([verdicts.summary, *lines, *more]))
