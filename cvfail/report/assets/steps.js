// The confusion matrix at every threshold of the grid, decoded from its changes, and the numbers that follow from it.

/** The cells of `report.threshold_steps`; `counts(step)` lists those that are not zero, `totals(step, label)` sums. */
function thresholdSteps(report) {
  const { true: truths, predicted, changes, scores } = report.threshold_steps;
  const classes = report.confusion.background ?? report.labels.length;
  const cells = truths.map((truth, place) => ({
    true: truth,
    predicted: predicted[place],
    ...runsOf(changes[place]),
  }));

  function counts(step) {
    const found = [];
    for (const cell of cells) {
      const count = countAt(cell, step);
      if (count !== 0) found.push({ true: cell.true, predicted: cell.predicted, count });
    }
    return found;
  }

  /** Right, wrong and missed ones of a class; of all classes if `label` is null. */
  function totals(step, label = null) {
    const sums = { right: 0, wrong: 0, missed: 0 };
    for (const cell of cells) {
      const count = countAt(cell, step);
      const [ofTruth, ofPredicted] = [cell.true, cell.predicted].map(
        (code) => code < classes && (label === null || code === label),
      );
      if (cell.true === cell.predicted) sums.right += ofTruth ? count : 0;
      else {
        sums.wrong += ofPredicted ? count : 0;
        sums.missed += ofTruth ? count : 0;
      }
    }
    return sums;
  }

  return { scores, classes, counts, totals };
}

/** Steps and running counts of a cell, from gaps and changes that alternate. */
function runsOf(changes) {
  const steps = [];
  const counts = [];
  for (let place = 0; place < changes.length; place += 2) {
    steps.push((steps.at(-1) ?? 0) + changes[place]);
    counts.push((counts.at(-1) ?? 0) + changes[place + 1]);
  }
  return { steps, running: counts };
}

/** The last running count at or before a step, by halving. */
function countAt({ steps, running }, step) {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : running[low - 1];
}

/** Precision, recall and F1 of counts; null where nothing can be said. */
function ratesOf({ right, wrong, missed }) {
  const share = (above, below) => (below === 0 ? null : above / below);
  return {
    precision: share(right, right + wrong),
    recall: share(right, right + missed),
    f1: share(2 * right, 2 * right + wrong + missed),
  };
}

/** The matrix that follows the slider: `model` is one object that `move(step)` changes in place. */
function liveConfusion(report, model) {
  const steps = thresholdSteps(report);
  const { policy } = report.threshold_steps;
  const live = { model: { ...model }, steps, step: policy, policy, move, groupOf };
  const examples = new Map(
    model.cells.map((cell) => [cell.true * (steps.classes + 1) + cell.predicted, cell.examples]),
  );

  function move(step) {
    live.step = step;
    Object.assign(live.model, step === policy ? model : modelAt(step));
    document.dispatchEvent(new Event("confusionchange"));
  }

  function modelAt(step) {
    const cells = steps.counts(step).map((cell) => ({
      ...cell,
      examples: examples.get(cell.true * (steps.classes + 1) + cell.predicted) ?? [],
    }));
    const rejects = cells.some((cell) => Math.max(cell.true, cell.predicted) === steps.classes);
    const background = rejects || report.confusion.background !== null ? steps.classes : null;
    const labels = report.labels.slice(0, steps.classes);
    if (background !== null) labels.push(report.labels[steps.classes] ?? "(below the threshold)");
    const sums = { row_totals: labels.map(() => 0), column_totals: labels.map(() => 0) };
    for (const cell of cells) {
      sums.row_totals[cell.true] += cell.count;
      sums.column_totals[cell.predicted] += cell.count;
    }
    const { similarity } = report.confusion;
    return confusionModel({ ...report, labels, confusion: { cells, background, similarity, ...sums } });
  }

  function groupOf(cell) {
    const group = cellGroup(live.model, cell);
    if (live.step === policy) return group;
    return { ...group, note: `${formatCount(cell.count)} here. ${policyExamples(steps.scores[policy])}` };
  }

  return live;
}

function policyExamples(score) {
  return `The examples are those of the report's operating point, score ≥ ${formatThreshold(score)}.`;
}

function formatThreshold(score) {
  return String(Number(score.toFixed(4)));
}
