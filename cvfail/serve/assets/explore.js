// "Explore with SQL": a filter or a whole SELECT, its answer page by page, as rows or as pictures.

const ROWS_PER_PAGE = 50;
const WIDEST_CELL = 120;

const FIRST_QUESTIONS = {
  "Surest false positives": `SELECT prediction_index, target_index AS ground_truth_index, category, error_type, score, file_name
FROM false_positives JOIN images USING (image_id)
ORDER BY score DESC, prediction_index`,
  "Images with most missed objects": `SELECT image_id, file_name, count(*) AS missed
FROM false_negatives JOIN images USING (image_id)
GROUP BY ALL ORDER BY missed DESC, image_id`,
  "Errors by class": `SELECT category, error_type, count(*) AS errors
FROM false_positives
GROUP BY ALL ORDER BY errors DESC, ALL`,
  "Confused pairs": `SELECT "true", predicted, "count"
FROM confusion_matrix
WHERE "true" <> predicted ORDER BY "count" DESC, ALL`,
  "Failure modes": `SELECT rank, mode, errors, excess_errors, q_value, "where"
FROM failure_modes ORDER BY rank`,
};

/** The panel with its parts; asks nothing until somebody does. */
function explorePanel({ openRows }) {
  const state = { sql: "", shownBy: null };
  const box = element("textarea", {
    class: "sql",
    rows: 5,
    spellcheck: "false",
    autocapitalize: "off",
    "aria-label": "One SELECT",
    placeholder: "SELECT … FROM predictions JOIN images USING (image_id) WHERE …",
    onKeydown: (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && (event.preventDefault(), run()),
  });
  const status = element("p", { class: "status", role: "status" });
  const answer = element("div", { class: "answer" });
  const pictures = element("button", { type: "button", class: "action", onClick: () => openGallery(0) }, "Show as gallery");
  pictures.hidden = true;

  async function trying(doing, work) {
    status.className = "status";
    status.textContent = doing;
    const asked = (state.shownBy = Symbol("question"));
    try {
      await work(() => state.shownBy === asked);
    } catch (error) {
      if (state.shownBy !== asked) return;
      status.className = "status problem";
      status.textContent = error.message;
    }
  }

  function run() {
    state.sql = box.value.trim();
    if (state.sql === "") return;
    history.replaceState(null, "", `#sql=${encodeURIComponent(state.sql)}`);
    answer.replaceChildren();
    pictures.hidden = true;
    show(0);
  }

  function show(first, turned = null) {
    const { sql } = state;
    trying("Asking …", async (isLatest) => {
      const started = performance.now();
      const content = await ask("rows", { sql, first, most: ROWS_PER_PAGE });
      if (!isLatest()) return;
      status.textContent = `${plural(content.total, "rows")} in ${((performance.now() - started) / 1000).toFixed(2)} s`;
      pictures.hidden = !content.gallery || content.total === 0;
      const pages = pager({ total: content.total, first, most: ROWS_PER_PAGE, noun: "rows" }, show);
      answer.replaceChildren(answerTable(content, content.gallery ? openGallery : null), pages);
      if (turned !== null) focusTurn(pages, turned);
    });
  }

  function openGallery(first) {
    trying("Laying out …", async () => {
      await openRows({ title: "Rows of the query", sql: state.sql }, first);
      status.textContent = "";
    });
  }

  function ready(sql) {
    box.value = sql;
    run();
  }

  const node = element(
    "section",
    { id: "explore", "aria-labelledby": "h-explore" },
    element("h2", { id: "h-explore" }, "Explore with SQL"),
    element("p", { class: "note" }, "Every row is here, read-only: filter a table, or write a whole SELECT. Rows with an index or an image open as pictures."),
    filterForm(ready, trying),
    element(
      "div",
      { class: "controls questions" },
      ...Object.entries(FIRST_QUESTIONS).map(([title, sql]) =>
        element("button", { type: "button", class: "chip", onClick: () => ready(sql) }, title),
      ),
    ),
    box,
    element(
      "div",
      { class: "controls" },
      element("button", { type: "button", class: "action main", title: "Ctrl+Enter", onClick: run }, "Run"),
      pictures,
      status,
    ),
    answer,
    tableList(),
  );
  return { node, ready };
}

/** "Rows of … where …": composes a SELECT and runs it. */
function filterForm(ready, trying) {
  const tables = ["false_positives", "false_negatives", "true_positives", "confusions", "predictions", "ground_truth", "images"];
  const table = element("select", { "aria-label": "Table" }, ...tables.map((name) => element("option", {}, name)));
  const where = element("input", {
    type: "text",
    class: "where",
    spellcheck: "false",
    autocapitalize: "off",
    "aria-label": "Condition as after WHERE",
    placeholder: "score > 0.9 AND category = 'car'",
  });
  const form = element(
    "form",
    { class: "where-form" },
    element("label", {}, "Rows of ", table),
    element("label", { class: "grow" }, "where ", where),
    element("button", { type: "submit", class: "action" }, "Filter"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    trying("Asking …", async () => ready((await ask("filter", { table: table.value, where: where.value })).sql));
  });
  return form;
}

/** The answer as a table; the first cell of a row opens its picture where it has one. */
function answerTable({ columns, rows, first }, onOpen) {
  const kinds = columns.map(({ type }) => (/^(U?Int|Float|Decimal)/.test(type) ? "number" : null));
  const head = columns.map(({ name, type }, place) =>
    element("th", { scope: "col", class: kinds[place], title: type }, name),
  );
  const body = rows.map((row, number) => {
    const line = element("tr", { class: onOpen === null ? null : "opens" });
    row.forEach((value, place) => {
      const words = cellWords(value, columns[place].type);
      const content =
        place === 0 && onOpen !== null
          ? element("button", { type: "button", class: "open", onClick: () => onOpen(first + number) }, words)
          : words;
      line.append(element("td", { class: kinds[place], title: words.length > 40 ? words : null }, content));
    });
    if (onOpen !== null)
      line.addEventListener("click", (event) => event.target.closest("button") ?? onOpen(first + number));
    return line;
  });
  return element(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Answer" },
    element(
      "table",
      { class: "data rows" },
      element("caption", { class: "unseen" }, "Answer"),
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...body),
    ),
  );
}

