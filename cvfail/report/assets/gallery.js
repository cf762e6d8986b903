// The gallery: a dialog with the examples behind a cell, a pair, a slice, a class, an error type or a mode.

const EXAMPLES_AT_ONCE = 24;

/** The gallery of a report; `open({ title, count, examples, note, captions, sql, extra }, first)` shows examples by
 * position; `note` and `captions` (a Map by position) are made up where they are not given, `extra` nodes stand above.
 * `sql` of a group asks for all its rows. */
function makeGallery(report) {
  const state = { examples: [], captions: new Map(), shown: 0, view: usualView(report), neighbours: true };
  const title = element("h2", { id: "gallery-title" });
  const note = element("p", { class: "note" });
  const query = element("p", { class: "query" });
  const cards = element("div", { class: "cards" });
  const extra = element("div", { class: "extra" });
  const more = element("button", { class: "more", type: "button", onClick: () => showMore() }, "Show more");
  const dialog = element(
    "dialog",
    { class: "gallery", "aria-labelledby": "gallery-title" },
    element(
      "header",
      {},
      element("div", { class: "heading" }, title, note, query),
      element("div", { class: "controls" }, ...viewControls(report, state, redraw)),
      element(
        "button",
        { class: "close", type: "button", "aria-label": "Close", onClick: () => dialog.close() },
        "×",
      ),
    ),
    element("div", { class: "body" }, legendOf(report), extra, cards, more),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => moveFocus(event, cards));

  function open(group, first = null) {
    title.textContent = group.title;
    note.textContent = group.note ?? galleryNote(report, group);
    query.replaceChildren(...sqlButton(group.sql));
    state.examples = group.examples;
    state.captions = group.captions ?? new Map();
    extra.replaceChildren(...(group.extra ?? []));
    redraw();
    if (!dialog.open) dialog.showModal();
    dialog.querySelector(".body").scrollTop = 0;
    const start = first === null ? -1 : group.examples.indexOf(first);
    (cards.children[start] ?? cards).querySelector("button.frame")?.focus();
  }

  function redraw() {
    state.shown = 0;
    cards.replaceChildren();
    showMore();
  }

  function showMore() {
    const next = state.examples.slice(state.shown, state.shown + EXAMPLES_AT_ONCE);
    cards.append(...next.map((position) => exampleCard(report, position, state)));
    state.shown += next.length;
    more.hidden = state.shown >= state.examples.length;
  }

  document.body.append(dialog);
  return { open };
}

function viewControls(report, state, redraw) {
  if (report.task === "classification") return [];
  return [
    choice(
      "View",
      { crop: "Crop", whole: "Whole image" },
      state.view,
      (view) => ((state.view = view), redraw()),
    ),
    tick("Neighbours", state.neighbours, (on) => ((state.neighbours = on), redraw())),
  ];
}

/** "12 of 215 shown, most confident first." */
function galleryNote({ task }, { count, examples }) {
  if (examples.length === 0) return "No examples are kept in this report.";
  if (examples.length >= count)
    return `All ${formatCount(count)} shown.`.replace("All 1 shown", "The only one");
  const order =
    task === "detection" ? "most confident first, missed objects by size" : "most confident first";
  return `${formatCount(examples.length)} of ${formatCount(count)} shown, ${order}.`;
}

function legendOf(report) {
  if (report.task === "classification") return null;
  const key = (kind, words) =>
    element(
      "span",
      {},
      graphic(
        "svg",
        { viewBox: "0 0 26 14", class: "key", "aria-hidden": "true" },
        graphic("rect", { class: `outline line subject ${kind}`, x: 2, y: 2, width: 22, height: 10 }),
      ),
      words,
    );
  return element(
    "p",
    { class: "legend" },
    key("truth", "Ground truth, solid"),
    key("prediction", "Prediction, dashed"),
    report.comparison === null ? null : key("baseline", "Baseline's prediction, dotted"),
  );
}

/** One example: its picture (a button that enlarges it), what happened, and the file. */
function exampleCard(report, position, { view, neighbours, captions }) {
  const example = report.examples[position];
  const image = report.images[example.image];
  const picture = element("button", {
    class: "frame",
    type: "button",
    "aria-expanded": "false",
    title: "Enlarge",
  });
  const card = element("figure", {}, picture, exampleCaption(report, example, image, captions.get(position)));
  picture.append(drawExample(report, example, view, neighbours));
  picture.addEventListener("click", () => {
    const large = card.classList.toggle("large");
    picture.setAttribute("aria-expanded", String(large));
    picture.replaceChildren(
      drawExample(report, example, large && view === "crop" ? "whole" : view, neighbours),
    );
  });
  return card;
}

function exampleCaption(report, example, image, caption = describeExample(report, example)) {
  const facts = [caption];
  if (report.picture_report.asked && image.picture === null) facts.push("no picture");
  return element(
    "figcaption",
    {},
    element("span", { class: "what" }, facts.join(" · ")),
    element(
      "span",
      { class: "file" },
      element("code", { title: image.file_name }, image.file_name),
      copyButton(image.file_name),
    ),
  );
}

/** What copies the SELECT of all rows behind a gallery; nothing where there is none. */
function sqlButton(sql) {
  if (sql === undefined || sql === null) return [];
  const button = copyButton(sql, "Copy a SELECT of all these rows, for cvfail sql", "Copy SQL");
  button.title = sql;
  return [button];
}

/** A statement with its `{…}`: names become strings of SQL, conditions stand as they are. */
function fillQuery(template, names, conditions = {}) {
  return template.replace(/\{(\w+)\}/g, (_, key) => conditions[key] ?? `'${names[key].replaceAll("'", "''")}'`);
}

/** A button that copies a text; where the clipboard is closed to pages, through a selection. */
function copyButton(text, explained = `Copy file name ${text}`, label = "Copy") {
  const button = element("button", { class: "copy", type: "button", "aria-label": explained }, label);
  button.addEventListener("click", async () => {
    button.textContent = (await copyText(text, button)) ? "Copied" : "Not copied";
    setTimeout(() => (button.textContent = label), 1500);
  });
  return button;
}

async function copyText(text, near) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = element("textarea", { class: "unseen" });
    box.value = text;
    near.after(box);
    box.select();
    const copied = document.execCommand("copy");
    box.remove();
    near.focus();
    return copied;
  }
}

/** Left and right move between the pictures. */
function moveFocus(event, cards) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const frames = [...cards.querySelectorAll("button.frame")];
  const here = frames.indexOf(document.activeElement);
  if (step === undefined || here < 0) return;
  event.preventDefault();
  frames[Math.min(frames.length - 1, Math.max(0, here + step))].focus();
}
