// Puts the parts on the page. The numbers come from one data block, the pictures from another behind this script.

function readData(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** Draws nodes into their place; a page without the place does without them. */
function place(id, draw) {
  const target = document.getElementById(id);
  if (target !== null) target.append(...[draw()].flat().filter((node) => node !== null));
}

/** The same in its turn; until then the place says that something is to come. */
function placeLater(turns, id, draw) {
  const target = document.getElementById(id);
  if (target === null) return;
  target.ariaBusy = "true";
  turns.add(() => {
    target.ariaBusy = null;
    place(id, draw);
  });
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

/** On paper everything is drawn and open; afterwards it is as it was. */
function openForPrint(turns) {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    turns.finish();
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((details) => (details.open = true));
    document.dispatchEvent(new Event("themechange"));
  });
  window.addEventListener("afterprint", () => opened.forEach((details) => (details.open = false)));
}

function main() {
  const report = { ...unpacked(readData("summary")), pictures: [] };
  oncePicturesAreRead(() => (report.pictures = readData("pictures")));
  const turns = drawingTurns();
  const gallery = makeGallery(report);
  const model = made(() => confusionModel(report));
  const live = made(() => liveConfusion(report, model()));
  const later = (id, draw) => placeLater(turns, id, draw);
  place("theme", themeSwitch);
  place("headline", () => headlineTiles(report));
  place("compared", () => comparisonOf(report, gallery));
  place("modes", () => failureModes(report, gallery, turns));
  performance.mark("first screen");
  later("error-types", () => errorTypes(report, gallery));
  later("errors-by-class", () => errorsByClass(model(), report, gallery));
  later("score-curves", () => scoreCurves(report, gallery));
  later("better-thresholds", () => betterThresholds(report));
  later("pairs", () => confusedPairs(model(), report, (cell) => gallery.open(cellGroup(model(), cell))));
  later("threshold", () => thresholdSlider(report, live()));
  later("matrix", () => confusionMatrix(live().model, (cell) => gallery.open(live().groupOf(cell))));
  later("label-suspects", () => labelSuspects(report, gallery));
  later("heatmaps", () => heatmapsOf(report, gallery));
  later("slices", () => sliceTables(report, gallery));
  later("classes", () => classTable(model(), report, gallery));
  if (opensFurtherDown()) turns.finish();
  openForPrint(turns);
  return { report, gallery };
}

const page = main();
