// A plot of lines with bands on two axes, walked along by arrow keys; it knows nothing of what it shows.

const PLOT = { width: 420, height: 300, left: 46, right: 12, top: 10, bottom: 40, help: "how-to-walk" };

/**
 * A plot.
 *
 * `x` and `y` are { label, from, to, ticks, format, log }; a line is { kind, points: [[x, y] …], band: [[x, low, high] …] };
 * a mark is { x, y, kind }. `walk` is a list of { x, y, words, open } that keys and pointer visit.
 */
function plot({ title, x, y, lines, marks = [], walk = [] }) {
  const across = axisScale(x, PLOT.left, PLOT.width - PLOT.right);
  const up = axisScale(y, PLOT.height - PLOT.bottom, PLOT.top);
  const cursor = graphic("circle", { class: "cursor", r: 5, cx: -20, cy: -20 });
  const drawing = graphic(
    "svg",
    { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, class: "plot", "aria-label": title, "aria-describedby": PLOT.help, tabindex: 0, role: "slider" },
    ...axisLines(x, across, y, up),
    ...lines.map((line) => bandPath(line, across, up)),
    ...lines.map((line) => linePath(line, across, up)),
    ...marks.map((mark) => markShape(mark, across, up)),
    cursor,
  );
  const readout = element("p", { class: "told" });
  if (walk.length > 0) walkAlong(drawing, walk, across, up, cursor, readout);
  return element("figure", { class: "plotted" }, element("figcaption", {}, title), drawing, readout);
}

function axisScale({ from, to, log }, start, end) {
  const turned = (value) => (log ? Math.log(Math.max(value, from)) : value);
  const [low, high] = [turned(from), turned(to)];
  return (value) => start + ((turned(Math.min(Math.max(value, from), to)) - low) / (high - low || 1)) * (end - start);
}

function axisLines(x, across, y, up) {
  const bottom = PLOT.height - PLOT.bottom;
  const text = (words, attributes) => {
    const node = graphic("text", attributes);
    node.append(words);
    return node;
  };
  return [
    ...y.ticks.flatMap((tick) => [
      graphic("line", { class: "grid", x1: PLOT.left, x2: PLOT.width - PLOT.right, y1: up(tick), y2: up(tick) }),
      text(y.format(tick), { class: "tick", x: PLOT.left - 6, y: up(tick) + 4, "text-anchor": "end" }),
    ]),
    ...x.ticks.flatMap((tick) => [
      graphic("line", { class: "grid", x1: across(tick), x2: across(tick), y1: PLOT.top, y2: bottom }),
      text(x.format(tick), { class: "tick", x: across(tick), y: bottom + 16, "text-anchor": "middle" }),
    ]),
    text(x.label, {
      class: "axis",
      x: (PLOT.left + PLOT.width - PLOT.right) / 2,
      y: PLOT.height - 6,
      "text-anchor": "middle",
    }),
    text(y.label, {
      class: "axis",
      transform: `translate(11 ${(PLOT.top + bottom) / 2}) rotate(-90)`,
      "text-anchor": "middle",
    }),
  ];
}

function linePath({ kind, points }, across, up) {
  const known = points.filter(([x, y]) => x !== null && y !== null);
  const path = known.map(([x, y], place) => `${place ? "L" : "M"}${across(x).toFixed(1)} ${up(y).toFixed(1)}`);
  return graphic("path", { class: `line ${kind}`, d: path.join("") });
}

function bandPath({ kind, band = [] }, across, up) {
  const known = band.filter((entry) => entry.every((value) => value !== null && value !== undefined));
  if (known.length < 2) return null;
  const at = (x, y) => `${across(x).toFixed(1)} ${up(y).toFixed(1)}`;
  const upper = known.map(([x, , high]) => at(x, high));
  const lower = known.map(([x, low]) => at(x, low)).reverse();
  return graphic("path", { class: `area ${kind}`, d: `M${[...upper, ...lower].join("L")}Z` });
}

/** "policy" is a ring, "best" a diamond, anything else a dot with its interval. */
function markShape({ x, y, low = null, high = null, kind }, across, up) {
  if (x === null || y === null) return null;
  const [cx, cy] = [across(x), up(y)];
  if (kind === "best")
    return graphic("path", { class: "mark best", d: `M${cx} ${cy - 7}l7 7l-7 7l-7 -7Z` });
  if (kind === "policy") return graphic("circle", { class: "mark policy", cx, cy, r: 6 });
  const whisker =
    low === null || high === null
      ? null
      : graphic("line", { class: "whisker", x1: cx, x2: cx, y1: up(low), y2: up(high) });
  return graphic("g", {}, whisker, graphic("circle", { class: `mark ${kind}`, cx, cy, r: 4 }));
}

/** Keys and pointer visit the points; Enter, Space and click open what lies behind. */
function walkAlong(drawing, walk, across, up, cursor, readout) {
  let here = 0;
  assign(drawing, { "aria-valuemin": 0, "aria-valuemax": walk.length - 1 });

  function visit(place) {
    here = Math.min(walk.length - 1, Math.max(0, place));
    const { x, y, words } = walk[here];
    assign(cursor, { cx: across(x), cy: up(y) });
    assign(drawing, { "aria-valuenow": here, "aria-valuetext": words });
    readout.textContent = words;
  }

  function nearest(event) {
    const frame = drawing.getBoundingClientRect();
    const scale = PLOT.width / frame.width;
    const [left, top] = [(event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale];
    const distances = walk.map(({ x, y }) => Math.hypot(across(x) - left, up(y) - top));
    visit(distances.indexOf(Math.min(...distances)));
  }

  drawing.addEventListener("pointermove", nearest);
  drawing.addEventListener("pointerdown", nearest);
  drawing.addEventListener("focus", () => visit(here));
  drawing.addEventListener("click", () => walk[here].open?.());
  drawing.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (step !== undefined) visit(here + step);
    else if (event.key === "Home") visit(0);
    else if (event.key === "End") visit(walk.length - 1);
    else if (event.key === "Enter" || event.key === " ") walk[here].open?.();
    else return;
    event.preventDefault();
  });
  assign(drawing, { "aria-valuenow": 0, "aria-valuetext": walk[0].words });
}
