// The first screen: headline numbers and the failure modes to look at first, each with its causes and what to do.

const THUMBNAILS_PER_MODE = 4;
const MODES_AS_CARDS = 6;
const MODES_EXPLAINED = 3;

/** The headline numbers as tiles. */
function headlineTiles(report) {
  const tile = ({ name, explanation, style, value }) => {
    const format = style === "rate" ? formatShare : formatScore;
    const known = value.lower !== null && value.upper !== null;
    return element(
      "div",
      { class: "tile", title: explanation },
      element("dt", {}, name),
      element("dd", { class: "value" }, format(value.estimate)),
      element("dd", { class: "chart" }, value.estimate === null ? null : intervalChart(value)),
      element(
        "dd",
        { class: "range" },
        known ? `${format(value.lower)} – ${format(value.upper)}` : explanation,
      ),
    );
  };
  const group = (key, label) => {
    const numbers = report.headline.filter((number) => number.group === key);
    if (numbers.length === 0) return null;
    return element(
      "div",
      { class: "tile-group" },
      element("h3", {}, label),
      element("dl", { class: "tiles" }, ...numbers.map(tile)),
    );
  };
  return [group("ranking", "Over all scores"), group("operating_point", operatingPointLabel(report))];
}

function operatingPointLabel({ operating_point: { score, iou } }) {
  const parts = [];
  if (score !== null) parts.push(`score ≥ ${score}`);
  if (iou !== null) parts.push(`IoU ≥ ${iou}`);
  return parts.length > 0 ? `At ${parts.join(", ")}` : "At the predicted labels";
}

/** Cards for the modes that stand out, the later ones folded away, and a closed table of those that do not. */
function failureModes(report, gallery, turns) {
  const memory = tickMemory(report);
  const standing = report.failure_modes.filter((mode) => mode.significant);
  const cards = standing.slice(0, MODES_AS_CARDS);
  const later = standing.slice(MODES_AS_CARDS);
  const others = report.failure_modes.filter((mode) => !mode.significant);
  const list = (modes, before) => {
    const node = element("ol", { class: "modes" }, ...modes.map((mode) => modeCard(report, mode, gallery, memory)));
    node.style.counterReset = `mode ${before}`;
    return node;
  };
  const none = element(
    "p",
    { class: "none" },
    "No slice fails significantly more than the rest, after correction for the number of slices looked at.",
  );
  return [
    agenda(standing, turns),
    remedyLegend(report),
    cards.length > 0 ? list(cards, 0) : none,
    later.length > 0
      ? folded(`${plural(later.length, "further modes")} that stand out`, turns, () => list(later, cards.length))
      : null,
    others.length > 0
      ? folded(`Looked at, not significant: ${formatCount(others.length)} that may be chance`, turns, () => modeTable(others, gallery))
      : null,
  ];
}

/** Folded content is drawn in its turn, or when it is unfolded. */
function folded(label, turns, draw) {
  const details = element("details", { class: "others", onToggle: turns.finish }, element("summary", {}, label));
  turns.add(() => details.append(draw()));
  return details;
}

function modeGroup(mode) {
  return {
    title: mode.title,
    count: mode.errors,
    examples: mode.examples,
    sql: mode.sql,
  };
}

function modeCard(report, mode, gallery, memory) {
  const open = (first) => gallery.open(modeGroup(mode), first);
  return element(
    "li",
    { class: "mode", id: `mode-${mode.rank}` },
    element(
      "div",
      { class: mode.examples.length > 0 ? "evidence" : "evidence alone" },
      element(
        "h3",
        {},
        element("button", { class: "open", type: "button", onClick: () => open(null) }, modeHeading(mode)),
      ),
      element("p", { class: "sentence" }, mode.sentence),
      againstRest(mode),
      element("p", { class: "facts" }, ...modeFacts(mode)),
    ),
    thumbnailStrip(report, mode.examples, open),
    explanationOf(report, mode, gallery, memory),
  );
}

/** Why and what to do: open in the first cards, folded under its main words in the later ones; null where there is nothing. */
function explanationOf(report, mode, gallery, memory) {
  const parts = [causesOf(report, mode, gallery), checklistOf(mode, memory)].filter((part) => part !== null);
  if (parts.length === 0) return null;
  return element(
    "details",
    { class: "explained", open: mode.rank <= MODES_EXPLAINED },
    element("summary", {}, element("b", {}, "Why, and what to do"), element("span", { class: "gist" }, ...gistOf(mode))),
    ...parts,
  );
}

/** The main cause, the first action and what it gives. */
function gistOf(mode) {
  const action = firstAction(mode);
  const gain = firstGain(mode);
  return [
    largestCause(mode) === null ? null : mainCause(mode),
    action === null ? null : element("span", {}, action.title),
    gain === NOTHING ? null : element("span", {}, `F1 ${gain}`),
  ].filter((node) => node !== null);
}

/** "Missed where `size=small`", the slice set as code. */
function modeHeading({ what, slice }) {
  return [`${what} where `, element("code", {}, slice)];
}

function modeFacts({ errors, q_value: q }) {
  return [
    element("span", {}, plural(errors, "errors")),
    element(
      "span",
      { title: "Expected share of false alarms among the modes reported at least this surely" },
      `q ${q !== null && q < 0.001 ? "" : "= "}${formatProbability(q)}`,
    ),
  ];
}

function thumbnailStrip(report, examples, open) {
  const pictures = examples
    .slice(0, THUMBNAILS_PER_MODE)
    .map((position) =>
      element(
        "button",
        { class: "frame", type: "button", title: "Open the examples", onClick: () => open(position) },
        drawExample(report, report.examples[position], usualView(report), false),
      ),
    );
  return pictures.length > 0 ? element("div", { class: "strip" }, ...pictures) : null;
}

function modeTable(modes, gallery) {
  return sortableTable({
    caption: "Failure modes",
    rows: modes,
    faint: (mode) => !mode.significant,
    onOpen: (mode) => gallery.open(modeGroup(mode)),
    columns: [
      { label: "Mode", value: (mode) => mode.title, cell: (mode) => mode.title },
      { label: "Main cause", value: (mode) => largestCause(mode)?.title ?? null, cell: mainCause },
      numberColumn("Rate", (mode) => mode.rate, formatShare),
      numberColumn("Elsewhere", (mode) => mode.rest_rate, formatShare),
      {
        label: "Excess errors",
        kind: "number",
        value: (mode) => mode.excess.estimate,
        interval: ({ excess }) => [excess.lower, excess.upper],
        cell: (mode) => formatCount(mode.excess.estimate),
      },
      {
        label: "95% interval",
        kind: "number",
        value: (mode) => mode.excess.lower,
        raw: null,
        cell: ({ excess }) => `${formatCount(excess.lower)} to ${formatCount(excess.upper)}`,
      },
      numberColumn("Support", (mode) => mode.support),
      numberColumn("q", (mode) => mode.q_value, formatProbability),
    ],
  });
}
