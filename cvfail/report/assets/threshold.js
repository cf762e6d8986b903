// The threshold slider: counts, rates and the matrix at every threshold of the grid.

/** The slider with its numbers; it moves `live`. */
function thresholdSlider(report, live) {
  const { steps, policy } = live;
  const { best, width } = report.threshold_steps;
  const state = { label: null, frame: 0 };
  const range = element("input", {
    type: "range",
    id: "threshold-range",
    min: 0,
    max: steps.scores.length - 1,
    value: policy,
    "aria-label": "Score threshold",
    onInput: () => move(Number(range.value)),
  });
  const shown = element("output", { class: "threshold-value", for: "threshold-range" });
  const tiles = element("dl", { class: "threshold-numbers" });
  const reset = element("button", { type: "button", class: "more", onClick: () => move(policy) }, "Reset");
  const toBest =
    best === null
      ? null
      : element("button", { type: "button", class: "more", onClick: () => move(best) }, "Best F1");
  const which = classSelect(report, steps, (label) => ((state.label = label), tell()));

  function move(step) {
    range.value = step;
    tell();
    cancelAnimationFrame(state.frame);
    state.frame = requestAnimationFrame(() => live.move(step));
  }

  function tell() {
    const step = Number(range.value);
    const score = formatThreshold(steps.scores[step]);
    const words = step === policy ? " (the report's)" : step === best ? " (best F1)" : "";
    shown.textContent = `score ≥ ${score}${words}`;
    range.setAttribute("aria-valuetext", `score at least ${score}${words}`);
    reset.disabled = step === policy;
    tiles.replaceChildren(...numberTiles(report, steps, step, policy, state.label));
  }

  tell();
  const coarse = width > 0.01 ? ` With so many cells the steps are ${width} wide.` : "";
  return element(
    "div",
    { class: "threshold" },
    element(
      "div",
      { class: "threshold-controls" },
      element("label", { for: "threshold-range" }, "Threshold"),
      range,
      shown,
      toBest,
      reset,
      which,
    ),
    tiles,
    element(
      "p",
      { class: "note" },
      `Counted, not estimated: the matrix below follows. Everything else in this report is at its own threshold.${coarse}`,
    ),
  );
}

function classSelect(report, steps, onChoice) {
  const options = report.labels
    .slice(0, steps.classes)
    .map((name, label) => element("option", { value: label }, name));
  const select = element(
    "select",
    { "aria-label": "Numbers of", onChange: () => onChoice(select.value === "" ? null : Number(select.value)) },
    element("option", { value: "" }, "All classes"),
    ...options,
  );
  return select;
}

/** Rates and counts at a step, each with its change against the operating point of the report. */
function numberTiles(report, steps, step, policy, label) {
  const [now, then] = [step, policy].map((place) => steps.totals(place, label));
  const [rates, before] = [ratesOf(now), ratesOf(then)];
  const names = { precision: "Precision", recall: "Recall", f1: "F1" };
  const counts =
    report.task === "detection"
      ? { right: "Found", wrong: "False alarms", missed: "Missed" }
      : { right: "Right", wrong: "Wrong", missed: "Wrong or no answer" };
  const changeOfRate = (key) =>
    rates[key] === null || before[key] === null ? null : 100 * (rates[key] - before[key]);
  return [
    ...Object.entries(names).map(([key, name]) =>
      numberTile(name, key, formatShare(rates[key]), signed(changeOfRate(key), 1, " pts")),
    ),
    ...Object.entries(counts).map(([key, name]) =>
      numberTile(name, key, formatCount(now[key]), signed(now[key] - then[key], 0, "")),
    ),
  ];
}

function numberTile(name, key, value, change) {
  return element(
    "div",
    { "data-number": key },
    element("dt", {}, name),
    element("dd", {}, element("b", {}, value), element("small", {}, change)),
  );
}

/** "+1.2 pts", "−38", or nothing where there is no change. */
function signed(value, digits, unit) {
  if (value === null || Math.abs(value) < 0.5 * 10 ** -digits) return "";
  const size = digits === 0 ? formatCount(Math.abs(value)) : Math.abs(value).toFixed(digits);
  return `${value > 0 ? "+" : "−"}${size}${unit}`;
}
