// Two attributes at once. The middle of the scale is the value over everything: orange is worse, blue is better.

const HEATS = {
  recall: { of: "support", detection: "Missed objects", classification: "Errors" },
  precision: { of: "support", detection: "False positives", classification: "Wrong predictions" },
};

/** All maps under one switch between what is missed and what is wrong. */
function heatmapsOf(report, gallery) {
  const maps = report.heatmaps;
  if (maps.length === 0) return [];
  const overall = report.averages.find((row) => row.average === "micro");
  const readout = element("p", { class: "readout", "aria-live": "polite" }, HEAT_HINT);
  const holder = element("div", { class: "heatmaps" });
  const show = (rate) =>
    holder.replaceChildren(
      ...maps.map((map) => heatmap(report, map, rate, errorShare(overall[rate]), gallery, (text) => (readout.textContent = text))),
    );
  const rates = Object.keys(HEATS).filter((rate) => maps.some((map) => map.cells.some((cell) => cell[rate] !== null)));
  show("recall");
  const options = Object.fromEntries(rates.map((rate) => [rate, HEATS[rate][report.task]]));
  return [
    element("p", { class: "note" }, noteOf(report, overall)),
    rates.length > 1 ? element("div", { class: "controls" }, choice("Rate", options, "recall", show)) : null,
    readout,
    holder,
  ];
}

const HEAT_HINT = "Open a cell for its errors; arrow keys walk through a map.";

function noteOf({ task }, overall) {
  const [rate, wrong] = [errorShare(overall.recall), errorShare(overall.precision)];
  const missed = task === "detection" ? "missed objects" : "errors";
  const both = `${formatShare(rate.estimate)} ${missed}` + (task === "detection" ? `, ${formatShare(wrong.estimate)} false positives` : "");
  return `The share that goes wrong in each cell, and how many it is of. The middle of the colours is the value over everything (${both}): orange is worse, blue is better. Bold where the 95% interval leaves it out; hatched cells rest on too few images to be trusted.`;
}

/** The share of errors from the share that is right. */
function errorShare({ estimate, lower, upper, support }) {
  const flip = (value) => (value === null ? null : 1 - value);
  return { estimate: flip(estimate), lower: flip(upper), upper: flip(lower), support };
}

function heatmap(report, map, rate, overall, gallery, say) {
  const cells = map.cells.map((cell) => ({ ...cell, share: cell[rate] === null ? null : errorShare(cell[rate]) }));
  const at = new Map(cells.map((cell) => [`${cell.row} ${cell.column}`, cell]));
  const known = cells.filter((cell) => cell.share !== null && cell.share.estimate !== null);
  const reach = Math.max(0.02, ...known.filter((cell) => !cell.thin).map((cell) => Math.abs(cell.share.estimate - overall.estimate)));
  const head = map.columns.map((level) => element("th", { scope: "col" }, levelName(level)));
  const row = (level, place) =>
    element(
      "tr",
      {},
      element("th", { scope: "row", title: levelName(level) }, levelName(level)),
      ...map.columns.map((_, column) => heatmapCell(report, map, place, column, at.get(`${place} ${column}`), overall, reach)),
    );
  const table = element(
    "table",
    { class: "heatmap", role: "grid", "aria-label": `${HEATS[rate][report.task]} by ${map.rows_by} and ${map.columns_by}` },
    element("thead", {}, element("tr", {}, element("td", { class: "corner" }), ...head)),
    element("tbody", {}, ...map.rows.map(row)),
  );
  const cellOf = (node) => at.get(`${node.dataset.row} ${node.dataset.column}`);
  walkableGrid(table, {
    onSay: (node) => say(node.getAttribute("aria-label")),
    onOpen: (node) => openHeatmapCell(report, map, cellOf(node), gallery),
  });
  const saved = csvButton(`${HEATS[rate][report.task]} by ${map.rows_by} and ${map.columns_by}`, () => csvOfHeatmap(map, cells));
  const body =
    known.length > 0
      ? element("div", { class: "scroll" }, table)
      : element("p", { class: "none" }, "Only ground truth has this attribute: a false positive has no value of it.");
  return element(
    "figure",
    { class: "heat" },
    element("figcaption", {}, element("code", {}, map.rows_by), " × ", element("code", {}, map.columns_by)),
    body,
    map.note === "" ? null : element("p", { class: "note" }, map.note),
    known.length > 0 ? element("div", { class: "under" }, saved) : null,
  );
}

/** A row per cell: its levels, its share of errors with the interval, and of how many. */
function csvOfHeatmap(map, cells) {
  const columns = [
    { label: map.rows_by, value: (cell) => map.rows[cell.row].value },
    { label: map.columns_by, value: (cell) => map.columns[cell.column].value },
    {
      label: "Share of errors",
      value: (cell) => cell.share?.estimate,
      interval: (cell) => [cell.share?.lower, cell.share?.upper],
    },
    { label: "Support", value: (cell) => cell.share?.support },
    { label: "Images", value: (cell) => cell.clusters },
  ];
  return csvOfColumns(columns, cells);
}

function levelName({ value }) {
  return value === null ? "(not known)" : value;
}

function heatmapCell(report, map, row, column, cell, overall, reach) {
  const place = `${map.rows_by} = ${levelName(map.rows[row])}, ${map.columns_by} = ${levelName(map.columns[column])}`;
  const share = cell?.share ?? null;
  const known = share !== null && share.estimate !== null;
  const away = known ? (share.estimate - overall.estimate) / reach : 0;
  const apart = known && share.lower !== null && (share.lower > overall.estimate || share.upper < overall.estimate);
  const kinds = [away > 0 ? "worse" : "better", cell?.thin ? "thin" : "", apart && !cell.thin ? "apart" : "", known ? "" : "unknown"];
  const node = element(
    "td",
    {
      role: "gridcell",
      "data-row": row,
      "data-column": column,
      class: kinds.filter(Boolean).join(" "),
      title: known ? heatmapWords(cell, overall) : null,
      "aria-label": known ? `${place}: ${heatmapWords(cell, overall)}` : `${place}: nothing to measure`,
    },
    known ? element("b", {}, formatShare(share.estimate, share.estimate < 0.1 ? 1 : 0)) : NOTHING,
    known ? element("small", {}, formatCount(share.support)) : null,
  );
  node.style.setProperty("--heat", `${Math.round(100 * Math.min(1, Math.abs(away)))}%`);
  return node;
}

function heatmapWords({ share, clusters, thin }, overall) {
  const interval = share.lower === null ? "" : ` (${formatShare(share.lower)} to ${formatShare(share.upper)})`;
  const few = thin ? ", too few images to be trusted" : "";
  return `${formatShare(share.estimate)}${interval} of ${formatCount(share.support)}, in ${plural(clusters, "images")}${few}; ${formatShare(overall.estimate)} over everything`;
}

function openHeatmapCell(report, map, cell, gallery) {
  if (cell === undefined) return;
  const [row, column] = [map.rows[cell.row], map.columns[cell.column]];
  gallery.open({
    title: `Errors where ${map.rows_by} = ${levelName(row)} and ${map.columns_by} = ${levelName(column)}`,
    count: cell.errors,
    examples: cell.examples,
    sql: fillQuery(report.queries.errors, {}, { where: `${row.where}\n  AND ${column.where}` }),
  });
}
