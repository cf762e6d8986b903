// Tables that sort by any column, filter by text, and draw only the rows that are looked at.

const ROWS_AT_ONCE = 100;

/**
 * A sortable table.
 *
 * A column is { label, title, kind, value(row), cell(row) }: `value` sorts, `cell` shows (a node or text), `kind`
 * is "number", "chart" (a number and a drawing), or nothing for text. The CSV file has `raw(row)` in place of
 * `value(row)` where a column has it, and the bounds of its `interval(row)`.
 * `faint(row)` makes a row grey; with `hidesFaint` a tick hides those. `sortedBy` is the label of a column, `atOnce` how many rows are shown before one asks for all. Missing values sort last both ways. `onOpen(row)` makes the first cell a button, and the row clickable.
 */
function sortableTable({
  caption,
  columns,
  rows,
  sortedBy = null,
  descending = true,
  filterBy = null,
  atOnce = ROWS_AT_ONCE,
  faint = () => false,
  hidesFaint = false,
  onOpen = null,
}) {
  const first = columns.findIndex((column) => column.label === sortedBy);
  const state = { column: first < 0 ? null : first, descending, text: "", thin: true, limit: atOnce };
  const body = element("tbody");
  const headers = columns.map((column, position) => headerCell(column, () => sortBy(position)));
  const more = element("button", { class: "more", type: "button", onClick: () => showAll() });
  const table = element(
    "table",
    { class: "data" },
    element("caption", { class: "unseen" }, caption),
    element("thead", {}, element("tr", {}, ...headers)),
    body,
  );

  function sortBy(position) {
    state.descending = state.column === position ? !state.descending : Boolean(columns[position].kind);
    state.column = position;
    redraw();
  }

  function showAll() {
    state.limit = Infinity;
    redraw();
  }

  function redraw() {
    const wanted = state.text.toLowerCase();
    const shown = rows.filter(
      (row) => (state.thin || !faint(row)) && (!wanted || filterBy(row).toLowerCase().includes(wanted)),
    );
    if (state.column !== null) shown.sort(byValue(columns[state.column].value, state.descending));
    headers.forEach((header, position) => {
      const direction = state.descending ? "descending" : "ascending";
      header.setAttribute("aria-sort", position === state.column ? direction : "none");
    });
    body.replaceChildren(...shown.slice(0, state.limit).map(tableRow));
    more.hidden = shown.length <= state.limit;
    more.textContent = `Show all ${formatCount(shown.length)} rows`;
  }

  function tableRow(row) {
    const cells = columns.map((column, position) => {
      const content = column.cell(row);
      const opens = position === 0 && onOpen !== null;
      const inside = opens
        ? element("button", { class: "open", type: "button", onClick: () => onOpen(row) }, content)
        : content;
      return element(
        position === 0 ? "th" : "td",
        { class: column.kind, scope: position === 0 ? "row" : null },
        inside,
      );
    });
    const node = element(
      "tr",
      { class: [faint(row) ? "thin" : "", onOpen ? "opens" : ""].join(" ").trim() || null },
      ...cells,
    );
    if (onOpen !== null)
      node.addEventListener("click", (event) => event.target.closest("button, a") ?? onOpen(row));
    return node;
  }

  /** What narrows the rows: a text where there are many, a tick where some of them, not all, are thin. */
  function narrowing() {
    const many = filterBy !== null && rows.length > 12;
    const mixed = hidesFaint && rows.some(faint) && !rows.every(faint);
    if (!many && !mixed) return null;
    return element(
      "div",
      { class: "filter" },
      many ? filterBox((text) => ((state.text = text), redraw())) : null,
      mixed ? tick("Hide grey rows", false, (on) => ((state.thin = !on), redraw())) : null,
    );
  }

  redraw();
  return element(
    "div",
    { class: "table" },
    narrowing(),
    element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, table),
    element("div", { class: "under" }, more, csvButton(caption, () => csvOfColumns(columns, rows))),
  );
}

/** A column of numbers: `format` shows what `value(row)` says. */
function numberColumn(label, value, format = formatCount, title = null) {
  return { label, title, kind: "number", value, cell: (row) => format(value(row)) };
}

function headerCell(column, onSort) {
  const button = element(
    "button",
    { type: "button", title: column.title ?? null, onClick: onSort },
    column.label,
  );
  return element("th", { scope: "col", class: column.kind }, button);
}

function filterBox(onText) {
  const box = element("input", {
    type: "search",
    placeholder: "Filter",
    "aria-label": "Filter rows",
    onInput: () => onText(box.value),
  });
  return box;
}

/** Compares rows by a value; missing ones last whichever way. */
function byValue(value, descending) {
  return (one, other) => {
    const [left, right] = [value(one), value(other)];
    if (left === null || right === null) return (left === null) - (right === null);
    const order = typeof left === "string" ? left.localeCompare(right) : left - right;
    return descending ? -order : order;
  };
}
