// The tables below the first screen: confused pairs, slices and classes.

const LONG_SLICES = 20;
const SLICES_AT_ONCE = 12;
const IMAGES = "Images, or the clusters that were given; below 10 the row is grey";

function named(name, explanation) {
  return element("span", { class: "named" }, element("b", {}, name), element("small", {}, explanation));
}

function barCell(text, value, largest, kind, interval = null) {
  return element(
    "div",
    { class: "measured" },
    element("span", { class: "value" }, text),
    shareBar(value, largest, kind, interval),
  );
}

function confusedPairs(model, report, onOpen) {
  const pairs = report.confusion.pairs.map((position) => report.confusion.cells[position]);
  const largest = Math.max(0, ...pairs.map((cell) => cell.count));
  return sortableTable({
    caption: "Most confused pairs",
    rows: pairs,
    onOpen,
    columns: [
      {
        label: "True → predicted",
        value: (cell) => model.labels[cell.true],
        cell: (cell) => `${model.labels[cell.true]} → ${model.labels[cell.predicted]}`,
      },
      {
        label: "Count",
        kind: "chart",
        value: (cell) => cell.count,
        cell: (cell) => barCell(formatCount(cell.count), cell.count, largest),
      },
      numberColumn("Of true", model.share.row, formatShare, "Share of all that truly are of the class"),
    ],
  });
}

/** Precision, recall and F1 as columns, each with the overall value as reference line. */
function rateColumns(report) {
  const overall = report.averages.find((row) => row.average === "micro");
  return ["recall", "precision", "f1"].map((name) => ({
    label: { recall: "Recall", precision: "Precision", f1: "F1" }[name],
    kind: "chart",
    title: "95% interval drawn; the faint line is the value over everything",
    value: (row) => row[name].estimate,
    interval: (row) => [row[name].lower, row[name].upper],
    cell: (row) => intervalCell(row[name], { reference: overall?.[name].estimate ?? null }),
  }));
}

/** The columns that say something: where recall, precision and F1 are one number, as for labels, accuracy alone. */
function tellingColumns(report, rows) {
  const known = rateColumns(report).filter((column) => rows.some((row) => column.value(row) !== null));
  const same = ({ recall, precision, f1 }) =>
    recall.estimate === precision.estimate && precision.estimate === f1.estimate;
  if (report.task === "detection" || known.length < 3 || !rows.every(same)) return known;
  return [{ ...known[0], label: "Accuracy" }];
}

/** Long tables begin with the worst rows, those that can be trusted first. */
function worstFirst(rows, { value }) {
  const order = byValue(value, false);
  return rows.toSorted((one, other) => one.thin - other.thin || order(one, other));
}

/** What grey says, for those who do not see it. */
function thinWords({ thin }) {
  return thin ? element("span", { class: "unseen" }, " (too few images to be trusted)") : null;
}

function sliceTables(report, gallery) {
  return report.slices.map((table) => {
    const known = tellingColumns(report, table.rows);
    const long = table.rows.length > LONG_SLICES && known.length > 0;
    const nameOf = (row) => (row.value === null ? "(not known)" : row.value);
    return element(
      "section",
      { class: "attribute" },
      element("h3", {}, element("code", {}, table.attribute)),
      table.note === "" ? null : element("p", { class: "note" }, table.note),
      long ? element("p", { class: "note" }, "Lowest first, grey rows last.") : null,
      sortableTable({
        caption: `Slices by ${table.attribute}`,
        rows: long ? worstFirst(table.rows, known.at(-1)) : table.rows,
        atOnce: long ? SLICES_AT_ONCE : undefined,
        faint: (row) => row.thin,
        hidesFaint: true,
        filterBy: nameOf,
        onOpen: (row) =>
          gallery.open({
            title: `Errors where ${table.attribute} = ${nameOf(row)}`,
            count: row.errors,
            examples: row.examples,
            sql: fillQuery(report.queries.errors, {}, { where: row.where }),
          }),
        columns: [
          { label: "Value", value: (row) => row.value, cell: (row) => [nameOf(row), thinWords(row)] },
          ...known,
          numberColumn(report.task === "detection" ? "Objects" : "Support", (row) => row.support),
          numberColumn("Images", (row) => row.clusters, formatCount, IMAGES),
        ],
      }),
    );
  });
}

function classTable(model, report, gallery) {
  const detection = report.task === "detection";
  const averagePrecision = {
    label: "AP",
    kind: "chart",
    title: "Mean over IoU 0.50 to 0.95",
    value: (row) => row.ap?.estimate ?? null,
    interval: (row) => [row.ap?.lower, row.ap?.upper],
    cell: (row) => intervalCell(row.ap, { format: formatScore }),
  };
  const specificity = {
    label: "Specificity",
    title: "Of everything else, the share not predicted as this class",
    kind: "chart",
    value: (row) => row.specificity?.estimate ?? null,
    interval: (row) => [row.specificity?.lower, row.specificity?.upper],
    cell: (row) => intervalCell(row.specificity),
  };
  return sortableTable({
    caption: "Classes",
    rows: report.classes,
    faint: (row) => row.thin,
    hidesFaint: true,
    filterBy: (row) => model.labels[row.label],
    sortedBy: "F1",
    descending: false,
    onOpen: (row) => gallery.open(classGroup(model, row.label)),
    columns: [
      { label: "Class", value: (row) => model.labels[row.label], cell: (row) => [model.labels[row.label], thinWords(row)] },
      ...(detection ? [averagePrecision, numberColumn("AP50", (row) => row.ap50, formatScore, "At IoU 0.50")] : []),
      ...rateColumns(report),
      ...(detection ? [] : [specificity]),
      numberColumn(detection ? "Objects" : "Support", (row) => row.support),
      numberColumn("Predicted", (row) => row.predicted),
    ],
  });
}

/** Everything that went wrong with a class: its row and its column of the matrix, the largest cells first. */
function classGroup(model, label) {
  const wrong = model.cells.filter(
    (cell) => cell.true !== cell.predicted && (cell.true === label || cell.predicted === label),
  );
  wrong.sort((one, other) => other.count - one.count);
  return {
    title: `Errors with ${model.labels[label]}`,
    count: wrong.reduce((sum, cell) => sum + cell.count, 0),
    examples: [...new Set(wrong.flatMap((cell) => cell.examples))],
    sql: fillQuery(model.queries.class_errors, { class: model.labels[label] }),
  };
}
