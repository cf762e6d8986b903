// Puts the parts on the page. The numbers come from one data block, the pictures from another.

function readData(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

function place(id, nodes) {
  const target = document.getElementById(id);
  if (target !== null) target.append(...[nodes].flat().filter((node) => node !== null));
}

/** A button that turns the colours from the system's choice to light, to dark, and back. */
function themeSwitch() {
  const themes = { "light dark": "Auto", light: "Light", dark: "Dark" };
  const button = element(
    "button",
    { class: "theme", type: "button", title: "Colours: automatic, light, dark" },
    "Auto",
  );
  let current = 0;
  button.addEventListener("click", () => {
    current = (current + 1) % 3;
    const scheme = Object.keys(themes)[current];
    document.documentElement.style.colorScheme = scheme;
    button.textContent = themes[scheme];
    document.dispatchEvent(new Event("themechange"));
  });
  return button;
}

function main() {
  const report = { ...readData("summary"), pictures: readData("pictures") };
  const gallery = makeGallery(report);
  const model = confusionModel(report);
  const openCell = (cell) => gallery.open(cellGroup(model, cell));
  place("theme", themeSwitch());
  place("headline", headlineTiles(report));
  place("compared", comparisonOf(report, gallery));
  place("modes", failureModes(report, gallery));
  place("error-types", errorTypes(report, gallery));
  place("errors-by-class", errorsByClass(model, report, gallery));
  place("label-suspects", labelSuspects(report, gallery));
  place("pairs", confusedPairs(model, report, openCell));
  const live = liveConfusion(report, model);
  place("score-curves", scoreCurves(report, gallery));
  place("better-thresholds", betterThresholds(report));
  place("threshold", thresholdSlider(report, live));
  place("matrix", confusionMatrix(live.model, (cell) => gallery.open(live.groupOf(cell))));
  place("heatmaps", heatmapsOf(report, gallery));
  place("slices", sliceTables(report, gallery));
  place("classes", classTable(model, report, gallery));
  window.addEventListener("beforeprint", () =>
    document.querySelectorAll("details").forEach((details) => (details.open = true)),
  );
  return { report, model, gallery };
}

const page = main();
