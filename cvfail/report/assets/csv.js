// Tables as CSV files (RFC 4180), made in the page: nothing is asked of anybody.

const LOOKS_LIKE_A_FORMULA = /^[=+\-@\t\r]/;

/** One field: nothing for null, numbers in full, text quoted where it must be and never a formula. */
function csvField(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = LOOKS_LIKE_A_FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvText(head, rows) {
  return [head, ...rows].map((row) => `${row.map(csvField).join(",")}\r\n`).join("");
}

/**
 * Head and rows of a sortable table: every row, with the numbers behind the cells.
 *
 * A column writes its `raw(row)`, else its `value(row)`, and the bounds beside it if it has an `interval(row)`;
 * one whose `raw` is null repeats another and writes nothing.
 */
function csvOfColumns(columns, rows) {
  const written = columns.filter((column) => column.raw !== null);
  const fields = written.flatMap(({ label, value, raw, interval }) => [
    [label, raw ?? value],
    ...(interval === undefined
      ? []
      : [
          [`${label} lower`, (row) => interval(row)[0]],
          [`${label} upper`, (row) => interval(row)[1]],
        ]),
  ]);
  return csvText(
    fields.map(([label]) => label),
    rows.map((row) => fields.map(([, read]) => read(row))),
  );
}

/** The whole matrix as counts, true classes down and predicted ones across; the undefined corner is empty. */
function csvOfMatrix(model, order) {
  const classes = orderedClasses(model, order);
  const positions = model.background === null ? classes : [...classes, model.background];
  const count = (truth, predicted) =>
    truth === model.background && predicted === truth ? null : (model.at(truth, predicted)?.count ?? 0);
  return csvText(
    ["true \\ predicted", ...positions.map((position) => model.labels[position])],
    positions.map((truth) => [model.labels[truth], ...positions.map((predicted) => count(truth, predicted))]),
  );
}

/** A small button that saves what `text()` gives when it is pressed; in a frame, which may be kept from saving, one that copies it too. */
function csvButton(caption, text) {
  const save = element(
    "button",
    {
      class: "csv",
      type: "button",
      title: "Every row, with the numbers in full",
      "aria-label": `${caption} as CSV`,
      onClick: () => saveText(`${fileStem(document.title)}-${fileStem(caption)}.csv`, text()),
    },
    "CSV",
  );
  return window.parent === window ? [save] : [save, csvCopyButton(caption, text)];
}

function csvCopyButton(caption, text) {
  const label = "Copy CSV";
  const button = element("button", { class: "csv", type: "button", "aria-label": `Copy ${caption} as CSV` }, label);
  button.addEventListener("click", async () => {
    button.textContent = (await copyText(text(), button)) ? "Copied" : "Not copied";
    setTimeout(() => (button.textContent = label), 1500);
  });
  return button;
}

function fileStem(text) {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "") || "table";
}

/** Hands the reader a file; in a frame that may save nothing nothing happens, and the other button copies. */
function saveText(name, text) {
  try {
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  } catch {
    // A page that cannot save is still a page to read.
  }
}
