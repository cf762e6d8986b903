// The curves of a report: precision against recall, rates over the score, false alarms, reliability.

const SHARE_AXIS = { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1], format: (value) => String(value) };

/** Four plots of everything or of the class that is chosen. */
function scoreCurves(report, gallery) {
  const { everything, classes, roc } = report.curves;
  if (everything === null) return [];
  const holder = element("div", { class: "plots" });
  const curves = new Map([["", everything], ...classes.map((curve) => [String(curve.label), curve])]);
  const select = element(
    "select",
    { "aria-label": "Curves of", onChange: () => draw() },
    element("option", { value: "" }, "All classes"),
    ...classes.map((curve) => element("option", { value: curve.label }, report.labels[curve.label])),
  );

  const note = element("p", { class: "note" });

  function draw() {
    const curve = curves.get(select.value);
    note.replaceChildren(...curveNote(report, curve));
    const others = curve === everything ? classes : [];
    const receiver = roc.find((entry) => entry.label === curve.label);
    holder.replaceChildren(
      ...[
        precisionRecall(report, gallery, curve, others),
        overScore(report, gallery, curve),
        curve.false_positives_per_image === null ? null : falseAlarms(report, gallery, curve),
        curve.coverage === null ? null : selective(report, gallery, curve),
        receiver === undefined ? null : receiverCurve(report, gallery, curve, receiver),
        reliabilityPlot(report, gallery, curve),
      ].filter((node) => node !== null),
    );
  }

  draw();
  return [element("div", { class: "controls" }, element("label", {}, "Curves of ", select)), note, holder];
}

/** What marks and bands mean, and of which curves there are bands. */
function curveNote({ task }, { precision, label }) {
  const ring = task === "detection" ? "Ring: the threshold of this report. " : "";
  const marked = task === "detection" && label === null ? `${ring}Diamond: the best F1. ` : ring;
  const banded = label === null || precision.lower.length > 0;
  const of = banded ? "" : ": of all classes together; with so many predictions single classes have none";
  const keys = element("span", { id: PLOT.help }, "Arrow keys walk along a plot, Enter or a click opens examples.");
  return [`${marked}Bands are 95% intervals${of}. `, keys];
}

/** A line along a curve, with its band where there is one. */
function lineOf(kind, xs, track) {
  return {
    kind,
    points: xs.map((x, place) => [x, track.estimate[place]]),
    band: track.lower.map((low, place) => [xs[place], low, track.upper[place]]),
  };
}

/** The points of a curve as places to walk: from low to high `xs`, each opens the band of its score. */
function walkOf(report, gallery, curve, xs, ys, words) {
  const places = curve.threshold.map((_, place) => place).filter((place) => xs[place] !== null && ys[place] !== null);
  if (places.length > 1 && xs[places[0]] > xs[places.at(-1)]) places.reverse();
  return places.map((place) => ({
    x: xs[place],
    y: ys[place],
    words: words(place),
    open: () => openBand(report, gallery, curve, bandOf(curve, curve.threshold[place])),
  }));
}

function bandOf(curve, score) {
  return curve.bands.find((band) => score < band.high) ?? curve.bands.at(-1);
}

/** The band that holds a score; undefined where nothing was predicted with such a score. */
function predictedBand(curve, score) {
  const band = bandOf(curve, score);
  return band !== undefined && score >= band.low && band.right + band.wrong > 0 ? band : undefined;
}

/** The gallery of the predictions whose score lies in a band. */
function openBand(report, gallery, curve, band) {
  if (band === undefined) return;
  const whose = curve.label === null ? "" : `${report.labels[curve.label]}, `;
  const missed =
    band.missed > 0 ? ` ${formatCount(band.missed)} of the right ones are missed at the report's threshold.` : "";
  gallery.open({
    title: `${whose}score ${formatThreshold(band.low)} to ${formatThreshold(band.high)}: ${formatCount(band.right)} right, ${formatCount(band.wrong)} wrong`,
    note: `${formatCount(band.examples.length)} of ${formatCount(band.right + band.wrong)} shown, wrong ones first.${missed}`,
    count: band.right + band.wrong,
    examples: band.examples,
    sql: fillQuery(report.queries.band, {}, { where: bandCondition(report, curve, band) }),
  });
}

/** The predictions of a band as a condition of SQL; the first and the last band are open. */
function bandCondition(report, curve, { low, high }) {
  const name = curve.label === null ? null : report.labels[curve.label];
  const parts = [
    low > 0 ? `score >= ${low}` : null,
    high < 1 ? `score < ${high}` : null,
    name === null ? null : fillQuery("predictions.category = {name}", { name }),
  ].filter((part) => part !== null);
  return parts.length > 0 ? parts.join(" AND ") : "true";
}

function marksOf(report, curve, xs, ys) {
  const at = (score, kind) => {
    const place = score === null ? -1 : curve.threshold.indexOf(score);
    return place < 0 ? [] : [{ x: xs[place], y: ys[place], kind }];
  };
  const best = curve.label === null ? at(report.curves.best, "best") : [];
  return [...at(report.operating_point.score, "policy"), ...best];
}

function pointWords(curve) {
  return (place) =>
    [
      `Score ≥ ${formatThreshold(curve.threshold[place])}`,
      `precision ${formatShare(curve.precision.estimate[place])}`,
      `recall ${formatShare(curve.recall.estimate[place])}`,
      `F1 ${formatShare(curve.f1.estimate[place])}`,
    ].join(", ");
}

