// The confusion matrix of many classes as a picture: one small square per pair, walked by mouse or arrow keys.

const LARGEST_SQUARE = 12;

/** A canvas of the whole matrix in an order that can be changed by `reorder`; a chosen square opens its examples. */
function matrixOverview(model, order, onOpen) {
  let positions = [];
  let place = new Map();
  arrange(order);
  const square = Math.max(1, Math.min(LARGEST_SQUARE, Math.floor(960 / positions.length)));
  const side = square * positions.length;
  const canvas = element("canvas", {
    width: side,
    height: side,
    tabindex: 0,
    role: "img",
    "aria-label":
      "Overview of the confusion matrix in the chosen order; arrow keys walk, with Shift to the next cell that is not empty, Enter opens",
  });
  const readout = element(
    "p",
    { class: "readout", "aria-live": "polite" },
    "All classes in the chosen order, rows true, columns predicted. Stronger is a larger share of the row. Arrow keys walk, with Shift to the next cell that is not empty.",
  );
  let here = [0, 0];

  function arrange(by) {
    const classes = orderedClasses(model, by);
    positions = model.background === null ? classes : [...classes, model.background];
    place = new Map(positions.map((position, index) => [position, index]));
  }

  function paint() {
    const pen = canvas.getContext("2d");
    const right = colourOf(canvas, "--right-ink");
    const wrong = colourOf(canvas, "--wrong-ink");
    pen.clearRect(0, 0, side, side);
    for (const cell of model.cells) {
      pen.globalAlpha = 0.15 + 0.85 * Math.sqrt(model.share.row(cell));
      pen.fillStyle = cell.true === cell.predicted ? right : wrong;
      pen.fillRect(square * place.get(cell.predicted), square * place.get(cell.true), square, square);
    }
    pen.globalAlpha = 1;
    pen.strokeStyle = colourOf(canvas, "--ink");
    pen.strokeRect(square * here[1] - 0.5, square * here[0] - 0.5, square + 1, square + 1);
  }

  function visit(row, column) {
    const last = positions.length - 1;
    here = [Math.min(last, Math.max(0, row)), Math.min(last, Math.max(0, column))];
    readout.textContent = cellSentence(model, positions[here[0]], positions[here[1]]);
    paint();
  }

  /** The nearest cell that is not empty in a direction; the place itself where there is none. */
  function nextFilled([down, right]) {
    for (let [row, column] = [here[0] + down, here[1] + right]; ; row += down, column += right) {
      if (positions[row] === undefined || positions[column] === undefined) return here;
      if (model.at(positions[row], positions[column]) !== null) return [row, column];
    }
  }

  function openHere() {
    const cell = model.at(positions[here[0]], positions[here[1]]);
    if (cell !== null) onOpen(cell);
  }

  canvas.addEventListener("pointermove", (event) => {
    const scale = side / canvas.clientWidth / square;
    visit(Math.floor(event.offsetY * scale), Math.floor(event.offsetX * scale));
  });
  canvas.addEventListener("click", openHere);
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step !== undefined) visit(...(event.shiftKey ? nextFilled(step) : [here[0] + step[0], here[1] + step[1]]));
    else if (event.key === "Enter" || event.key === " ") openHere();
    else return;
    event.preventDefault();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  document.addEventListener("themechange", paint);
  document.addEventListener("confusionchange", paint);
  requestAnimationFrame(paint);
  const reorder = (by) => (arrange(by), paint());
  return { node: element("div", { class: "overview" }, canvas, readout), reorder };
}

/** A colour of the theme as the browser computes it, light or dark as the page is now. */
function colourOf(node, name) {
  node.style.color = `var(${name})`;
  return getComputedStyle(node).color;
}
