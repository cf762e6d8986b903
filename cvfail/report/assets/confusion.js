// The confusion matrix as numbers: look-up, shares and orders, before anything is drawn.

/** Wraps the sparse cells of a report; `at(true, predicted)` is null where the count is zero. */
function confusionModel(report) {
  const { cells, background, row_totals: rowTotals, column_totals: columnTotals } = report.confusion;
  const size = report.labels.length;
  const byPosition = new Map(cells.map((cell) => [cell.true * size + cell.predicted, cell]));
  const at = (truth, predicted) => byPosition.get(truth * size + predicted) ?? null;
  const errors = new Array(size).fill(0);
  for (const cell of cells) {
    if (cell.true === cell.predicted) continue;
    errors[cell.true] += cell.count;
    errors[cell.predicted] += cell.count;
  }
  const share = {
    row: (cell) => cell.count / rowTotals[cell.true],
    column: (cell) => cell.count / columnTotals[cell.predicted],
    count: (cell) => cell.count,
  };
  const place = new Array(size).fill(0);
  report.confusion.similarity.forEach((position, index) => (place[position] = index));
  const { queries } = report;
  return { labels: report.labels, queries, background, cells, rowTotals, columnTotals, errors, place, share, at };
}

/** Class positions in an order ("given", "frequency", "name", "errors", "similarity"), without the background. */
function orderedClasses(model, order) {
  const classes = model.labels
    .map((_, position) => position)
    .filter((position) => position !== model.background);
  const by = {
    given: () => 0,
    frequency: (one, other) => model.rowTotals[other] - model.rowTotals[one],
    name: (one, other) => model.labels[one].localeCompare(model.labels[other]),
    errors: (one, other) => model.errors[other] - model.errors[one],
    similarity: (one, other) => model.place[one] - model.place[other],
  };
  return classes.sort(by[order]);
}

/** What a cell counts, in words: "dog predicted as cat". */
function cellTitle(model, truth, predicted) {
  const name = (position) => (position === model.background ? null : model.labels[position]);
  return describePair(name(truth), name(predicted));
}

/** A cell in full: "dog predicted as cat: 18, 3.2% of true dog, 5.0% of predicted cat". */
function cellSentence(model, truth, predicted) {
  const cell = model.at(truth, predicted);
  const title = cellTitle(model, truth, predicted);
  if (cell === null) return `${title}: none`;
  const parts = [`${title}: ${formatCount(cell.count)}`];
  if (truth !== model.background)
    parts.push(`${formatShare(model.share.row(cell))} of true ${model.labels[truth]}`);
  if (predicted !== model.background)
    parts.push(`${formatShare(model.share.column(cell))} of predicted ${model.labels[predicted]}`);
  return parts.join(", ");
}

/** The gallery group of a cell. */
function cellGroup(model, cell) {
  const names = { true: model.labels[cell.true], predicted: model.labels[cell.predicted] };
  return {
    title: cellTitle(model, cell.true, cell.predicted),
    count: cell.count,
    examples: cell.examples,
    sql: fillQuery(model.queries.cell, names),
  };
}
