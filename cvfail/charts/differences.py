"""Two models: the differences of their metrics around zero, with intervals."""

from __future__ import annotations

from typing import Literal, Unpack

import altair as alt
import polars as pl

from cvfail.charts.drawing import MOST_ROWS, columns_of, drawable, finished, group_name, layered, tooltips
from cvfail.charts.interval_dots import STEP
from cvfail.charts.theme import Look, LookOptions, row_look
from cvfail.errors import QueryError
from cvfail.tables.result import ResultTable

Level = Literal["overall", "class", "slice", "slice × class", "failure mode"]

_LOWER_IS_BETTER = ("false_positives_per_image", "error_rate")
_VERDICTS = ("better", "not told apart", "worse")
_TOLD = {
    "of": "n:label",
    "metric": "n:metric",
    "baseline": "q:baseline",
    "candidate": "q:candidate",
    "difference": "q:difference",
    "lower": "q:lower",
    "upper": "q:upper",
    "q": "q:q_value",
    "support": "i:support",
}


def comparison(
    table: ResultTable,
    *,
    of: Level = "overall",
    metrics: tuple[str, ...] = ("precision", "recall", "ap"),
    level: float = 0.05,
    most: int = MOST_ROWS,
    **look: Unpack[LookOptions],
) -> alt.FacetChart:
    """Draw what differs between models.

    Args:
        table: Of `cvfail.compare`.
        of: ``overall``, every metric in a line; or ``class``, ``slice``, ``slice × class``, ``failure mode``, a panel
            for each metric.
        metrics: Which of them; overall, and of failure modes, there are all.
        level: Of the q-value below which models differ.
        most: How many lines are drawn: those that differ most clearly.
        look: ``width`` (of a panel), ``height``, ``theme``.

    Returns:
        Differences, candidate minus baseline, with intervals around a line at zero: better as blue triangles that
        point up, worse as orange ones that point down, what cannot be told apart as grey circles.

    Raises:
        QueryError: The table is of another question, or has no such level.
    """
    columns_of(
        table.df, "model", "level", "metric", "difference", "lower", "upper", "q_value", what="a comparison"
    )
    known = table.df["level"].unique(maintain_order=True).to_list()
    if of not in known and len(table.df):
        raise QueryError(
            f"nothing was compared by {of!r}. Hint: {', '.join(known)}; compare(by=...) has slices"
        )
    rows = _rows(table.df.filter(level=of), of, metrics, level)
    labels = _clearest(rows, most)
    left = rows["label"].n_unique() - len(labels)
    rows = rows.filter(pl.col("label").is_in(labels))
    panels = rows["panel"].unique(maintain_order=True).to_list()
    single = of == "overall"
    own = row_look(look, width=340 if single or len(panels) < 2 else 200)
    notes = [f"{len(labels)} of {len(labels) + left} lines: those that differ most clearly"] if left else []
    notes += [f"▲ better, ▼ worse: q < {level:g}; ● not told apart"]
    chart = _drawn(rows, labels, panels, own)
    return finished(
        chart,
        own,
        title=f"Candidate against baseline, {of}",
        caption=table.caption,
        notes=notes,
        width=own.width * max(len(panels), 1) + 140,
    )


def _rows(frame: pl.DataFrame, of: Level, metrics: tuple[str, ...], level: float) -> pl.DataFrame:
    """One row per line and panel."""
    if of not in {"overall", "failure mode"}:
        frame = frame.filter(pl.col("metric").is_in(metrics))
    models = ["model"] if frame["model"].n_unique() > 1 else []
    places = {"overall": ["metric"], "class": ["category"], "slice × class": ["slice", "category"]}
    sense = (
        pl.when(pl.col("metric").is_in(_LOWER_IS_BETTER)).then(-pl.col("difference")).otherwise("difference")
    )
    told_apart = (pl.col("q_value") < level).fill_null(value=False)
    return frame.with_columns(
        group_name([*places.get(of, ["slice"]), *models]).alias("label"),
        pl.lit("difference").alias("panel") if of == "overall" else pl.col("metric").alias("panel"),
        pl.when(told_apart & (sense > 0))
        .then(pl.lit(_VERDICTS[0]))
        .when(told_apart & (sense < 0))
        .then(pl.lit(_VERDICTS[2]))
        .otherwise(pl.lit(_VERDICTS[1]))
        .alias("verdict"),
    )


def _clearest(rows: pl.DataFrame, most: int) -> list[str]:
    """The lines with the smallest q-values, in the order of the table."""
    lines = rows.group_by("label", maintain_order=True).agg(pl.col("q_value").min()).with_row_index("place")
    return (
        lines.sort("q_value", nulls_last=True, maintain_order=True)
        .head(most)
        .sort("place")["label"]
        .to_list()
    )


def _drawn(rows: pl.DataFrame, labels: list[str], panels: list[str], look: Look) -> alt.FacetChart:
    palette = look.colours
    colour = alt.Color(
        "verdict",
        type="nominal",
        title=None,
        scale=alt.Scale(domain=list(_VERDICTS), range=[palette.right, palette.soft, palette.wrong]),
        legend=None,
    )
    shape = alt.Shape(
        "verdict",
        type="nominal",
        scale=alt.Scale(domain=list(_VERDICTS), range=["triangle-up", "circle", "triangle-down"]),
        legend=None,
    )
    base = alt.Chart(drawable(rows))
    y = alt.Y("label", type="nominal", sort=labels, title=None, axis=alt.Axis(grid=False, ticks=False))
    scale = alt.Scale(zero=True, nice=True)
    zero = base.mark_rule(color=palette.soft, strokeWidth=1).encode(x=alt.XDatum(0))
    bounds = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("lower", type="quantitative", title=None, scale=scale), x2=alt.X2("upper"), y=y, color=colour
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("difference", type="quantitative", title=None, scale=scale),
        y=y,
        color=colour,
        shape=shape,
        tooltip=tooltips(_TOLD),
    )
    height = alt.Step(STEP) if look.height <= 0 else look.height
    chart = layered(zero, bounds, points).properties(width=look.width, height=height)
    facets = chart.facet(column=alt.Column("panel", type="nominal", sort=panels, title=None))
    own_scales: alt.FacetChart = facets.resolve_scale(x="independent")
    return own_scales
