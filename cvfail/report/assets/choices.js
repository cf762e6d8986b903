// The best threshold of each class beside the one of the report, and the command that writes them to a file.

function betterThresholds(report) {
  const { classes, command } = report.better_thresholds;
  if (classes.length === 0) return [];
  const gain = (row) => (row.f1_then === null || row.f1_now === null ? null : row.f1_then - row.f1_now);
  const threshold = {
    label: "Best threshold",
    kind: "chart",
    title: "At which F1 is highest, with its 95% interval",
    value: (row) => row.threshold,
    interval: (row) => [row.lower, row.upper],
    cell: (row) => {
      const { threshold: estimate, lower, upper, support } = row;
      const cell = intervalCell(
        { estimate, lower, upper, support },
        { reference: report.operating_point.score, format: formatScore },
      );
      if (row.reason !== null) cell.title = row.reason;
      return cell;
    },
  };
  const table = sortableTable({
    caption: "Best threshold of each class",
    rows: classes,
    filterBy: (row) => report.labels[row.label],
    sortedBy: "Gain",
    atOnce: 20,
    faint: (row) => row.source !== "own",
    columns: [
      { label: "Class", value: (row) => report.labels[row.label], cell: (row) => report.labels[row.label] },
      threshold,
      numberColumn("F1 now", (row) => row.f1_now, formatShare, "At the threshold of the report"),
      numberColumn("F1 then", (row) => row.f1_then, formatShare, "At the best threshold, on these images"),
      numberColumn("Gain", gain, (value) => (value === null ? NOTHING : signed(100 * value, 1, "") || "0.0"), "F1 then less F1 now, in points"),
      {
        label: "On other images",
        kind: "chart",
        title: "F1 on images that were not used to choose, with its 95% interval",
        value: (row) => row.held_out.estimate,
        interval: (row) => [row.held_out.lower, row.held_out.upper],
        cell: (row) => intervalCell(row.held_out),
      },
      numberColumn("Objects", (row) => row.support, formatCount, "Grey rows have too few for a threshold of their own"),
    ],
  });
  const copy = element(
    "p",
    { class: "note" },
    "As a file for the deployment (RUN is a saved evaluation): ",
    element("code", {}, command),
    " ",
    copyButton(command, "Copy the command"),
  );
  return [table, copy];
}
