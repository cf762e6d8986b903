"""What a comparison comes to in words: better or worse, which failure modes went, and what got worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cvfail.report.schema import Comparison, Delta, FlipSlice, FrozenMode, Task
from cvfail.report.sentences import lowered, share

METRICS: Mapping[str, str] = {
    "ap": "AP",
    "ap50": "AP50",
    "recall": "recall",
    "precision": "precision",
    "f1": "F1",
    "false_positives_per_image": "false positives per image",
    "error_rate": "error rate",
    "macro_recall": "macro recall",
    "macro_precision": "macro precision",
    "macro_f1": "macro F1",
}
"""Metrics of a comparison as a sentence calls them."""

_LEVEL = 0.05
"""Of what is told of a metric of everything, which was not chosen for having changed."""

_NAMED = 2
"""Failure modes that a sentence names."""


def verdict(comparison: Comparison, task: Task) -> list[str]:
    """Better or worse overall; what the fix did; what got worse: one sentence or two each."""
    return [_overall(comparison, task), *_held(comparison["modes"]), _worse(comparison)]


def _overall(comparison: Comparison, task: Task) -> str:
    against = "Against the baseline"
    known = {row["metric"]: row for row in comparison["overall"]}
    main = known.get("ap" if task == "detection" else "recall")
    if main is None or main["difference"]["estimate"] is None:
        return f"{against} nothing can be said: there is nothing to measure."
    names = METRICS if task == "detection" else {**METRICS, "recall": "accuracy"}
    told = f"{names[main['metric']]} {_values(main)}{_interval(main)}"
    if not _differs(main):
        seen = main["detectable"]
        if seen is None:
            return f"{against} nothing changed: {told}." if _is_same(comparison) else f"{against}: {told}."
        reach = f"one of {_amount(main, seen)} would have been seen four times of five"
        return f"{against} there is no difference that this set could see: {told}; {reach}."
    good = _is_good(main)
    others = [known[name] for name in ("recall", "precision") if name in known and name != main["metric"]]
    clear = [row for row in others if task == "detection" and _differs(row)]
    along = [_change(row, names) for row in clear if _is_good(row) == good]
    but = [_change(row, names) for row in clear if _is_good(row) != good]
    tail = "".join([*(f", {text}" for text in along), *(f", but {text}" for text in but)])
    return f"{against} this run is {'better' if good else 'worse'} overall: {told}{tail}."


def _is_same(comparison: Comparison) -> bool:
    """Whether no object and no false positive flipped."""
    groups = [*comparison["objects"], *comparison["false_positives"]]
    return not any(group["count"] for group in groups if group["flip"] in {"fixed", "broken", "gone", "new"})


def _differs(row: Delta) -> bool:
    return row["p_value"] is not None and row["p_value"] < _LEVEL and bool(row["difference"]["estimate"])


def _is_good(row: Delta) -> bool:
    return ((row["difference"]["estimate"] or 0.0) < 0.0) == row["lower_is_better"]


def _held(modes: Sequence[FrozenMode]) -> list[str]:
    """What became of the baseline's failure modes for the better."""
    if not modes:
        return []
    said = []
    for outcome, words in (("removed", "Removed"), ("reduced", "Reduced, but still there")):
        own = [mode for mode in modes if mode["outcome"] == outcome]
        own.sort(key=lambda mode: mode["errors_now"] - mode["errors_before"])
        if own:
            said.append(f"{words}: {_listed([_mode(mode) for mode in own])}.")
    if not said:
        count = "The one failure mode" if len(modes) == 1 else f"None of the {len(modes)} failure modes"
        lead = f"{count} of the baseline"
        end = "did not get rarer" if len(modes) == 1 else "got rarer"
        said.append(f"{lead} {end} by more than chance.")
    return said


def _worse(comparison: Comparison) -> str:
    """What got worse: failure modes, else slices that are worse on balance, else nothing that could be seen."""
    modes = [mode for mode in comparison["modes"] if mode["outcome"] == "worse"]
    modes.sort(key=lambda mode: mode["errors_before"] - mode["errors_now"])
    if modes:
        return f"Worse: {_listed([_mode(mode) for mode in modes])}."
    slices = worse_on_balance(comparison["worse"])
    if slices:
        return f"Worse: {_listed([_slice(one) for one in slices])}."
    classes = [row for row in comparison["changed"] if row["change"] == "worse" and not row["thin"]]
    if classes:
        return f"Worse: {_listed([row['name'] + ', ' + _change(row, METRICS) for row in classes])}."
    return "Nothing got worse that this set could see."


