"""``cvfail calibrate``: what scores mean, and a map that makes them mean what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.errors import PolicyError

FIT = Group("Fitting", sort_key=4)

Method = Literal["temperature", "platt", "beta", "isotonic"]
Measure = Literal[
    "ece",
    "mce",
    "rmsce",
    "rmsce_debiased",
    "ece_equal_mass",
    "classwise_ece",
    "laece",
    "laace",
    "overconfidence",
    "brier",
    "nll",
    "top_label_brier",
    "reliability",
    "resolution",
    "uncertainty",
    "within_bins",
]
Names = Annotated[tuple[str, ...], Parameter(consume_multiple=(1, None), show_default=False)]

_MEASURED = ("measure", "estimate", "lower", "upper", "chance_upper", "beyond_chance", "support", "clusters")
_BINS = ("low", "high", "support", "mean_score", "estimate", "lower", "upper", "chance_lower", "chance_upper")
_FITTED = ("measure", "before", "after", "change", "change_lower", "change_upper", "verdict", "support")


def calibrate(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    by: Names = (),
    measures: Annotated[
        tuple[Measure, ...] | None, Parameter(consume_multiple=(1, None), show_default="all")
    ] = None,
    bins: Annotated[int, Parameter(validator=Number(gte=1))] = 15,
    closed: Literal["left", "right"] = "left",
    dimensions: Annotated[
        tuple[Literal["x", "y", "width", "height"], ...],
        Parameter(consume_multiple=(1, None), show_default=False),
    ] = (),
    min_count: Annotated[int, Parameter(validator=Number(gte=1))] = 1,
    reliability: Literal["equal_width", "equal_mass"] | None = None,
    fit: Annotated[Method | None, Parameter(group=FIT)] = None,
    save: Annotated[Path | None, Parameter(group=FIT, metavar="FILE")] = None,
    target: Annotated[Literal["right", "overlap"], Parameter(group=FIT)] = "right",
    judge_by: Annotated[
        tuple[str, ...] | None, Parameter(group=FIT, consume_multiple=(1, None), show_default="--by")
    ] = None,
    share: Annotated[float, Parameter(group=FIT, validator=Number(gt=0, lt=1))] = 0.5,
    min_support: Annotated[int, Parameter(group=FIT, validator=Number(gte=0))] = 50,
    replicates: Annotated[int, Parameter(validator=Number(gte=0))] = 400,
    confidence: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.95,
    seed: int = 0,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Whether scores say how often predictions are right.

    The numbers of a detector depend on the score from which on predictions count: see --score.

    Args:
        inputs: What the question is put to.
        by: Attributes of images, "category" or "size". With --fit one of them, which has a map per level.
        measures: Which.
        bins: How many.
        closed: Which end of a bin belongs to it.
        dimensions: Detection: bins are divided by the place and size of the box as well.
        min_count: Bins with fewer predictions have no part in mce.
        reliability: The bins instead: confidence beside the share right.
        fit: Fit such a map on a part of the images and judge it on the others instead.
        save: Write the map to this .json, which `cvfail apply` reads.
        target: What a score should equal: the share right, or the overlap with the object.
        judge_by: Attributes whose levels are judged apart.
        share: Part of the images that is fitted on.
        min_support: A level with fewer predictions takes the map of all.
        replicates: Of the bootstrap of the images.
        confidence: Of intervals and bands.
        seed: Of the split, the bootstrap and the simulated bands.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    if save is not None and fit is None:
        raise PolicyError("--save writes the map that --fit makes. Hint: --fit temperature")
    if fit is not None and len(by) > 1:
        raise PolicyError("--fit makes maps by one attribute. Hint: --by category --judge-by category light")
    evaluation = inputs.evaluation(messages)
    if fit is None:
        with messages.step("measuring"):
            table = evaluation.calibration(
                by=by,
                measures=measures,
                bins=bins,
                closed=closed,
                dimensions=dimensions,
                min_count=min_count,
                replicates=replicates,
                confidence=confidence,
                seed=seed,
            )
        rows = table if reliability is None else table.reliability(binning=reliability)
        output.write(
            rows.df,
            messages,
            caption=rows.caption,
            shown=(*by, *(_MEASURED if reliability is None else _BINS)),
        )
        return
    with messages.step("fitting"):
        fitted = evaluation.fit_calibration(
            method=fit,
            by=by[0] if by else None,
            target=target,
            judge_by=judge_by,
            share=share,
            min_support=min_support,
            bins=bins,
            replicates=replicates,
            confidence=confidence,
            seed=seed,
        )
    if save is not None:
        fitted.save(save)
        messages.say(f"wrote {save}. Next: cvfail apply {save} --pred FILE -o FILE")
    output.write(fitted.df, messages, caption=fitted.caption, shown=(*(judge_by or by), *_FITTED))
