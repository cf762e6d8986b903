// Elements and numbers. Text always becomes a text node: nothing in this report is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Sets attributes and listeners (`onClick`); null and false leave an attribute out. */
function assign(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2).toLowerCase(), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  return node;
}

/** A new HTML element with attributes and children (nodes, strings, or null for none). */
function element(tag, attributes = {}, ...children) {
  const node = assign(document.createElement(tag), attributes);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Text with what stands in backticks as code. */
function withCode(text) {
  return text.split("`").map((part, place) => (place % 2 === 1 ? element("code", {}, part) : part));
}

/** A new SVG element. */
function graphic(tag, attributes = {}, ...children) {
  const node = assign(document.createElementNS(SVG, tag), attributes);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** A row of radio buttons that looks like one switch; calls `onChoice` with the chosen key. */
function choice(legend, options, chosen, onChoice) {
  const name = `choice-${(choice.made = (choice.made ?? 0) + 1)}`;
  const buttons = Object.entries(options).map(([key, label]) =>
    element(
      "label",
      {},
      element("input", {
        type: "radio",
        name,
        value: key,
        checked: key === chosen,
        onChange: () => onChoice(key),
      }),
      element("span", {}, label),
    ),
  );
  return element("fieldset", { class: "choice" }, element("legend", {}, legend), ...buttons);
}

/** A check box with its label. */
function tick(label, checked, onChange) {
  const box = element("input", { type: "checkbox", checked, onChange: () => onChange(box.checked) });
  return element("label", { class: "tick" }, box, label);
}

const NOTHING = "–";
const WHOLE_NUMBERS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

function formatCount(value) {
  return value === null ? NOTHING : WHOLE_NUMBERS.format(Math.round(value) || 0).replace("-", "−");
}

function formatShare(value, digits = 1) {
  return value === null ? NOTHING : `${(100 * value).toFixed(digits)}%`;
}

function formatScore(value, digits = 3) {
  return value === null ? NOTHING : value.toFixed(digits);
}

/** A q-value or p-value: 0.032, or < 0.001. */
function formatProbability(value) {
  if (value === null) return NOTHING;
  return value < 0.001 ? "< 0.001" : value.toFixed(3);
}

/** "12 objects", "1 object". */
function plural(count, noun) {
  const one = noun.endsWith("s") ? noun.slice(0, -1) : noun;
  return `${formatCount(count)} ${count === 1 ? one : `${one}s`}`;
}
