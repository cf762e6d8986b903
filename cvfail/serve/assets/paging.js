// What only a served page has: it asks its server, and galleries go on page by page.

const TOKEN = new URLSearchParams(location.search).get("token") ?? "";
const EXAMPLES_PER_PAGE = 24;

/** What the server answers to an address; throws an error with the server's words. */
async function ask(path, given = {}) {
  let answer;
  try {
    answer = await fetch(`${path}?${new URLSearchParams(given)}`, { headers: { "X-Cvfail-Token": TOKEN } });
  } catch {
    throw new Error("The server does not answer: is cvfail serve still running?");
  }
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

/** "Previous", "25 – 48 of 619", "Next"; arrow keys turn pages while one of the buttons is focused. */
function pager({ total, first, most, noun }, onPage) {
  const last = Math.min(first + most, total);
  const turn = (label, target, possible) =>
    element(
      "button",
      { type: "button", class: `turn ${label.toLowerCase()}`, disabled: !possible, onClick: () => onPage(target, label) },
      label,
    );
  const words = total === 0 ? `No ${noun}` : `${formatCount(first + 1)} – ${formatCount(last)} of ${formatCount(total)}`;
  const earlier = Math.max(0, first - most);
  const node = element(
    "div",
    { class: "pager" },
    turn("Previous", earlier, first > 0),
    element("span", { "aria-live": "polite" }, words),
    turn("Next", first + most, last < total),
  );
  node.addEventListener("keydown", (event) => {
    const name = { ArrowLeft: "previous", ArrowRight: "next" }[event.key];
    if (name !== undefined) node.querySelector(`.${name}`).click();
  });
  return node;
}

/** Gives the focus back to the button that turned the page, or to the other one at the end. */
function focusTurn(node, label) {
  const wanted = node.querySelector(`.${label.toLowerCase()}`);
  (wanted.disabled ? node.querySelector(".turn:not(:disabled)") : wanted)?.focus();
}

/** Galleries over all rows behind a number: `openRows` shows a page of the rows of some SQL. */
function pagedGallery({ report, gallery }) {
  const openPlain = gallery.open;
  let own = null;

  gallery.open = (group, first = null) => openPlain(withAll(group), first);

  function withAll(group) {
    if (!group.sql || group.extra !== undefined || group.count <= group.examples.length) return group;
    const label = `Page through all ${formatCount(group.count)}`;
    const button = element("button", { type: "button", class: "action", onClick: () => openAll(group, button) }, label);
    return { ...group, extra: [button] };
  }

  async function openAll(group, button) {
    button.disabled = true;
    button.textContent = "Looking them up …";
    try {
      await openRows(group);
    } catch (error) {
      button.replaceWith(element("p", { class: "problem", role: "alert" }, error.message));
    }
  }

  async function openRows({ title, sql }, first = 0, turned = null) {
    const content = await ask("examples", { sql, first, most: EXAMPLES_PER_PAGE });
    const turn = (target, label) =>
      openRows({ title, sql }, target, label).catch((error) =>
        pages.replaceChildren(element("p", { class: "problem", role: "alert" }, error.message)),
      );
    const pages = pager({ total: content.total, first, most: EXAMPLES_PER_PAGE, noun: "rows" }, turn);
    const note = content.examples.length > 0 ? "All rows, page by page." : "These rows name nothing that can be drawn.";
    openPlain({ title, count: content.total, examples: entered(content), note, sql, extra: [pages] });
    if (turned !== null) focusTurn(pages, turned);
  }

  /** Puts what the server laid out behind what the report has, in place of the page before; where it stands. */
  function entered(content) {
    own ??= { examples: report.examples.length, images: report.images.length, pictures: report.pictures.length };
    for (const [name, length] of Object.entries(own)) report[name].length = length;
    const moved = (position, by) => (position === null ? null : position + by);
    report.pictures.push(...content.pictures);
    report.images.push(...content.images.map((image) => ({ ...image, picture: moved(image.picture, own.pictures) })));
    report.examples.push(
      ...content.examples.map((example) => ({
        ...example,
        image: example.image + own.images,
        picture: moved(example.picture, own.pictures),
      })),
    );
    return content.examples.map((_, place) => own.examples + place);
  }

  return { openRows };
}