function precisionRecall(report, gallery, curve, others) {
  const [xs, ys] = [curve.recall.estimate, curve.precision.estimate];
  return plot({
    title: `Precision against recall · area ${formatScore(curve.area.estimate)}`,
    x: { ...SHARE_AXIS, label: "Recall" },
    y: { ...SHARE_AXIS, label: "Precision" },
    lines: [
      ...others.map((other) => lineOf("faded", other.recall.estimate, { ...other.precision, lower: [] })),
      lineOf("main", xs, curve.precision),
    ],
    marks: marksOf(report, curve, xs, ys),
    walk: walkOf(report, gallery, curve, xs, ys, pointWords(curve)),
  });
}

function overScore(report, gallery, curve) {
  const xs = curve.threshold;
  return plot({
    title: "Precision (dotted), recall (dashed) and F1 (solid) over the threshold",
    x: { ...SHARE_AXIS, label: "Score threshold" },
    y: { ...SHARE_AXIS, label: "Rate" },
    lines: [
      lineOf("dotted", xs, curve.precision),
      lineOf("dashed", xs, curve.recall),
      lineOf("main", xs, curve.f1),
    ],
    marks: marksOf(report, curve, xs, curve.f1.estimate),
    walk: walkOf(report, gallery, curve, xs, curve.f1.estimate, pointWords(curve)),
  });
}

function falseAlarms(report, gallery, curve) {
  const xs = curve.false_positives_per_image.estimate;
  const ticks = [0.01, 0.1, 1, 10, 100].filter((tick) => tick <= 10 * Math.max(0.1, ...xs));
  return plot({
    title: "Found at so many false alarms per image (FROC)",
    x: { from: 0.01, to: ticks.at(-1), ticks, log: true, format: String, label: "False positives per image" },
    y: { ...SHARE_AXIS, label: "Recall" },
    lines: [lineOf("main", xs, curve.recall)],
    marks: marksOf(report, curve, xs, curve.recall.estimate),
    walk: walkOf(
      report,
      gallery,
      curve,
      xs,
      curve.recall.estimate,
      (place) => `${pointWords(curve)(place)}, ${formatScore(xs[place], 2)} false positives per image`,
    ),
  });
}

/** Accuracy of the answers that are kept, by how many are. */
function selective(report, gallery, curve) {
  const ys = curve.precision.estimate;
  return plot({
    title: "Accuracy if only the surest answers are kept",
    x: { ...SHARE_AXIS, label: "Share of images that keep their answer" },
    y: { ...SHARE_AXIS, label: "Accuracy of these" },
    lines: [lineOf("main", curve.coverage, curve.precision)],
    walk: walkOf(
      report,
      gallery,
      curve,
      curve.coverage,
      ys,
      (place) =>
        `Score ≥ ${formatThreshold(curve.threshold[place])}: ${formatShare(curve.coverage[place])} kept, ${formatShare(ys[place])} right`,
    ),
  });
}

/** Points open the predictions of the class whose score is near; below the lowest of those there are none. */
function receiverCurve(report, gallery, curve, receiver) {
  const [xs, ys] = [receiver.false_positive_rate, receiver.true_positive_rate.estimate];
  return plot({
    title: `${report.labels[receiver.label]} against the rest (ROC) · area ${formatScore(receiver.area.estimate)}`,
    x: { ...SHARE_AXIS, label: "False positive rate" },
    y: { ...SHARE_AXIS, label: "True positive rate" },
    lines: [
      { kind: "diagonal", points: [[0, 0], [1, 1]] },
      {
        ...lineOf("main", xs, receiver.true_positive_rate),
        points: [[0, 0], ...xs.map((x, place) => [x, ys[place]])],
      },
    ],
    walk: xs.map((x, place) => ({
      x,
      y: ys[place],
      words: `Probability ≥ ${formatThreshold(receiver.threshold[place])}: ${formatShare(ys[place])} of the class, ${formatShare(x)} of the rest`,
      open: () => openBand(report, gallery, curve, predictedBand(curve, receiver.threshold[place])),
    })),
  });
}

/** The share right in each band of the score, over the band that chance would give. */
function reliabilityPlot(report, gallery, curve) {
  const known = curve.bands.filter((band) => band.mean_score !== null);
  return plot({
    title: "Reliability: what scores come to, over the band of chance",
    x: { ...SHARE_AXIS, label: "Mean score" },
    y: { ...SHARE_AXIS, label: "Share right" },
    lines: [
      { kind: "diagonal", points: [[0, 0], [1, 1]] },
      {
        kind: "chance",
        points: [],
        band: known.map((band) => [band.mean_score, band.chance_lower, band.chance_upper]),
      },
      { kind: "main", points: known.map((band) => [band.mean_score, band.share.estimate]) },
    ],
    marks: known.map((band) => ({
      x: band.mean_score,
      y: band.share.estimate,
      low: band.share.lower,
      high: band.share.upper,
      kind: "dot",
    })),
    walk: known.map((band) => ({
      x: band.mean_score,
      y: band.share.estimate,
      words: `Mean score ${formatScore(band.mean_score, 2)}: ${formatShare(band.share.estimate)} of ${formatCount(band.share.support)} right`,
      open: () => openBand(report, gallery, curve, band),
    })),
  });
}
