// The confusion matrix as a table that arrow keys walk through; a cell opens its examples.

const LARGEST_TABLE = 60;
const PART_OF_LARGE = 40;

/** The matrix with its switches; `onOpen(cell)` is called for a chosen cell. */
function confusionMatrix(model, onOpen) {
  const classCount = orderedClasses(model, "given").length;
  const large = classCount > LARGEST_TABLE;
  const state = { show: "row", order: large ? "errors" : "given", diagonal: true };
  const readout = element("p", { class: "readout", "aria-live": "polite" });
  const holder = element("div", { class: "scroll matrix-scroll" });

  function redraw() {
    const classes = orderedClasses(model, state.order).slice(0, large ? PART_OF_LARGE : classCount);
    holder.replaceChildren(
      matrixTable(model, classes, state, onOpen, (text) => (readout.textContent = text)),
    );
    readout.textContent = MATRIX_HINT;
  }

  redraw();
  document.addEventListener("confusionchange", redraw);
  const controls = element(
    "div",
    { class: "controls" },
    choice("Show", SHOWN_AS, state.show, (show) => ((state.show = show), redraw())),
    choice("Order", ORDERS, state.order, (order) => reorder(order)),
    tick("Diagonal", state.diagonal, (on) => ((state.diagonal = on), redraw())),
    csvButton("Confusion matrix", () => csvOfMatrix(model, state.order)),
  );
  const part = `The first ${PART_OF_LARGE} of ${classCount} classes by the chosen order:`;
  const overview = large ? matrixOverview(model, state.order, onOpen) : null;
  const whole = overview === null ? [] : [overview.node, element("p", { class: "note part" }, part)];

  function reorder(order) {
    state.order = order;
    overview?.reorder(order);
    redraw();
  }

  return element("div", { class: "matrix-block" }, controls, ...whole, holder, readout);
}

const SHOWN_AS = { row: "Row %", column: "Column %", count: "Count" };
const ORDERS = { given: "As given", frequency: "Frequency", name: "Name", errors: "Errors", similarity: "Similarity" };
const MATRIX_HINT =
  "Rows are true, columns predicted. Blue is right, orange is wrong, stronger is more. Open a cell for its examples.";

function matrixTable(model, classes, state, onOpen, say) {
  const positions = model.background === null ? classes : [...classes, model.background];
  const strongest = strongestError(model, positions, state.show);
  const head = positions.map((position) =>
    element(
      "th",
      { scope: "col", class: headClass(model, position), title: model.labels[position] },
      element("span", {}, model.labels[position]),
    ),
  );
  const rows = positions.map((truth, row) =>
    element(
      "tr",
      {},
      element(
        "th",
        {
          scope: "row",
          class: headClass(model, truth),
          title: `${model.labels[truth]}: ${formatCount(model.rowTotals[truth])}`,
        },
        model.labels[truth],
      ),
      ...positions.map((predicted, column) =>
        matrixCell(model, truth, predicted, { row, column, state, strongest }),
      ),
    ),
  );
  const table = element(
    "table",
    {
      class: positions.length <= 12 ? "matrix roomy" : "matrix",
      role: "grid",
      "aria-label": "Confusion matrix, rows true, columns predicted",
    },
    element("thead", {}, element("tr", {}, cornerCell(), ...head)),
    element("tbody", {}, ...rows),
  );
  walkable(table, model, positions, onOpen, say);
  return table;
}

function cornerCell() {
  return element(
    "td",
    { class: "corner" },
    element("span", { class: "down" }, "true ↓"),
    element("span", { class: "across" }, "predicted →"),
  );
}

function headClass(model, position) {
  return position === model.background ? "background" : null;
}

/** The largest value off the diagonal, to which the colour of the errors is scaled. */
function strongestError(model, positions, show) {
  const wanted = new Set(positions);
  const errors = model.cells.filter(
    (cell) => cell.true !== cell.predicted && wanted.has(cell.true) && wanted.has(cell.predicted),
  );
  return Math.max(0, ...errors.map(model.share[show]));
}

function matrixCell(model, truth, predicted, { row, column, state, strongest }) {
  const cell = model.at(truth, predicted);
  const right = truth === predicted;
  const undefinedCorner = right && truth === model.background;
  const hidden = right && !state.diagonal;
  const value = cell === null || hidden ? null : model.share[state.show](cell);
  const node = element(
    "td",
    {
      role: "gridcell",
      "data-row": row,
      "data-column": column,
      class: undefinedCorner
        ? "undefined"
        : [
            right ? "right" : "wrong",
            value === null ? "zero" : "",
            headClass(model, truth) ?? headClass(model, predicted) ?? "",
          ]
            .join(" ")
            .trim(),
      "aria-label": undefinedCorner ? "undefined" : cellSentence(model, truth, predicted),
    },
    undefinedCorner || value === null ? "" : cellText(value, state.show),
  );
  if (value !== null) {
    const full = right ? (state.show === "count" ? Math.max(model.rowTotals[truth], 1) : 1) : strongest;
    node.style.setProperty("--strength", `${Math.round(100 * Math.sqrt(value / full))}%`);
  }
  return node;
}

/** Short enough for a small cell: "83", "<1", "1.2k". */
function cellText(value, show) {
  if (show === "count")
    return value < 10000 ? String(value) : `${(value / 1000).toFixed(value < 100000 ? 1 : 0)}k`;
  const percent = 100 * value;
  return percent < 0.5 ? "<1" : percent.toFixed(0);
}

/** Keys and pointer say what a cell means and mark its row and column; Enter, Space and click open it. */
function walkable(table, model, positions, onOpen, say) {
  const spot = (node) => [Number(node.dataset.row), Number(node.dataset.column)];

  function mark(node, on) {
    const [row, column] = spot(node);
    table.tBodies[0].rows[row].cells[0].classList.toggle("here", on);
    table.tHead.rows[0].cells[column + 1].classList.toggle("here", on);
  }

  function openAt(node) {
    const [row, column] = spot(node);
    const cell = model.at(positions[row], positions[column]);
    if (cell !== null) onOpen(cell);
  }

  walkableGrid(table, {
    onSay: (node) => (mark(node, true), say(node.getAttribute("aria-label"))),
    onLeave: (node) => mark(node, false),
    onOpen: openAt,
  });
}
