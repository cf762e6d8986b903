// Small charts inside text and tables, as SVG that stretches to its column.

/** An interval on a scale from 0 to 1: band, estimate, and a faint line at `reference`. */
function intervalChart({ estimate, lower, upper }, reference = null) {
  const at = (value) => 100 * Math.min(1, Math.max(0, value));
  const vertical = (value, kind) =>
    value === null ? null : graphic("line", { class: kind, x1: at(value), x2: at(value), y1: 0, y2: 12 });
  const band =
    lower === null || upper === null
      ? null
      : graphic("rect", {
          class: "band",
          x: at(lower),
          y: 3,
          width: Math.max(0.6, at(upper) - at(lower)),
          height: 6,
          rx: 0,
        });
  return graphic(
    "svg",
    { class: "interval", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" },
    graphic("line", { class: "track", x1: 0, x2: 100, y1: 6, y2: 6 }),
    band,
    vertical(reference, "reference"),
    vertical(estimate, "estimate"),
  );
}

/** A number with its interval drawn beside it; the words are in the tooltip. */
function intervalCell(value, { reference = null, format = formatShare } = {}) {
  if (value === null || value.estimate === null) return element("span", { class: "faint" }, NOTHING);
  return element(
    "div",
    { class: "measured", title: intervalWords(value, format) },
    element("span", { class: "value" }, format(value.estimate)),
    intervalChart(value, reference),
  );
}

/** "71.2% (95% interval 70.1% to 72.3%), from 1,234". */
function intervalWords({ estimate, lower, upper, support }, format) {
  const interval =
    lower === null || upper === null ? "no interval" : `95% interval ${format(lower)} to ${format(upper)}`;
  return `${format(estimate)} (${interval})${support === null ? "" : `, from ${formatCount(support)}`}`;
}

/** A share of the largest value as a bar, with a whisker where its interval is known. */
function shareBar(value, largest, kind = "", interval = null) {
  const width = largest > 0 ? (100 * value) / largest : 0;
  const whisker =
    interval === null || largest === 0
      ? null
      : graphic("path", { class: "whisker", d: whiskerPath(...interval.map((bound) => bound / largest), 5) });
  return graphic(
    "svg",
    { class: `bar ${kind}`, viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    graphic("rect", { class: "fill", x: 0, y: 0, width, height: 10 }),
    whisker,
  );
}

/** The rate of a failure mode above the rate of the rest; the whisker is the interval of their difference. */
function againstRest(mode) {
  const { rate, rest_rate: rest, difference } = mode;
  if (rate === null || rest === null) return null;
  const reach = Math.max(rate, rest, difference.upper === null ? 0 : rest + difference.upper, 0.01);
  const scale = Math.min(1, reach * 1.08);
  const bar = (value, kind, whisker) =>
    graphic(
      "svg",
      { class: `bar ${kind}`, viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" },
      graphic("rect", { class: "fill", x: 0, y: 2, width: (100 * value) / scale, height: 10 }),
      whisker,
    );
  const whisker =
    difference.lower === null || difference.upper === null
      ? null
      : graphic("path", {
          class: "whisker",
          d: whiskerPath((rest + difference.lower) / scale, (rest + difference.upper) / scale),
        });
  return element(
    "div",
    { class: "against" },
    element("span", {}, "here"),
    bar(rate, "here", whisker),
    element("b", {}, formatShare(rate)),
    element("span", {}, "elsewhere"),
    bar(rest, "rest", null),
    element("b", {}, formatShare(rest)),
  );
}

function whiskerPath(from, to, middle = 7) {
  const [left, right] = [100 * Math.max(0, from), 100 * Math.min(1, to)];
  const [top, bottom] = [middle - 3, middle + 3];
  return `M${left} ${top}V${bottom}M${left} ${middle}H${right}M${right} ${top}V${bottom}`;
}
