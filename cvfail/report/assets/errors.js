// Errors by type: of everything, and of each class.

/** How many errors of each type there are, and what fixing each would add to AP. */
function errorTypes(report, gallery) {
  const largest = Math.max(0, ...report.error_types.map((type) => type.count));
  const largestGain = Math.max(0, ...report.error_types.map((type) => type.delta_ap_upper ?? type.delta_ap ?? 0));
  return sortableTable({
    caption: "Error types",
    rows: report.error_types,
    onOpen: (type) =>
      gallery.open({
        title: `${type.name}: ${type.explanation}`,
        count: type.count,
        examples: type.examples,
        sql: type.sql,
      }),
    columns: [
      { label: "Error type", value: (type) => type.name, cell: (type) => named(type.name, type.explanation) },
      {
        label: "Errors",
        kind: "chart",
        value: (type) => type.count,
        cell: (type) => barCell(formatCount(type.count), type.count, largest),
      },
      numberColumn("Of all", (type) => type.share, (share) => formatShare(share, 0)),
      {
        label: "AP if fixed",
        title: "AP gained if every error of the type were fixed, with its 95% interval; the gains do not add up",
        kind: "chart",
        value: (type) => type.delta_ap,
        interval: (type) => [type.delta_ap_lower, type.delta_ap_upper],
        cell: (type) => gainCell(type, largestGain),
      },
    ],
  });
}

function gainCell({ delta_ap: gain, delta_ap_lower: lower, delta_ap_upper: upper }, largest) {
  if (gain === null) return NOTHING;
  const known = lower !== null && upper !== null;
  const cell = barCell(`+${formatScore(gain)}`, gain, largest, "gain", known ? [lower, upper] : null);
  if (known) cell.title = `95% interval +${formatScore(lower)} to +${formatScore(upper)}`;
  return cell;
}

/** A table of classes by error types, of counts or of gains. */
function errorsByClass(model, report, gallery) {
  const types = report.error_types.map((type) => type.name);
  const rows = report.errors_by_class.map((row) => ({
    ...row,
    of: new Map(row.types.map((entry) => [entry.name, entry])),
    total: row.types.reduce((sum, entry) => sum + entry.count, 0),
  }));
  const holder = element("div");
  const show = (key) => holder.replaceChildren(classErrorTable(model, report, rows, types, key, gallery));
  show("count");
  return [
    element(
      "div",
      { class: "controls" },
      choice("Show", { count: "Errors", delta_ap: "AP if fixed" }, "count", show),
    ),
    holder,
  ];
}

function classErrorTable(model, report, rows, types, key, gallery) {
  const valueOf = (row, type) => row.of.get(type)?.[key] ?? (key === "count" ? 0 : null);
  const largest = Math.max(0, ...rows.flatMap((row) => types.map((type) => valueOf(row, type) ?? 0)));
  const format = key === "count" ? formatCount : (value) => (value === null ? NOTHING : `+${formatScore(value)}`);
  const typeColumn = (type) => ({
    label: type,
    kind: "heat",
    value: (row) => valueOf(row, type),
    cell: (row) =>
      heatCell(format(valueOf(row, type)), (valueOf(row, type) ?? 0) / (largest || 1), key, () => {
        const { count, examples } = row.of.get(type);
        const sql = fillQuery(report.queries.type_of_class[type], { class: model.labels[row.label] });
        gallery.open({ title: `${model.labels[row.label]}: ${type}`, count, examples, sql });
      }),
  });
  const total = numberColumn("All", (row) => row.total);
  return sortableTable({
    caption: key === "count" ? "Errors by class and type" : "AP of each class if a type were fixed",
    rows,
    filterBy: (row) => model.labels[row.label],
    sortedBy: key === "count" ? "All" : "AP",
    descending: key === "count",
    onOpen: (row) => gallery.open(classGroup(model, row.label)),
    columns: [
      { label: "Class", value: (row) => model.labels[row.label], cell: (row) => model.labels[row.label] },
      numberColumn("AP", (row) => row.ap, formatScore, "Average precision at the IoU of the operating point"),
      ...types.map(typeColumn),
      ...(key === "count" ? [total] : []),
    ],
  });
}

/** A number on a ground that is the darker, the larger the share of the largest; a button where there are errors. */
function heatCell(text, share, key, onOpen) {
  const empty = text === NOTHING || text === "0";
  const cell = empty
    ? element("span", { class: "faint" }, text)
    : element("button", { type: "button", class: key === "count" ? "" : "gain", onClick: onOpen }, text);
  cell.style.setProperty("--tint", `${Math.round(70 * Math.sqrt(share))}%`);
  return cell;
}
