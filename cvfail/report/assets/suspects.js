// Labels that are probably wrong: how many of each kind and what they cost, the most suspect as pictures and rows.

const SUSPECTS_SHOWN = 8;
const SUSPECT_ROWS = 10;

function labelSuspects(report, gallery) {
  const { kinds, together, suspects, note } = report.label_suspects;
  if (note !== "") return element("p", { class: "none" }, note);
  if (together.suspects === 0)
    return element("p", { class: "none" }, "No label is suspect: nothing speaks against any of them.");
  const titles = new Map(kinds.map((kind) => [kind.name, kind.title]));
  const open = (rows, first) => gallery.open(suspectGroup(report, rows, titles), first?.example ?? null);
  const holder = element("div", { class: "suspect-rows" });
  const show = (name) => {
    const rows = suspects.filter((row) => name === "all" || row.kind === name);
    holder.replaceChildren(suspectTable(report, rows, titles, (row) => open(rows, row)));
  };
  show("all");
  const choices = kindChoices(kinds);
  return [
    element("p", { class: "note" }, gainSentence(together)),
    element(
      "div",
      { class: "columns suspects" },
      suspectKinds(kinds, (name) => open(suspects.filter((row) => row.kind === name), null)),
      suspectStrip(report, suspects, open),
    ),
    Object.keys(choices).length > 1
      ? element("div", { class: "controls" }, choice("Kind", { all: "All", ...choices }, "all", show))
      : null,
    holder,
    element(
      "p",
      { class: "note" },
      "To judge them: ",
      element("code", {}, "cvfail labels RUN --verdicts verdicts.csv"),
      ", fill in the verdicts, then ",
      element("code", {}, "cvfail labels RUN --correct verdicts.csv -o corrected"),
      ".",
    ),
  ];
}

function kindChoices(kinds) {
  return Object.fromEntries(
    kinds.filter((kind) => kind.suspects > 0).map((kind) => [kind.name, kind.title]),
  );
}

const GAINS = { ap: "AP", accuracy: "accuracy", recall: "recall", precision: "precision", f1: "F1" };

/** "253 labels. With every one put right: AP +0.142, recall +10.8 points …" */
function gainSentence({ suspects, gains }) {
  const told = Object.entries(GAINS)
    .filter(([name]) => (gains[name] ?? null) !== null)
    .map(([name, words]) => `${words} ${formatGain(name, gains[name])}`);
  return `${plural(suspects, "labels")}, the most suspect first. If every one were wrong and put right: ${told.join(", ")}. That is the most there can be; a model repeats its mistakes, so look first.`;
}

function formatGain(name, gain) {
  const sign = gain < 0 ? "−" : "+";
  return name === "ap" ? sign + formatScore(Math.abs(gain)) : `${sign}${(100 * Math.abs(gain)).toFixed(1)} points`;
}

function suspectKinds(kinds, onOpen) {
  const most = Math.max(0, ...kinds.map((kind) => kind.suspects));
  const main = kinds.some((kind) => "accuracy" in kind.gains) ? "accuracy" : "ap";
  const gainOf = (kind) => kind.gains[main] ?? null;
  const largest = Math.max(0, ...kinds.map((kind) => gainOf(kind) ?? 0));
  return sortableTable({
    caption: "Kinds of suspects",
    rows: kinds,
    faint: (kind) => kind.suspects === 0,
    onOpen: (kind) => kind.suspects > 0 && onOpen(kind.name),
    columns: [
      { label: "Kind", value: (kind) => kind.title, cell: (kind) => named(kind.title, kind.explanation) },
      {
        label: "Labels",
        kind: "chart",
        value: (kind) => kind.suspects,
        cell: (kind) => barCell(formatCount(kind.suspects), kind.suspects, most),
      },
      {
        label: `${main === "ap" ? "AP" : "Accuracy points"} if put right`,
        title: "Gained if every suspect of the kind were wrong and put right; the gains do not add up",
        kind: "chart",
        value: gainOf,
        cell: (kind) =>
          gainOf(kind) === null ? NOTHING : barCell(formatGain(main, gainOf(kind)).replace(" points", ""), Math.max(0, gainOf(kind)), largest, "gain"),
      },
    ],
  });
}