function cellWords(value, type) {
  if (value === null) return NOTHING;
  if (typeof value === "number") return type.startsWith("Float") ? String(Number(value.toPrecision(6))) : String(value);
  const words = typeof value === "string" ? value : JSON.stringify(value);
  return words.length > WIDEST_CELL ? `${words.slice(0, WIDEST_CELL)}…` : words;
}

/** Tables and columns, asked for when they are looked at. */
function tableList() {
  const list = element("dl", { class: "tables" });
  const details = element("details", { class: "others" }, element("summary", {}, "Tables and columns"), list);
  details.addEventListener("toggle", async () => {
    if (!details.open) return;
    try {
      const { tables } = await ask("tables");
      list.replaceChildren(
        ...tables.flatMap(({ name, columns }) => [
          element("dt", {}, element("code", {}, name)),
          element("dd", {}, columns.length > 0 ? columns.join(", ") : "made when it is first asked for"),
        ]),
      );
    } catch (error) {
      list.replaceChildren(element("dd", { class: "problem" }, error.message));
    }
  });
  return details;
}

/** Puts the panel before the method, a link to it into the navigation, and runs what the address asks. */
function explore(served) {
  const panel = explorePanel(pagedGallery(served));
  document.getElementById("method").before(panel.node);
  document.querySelector("nav a[href='#method']").before(element("a", { href: "#explore" }, "Explore"));
  const asked = new URLSearchParams(location.hash.slice(1)).get("sql");
  if (asked === null) return;
  panel.ready(asked);
  panel.node.scrollIntoView();
}

explore(page);
