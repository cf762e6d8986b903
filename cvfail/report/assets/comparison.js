// This run against a baseline: what changed, what became of the baseline's failures, and the objects that flipped.

const METRIC_NAMES = {
  ap: "AP",
  ap50: "AP50",
  recall: "Recall",
  precision: "Precision",
  f1: "F1",
  false_positives_per_image: "False positives per image",
  error_rate: "Error rate",
  macro_recall: "Macro recall",
  macro_precision: "Macro precision",
  macro_f1: "Macro F1",
};

/** How a change is called; the arrow says it without colour. */
const CHANGES = { better: "▲ better", worse: "▼ worse", unclear: "not clear" };

const OUTCOMES = {
  removed: { words: "▲ removed", kind: "better" },
  reduced: { words: "▲ reduced", kind: "better" },
  worse: { words: "▼ worse", kind: "worse" },
  moved: { words: "→ moved here", kind: "unclear" },
  unclear: { words: "not clear", kind: "unclear" },
};

const FLIP_TONES = {
  fixed: "better",
  gone: "better",
  broken: "worse",
  new: "worse",
  "still wrong": "still",
  "still there": "still",
  "still right": "right",
};

/** The parts of the section; null without a baseline. */
function comparisonOf(report, gallery) {
  const { comparison } = report;
  if (comparison === null) return null;
  return [
    element("p", { class: "note" }, `Baseline: ${comparison.baseline}. ${comparison.operating_points}.`),
    deltaTable("Everything", comparison.overall, [metricColumn(report)]),
    element("h3", {}, "Object by object"),
    flipBar("Objects", comparison.objects, gallery),
    flipBar("False positives of either run", comparison.false_positives, gallery),
    ...withHeading("The baseline's failure modes today", comparison.modes, (modes) => frozenModeTable(modes, gallery)),
    leftOut(comparison.modes_left_out, "failure modes of the baseline"),
    ...withHeading("Where something got worse", comparison.worse, (slices) => worseTable(slices, gallery)),
    ...withHeading("Classes and slices that changed", comparison.changed, (rows) =>
      deltaTable("Classes and slices that changed", rows, [placeColumn(), metricColumn(report)]),
    ),
    leftOut(comparison.changed_left_out, "differences"),
    element("ul", { class: "note" }, ...comparison.caveats.map((text) => element("li", {}, text))),
  ];
}

function withHeading(heading, rows, made) {
  return rows.length === 0 ? [] : [element("h3", {}, heading), made(rows)];
}

function leftOut(count, noun) {
  if (count === 0) return null;
  return element("p", { class: "note" }, `${formatCount(count)} further ${noun} are not shown.`);
}

function metricColumn(report) {
  const names = report.task === "classification" ? { ...METRIC_NAMES, recall: "Accuracy" } : METRIC_NAMES;
  const name = (row) => (row.level === "overall" ? names : METRIC_NAMES)[row.metric];
  return { label: "Metric", value: name, cell: name };
}

function placeColumn() {
  return { label: "Where", value: (row) => row.name, cell: (row) => [row.name, thinWords(row)] };
}

/** Rows with both values and the difference, drawn around zero; differences of one unit share their scale. */
function deltaTable(caption, rows, leading) {
  return sortableTable({
    caption,
    rows,
    atOnce: 12,
    faint: (row) => row.thin,
    filterBy: (row) => `${row.name} ${METRIC_NAMES[row.metric]}`,
    columns: [...leading, ...valueColumns(rows), changeColumn(), ...certaintyColumns()],
  });
}

function valueColumns(rows) {
  const largest = {};
  for (const { style, difference } of rows)
    for (const value of [difference.estimate, difference.lower, difference.upper])
      largest[style] = Math.max(largest[style] ?? 0, Math.abs(value ?? 0));
  const number = (label, key) => ({
    ...numberColumn(label, (row) => row[key]),
    cell: (row) => formatOf(row)(row[key]),
  });
  return [
    number("Baseline", "baseline"),
    number("This run", "candidate"),
    {
      label: "Difference",
      title: "This run less the baseline; of rates in points",
      kind: "chart",
      value: (row) => row.difference.estimate,
      cell: (row) => differenceCell(row, largest[row.style]),
    },
  ];
}

function changeColumn() {
  return {
    label: "Change",
    title: "Better or worse where q < 0.05",
    value: (row) => row.change,
    cell: (row) => element("span", { class: `change ${row.change}` }, CHANGES[row.change]),
  };
}

function certaintyColumns() {
  const detectable = "The smallest difference that this set would have shown four times of five; of rates in points";
  return [
    qColumn("Probability of chance, for all differences that were looked at"),
    { ...numberColumn("Detectable", (row) => row.detectable, formatCount, detectable), cell: detectableCell },
  ];
}

function qColumn(title) {
  return numberColumn("q", (row) => row.q_value, formatProbability, title);
}

function detectableCell(row) {
  return row.detectable === null ? NOTHING : inPoints(row, row.detectable);
}

function formatOf({ style }) {
  return { score: formatScore, rate: formatShare, number: (value) => formatScore(value, 2) }[style];
}

