// Why a failure mode happens: its causes as one bar of shares, and the evidence for each.

const REMEDIES = {
  settings: "settings",
  labels: "labels",
  model: "the model",
  data: "the data",
  unknown: "not known",
};

const NAMED_FROM = 0.2;
const COUNTED_FROM = 0.06;

/** What the colours of causes mean; nothing where there are none. */
function remedyLegend(report) {
  const present = new Set(report.failure_modes.flatMap((mode) => mode.causes.map((cause) => cause.remedy)));
  if (present.size === 0) return null;
  const key = ([remedy, words]) => element("span", {}, swatch(remedy), words);
  return element(
    "p",
    { class: "legend remedies" },
    "Causes, by what would have to change:",
    ...Object.entries(REMEDIES)
      .filter(([remedy]) => present.has(remedy))
      .map(key),
  );
}

function swatch(remedy) {
  return element("i", { class: `swatch ${remedy}`, "aria-hidden": "true" });
}

/** The causes of a mode: the bar, a line for each, and the thin ones folded; null for a mode without causes. */
function causesOf(report, mode, gallery) {
  if (mode.causes.length === 0) return null;
  const lines = (causes) =>
    element("ul", { class: "causes" }, ...causes.map((cause) => causeLine(report, mode, cause, gallery)));
  const thin = mode.causes.filter((cause) => cause.thin);
  return element(
    "div",
    { class: "why" },
    element("h4", {}, "Why"),
    shareStack(mode.causes),
    lines(mode.causes.filter((cause) => !cause.thin)),
    thin.length > 0
      ? element("details", {}, element("summary", {}, thinLabel(thin)), lines(thin))
      : null,
  );
}

function thinLabel(thin) {
  const named = thin.map((cause) => `${cause.title.toLowerCase()} ${formatShare(cause.share.estimate, 0)}`);
  return `Small shares: ${named.join(", ")}`;
}

/** One bar of all shares with their names, for those who see it; a list of them for those who do not. */
function shareStack(causes) {
  const words = causes.map((cause) => `${cause.title} ${formatShare(cause.share.estimate, 0)}`);
  return element(
    "div",
    { class: "stack", role: "img", "aria-label": words.join(", ") },
    ...causes.map(stackSegment),
  );
}

function stackSegment({ title, remedy, share: { estimate } }) {
  const name = element("span", {}, title);
  const segment = element(
    "div",
    { class: `segment ${remedy}`, title: `${title} ${formatShare(estimate, 0)}` },
    estimate >= NAMED_FROM ? name : null,
    estimate >= COUNTED_FROM ? element("b", {}, formatShare(estimate, 0)) : null,
  );
  segment.style.flexGrow = 100 * estimate;
  return segment;
}

function causeLine(report, mode, cause, gallery) {
  const { estimate, lower, upper } = cause.share;
  const interval =
    lower === null || upper === null ? "" : `${formatShare(lower, 0)} – ${formatShare(upper, 0)}`;
  const group = {
    title: `${mode.title}: ${cause.title}`,
    count: cause.rows,
    examples: cause.examples,
    sql: report.queries.cause && fillQuery(report.queries.cause, { cause: cause.name }, { rank: mode.rank }),
  };
  const opens = cause.examples.length > 0;
  return element(
    "li",
    {},
    element(
      "span",
      { class: "cause", title: cause.explanation },
      swatch(cause.remedy),
      opens
        ? element("button", { class: "open", type: "button", onClick: () => gallery.open(group) }, cause.title)
        : cause.title,
    ),
    element("b", {}, formatShare(estimate, 0)),
    element("span", { class: "range" }, interval),
    element("span", { class: "words" }, cause.evidence),
  );
}

/** The cause with the largest share, the unknown too; null for a mode without causes. */
function largestCause({ causes }) {
  return causes.reduce(
    (largest, cause) => (largest?.share.estimate >= cause.share.estimate ? largest : cause),
    null,
  );
}

/** The largest share in words, for tables. */
function mainCause(mode) {
  const largest = largestCause(mode);
  if (largest === null) return NOTHING;
  const { title, share, remedy } = largest;
  return element("span", { class: "cause" }, swatch(remedy), `${title} ${formatShare(share.estimate, 0)}`);
}