function suspectStrip(report, suspects, open) {
  const shown = spreadOverKinds(suspects.filter((row) => row.example !== null)).slice(0, SUSPECTS_SHOWN);
  const card = (row) =>
    element(
      "figure",
      {},
      element(
        "button",
        { class: "frame", type: "button", title: row.reason, onClick: () => open(suspects, row) },
        drawExample(report, report.examples[row.example], usualView(report), false),
      ),
      element("figcaption", {}, row.reason),
    );
  return element("div", { class: "strip suspects" }, ...shown.map(card));
}

/** The most suspect of each kind, then the second of each, and so on. */
function spreadOverKinds(rows) {
  const seen = {};
  const turn = new Map(rows.map((row) => [row, (seen[row.kind] = (seen[row.kind] ?? 0) + 1)]));
  return [...rows].sort((one, other) => turn.get(one) - turn.get(other) || one.rank - other.rank);
}

function suspectGroup(report, rows, titles) {
  const shown = rows.filter((row) => row.example !== null);
  const kinds = new Set(rows.map((row) => titles.get(row.kind)));
  const { suspects, all_suspects: all } = report.queries;
  return {
    sql: kinds.size === 1 ? fillQuery(suspects, { kind: rows[0].kind }) : all,
    title: kinds.size === 1 ? `Suspect labels: ${[...kinds][0].toLowerCase()}` : "Suspect labels",
    note: `${plural(shown.length, "suspects")}, the most suspect first.`,
    count: kinds.size === 1 ? countOf(report, rows[0].kind) : report.label_suspects.together.suspects,
    examples: shown.map((row) => row.example),
    captions: new Map(shown.map((row) => [row.example, `#${row.rank} ${row.reason}`])),
  };
}

function countOf({ label_suspects: { kinds } }, name) {
  return kinds.find((kind) => kind.name === name).suspects;
}

function suspectTable(report, rows, titles, onOpen) {
  const name = (position) => (position === null ? null : report.labels[position]);
  return sortableTable({
    caption: "Suspect labels",
    rows,
    filterBy: (row) => [titles.get(row.kind), name(row.label), name(row.suggested), row.file_name].join(" "),
    atOnce: SUSPECT_ROWS,
    onOpen,
    columns: [
      { label: "#", title: "Rank, as in cvfail labels", value: (row) => -row.rank, raw: (row) => row.rank, cell: (row) => String(row.rank) },
      { label: "Kind", value: (row) => titles.get(row.kind), cell: (row) => unbroken(titles.get(row.kind)) },
      { label: "Given", value: (row) => name(row.label), cell: (row) => name(row.label) ?? NOTHING },
      { label: "Suggested", value: (row) => name(row.suggested), cell: (row) => suggestion(row, name) },
      { label: "Why", value: (row) => row.reason, cell: (row) => element("span", { class: "reason" }, row.reason) },
      {
        label: "Suspicion",
        kind: "chart",
        value: (row) => row.suspicion,
        cell: (row) => barCell(formatScore(row.suspicion, 2), row.suspicion, 1),
      },
      { label: "Score", kind: "number", value: (row) => row.score, cell: (row) => formatScore(row.score, 2) },
      { label: "Image", value: (row) => row.file_name, cell: (row) => unbroken(element("code", {}, row.file_name)) },
    ],
  });
}

function unbroken(content) {
  return element("span", { class: "unbroken" }, content);
}

/** The class that the label should perhaps have, or what to do with it. */
function suggestion(row, name) {
  const words = { spurious: "no label", duplicate: "one label", bad_box: "another box" };
  return name(row.suggested) ?? element("span", { class: "faint" }, words[row.kind] ?? NOTHING);
}
