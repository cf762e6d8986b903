"""Writing the five steps of a plan from a mode, its causes and its actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from cvfail.errors import PolicyError
from cvfail.failures.causes.shares import CauseTable
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.interventions.facts import SliceSize
from cvfail.failures.interventions.interventions import Interventions
from cvfail.failures.mode_errors import ModeErrors
from cvfail.failures.mode_table import FailureModes
from cvfail.failures.plan.plan import Plan, Step

_LEAST_SHARE = 0.05
"""Causes below it are not told."""


def make_plan(
    modes: FailureModes,
    rank: int,
    why: CauseTable,
    actions: Interventions,
    *,
    max_false_positives: float = 0.05,
    margin: float = 0.02,
) -> Plan:
    """The plan for the mode of a rank.

    Args:
        modes: The modes.
        rank: Of the one to plan for.
        why: Their causes.
        actions: Their interventions, also those of modes that are not significant.
        max_false_positives: By how much false positives per image may rise, 0 or more.
        margin: By how much the rates of watched modes may rise, 0 or more.

    Returns:
        The plan, see `Plan`.

    Raises:
        QueryError: There is no such rank.
        PolicyError: A limit is negative.
    """
    if max_false_positives < 0.0 or margin < 0.0:
        raise PolicyError(
            f"limits must be 0 or more; found max_false_positives {max_false_positives}, margin {margin}"
        )
    errors = modes.of_rank(rank)
    size, watch = SliceSize.of(errors), actions.watch(rank)
    row = modes.df.row(rank - 1, named=True)
    own = actions.df.filter(rank=rank)
    causes = why.df.filter(rank=rank)
    return Plan(
        mode=errors.mode,
        watch=watch,
        max_false_positives=max_false_positives,
        margin=margin,
        steps=(
            _define(row, errors, size),
            _look(row, causes),
            _act(own),
            _verify(row, own, size),
            _guard(errors.mode, watch, max_false_positives, margin),
        ),
    )


def _define(row: dict[str, Any], errors: ModeErrors, size: SliceSize) -> Step:
    lines = [row["mode"]]
    if size.rate is not None:
        known = "" if size.lower is None else f" (95 % interval {size.lower:.1%} to {size.upper:.1%})"
        lines.append(
            f"Baseline: {row['errors']} errors in {_counted(errors, row['support'])}, "
            f"a rate of {size.rate:.1%}{known}."
        )
    lines += [f"The slice in SQL: {row['where']}", f"Operating point: {errors.point.describe()}"]
    lines.append(f"Frozen as {row['hash']}: the same slice, error and thresholds on every later evaluation.")
    if not row["significant"]:
        lines.append("This may well be chance: the excess is not significant. Collect more images first.")
    return Step("Define the failure", tuple(lines))


def _counted(errors: ModeErrors, support: int) -> str:
    """How many units there are, in words."""
    if errors.mode.task == "classification":
        return f"{support} images"
    noun = "objects and such errors" if errors.mode.unit == "predictions" else "objects"
    return f"{support} {noun} of {errors.images} images"


def _look(row: dict[str, Any], causes: pl.DataFrame) -> Step:
    lines = [f"Open the {row['errors']} rows: examples({row['rank']}), or --examples {row['rank']}."]
    known = causes.filter(pl.col("share") >= _LEAST_SHARE).sort("share", descending=True, maintain_order=True)
    lines += [
        f"{cause.replace('_', ' ')}: {share:.0%} of the errors ({evidence})."
        for cause, share, evidence in known.select("cause", "share", "evidence").iter_rows()
    ]
    return Step("Look at the rows and the causes", tuple(lines))


def _act(actions: pl.DataFrame) -> Step:
    lines = [
        f"[{one['kind']}, {one['effort']}] {one['text']}{_promise(one)}"
        for one in actions.iter_rows(named=True)
    ]
    return Step(
        "Act, what is certain first",
        tuple(lines) or ("No rule speaks of this mode: look for what its rows share.",),
    )


def _promise(action: dict[str, Any]) -> str:
    if action["errors_gone"] is None:
        return ""
    gains = ", ".join(
        f"{name} {action[f'{name}_gain']:+.3f}"
        for name in ("recall", "precision", "f1")
        if action[f"{name}_gain"] is not None
    )
    return f" [{action['basis']}: {action['errors_gone']:.0f} errors less; {gains}]"


def _verify(row: dict[str, Any], actions: pl.DataFrame, size: SliceSize) -> Step:
    lines = [
        "Run the new model on the same images and look at the frozen mode again: it is mended if the 95 % interval "
        "of the paired difference of its rate lies below 0."
    ]
    promised = actions.filter(pl.col("images_needed").is_not_null())
    lines += [
        f"{one['action']}: {one['errors_gone']:.0f} errors less are seen with a probability of 80 % on "
        f"{one['images_needed']} images of the slice; there are {one['images_here']}."
        + ("" if one["enough_images"] else " Collect more before you judge.")
        for one in promised.iter_rows(named=True)
    ]
    wanted = size.images_for_interval(0.05)
    if wanted is not None:
        lines.append(f"For the rate to ± 5 points: {wanted} images of the slice; there are {size.images}.")
    return Step("Verify on enough data", tuple(lines))


def _guard(
    mode: FailureMode, watched: Sequence[FailureMode], max_false_positives: float, margin: float
) -> Step:
    limit = f"{max_false_positives:g} per image, in the slice and everywhere"
    lines = [
        *([f"False positives must not rise by more than {limit}."] if mode.task == "detection" else []),
        f"These must not rise by more than {100 * margin:g} points: {'; '.join(one.name for one in watched)}.",
        "Each is judged by its interval: pass, fail, or investigate where there are too few images to tell.",
    ]
    return Step("Guard what works", tuple(lines))