/** "+3.1" with its interval around zero. */
function differenceCell(row, largest) {
  const { estimate, lower, upper } = row.difference;
  if (estimate === null) return element("span", { class: "faint" }, NOTHING);
  const at = (value) => 50 + (largest > 0 ? (48 * value) / largest : 0);
  const line = (kind, value) => graphic("line", { class: kind, x1: at(value), x2: at(value), y1: 0, y2: 12 });
  const band =
    lower === null
      ? null
      : graphic("rect", { class: "band", x: at(lower), y: 3, width: Math.max(0.6, at(upper) - at(lower)), height: 6 });
  const chart = graphic(
    "svg",
    { class: `interval ${row.change}`, viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" },
    graphic("line", { class: "track", x1: 0, x2: 100, y1: 6, y2: 6 }),
    line("zero", 0),
    band,
    line("estimate", estimate),
  );
  const bounds = lower === null ? "no interval" : `95% interval ${signedDifference(row, lower)} to ${signedDifference(row, upper)}`;
  return element(
    "div",
    { class: "measured", title: `${signedDifference(row, estimate)} (${bounds})` },
    element("span", { class: "value" }, signedDifference(row, estimate)),
    chart,
  );
}

/** The size of a difference; of rates in points. */
function inPoints({ style }, value) {
  const [digits, times] = { rate: [1, 100], score: [3, 1], number: [2, 1] }[style];
  return Math.abs(value * times).toFixed(digits);
}

/** A difference with its sign. */
function signedDifference(row, value) {
  const text = inPoints(row, value);
  return Number(text) === 0 ? text : `${value > 0 ? "+" : "−"}${text}`;
}

/** All rows as one bar, each way of flipping a stretch as long as it is frequent; below it a button to the gallery of each. */
function flipBar(heading, groups, gallery) {
  const total = groups.reduce((sum, group) => sum + group.count, 0);
  if (total === 0) return null;
  const parts = groups.map((group) => {
    const words = [element("b", {}, formatCount(group.count)), element("span", {}, group.title)];
    const about = {
      class: `flip ${FLIP_TONES[group.flip]}`,
      title: `${group.title}: ${formatCount(group.count)}, ${formatShare(group.share)}`,
    };
    return group.examples.length === 0
      ? element("div", about, ...words)
      : element("button", { ...about, type: "button", onClick: () => gallery.open(flipGroup(group)) }, ...words);
  });
  return element(
    "div",
    { class: "flips", role: "group", "aria-label": heading },
    element("p", {}, `${heading}: ${formatCount(total)}`),
    flipLengths(groups),
    element("div", { class: "flip-bar" }, ...parts),
  );
}

function flipLengths(groups) {
  const stretches = groups.map(({ flip, count }) => {
    const stretch = element("i", { class: FLIP_TONES[flip] });
    stretch.style.flexGrow = String(count);
    return stretch;
  });
  return element("div", { class: "flip-lengths", "aria-hidden": "true" }, ...stretches);
}

function flipGroup({ title, count, examples, captions }) {
  return { title, count, examples, captions: captionsOf(examples, captions) };
}

function captionsOf(examples, captions) {
  return new Map(examples.map((position, place) => [position, captions[place]]));
}

function frozenModeTable(modes, gallery) {
  return sortableTable({
    caption: "The baseline's failure modes today",
    rows: modes,
    faint: (mode) => mode.thin,
    onOpen: (mode) => gallery.open(modeFlips(mode)),
    columns: [
      { label: "Failure mode", value: (mode) => mode.title, cell: (mode) => [mode.title, thinWords(mode)] },
      {
        label: "Outcome",
        title: "Removed: fewer, and no longer more frequent than elsewhere. Moved: wrong in another way before.",
        value: (mode) => mode.outcome,
        cell: ({ outcome }) =>
          element("span", { class: `change ${OUTCOMES[outcome].kind}` }, OUTCOMES[outcome].words),
      },
      {
        label: "Errors",
        title: "Before and now",
        kind: "number",
        value: (mode) => mode.errors_now - mode.errors_before,
        cell: (mode) => `${formatCount(mode.errors_before)} → ${formatCount(mode.errors_now)}`,
      },
      numberColumn("Repaired", (mode) => mode.repaired, formatCount, "Errors before that are right now"),
      numberColumn("Broken", (mode) => mode.broken, formatCount, "Errors now that were right before"),
      ...valueColumns(modes),
      ...certaintyColumns(),
    ],
  });
}

function modeFlips(mode) {
  const fewer = mode.errors_now < mode.errors_before;
  return {
    title: `${mode.title}: ${fewer ? "repaired" : "broken"}`,
    count: fewer ? mode.repaired : mode.broken,
    examples: mode.examples,
    captions: captionsOf(mode.examples, mode.captions),
  };
}

function worseTable(slices, gallery) {
  const what = { broken: "Broken objects", new: "New false positives" };
  return sortableTable({
    caption: "Where something got worse",
    rows: slices,
    onOpen: (slice) =>
      gallery.open(flipGroup({ ...slice, title: `${what[slice.flip]} where ${slice.slice}`, count: slice.flipped })),
    columns: [
      {
        label: "Where",
        value: (slice) => slice.slice,
        cell: (slice) => named(slice.slice, what[slice.flip]),
      },
      {
        label: "Flipped",
        kind: "number",
        value: (slice) => slice.flipped,
        cell: (slice) => `${formatCount(slice.flipped)} of ${formatCount(slice.support)}`,
      },
      numberColumn("Here", (slice) => slice.rate, formatShare),
      numberColumn("Elsewhere", (slice) => slice.rest_rate, formatShare),
      {
        label: "On balance",
        title: "What became of the slice as a whole: what broke less what was fixed",
        value: ({ balance }) => balance?.difference.estimate ?? null,
        cell: balanceCell,
      },
      qColumn("Over all slices that were searched"),
    ],
  });
}

function balanceCell({ balance }) {
  if (balance === null || balance.difference.estimate === null) return NOTHING;
  const told = `${METRIC_NAMES[balance.metric]} ${signedDifference(balance, balance.difference.estimate)}`;
  return [told, " ", element("span", { class: `change ${balance.change}` }, CHANGES[balance.change])];
}