def worse_on_balance(slices: Sequence[FlipSlice]) -> list[FlipSlice]:
    """Those in which more broke than was fixed."""
    return [one for one in slices if one["balance"] is not None and one["balance"]["change"] == "worse"]


def _mode(mode: FrozenMode) -> str:
    rates = f"{share(mode['baseline'])} → {share(mode['candidate'])}{_interval(mode)}"
    return f"{lowered(mode['title'])}, {rates}"


def _slice(one: FlipSlice) -> str:
    balance = one["balance"]
    what = "broken objects" if one["flip"] == "broken" else "new false positives"
    return f"{what} where {one['slice']}" + ("" if balance is None else f", {_change(balance, METRICS)}")


def _listed(named: Sequence[str]) -> str:
    more = len(named) - _NAMED
    text = "; ".join(named[:_NAMED])
    return text if more <= 0 else f"{text}; and {more} more"


def _values(row: Delta) -> str:
    return f"{value_of(row, row['baseline'])} → {value_of(row, row['candidate'])}"


def value_of(row: Delta, value: float | None) -> str:
    """A value of a row as it is printed."""
    if row["style"] == "rate":
        return share(value)
    if value is None:
        return "–"
    return f"{value:.3f}" if row["style"] == "score" else f"{value:.2f}"


def _change(row: Delta, names: Mapping[str, str]) -> str:
    """The same without its values: recall +11.8 points (95% interval +8.4 to +14.9)."""
    difference = row["difference"]["estimate"]
    told = (
        ""
        if difference is None
        else f" {signed(row, difference)}{' points' if row['style'] == 'rate' else ''}"
    )
    lower, upper = row["difference"]["lower"], row["difference"]["upper"]
    bounds = "" if lower is None or upper is None else f" ({signed(row, lower)} to {signed(row, upper)})"
    return f"{names[row['metric']]}{told}{bounds}"


def _interval(row: Delta) -> str:
    """The difference in brackets: (+0.078, 95% interval +0.054 to +0.102)."""
    difference = row["difference"]["estimate"]
    if difference is None:
        return ""
    lower, upper = row["difference"]["lower"], row["difference"]["upper"]
    unit = " points" if row["style"] == "rate" else ""
    if lower is None or upper is None:
        return f" ({signed(row, difference)}{unit})"
    return f" ({signed(row, difference)}{unit}, 95% interval {signed(row, lower)} to {signed(row, upper)})"


def signed(row: Delta, value: float) -> str:
    """A difference with its sign, of rates in points."""
    digits, scale = {"rate": (1, 100.0), "score": (3, 1.0), "number": (2, 1.0)}[row["style"]]
    text = f"{abs(value) * scale:.{digits}f}"
    return text if float(text) == 0.0 else f"{'+' if value > 0 else '−'}{text}"


def _amount(row: Delta, value: float) -> str:
    return f"{100 * value:.1f} points" if row["style"] == "rate" else f"{value:.3f}"


def caveats(comparison: Comparison, level: float) -> list[str]:
    """What the comparison does not say."""
    said = [
        f"Both runs are weighed on the same images. q-values pay for {comparison['looked_at']:,} differences; of "
        f"what is told with q < {level:g}, about {level:.0%} is expected to be chance. That nothing was seen does "
        "not mean that nothing changed: see the detectable difference.",
        "Where luck decides, some of what was right is wrong the next time (regression to the mean): the "
        "baseline's failure modes were chosen for being bad there, and slices with broken objects for having "
        "broken. A slice is worse on balance only if its metric is.",
    ]
    if any(mode["outcome"] == "moved" for mode in comparison["modes"]):
        said.append(
            "A failure mode is called moved if it rose, but most of its further errors are objects that were wrong "
            "in another way before."
        )
    if comparison["not_by"]:
        said.append(f"Not compared value by value: {', '.join(comparison['not_by'])}.")
    return said
